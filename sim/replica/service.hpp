// The replicated service: a key-value store and, per client, what has been executed and answered. One per replica.
//
// The state has a digest that is kept up to date at every step: the sum of a hash of each (key, value) pair and of all
// that is kept of each client, so it costs O(1) an operation and does not depend on the order of keys. Whatever a later
// answer depends on is in the digest, answers that are kept included, and has one form only (Snapshot::flaw): what is
// taken over from another replica under an agreed digest can then be trusted to the last number.
//
// Like every digest here it has 64 bits and models a hash in which nobody finds collisions. Nobody computes a fact that
// fits; whoever searches, by birthday or by balancing several facts, finds some in seconds, and has shown something
// about 64 bits and nothing about a protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"
#include "sim/core/ref.hpp"
#include "sim/replica/by_client.hpp"
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
  /// The same without the keys whose value is zero, which is the same as no value.
  FlatTable without_zeros() const;
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
  bool zeros_ = false;  // some value was once set to zero
  Footprint kept_;
};

/// A client's result, kept until the client has moved on.
struct Answer {
  std::uint64_t number = 0;
  std::uint64_t result = 0;
  static constexpr void describe(auto&& field) {
    field("number", &Answer::number);
    field("result", &Answer::result);
  }
};

/// What has been executed for one client, by request number. A client has moved on from a number when it says so
/// (Request::answered) or sends one that is a whole window higher, as the newest timestamp does in OSDI'99, where the
/// window is one. Numbers from which it has moved on are never executed any more, and their answers are not kept.
struct ClientRecord {
  static constexpr std::uint64_t kBytes = 80;  ///< what it counts in memory, its numbers apart
  NodeId client = kNobody;
  std::uint64_t moved = 0;            ///< the client has moved on from every number up to here
  std::uint64_t floor = 0;            ///< every number above `moved` and up to here has been executed
  std::vector<std::uint64_t> beyond;  ///< executed above `floor` + 1, in increasing order
  std::vector<Answer> answers;        ///< of every executed number above `moved`, in increasing order
  static constexpr void describe(auto&& field) {
    field("client", &ClientRecord::client);
    field("moved", &ClientRecord::moved);
    field("floor", &ClientRecord::floor);
    field("beyond", &ClientRecord::beyond);
    field("answers", &ClientRecord::answers);
  }

  /// Whether a request of this number is not to be executed (any more).
  bool done(std::uint64_t number) const;
  /// How many numbers up to this one are not to be executed (any more).
  std::uint64_t done_up_to(std::uint64_t number) const;
  const Answer* answer(std::uint64_t number) const;
  /// How many numbers it keeps, answered or not.
  std::uint64_t numbers() const { return beyond.size() + answers.size(); }
  /// Enters an execution and returns by how much that changes the hash; `number` must not be done. `progress` is what
  /// the caller keeps for it: progress_hash() of what has been entered so far, 0 if nothing has. O(1) for a client
  /// whose requests are executed and answered in order, at most O(window).
  std::uint64_t add(std::uint64_t number, std::uint64_t answered, std::uint64_t window, std::uint64_t result,
                    std::uint64_t& progress);
  /// What this record adds to the digest of the state.
  std::uint64_t hash() const;
  /// The part of it that changes with every execution.
  std::uint64_t progress_hash() const;
  /// Why this is not the form in which replicas keep records; empty if it is.
  std::string flaw() const;

 private:
  std::uint64_t answer_hash(const Answer& kept) const;
  std::uint64_t move_on(std::uint64_t to);  // what it takes from the hash
};

/// A snapshot as it is written: what signatures, traces and rules see of it.
struct SnapshotForm {
  struct Cell {
    std::uint32_t key = 0;
    std::uint64_t value = 0;
    static constexpr void describe(auto&& field) {
      field("key", &Cell::key);
      field("value", &Cell::value);
    }
  };
  std::vector<Cell> table;  // by key
  std::vector<ClientRecord> clients;
  static constexpr void describe(auto&& field) {
    field("table", &SnapshotForm::table);
    field("clients", &SnapshotForm::clients);
  }
};

/// A copy of the whole state after a slot, as sent in a state transfer.
class Snapshot final : public FormedPayload<Snapshot, SnapshotForm> {
 public:
  FlatTable table;
  std::vector<ClientRecord> clients;  ///< of clients of whom anything was executed, by client
  std::uint64_t sum = 0;
  Footprint kept;  ///< of the records
  SnapshotForm form() const;
  static Ref<const Snapshot> of(SnapshotForm form);
  std::uint64_t wire_size(const Sizes& sizes) const override;
  /// The digest that Service::digest gives for this state, formed anew from what the snapshot holds.
  Digest digest() const;
  /// Why no replica would have made this snapshot; empty if one might have. O(size).
  std::string flaw() const;

 private:
  std::uint64_t sum_of_content() const;
};

class Service {
 public:
  /// How many numbers a client's newest request may be ahead of its oldest unanswered one, unless a protocol says
  /// otherwise; also the most answers kept of one client.
  static constexpr std::uint64_t kWindow = 65'536;

  explicit Service(std::uint64_t window = kWindow) : window_(window) {}
  /// Whether this request has been executed, or the client has moved on from it.
  bool executed(NodeId client, std::uint64_t number) const;
  /// Of how many numbers up to this one that is so.
  std::uint64_t done_up_to(NodeId client, std::uint64_t number) const;
  /// The result of an executed request from which its client has not moved on.
  std::optional<std::uint64_t> result(NodeId client, std::uint64_t number) const;
  /// Applies the request and returns its result: the value read, or the value written.
  std::uint64_t apply(const Request& request);
  /// Names the state: equal states have equal digests, whatever path led to them.
  Digest digest() const;
  Ref<const Snapshot> snapshot() const;
  /// Takes over a snapshot without flaw.
  void restore(const Snapshot& snapshot);

 private:
  struct KeptRecord {
    ClientRecord record;
    std::uint64_t progress = 0;  // its progress_hash(); 0 while nothing has been executed
  };
  KeptRecord& record_of(NodeId client);
  const ClientRecord* find(NodeId client) const;

  std::uint64_t window_;
  FlatTable table_;
  ByClient<KeptRecord, ClientRecord::kBytes> clients_;  // those without executions have no client
  std::uint64_t sum_ = 0;
  Footprint numbers_kept_;
};

}  // namespace byzsim
