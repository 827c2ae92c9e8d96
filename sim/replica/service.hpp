// The replicated service: a key-value store and, per client, what has been executed. One per replica.
//
// The state has a digest that is kept up to date at every step: the sum of a hash of each (key, value) pair and of each
// client's record, so it costs O(1) an operation and does not depend on the order of keys.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/ref.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim {

/// A map from 32-bit keys to 64-bit values in one flat array, cheap to copy whole.
class FlatTable {
 public:
  /// The value of `key`; zero if it has none.
  std::uint64_t get(std::uint32_t key) const;
  /// Sets `key` and returns what it was before.
  std::uint64_t set(std::uint32_t key, std::uint64_t value);
  std::size_t size() const { return used_; }
  void for_each(auto&& visit) const {
    for (const Cell& cell : cells_) {
      if (cell.used) visit(cell.key, cell.value);
    }
  }

 private:
  struct Cell {
    std::uint32_t key = 0;
    bool used = false;
    std::uint64_t value = 0;
  };
  Cell& cell_of(std::uint32_t key);
  std::vector<Cell> cells_;
  std::size_t used_ = 0;
};

/// A set of request numbers that is nearly contiguous: every number up to `floor`, and those in `beyond`.
struct NumberSet {
  std::uint64_t floor = 0;
  std::vector<std::uint64_t> beyond;  // sorted

  bool contains(std::uint64_t number) const;
  /// True if it was not there before.
  bool insert(std::uint64_t number);
};

/// What has been executed for one client, and the last few results.
struct ClientRecord {
  static constexpr std::size_t kResults = 8;
  struct Result {
    std::uint64_t number = 0;
    std::uint64_t value = 0;
  };
  NumberSet done;
  Result results[kResults]{};
};

/// A copy of the whole state after a slot, as sent in a state transfer.
class Snapshot final : public SharedPayload {
 public:
  FlatTable table;
  std::vector<ClientRecord> clients;
  std::uint64_t sum = 0;
  void put(FieldSink& sink) const override;
  std::uint32_t wire_size(const Sizes& sizes) const override;
  static Ref<const Snapshot> take(const Json& from);
  /// The digest that Service::digest gives for this state.
  Digest digest() const;
};

class Service {
 public:
  /// Whether this request has been executed.
  bool executed(NodeId client, std::uint64_t number) const;
  /// The result of an executed request, if it is one of the client's last few.
  std::optional<std::uint64_t> result(NodeId client, std::uint64_t number) const;
  /// Applies the request and returns its result: the value read, or the value written.
  std::uint64_t apply(const Request& request);
  /// Names the state: equal states have equal digests, whatever path led to them.
  Digest digest() const;
  Ref<const Snapshot> snapshot() const;
  void restore(const Snapshot& snapshot);

 private:
  ClientRecord& record_of(NodeId client);
  const ClientRecord* find(NodeId client) const;

  FlatTable table_;
  std::vector<ClientRecord> clients_;  // by NodeId
  std::uint64_t sum_ = 0;
};

}  // namespace byzsim
