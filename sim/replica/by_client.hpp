// What a replica keeps of each client, in a row by number from the lowest client it has heard of to the highest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"

namespace byzsim {

/// The row is counted before it grows, at `kBytes` a client: a number picked out of the blue ends the run rather than
/// the machine.
template <class Kept, std::uint64_t kBytes>
class ByClient {
 public:
  /// What is kept of this client, made if there is nothing yet, which moves the others. O(1), amortised.
  Kept& operator[](NodeId client) {
    if (client - first_ >= row_.size()) [[unlikely]]
      grow(client);
    return row_[client - first_];
  }
  /// Null, or what may have been made for a client that was never asked for.
  const Kept* find(NodeId client) const { return client - first_ < row_.size() ? &row_[client - first_] : nullptr; }
  Kept* find(NodeId client) { return client - first_ < row_.size() ? &row_[client - first_] : nullptr; }

  std::size_t size() const { return row_.size(); }
  auto begin() { return row_.begin(); }
  auto end() { return row_.end(); }
  auto begin() const { return row_.begin(); }
  auto end() const { return row_.end(); }
  void clear() { row_.clear(); }

 private:
  void grow(NodeId client) {
    if (row_.empty()) first_ = client;
    const auto size = static_cast<NodeId>(row_.size());
    // Downwards by as much again as there is, as the vector does upwards.
    const NodeId first = client < first_ ? std::min(client, first_ - std::min(first_, size)) : first_;
    const std::uint64_t end = std::max(client + std::uint64_t{1}, std::uint64_t{first_} + size);
    bytes_.set(kBytes * (end - first));
    check_limits();
    row_.insert(row_.begin(), first_ - first, Kept{});
    row_.resize(end - first);
    first_ = first;
  }

  NodeId first_ = 0;
  std::vector<Kept> row_;
  Footprint bytes_;
};

}  // namespace byzsim
