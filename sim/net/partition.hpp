// Which links are cut, now: partitions and one-way cuts, any number at once.
//
// A partition is a list of groups. Two nodes can talk if they share a group, or if one of them is in no group at all;
// so a node in two groups talks to both, and its two sides still cannot talk to each other except through it. A one-way
// cut stops what goes from one set to another and nothing else. What happens to a message across a cut is the cut's
// mode; where several cuts apply, drop wins over hold, hold over delay, and delays add up.
//
// Costs: nothing while no cut is active (`any()` is one load); otherwise a few bit tests a cut.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/replica_set.hpp"
#include "sim/core/setting.hpp"
#include "sim/net/latency.hpp"

namespace byzsim {

enum class PartitionMode { drop, hold, delay };
template <>
struct EnumNames<PartitionMode> {
  static constexpr EnumTable<PartitionMode, 3> table{{
      {"drop", PartitionMode::drop, "messages across the cut are lost"},
      {"hold", PartitionMode::hold, "messages across the cut wait until it heals"},
      {"delay", PartitionMode::delay, "messages across the cut are late by a further distribution"},
  }};
};

/// One cut, with nodes resolved: either `groups`, or `from` and `to`.
struct Cut {
  std::vector<std::vector<NodeId>> groups{};
  std::vector<NodeId> from{};
  std::vector<NodeId> to{};
  PartitionMode mode = PartitionMode::drop;
  LatencySpec delay{};  ///< with PartitionMode::delay
};

using CutId = std::uint32_t;

class Cuts {
 public:
  /// What the active cuts together do to a message on one link.
  struct Effect {
    PartitionMode mode = PartitionMode::delay;  ///< the strongest; delay with no delays means that nothing is cut
    CutId holder = 0;                           ///< with hold: the oldest cut that holds
    Duration delay{};                           ///< with delay: what all delaying cuts add
  };

  bool any() const { return !active_.empty(); }
  /// True if a message from `from` to `to` crosses at least one active cut.
  bool between(NodeId from, NodeId to) const;
  /// `bits` draws the delays; each cut derives its own from it.
  Effect effect(NodeId from, NodeId to, std::uint64_t bits) const;

  /// Ids count up from 1 in order of starting.
  CutId start(const Cut& cut);
  /// False if there is no such cut, or it has healed.
  bool heal(CutId id);

 private:
  struct Active {
    CutId id = 0;
    PartitionMode mode = PartitionMode::drop;
    Latency delay;
    std::vector<ReplicaSet> groups;  ///< empty for a one-way cut
    ReplicaSet grouped;              ///< the union of the groups
    ReplicaSet from, to;

    bool cuts(NodeId sender, NodeId receiver) const;
  };
  std::vector<Active> active_;  // by id
  CutId last_ = 0;
};

}  // namespace byzsim
