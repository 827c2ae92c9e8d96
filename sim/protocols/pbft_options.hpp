// What a scenario may set of PBFT: its parameters, and its known bugs, each a switch of the one implementation.
#pragma once

#include <optional>

#include "sim/core/options.hpp"
#include "sim/replica/quorum.hpp"
#include "sim/replica/service.hpp"

namespace byzsim {

using namespace std::chrono_literals;

enum class DecideOn { committed, prepared };
template <>
struct EnumNames<DecideOn> {
  static constexpr EnumTable<DecideOn, 2> table{{
      {"committed", DecideOn::committed, "a quorum of COMMITs, as in the paper"},
      {"prepared", DecideOn::prepared, "BUG: prepared is taken for decided, the third phase is dropped"},
  }};
};

enum class TimerRule { own_request, any_progress };
template <>
struct EnumNames<TimerRule> {
  static constexpr EnumTable<TimerRule, 2> table{{
      {"own-request", TimerRule::own_request, "only the execution of the request that the timer stands for stops it"},
      {"any-progress", TimerRule::any_progress,
       "BUG: any execution starts the timer anew, so one client can be starved"},
  }};
};

enum class TimerConvention { osdi99, doubling };
template <>
struct EnumNames<TimerConvention> {
  static constexpr EnumTable<TimerConvention, 2> table{{
      {"osdi99", TimerConvention::osdi99,
       "T for the request, T for the first NEW-VIEW, then 2T, 4T (OSDI'99, section 4.5.2)"},
      {"doubling", TimerConvention::doubling, "T for the request, 2T for the first NEW-VIEW, then 4T, 8T"},
  }};
};

enum class Backoff { oldest_request, any_execution, none };
template <>
struct EnumNames<Backoff> {
  static constexpr EnumTable<Backoff, 3> table{{
      {"oldest-request", Backoff::oldest_request,
       "timeouts double from view to view until the request that has waited longest is executed for the first time"},
      {"any-execution", Backoff::any_execution,
       "BUG: the execution of any slot ends the back-off, so a faulty primary keeps timeouts too short with null "
       "slots"},
      {"none", Backoff::none, "BUG: timeouts never double"},
  }};
};

enum class NewViewWait { at_or_above, exact };
template <>
struct EnumNames<NewViewWait> {
  static constexpr EnumTable<NewViewWait, 2> table{{
      {"at-or-above", NewViewWait::at_or_above,
       "a replica waits for a NEW-VIEW once a quorum has come as far as its view, whoever has gone on included"},
      {"exact", NewViewWait::exact,
       "BUG: only with a quorum of VIEW-CHANGEs for exactly its view, which may never come when some have gone on"},
  }};
};

namespace pbft {

struct Options {
  QuorumRule quorum;
  DecideOn decide_on = DecideOn::committed;
  bool view_change_certificates = true;
  bool verify_new_view = true;
  bool check_certificates = true;
  bool bind_digest = true;
  bool bind_view = true;
  bool dedup = true;
  bool join_rule = true;
  bool status = true;
  Backoff backoff = Backoff::oldest_request;
  NewViewWait new_view_wait = NewViewWait::at_or_above;
  TimerRule timer = TimerRule::own_request;
  TimerConvention timer_convention = TimerConvention::osdi99;
  Duration view_timeout = 500ms;
  Duration retransmit = 250ms;
  std::uint32_t retransmit_growth = 1;
  std::optional<std::uint32_t> reply_quorum;
  std::uint32_t batch = 64;
  std::uint32_t pipeline = 32;
  Slot checkpoint_interval = 128;
  Slot window = 256;
  std::uint64_t client_window = Service::kWindow;

  static void describe(auto& row) {
    row("quorum", &Options::quorum,
        "votes that make a quorum; ceil((n+f+1)/2) is 2f+1 for n = 3f+1 and right for any n");
    row("decide_on", &Options::decide_on, "when a replica calls a slot decided");
    row("view_change_certificates", &Options::view_change_certificates,
        "false: BUG, VIEW-CHANGE carries only what was decided, not what was prepared");
    row("verify_new_view", &Options::verify_new_view, "false: BUG, backups take the proposals of a NEW-VIEW unchecked");
    row("check_certificates", &Options::check_certificates,
        "false: BUG, prepared certificates in a VIEW-CHANGE are believed without their votes");
    row("bind_digest", &Options::bind_digest, "false: BUG, votes count for whatever was proposed in their slot");
    row("bind_view", &Options::bind_view, "false: BUG, votes of an earlier view still count");
    row("dedup", &Options::dedup, "false: BUG, a request that was executed is executed again when it comes again");
    row("join_rule", &Options::join_rule, "false: a replica does not join f+1 others that have left its view");
    row("status", &Options::status,
        "false: as in OSDI'99, a replica that gets nowhere does not ask others for what it lacks; whatever the network "
        "lost is lost");
    row("backoff", &Options::backoff, "what ends the doubling of timeouts");
    row("new_view_wait", &Options::new_view_wait, "when a replica begins to wait for the NEW-VIEW of its view");
    row("timer", &Options::timer, "what stops a backup's timer");
    row("timer_convention", &Options::timer_convention, "how timeouts grow from view to view");
    row("view_timeout", &Options::view_timeout, "T: how long a backup waits for a request to be executed",
        at_least(1ns));
    row("retransmit", &Options::retransmit,
        "how soon a VIEW-CHANGE is sent again, and how long a replica that waits for something gets nowhere before it "
        "sends STATUS, again and again",
        at_least(1ns));
    row("retransmit_growth", &Options::retransmit_growth,
        "how many times as long it waits before it sends VIEW-CHANGE or STATUS again, each time, up to 64 times as "
        "long",
        at_least(1), at_most(16));
    row("reply_quorum", &Options::reply_quorum, "matching replies a client waits for; f+1 unless given", at_least(1));
    row("batch", &Options::batch, "most requests in one slot", at_least(1), at_most(1'000'000));
    row("pipeline", &Options::pipeline, "most slots proposed and not yet executed", at_least(1));
    row("checkpoint_interval", &Options::checkpoint_interval, "slots between checkpoints (K)", at_least(1));
    row("window", &Options::window, "slots between the watermarks (L)", at_least(1), at_most(1'000'000));
    row("client_window", &Options::client_window,
        "how many numbers a client's newest request may be ahead of its oldest unanswered one, so also how many of its "
        "requests and answers a replica keeps",
        at_least(1), at_most(65'536));
  }
};

}  // namespace pbft
}  // namespace byzsim
