// ShownValues: batches that signed messages have shown, by name, where no slot of an honest proposal keeps them.
//
// Bounded signer by signer: whoever shows more than its share makes room by what it showed first, and by nothing of
// anybody else's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>

#include "sim/core/ids.hpp"

namespace byzsim {

class ShownValues {
 public:
  explicit ShownValues(std::uint32_t n) : most_(std::max<std::size_t>(kMostOfAll / std::max(n, 1u), 1024)) {}

  /// `genuine`: every request in the batch is signed by its client. `firm`: the signer is honest, so what somebody
  /// faulty showed before is from now on kept for this one.
  void add(NodeId signer, Digest value, bool genuine, bool firm) {
    const auto [found, fresh] = values_.try_emplace(value.bits, Shown{signer, genuine, firm});
    Shown& shown = found->second;
    shown.genuine |= genuine;
    if (!fresh && (shown.firm || !firm)) return;
    shown.owner = signer;
    shown.firm = firm;
    std::deque<std::uint64_t>& own = by_signer_[signer];
    own.push_back(value.bits);
    if (own.size() <= most_) return;
    const auto oldest = values_.find(own.front());
    own.pop_front();
    if (oldest == values_.end() || oldest->second.owner != signer) return;  // it is somebody else's by now
    values_.erase(oldest);
    ++forgotten_[signer];
  }
  /// Null if no batch of this name is remembered; otherwise whether it was genuine.
  const bool* genuine(Digest value) const {
    const auto found = values_.find(value.bits);
    return found == values_.end() ? nullptr : &found->second.genuine;
  }
  /// How many values of each signer were forgotten.
  const std::map<NodeId, std::uint64_t>& forgotten() const { return forgotten_; }

 private:
  static constexpr std::size_t kMostOfAll = 262'144;
  struct Shown {
    NodeId owner;
    bool genuine;
    bool firm;
  };
  std::size_t most_;                                 // of one signer
  std::unordered_map<std::uint64_t, Shown> values_;  // never iterated
  std::map<NodeId, std::deque<std::uint64_t>> by_signer_;
  std::map<NodeId, std::uint64_t> forgotten_;
};

}  // namespace byzsim
