// A set of node numbers as bits: votes, voters, partitions. Up to 64 members live inline, more on the heap.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "sim/core/ids.hpp"

namespace byzsim {

class ReplicaSet {
 public:
  ReplicaSet() = default;
  ReplicaSet(std::initializer_list<NodeId> members) {
    for (NodeId id : members) insert(id);
  }

  /// True if `id` was not a member before.
  [[gnu::always_inline]] bool insert(NodeId id) {
    std::uint64_t& word = word_at(id >> 6);
    const std::uint64_t bit = std::uint64_t{1} << (id & 63);
    const bool fresh = (word & bit) == 0;
    word |= bit;
    return fresh;
  }
  void erase(NodeId id) {
    if (contains(id)) word_at(id >> 6) &= ~(std::uint64_t{1} << (id & 63));
  }
  bool contains(NodeId id) const {
    const std::uint32_t index = id >> 6;
    const std::uint64_t word = index == 0 ? first_ : (index - 1 < rest_.size() ? rest_[index - 1] : 0);
    return ((word >> (id & 63)) & 1) != 0;
  }
  /// Number of members.
  std::uint32_t size() const {
    int bits = std::popcount(first_);
    for (std::uint64_t word : rest_) bits += std::popcount(word);
    return static_cast<std::uint32_t>(bits);
  }
  /// Words of 64 that it keeps beside the first.
  std::size_t words() const { return rest_.size(); }
  bool empty() const {
    return first_ == 0 && std::all_of(rest_.begin(), rest_.end(), [](std::uint64_t word) { return word == 0; });
  }
  /// Removes every member and keeps the memory.
  void clear() {
    first_ = 0;
    for (std::uint64_t& word : rest_) word = 0;
  }

  /// Calls `visit(NodeId)` for every member, in increasing order.
  void for_each(auto&& visit) const {
    for_each_bit(first_, 0, visit);
    for (std::size_t i = 0; i < rest_.size(); ++i) for_each_bit(rest_[i], static_cast<NodeId>(64 * (i + 1)), visit);
  }
  std::vector<NodeId> members() const {
    std::vector<NodeId> list;
    for_each([&](NodeId id) { list.push_back(id); });
    return list;
  }
  friend bool operator==(const ReplicaSet& a, const ReplicaSet& b) { return a.members() == b.members(); }

 private:
  static void for_each_bit(std::uint64_t word, NodeId base, auto&& visit) {
    for (; word != 0; word &= word - 1) visit(base + static_cast<NodeId>(std::countr_zero(word)));
  }
  std::uint64_t& word_at(std::uint32_t index) {
    if (index == 0) return first_;
    if (rest_.size() < index) rest_.resize(index, 0);
    return rest_[index - 1];
  }

  std::uint64_t first_ = 0;
  std::vector<std::uint64_t> rest_;
};

}  // namespace byzsim
