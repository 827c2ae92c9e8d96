// The scheduler: simulated time, the order of events, timers, and the fingerprint of a run.
//
// Events fire in order of (time, order of scheduling), which no compiler, host or listener can change. The fingerprint
// folds in every event that fires, here and nowhere else, so it does not depend on who watches.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/check.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/radix_heap.hpp"
#include "sim/core/random.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

/// What kind of event an entry is; in the top bits of QueueEntry::whom.
enum class EventKind : std::uint32_t { deliver = 0, process = 1, timer = 2, control = 3 };

struct Event {
  EventKind kind = EventKind::deliver;
  std::uint32_t what = 0;  ///< deliver, process: the message's box; timer: its name; control: the owner's number
  NodeId node = 0;
};

class Scheduler {
 public:
  static constexpr std::uint32_t kNodeBits = 28;

  explicit Scheduler(std::uint64_t seed) : fingerprint_(mix64(seed)) {}

  Time now() const { return now_; }
  std::uint64_t fired() const { return fired_; }
  /// Where the run stands, for CHECK to print.
  RunPosition position(std::uint64_t seed) const { return {seed, &fired_, &now_}; }
  /// A hash over (time, kind, node, subject) of every event fired so far.
  std::uint64_t fingerprint() const { return mix64(fingerprint_); }
  bool empty() const { return queue_.empty(); }
  /// How many entries the queue holds, for as long as the scheduler lives.
  const std::size_t* pending() const { return queue_.count(); }

  /// What is asked for a time that has passed happens now: a scenario may ask for negative delays.
  void at(Time when, EventKind kind, std::uint32_t what, NodeId node) {
    queue_.push({static_cast<std::uint64_t>(nanoseconds(std::max(when, now_))), what,
                 (static_cast<std::uint32_t>(kind) << kNodeBits) | node});
  }

  /// Takes the next event, if one is due by `limit`, and moves time to it. Cancelled timers vanish on the way.
  bool next(Time limit, Event& event) {
    QueueEntry popped;
    while (queue_.pop_until(static_cast<std::uint64_t>(nanoseconds(limit)), popped)) {
      event.kind = static_cast<EventKind>(popped.whom >> kNodeBits);
      event.what = popped.what;
      event.node = popped.whom & ((1u << kNodeBits) - 1);
      if (event.kind == EventKind::timer && !timer_due(event, popped.key)) continue;
      now_ = Time{Duration{static_cast<std::int64_t>(popped.key)}};
      return true;
    }
    // Timers that vanished may have taken the queue further than the time, which stands at the last event.
    if (queue_.empty()) queue_.rewind(static_cast<std::uint64_t>(nanoseconds(now_)));
    return false;
  }

  /// Folds the event just taken into the fingerprint. `subject` is what stays the same however memory is laid out: a
  /// message's number, a timer's name.
  void fired(const Event& event, std::uint64_t subject) {
    ++fired_;
    const std::uint64_t who = (static_cast<std::uint64_t>(event.kind) << kNodeBits) | event.node;
    const auto when = static_cast<std::uint64_t>(nanoseconds(now_));
    fingerprint_ = ((std::rotl(fingerprint_, 29) ^ when * 0xbf58476d1ce4e5b9ULL) + ((who << 32) ^ subject)) *
                   0x9e3779b97f4a7c15ULL;
  }

  // Timers: one per (node, name). Starting a running timer moves its deadline; the queue is told only when the new
  // deadline lies before the entry it already holds, so a timer that is restarted with every message costs no queue
  // work.
  std::uint32_t make_timer(NodeId node, std::uint32_t name) {
    timers_.push_back({node, name, kNever, kNever});
    return static_cast<std::uint32_t>(timers_.size() - 1);
  }
  void start_timer(std::uint32_t timer, Time deadline) {
    Timer& slot = timers_[timer];
    deadline = std::max(deadline, now_);
    slot.deadline = deadline;
    if (deadline != kNever && deadline < slot.queued) {
      slot.queued = deadline;
      at(deadline, EventKind::timer, timer, slot.node);
    }
  }
  void stop_timer(std::uint32_t timer) { timers_[timer].deadline = kNever; }
  bool timer_running(std::uint32_t timer) const { return timers_[timer].deadline != kNever; }

 private:
  struct Timer {
    NodeId node;
    std::uint32_t name;
    Time deadline;  // kNever: not running
    Time queued;    // the earliest entry that the queue holds for it
  };

  // True if the timer fires now; its name replaces its number. An entry that came too early is put back at the
  // deadline.
  bool timer_due(Event& event, std::uint64_t key) {
    Timer& slot = timers_[event.what];
    const Time when{Duration{static_cast<std::int64_t>(key)}};
    if (when != slot.queued) return false;
    slot.queued = kNever;
    if (slot.deadline == kNever) return false;
    if (slot.deadline > when) {
      now_ = when;
      start_timer(event.what, slot.deadline);
      return false;
    }
    slot.deadline = kNever;
    event.what = slot.name;
    return true;
  }

  RadixHeap queue_;
  std::vector<Timer> timers_;
  Time now_{};
  std::uint64_t fired_ = 0;
  std::uint64_t fingerprint_;
};

}  // namespace byzsim
