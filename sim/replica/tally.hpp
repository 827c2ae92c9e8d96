// Votes for one question (one slot, one view, one phase), counted by identity and by value.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/replica_set.hpp"

namespace byzsim {

class Tally {
 public:
  /// Counts `voter` for `value`; false if it had been counted for that value before.
  bool add(Digest value, NodeId voter) {
    Entry& entry = entry_of(value);
    if (!entry.voters.insert(voter)) return false;
    ++entry.count;
    return true;
  }
  std::uint32_t count(Digest value) const {
    const Entry* entry = find(value);
    return entry == nullptr ? 0 : entry->count;
  }
  /// Voters of all values together: what a rule counts that does not look at the value. Not a safe rule.
  std::uint32_t count_any() const {
    ReplicaSet all;
    for_each([&](const Entry& entry) { entry.voters.for_each([&](NodeId id) { all.insert(id); }); });
    return all.size();
  }
  const ReplicaSet& voters(Digest value) const {
    static const ReplicaSet none;
    const Entry* entry = find(value);
    return entry == nullptr ? none : entry->voters;
  }
  void clear() {
    first_.value = {};
    first_.count = 0;
    first_.voters.clear();
    others_.clear();
  }

 private:
  struct Entry {
    Digest value{};
    std::uint32_t count = 0;
    ReplicaSet voters;
  };
  void for_each(auto&& visit) const {
    if (first_.count > 0) visit(first_);
    for (const Entry& entry : others_) visit(entry);
  }
  const Entry* find(Digest value) const {
    if (first_.count > 0 && first_.value == value) return &first_;
    for (const Entry& entry : others_) {
      if (entry.value == value) return &entry;
    }
    return nullptr;
  }
  Entry& entry_of(Digest value) {
    if (first_.count == 0) first_.value = value;
    if (first_.value == value) return first_;
    for (Entry& entry : others_) {
      if (entry.value == value) return entry;
    }
    others_.push_back({value, 0, {}});
    return others_.back();
  }

  Entry first_;  // nearly always the only one
  std::vector<Entry> others_;
};

}  // namespace byzsim
