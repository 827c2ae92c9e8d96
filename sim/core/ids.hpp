// The names things have in a run: nodes, views, slots, values.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace byzsim {

/// Replicas are nodes 0..n-1; clients follow them, client k being node n + k.
using NodeId = std::uint32_t;
inline constexpr NodeId kNobody = std::numeric_limits<NodeId>::max();

using View =
    std::uint64_t;  ///< starts at 0; the primary of view v is replica v mod n unless the protocol says otherwise
using Slot = std::uint64_t;  ///< position in the replicated log (PBFT's sequence number); the first slot is 1
inline constexpr View kNoView = std::numeric_limits<View>::max();
inline constexpr Slot kNoSlot = std::numeric_limits<Slot>::max();

/// The name of a value: of a batch, of a state, of a message's content. Two different contents have different digests;
/// nobody in the simulation can find a collision, whatever the width, so 64 bits are kept and the wire size of a real
/// digest is charged by the cost profile. The zero digest names nothing.
struct Digest {
  std::uint64_t bits = 0;
  friend constexpr auto operator<=>(const Digest&, const Digest&) = default;
  explicit constexpr operator bool() const { return bits != 0; }
};

/// How a scenario names a node: `2` is replica 2, `c0` is client 0. It becomes a NodeId once n is known.
struct NodeRef {
  bool client = false;
  std::uint32_t index = 0;
  constexpr NodeId node(std::uint32_t n) const { return client ? n + index : index; }
  friend constexpr auto operator<=>(const NodeRef&, const NodeRef&) = default;
};

}  // namespace byzsim
