#include "sim/net/partition.hpp"

#include <algorithm>

namespace byzsim {
namespace {

ReplicaSet set_of(const std::vector<NodeId>& nodes) {
  ReplicaSet set;
  for (NodeId node : nodes) set.insert(node);
  return set;
}

}  // namespace

bool Cuts::Active::cuts(NodeId sender, NodeId receiver) const {
  if (groups.empty()) return from.contains(sender) && to.contains(receiver);
  if (!grouped.contains(sender) || !grouped.contains(receiver)) return false;
  return std::none_of(groups.begin(), groups.end(),
                      [&](const ReplicaSet& group) { return group.contains(sender) && group.contains(receiver); });
}

bool Cuts::between(NodeId from, NodeId to) const {
  return std::any_of(active_.begin(), active_.end(), [&](const Active& cut) { return cut.cuts(from, to); });
}

Cuts::Effect Cuts::effect(NodeId from, NodeId to, std::uint64_t bits) const {
  Effect effect;
  for (const Active& cut : active_) {
    if (!cut.cuts(from, to)) continue;
    if (cut.mode == PartitionMode::drop) return Effect{.mode = PartitionMode::drop};
    if (cut.mode == PartitionMode::hold && effect.mode == PartitionMode::delay) {
      effect.mode = PartitionMode::hold;
      effect.holder = cut.id;
    }
    // The id keeps the draws of two delaying cuts apart.
    if (cut.mode == PartitionMode::delay) effect.delay = sum_of(effect.delay, cut.delay.sample(draw(bits, cut.id)));
  }
  return effect;
}

CutId Cuts::start(const Cut& cut) {
  Active active;
  active.id = ++last_;
  active.mode = cut.mode;
  active.delay = Latency(cut.delay);
  for (const auto& group : cut.groups) {
    active.groups.push_back(set_of(group));
    for (NodeId node : group) active.grouped.insert(node);
  }
  active.from = set_of(cut.from);
  active.to = set_of(cut.to);
  active_.push_back(std::move(active));
  return last_;
}

bool Cuts::heal(CutId id) {
  const auto found = std::find_if(active_.begin(), active_.end(), [&](const Active& cut) { return cut.id == id; });
  if (found == active_.end()) return false;
  active_.erase(found);
  return true;
}

}  // namespace byzsim
