// What a replica keeps of each of the others. Most runs keep nothing of most of it, and n replicas would each have n
// empty places: so room is made, and counted, when there is something to keep.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"

namespace byzsim {

template <class Kept>
class ByReplica {
 public:
  explicit ByReplica(std::uint32_t n, Kept at_first = {}) : n_(n), at_first_(at_first) {}
  /// Of a replica, whose number is below n.
  Kept& operator[](NodeId replica) {
    if (row_.empty()) [[unlikely]] {
      bytes_.set(std::uint64_t{sizeof(Kept)} * n_);
      check_limits();
      row_.resize(n_, at_first_);
    }
    return row_[replica];
  }
  const Kept& operator[](NodeId replica) const { return row_.empty() ? at_first_ : row_[replica]; }
  /// By replica; empty while there is nothing to keep.
  const std::vector<Kept>& row() const { return row_; }
  std::vector<Kept>& row() { return row_; }

 private:
  std::uint32_t n_;
  Kept at_first_;
  std::vector<Kept> row_;
  Footprint bytes_;
};

}  // namespace byzsim
