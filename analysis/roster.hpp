// Roster: who is honest, as far as the run has shown. Corrupted nodes never were; a replica that comes back without its
// state stops being honest there and then.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "sim/trace/manifest.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

class Roster {
 public:
  explicit Roster(const Manifest& manifest)
      : n_(manifest.n),
        faulty_(manifest.faulty),
        faulty_replicas_(manifest.faulty_replicas()),
        since_(manifest.n, Time::min()) {}

  bool honest(NodeId node) const { return !faulty_.contains(node); }
  bool honest_replica(NodeId node) const { return node < n_ && honest(node); }
  std::uint32_t honest_replicas() const { return n_ - faulty_replicas_; }
  std::uint32_t faulty_replicas() const { return faulty_replicas_; }
  const ReplicaSet& faulty() const { return faulty_; }
  std::uint32_t n() const { return n_; }

  /// True if the replica counts as faulty from here on and did not before.
  bool on_restarted(const Record& record) {
    if (record.count != 0 || record.node >= n_ || !faulty_.insert(record.node)) return false;
    ++faulty_replicas_;
    since_[record.node] = record.time;
    return true;
  }
  /// The same as it was at some time in the past.
  bool faulty_at(NodeId node, Time when) const {
    return faulty_.contains(node) && (node >= n_ || since_[node] <= when);
  }

 private:
  std::uint32_t n_;
  ReplicaSet faulty_;
  std::uint32_t faulty_replicas_;
  std::vector<Time> since_;  // by replica, of those that are faulty
};

}  // namespace byzsim
