// Votes for one question (one slot, one view, one phase), counted by identity and by value.
//
// Bounded whatever arrives: a voter counts for the first value seen and for at most one other, so n voters make at most
// n + 1 values, and no liar can crowd out an honest voter, who has only one vote to cast.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/replica_set.hpp"

namespace byzsim {

class Tally {
 public:
  /// Counts `voter` for `value`; false if it had been counted for that value before.
  [[gnu::always_inline]] bool add(Digest value, NodeId voter) {
    if (first_.count == 0) first_.value = value;
    Entry* entry = &first_;
    if (first_.value != value) [[unlikely]] {
      entry = other_for(value, voter);
      if (entry == nullptr) return false;
    }
    if (!entry->voters.insert(voter)) return false;
    ++entry->count;
    return true;
  }
  std::uint32_t count(Digest value) const {
    const Entry* entry = find(value);
    return entry == nullptr ? 0 : entry->count;
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
    others_.reset();
  }

 private:
  struct Entry {
    Digest value{};
    std::uint32_t count = 0;
    ReplicaSet voters;
  };
  struct Others {
    std::vector<Entry> entries;
    ReplicaSet voters;
  };

  // Where `voter` counts for a value that is not the first; null if it has been counted for one already.
  Entry* other_for(Digest value, NodeId voter) {
    if (!others_) others_ = std::make_unique<Others>();
    if (!others_->voters.insert(voter)) return nullptr;
    for (Entry& entry : others_->entries) {
      if (entry.value == value) return &entry;
    }
    return &others_->entries.emplace_back(Entry{value, 0, {}});
  }
  const Entry* find(Digest value) const {
    if (first_.count > 0 && first_.value == value) return &first_;
    if (!others_) return nullptr;
    for (const Entry& entry : others_->entries) {
      if (entry.value == value) return &entry;
    }
    return nullptr;
  }

  Entry first_;  // nearly always the only one
  std::unique_ptr<Others> others_;
};

}  // namespace byzsim
