// RequestBook: what honest clients asked, what honest replicas made of it, and which answers clients accepted.
//
// The first honest replica to apply a request at some place of a slot sets the common order; the others are compared
// with it place by place, so a duplicate is looked for once and not once a replica. A replica that leaves the common
// order (the log has forked) is followed on its own from there, with what it had applied in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/fact.hpp"
#include "analysis/roster.hpp"
#include "analysis/slot_ring.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

/// A set of numbers that mostly follow each other: disjoint ranges. In whatever order numbers come, one costs at most
/// the logarithm of how many ranges there are.
class RangeSet {
 public:
  /// True if it was not a member before.
  bool insert(std::uint64_t number);
  bool contains(std::uint64_t number) const;
  bool empty() const { return ranges_.empty(); }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // from the first of each to its last
};

/// A request of an honest client, from submission until it is both accepted and executed.
struct Asked {
  std::uint64_t number = 0;
  Time submitted{};
  std::uint64_t result = 0;  ///< that honest replicas computed, once executed
  std::uint64_t answer = 0;  ///< that the client accepted, once accepted
  Time answered{};
  bool executed = false;
  bool accepted = false;
};

/// From when on waiting for its answer counts.
inline Time counted_from(const Asked& request, Time gst) {
  return std::max(request.submitted, gst);
}

class RequestBook {
 public:
  RequestBook(const Manifest& manifest, const Roster& roster, FactSink& facts);

  void on_submitted(const Record& record);
  void on_applied(const Record& record);
  void on_executed(const Record& record);
  void on_restarted(const Record& record);
  /// The request this answers, as it was; null for faulty clients and for answers to nothing.
  const Asked* on_accepted(const Record& record);
  /// The request that the accepted record just entered answers; null if it answers none of an honest client.
  const Asked* just_answered() const { return answered_ ? &last_ : nullptr; }
  void on_end();
  /// Forgets the order of slots below this one.
  void forget_below(Slot slot) { slots_.retire_below(slot); }

  std::uint64_t submitted() const { return submitted_; }  ///< requests of honest clients
  std::uint64_t accepted() const { return accepted_; }    ///< answered ones among them
  /// Requests applied in slots further ahead than could be followed.
  std::uint64_t unfollowed() const { return unfollowed_; }
  /// Calls `visit(NodeId client, const Asked&)` for every unanswered request of an honest client, by client and number.
  void for_each_unanswered(auto&& visit) const {
    for (std::size_t c = 0; c < clients_.size(); ++c) {
      const Client& client = clients_[c];
      for (std::size_t i = client.head; i < client.asked.size(); ++i) {
        if (!client.asked[i].accepted) visit(static_cast<NodeId>(n_ + c), client.asked[i]);
      }
    }
  }

 private:
  struct Applied {
    NodeId client = kNobody;
    std::uint64_t number = 0;
    std::uint64_t result = 0;
  };
  struct Order {
    std::vector<Applied> applied;
    bool closed = false;  // some honest replica has applied all of the slot
    void reset() {
      applied.clear();
      closed = false;
    }
  };
  struct Client {
    std::vector<Asked> asked;  // by number; those before head are done with
    std::size_t head = 0;
    RangeSet applied;  // in the common order
  };
  using Names = std::set<std::pair<NodeId, std::uint64_t>>;  // of requests: client and number
  /// What was applied in the common order before some place: all that had been by some time, but for what is ahead.
  struct Common {
    Slot slot = 0;
    std::uint32_t place = 0;
    std::map<NodeId, RangeSet> applied;
    Names ahead;
    bool holds(const std::pair<NodeId, std::uint64_t>& name) const {
      const auto found = applied.find(name.first);
      return found != applied.end() && found->second.contains(name.second) && !ahead.contains(name);
    }
  };
  struct Cursor {
    Slot slot = 0;
    std::uint32_t place = 0;
    Slot replayed = 0;                     // slots up to here it may apply once more, after a restart
    bool astray = false;                   // has left the common order; then also:
    std::shared_ptr<const Common> common;  // what was applied in it before that
    Names own;                             // and what it has applied since
  };

  Client* client(NodeId node);
  Asked* asked(NodeId node, std::uint64_t number);
  void go_astray(Slot slot, std::uint32_t place, Cursor& cursor);
  void apply_astray(const Record& record, Cursor& cursor);
  void note_result(NodeId client, std::uint64_t number, std::uint64_t result, bool common);
  void raise_duplicate(const Record& record);
  void raise_otherwise(NodeId client, const Asked& request, std::string why);
  void tidy(Client& client);

  const Roster& roster_;
  FactSink& facts_;
  std::uint32_t n_;
  std::uint32_t count_;  // clients
  std::vector<Client> clients_;
  std::vector<Cursor> cursors_;
  std::shared_ptr<const Common> left_;  // where a replica left the common order last: others do so at the same place
  SlotRing<Order> slots_;
  std::set<std::pair<std::pair<NodeId, std::uint64_t>, std::uint64_t>> other_results_;  // in forks only
  Asked last_;  // what on_accepted returned last
  bool answered_ = false;
  std::uint64_t unfollowed_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t accepted_ = 0;
};

}  // namespace byzsim
