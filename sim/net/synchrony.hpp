// What partial synchrony owes, and when it was first broken.
//
// A message that was sent at t between two nodes is owed at max(t, GST) + delta (Dwork, Lynch and Stockmeyer, JACM
// 1988; with crashes and restarts of the receiver, whatever finds it down is lost). The network leaves the model the
// moment one that is owed has not come: before that, nobody could tell the run from one where it is under way. So a
// message counts as *missed*, at the time it was owed, if by then
//   - sender and receiver were honest, as they were then, whatever became of them afterwards,
//   - the receiver was up, and did not just go down or come back,
//   - no equal message came over the same link: the same signing, from and to the same nodes.
// Before GST anything may be lost. What was sent before GST and comes after GST + delta all the same was not lost and
// is late: it counts when it comes. Without delta nothing is late, but a loss is a loss, and counts when the message
// was sent.
//
// Losses are known before they count, and what is held shows only when it is let go. So the account keeps when nodes
// were down or turned faulty, and settles what is still to come as time goes on; only the first that counts is of any
// interest. Memory: 64 bytes for each loss of the last delta, until one of them counts, and for each message of which
// there are several.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include "sim/core/downtimes.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"
#include "sim/core/replica_set.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

class Synchrony {
 public:
  /// One message over one link; equal ones have the same.
  struct Letter {
    std::uint64_t id = 0;
    NodeId from = 0;
    NodeId to = 0;
    friend auto operator<=>(const Letter&, const Letter&) = default;
  };
  struct Missed {
    Time when = kNever;
    Letter letter;
    friend auto operator<=>(const Missed&, const Missed&) = default;
  };

  /// `delta`: Duration::max() if none is stated. `faulty`: from the start.
  Synchrony(Time gst, Duration delta, const ReplicaSet& faulty);

  /// When what is sent at `sent` has to have come, at the latest.
  Time bound(Time sent) const { return later(std::max(sent, gst_), delta_); }

  void turned_faulty(NodeId node, Time now);
  void went_down(NodeId node, Time now);
  void came_back(NodeId node, Time now);

  /// It will not come, or was changed on its way.
  void lost(const Letter& letter, Time sent, Time now);
  /// It comes at `at`, queues left aside. `alone`: there is no equal one.
  void comes(const Letter& letter, Time sent, Time at, bool alone, Time now) {
    if (!alone) [[unlikely]]
      copy_comes(letter, at);
    if (at > bound(sent)) comes_late(letter, sent, at, now);
  }
  /// An equal one comes at `at`, which nobody owed.
  void copy_comes(const Letter& letter, Time at);

  /// What was owed before now.
  void settle(Time now) {
    if (!open_.empty() && open_.begin()->when < now) [[unlikely]]
      settle_open(now);
  }
  /// The run is over. `for_good`: nothing is left to happen, so what has not come by then never does: it counts then, if
  /// not before.
  void finish(Time end, bool for_good);

  /// The first that counts of all that have been settled; `when` is kNever if there is none.
  const Missed& first() const { return first_; }

 private:
  void comes_late(const Letter& letter, Time sent, Time at, Time now);
  void owe(const Missed& missed, Time now);
  void settle_open(Time before);
  void note(const Missed& missed);
  bool counts(const Missed& missed) const;
  bool was_honest(NodeId node, Time when) const;
  bool was_up(NodeId node, Time when) const;

  Time gst_;
  Duration delta_;
  std::map<NodeId, Time> faulty_since_;
  std::map<NodeId, Downtimes> down_;
  std::map<Letter, Time> came_;  // when the first of several equal ones came
  std::set<Missed> open_;        // whose time is still to come, of those earlier than the first
  Footprint kept_;
  Footprint open_kept_;
  Missed first_;
};

}  // namespace byzsim
