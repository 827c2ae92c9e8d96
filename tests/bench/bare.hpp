// The bare event loop: what a delivery costs when there is no simulator around it.
//
// The same queue, the same latency draws and the same traffic as PBFT (one proposal, then two all-to-all rounds, a slot
// after the other); at each event one bit-set vote, and when a quorum is complete the next broadcast. No protocol, no
// signatures, no records, no statistics.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/radix_heap.hpp"
#include "sim/core/replica_set.hpp"
#include "sim/net/network.hpp"

namespace byzsim::bench {

class BareLoop {
 public:
  BareLoop(const NetworkSettings& settings, std::uint32_t n, std::uint64_t seed)
      : n_(n), quorum_((n + (n - 1) / 3 + 2) / 2), network_(settings, n, 0, seed), arrivals_(n) {}

  /// Runs so many slots; returns the number of deliveries.
  std::uint64_t run(std::uint64_t slots) {
    std::uint64_t deliveries = 0;
    for (std::uint64_t slot = 0; slot < slots; ++slot) {
      prepares_.assign(n_, {});
      commits_.assign(n_, {});
      broadcast(0, kPropose);
      while (!queue_.empty()) {
        const QueueEntry entry = queue_.pop();
        now_ = Time{Duration{static_cast<std::int64_t>(entry.key)}};
        ++deliveries;
        vote(entry.what >> 2, entry.what & 3, entry.whom);
      }
    }
    return deliveries;
  }

 private:
  enum Phase : std::uint32_t { kPropose, kPrepare, kCommit };
  struct Votes {
    ReplicaSet voters;
    std::uint32_t count = 0;
  };

  void broadcast(NodeId from, Phase phase) {
    network_.arrivals(from, now_, arrivals_.data());
    for (NodeId to = 0; to < n_; ++to) {
      if (to != from) queue_.push({static_cast<std::uint64_t>(nanoseconds(arrivals_[to])), (from << 2) | phase, to});
    }
  }

  void vote(NodeId from, std::uint32_t phase, NodeId to) {
    if (phase == kCommit) {
      commits_[to].count += commits_[to].voters.insert(from) ? 1 : 0;
      return;
    }
    Votes& votes = prepares_[to];
    if (phase == kPropose) broadcast(to, kPrepare);
    if (votes.voters.insert(from) && ++votes.count == quorum_ - 1) broadcast(to, kCommit);
  }

  std::uint32_t n_;
  std::uint32_t quorum_;
  Network network_;
  RadixHeap queue_;
  Time now_{};
  std::vector<Time> arrivals_;
  std::vector<Votes> prepares_, commits_;
};

}  // namespace byzsim::bench
