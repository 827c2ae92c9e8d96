// Keys: who can sign. Modelled cryptography, unforgeable by construction.
//
// A Signer is the capability to sign as one node. It cannot be copied or made from nothing: a KeyRing issues each once,
// to the world, which hands a node its own and the adversary those of the nodes it controls. Code that signs as anybody
// else does not compile. Anyone who holds the KeyRing by const reference can check a tag but not make a signature.
//
// A tag is SipHash-2-4-128 (Aumasson and Bernstein, 2012; libsodium) under the node's secret, over kind, signer and
// content. Secrets derive from the seed, so a trace can be checked offline from its header alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/core/ids.hpp"

namespace byzsim {

using Tag = std::array<std::uint64_t, 2>;

class Signer {
 public:
  Signer(Signer&& other) noexcept : id_(other.id_) { other.id_ = kNobody; }
  Signer& operator=(Signer&& other) noexcept {
    id_ = other.id_;
    other.id_ = kNobody;
    return *this;
  }
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  NodeId id() const { return id_; }

 private:
  friend class KeyRing;
  explicit Signer(NodeId id) : id_(id) {}
  NodeId id_;
};

class KeyRing {
 public:
  KeyRing(std::uint64_t seed, std::uint32_t nodes);

  /// The signer of this node; each is issued once.
  Signer issue(NodeId id);
  /// What a genuine signature of `signer` over this content looks like. About 60 ns.
  Tag tag(NodeId signer, std::string_view kind, Digest content) const;
  std::uint32_t nodes() const { return nodes_; }

 private:
  std::uint64_t seed_;
  std::uint32_t nodes_;
  std::vector<bool> issued_;
};

}  // namespace byzsim
