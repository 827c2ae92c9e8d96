// Manifest: what is known about a run before it begins. It heads every trace and is all that observers are told.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/replica_set.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

class Message;
struct SignedVote;
struct ClaimFacts;

struct MessageKindFacts {
  std::string name;
  std::string phase;      ///< the phase it is a vote in; empty if it is no vote
  bool decides = false;   ///< a quorum of these decides a slot
  bool exclusive = true;  ///< two values from one signer for one (view, slot) convict it
};

struct Manifest {
  std::string scenario;
  std::string variant;
  std::string protocol;
  std::uint32_t n = 0;
  std::uint32_t f = 0;       ///< assumed
  std::uint32_t quorum = 0;  ///< distinct votes that the protocol, as configured, calls a quorum
  std::uint32_t clients = 0;
  std::uint64_t seed = 0;
  std::uint64_t scenario_hash = 0;
  ReplicaSet faulty;  ///< corrupted nodes, clients included; a replica that loses its state joins them when it restarts
  Time gst{};
  std::optional<Duration> delta;
  std::vector<MessageKindFacts> kinds;

  /// What makes `message` unjustified by its own content, or nothing; from the protocol. Empty function: no rule.
  std::function<std::string(const Message&)> unjustified;
  /// What a message that claims something says, in small; from the protocol.
  std::function<ClaimFacts(const Message& claim)> claimed;
  /// How a deciding vote and a later claim of the same signer contradict each other, or nothing; from the protocol.
  std::function<std::string(const SignedVote&, const ClaimFacts& claim)> contradiction;
  /// The primary of a view; from the protocol. Empty function: unknown.
  std::function<NodeId(View)> primary;
  /// Whether the signature on a message is genuine.
  std::function<bool(const Message&)> verify;

  bool honest(NodeId node) const { return !faulty.contains(node); }
  std::uint32_t faulty_replicas() const {
    std::uint32_t count = 0;
    faulty.for_each([&](NodeId id) { count += id < n ? 1 : 0; });
    return count;
  }
};

}  // namespace byzsim
