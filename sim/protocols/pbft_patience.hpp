// How long a PBFT replica waits: for the request that has waited longest, or for a NEW-VIEW; and when it next looks
// whether anything has moved. Several waits, one timer at a time: nearly all of them end before they are due, so the
// timer is not moved with each, but set anew when it fires.
#pragma once

#include <algorithm>

#include "sim/replica/env.hpp"

namespace byzsim::pbft {

/// For how long a replica has had something to wait for, all in all.
class Waited {
 public:
  bool waits() const { return since_ != kNever; }
  void begin_or_stop(Time now) {
    before_ = until(now);
    since_ = waits() ? kNever : now;
  }
  Duration until(Time now) const { return waits() ? sum_of(before_, now - since_) : before_; }
  void begin_anew(Time now) {
    before_ = {};
    if (waits()) since_ = now;
  }

 private:
  Duration before_{};
  Time since_ = kNever;
};

class Patience {
 public:
  /// `look` is the timer that fires for a look; those for waits are named in `wait`.
  Patience(Env& env, TimerName look) : env_(env), look_(look) {}

  /// Waits from now on for so long, under this timer's name; a wait before it is over.
  void wait(TimerName what, Duration within) {
    deadline_ = later(env_.now(), within);
    what_ = what;
    if (deadline_ < armed_at_ || (armed_at_ != kNever && armed_ != look_)) arm();
  }
  void stop_waiting() {
    if (deadline_ == kNever) return;
    deadline_ = kNever;
    if (armed_at_ != kNever && armed_ != look_) arm();
  }
  bool waiting() const { return deadline_ != kNever; }
  bool waiting_for(TimerName what) const { return waiting() && what_ == what; }

  /// Looks after so long; false if it is to look anyway.
  bool look_in(Duration after) {
    if (look_at_ != kNever) return false;
    look_by(later(env_.now(), after));
    return true;
  }

  /// Looks at this time, or earlier if it is to do so anyway.
  void look_by(Time when) {
    if (when >= look_at_) return;
    look_at_ = when;
    if (look_at_ < armed_at_) arm();
  }

  /// One of these timers has fired: whether what it stands for is due. The caller acts, then calls `settle`.
  bool fired(TimerName timer) {
    armed_at_ = kNever;
    settling_ = true;
    Time& when = timer == look_ ? look_at_ : deadline_;
    if (when > env_.now()) return false;
    when = kNever;
    return true;
  }
  void settle() {
    settling_ = false;
    arm();
  }

 private:
  void arm() {
    if (settling_) return;
    const bool deadline_first = deadline_ <= look_at_;
    const Time due = deadline_first ? deadline_ : look_at_;
    const TimerName timer = deadline_first ? what_ : look_;
    if (armed_at_ != kNever && armed_ != timer) env_.stop_timer(armed_);
    if (due != kNever) env_.start_timer(timer, due - env_.now());
    armed_ = timer;
    armed_at_ = due;
  }

  Env& env_;
  const TimerName look_;
  TimerName what_ = 0;
  Time deadline_ = kNever;
  Time look_at_ = kNever;
  TimerName armed_ = 0;
  Time armed_at_ = kNever;  // when the timer that runs fires, or the earliest time at which anything is due
  bool settling_ = false;
};

}  // namespace byzsim::pbft
