// Trigger: the event that sets a rule off, arms it (`since`) or ends it (`until`).
//
//   on: {event: prepared, replica: 0, slot: 1}         once, at the first such event
//   on: {event: view, view: 1, skip: 1, times: 2}      at the second and third
//   on: {event: sent, match: {type: commit, to: 3}}    when such a message is put on the wire
//   until: 5s                                          at this time
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "adversaries/match.hpp"
#include "adversaries/rewriting.hpp"
#include "sim/core/options.hpp"

namespace byzsim {

enum class TriggerEvent {
  at,
  start,
  view,
  prepared,
  decided,
  executed,
  timer,
  submitted,
  accepted,
  crashed,
  restarted,
  sent,
  delivered
};
template <>
struct EnumNames<TriggerEvent> {
  static constexpr EnumTable<TriggerEvent, 13> table{{
      {"at", TriggerEvent::at, "a time has come, the one given by `at`"},
      {"start", TriggerEvent::start, "the run begins"},
      {"view", TriggerEvent::view, "a replica entered a view"},
      {"prepared", TriggerEvent::prepared, "a replica prepared a value"},
      {"decided", TriggerEvent::decided, "a replica decided a slot"},
      {"executed", TriggerEvent::executed, "a replica executed a slot"},
      {"timer", TriggerEvent::timer, "a timer of a replica fired"},
      {"submitted", TriggerEvent::submitted, "a client first sent a request"},
      {"accepted", TriggerEvent::accepted, "a client accepted an answer"},
      {"crashed", TriggerEvent::crashed, "a replica stopped"},
      {"restarted", TriggerEvent::restarted, "a replica came back"},
      {"sent", TriggerEvent::sent, "a message that `match` describes was put on the wire"},
      {"delivered", TriggerEvent::delivered, "a message that `match` describes arrived"},
  }};
};

struct TriggerOptions {
  TriggerEvent event = TriggerEvent::at;
  std::optional<Duration> at;
  NodeSelector replica;
  NumberSelector view;
  NumberSelector slot;
  ValueSelector value;
  TimerSelector timer;
  std::optional<MatchOptions> match;
  std::uint64_t skip = 0;
  std::uint64_t times = 1;
  Duration delay{};

  void check(const Node& where, Diagnostics& errors) const;
  void check(const AdversaryFacts& facts, Diagnostics& errors) const;

  static void describe(auto& row) {
    row("event", &TriggerOptions::event, "what has to happen");
    row("at", &TriggerOptions::at, "event at: the time", at_least(Duration(0)));
    row("replica", &TriggerOptions::replica, "to which node it has to happen; any unless given");
    row("view", &TriggerOptions::view, "in which view");
    row("slot", &TriggerOptions::slot, "in which slot");
    row("value", &TriggerOptions::value, "with a value that holds this scripted request");
    row("timer", &TriggerOptions::timer, "event timer: which of the replica's timers, by the protocol's name for it");
    row("match", &TriggerOptions::match, "events sent and delivered: which message");
    row("skip", &TriggerOptions::skip, "let it happen so often first");
    row("times", &TriggerOptions::times, "react so often at most", at_least(1), at_most(1'000'000));
    row("delay", &TriggerOptions::delay, "react so much later", at_least(Duration(0)));
    row.shorthand(&TriggerOptions::at);
  }
};

/// Watches for the event. Each member that sees something returns true when the trigger fires.
class Trigger {
 public:
  explicit Trigger(const TriggerOptions& options);
  const TriggerOptions& options() const { return options_; }
  RecordMask wants() const;
  bool watches_packets() const { return matcher_.has_value(); }

  bool start() { return options_.event == TriggerEvent::start && counted(); }
  bool time_came() { return options_.event == TriggerEvent::at && counted(); }
  bool saw(const Record& record, const Powers& powers, Occasion& occasion);
  bool saw(const Packet& packet, const Powers& powers, Occasion& occasion);

 private:
  bool counted();

  const TriggerOptions& options_;
  std::optional<Matcher> matcher_;
  std::set<std::pair<std::uint64_t, NodeId>> awaited_;  // event delivered: message and receiver
  std::uint64_t happened_ = 0;
};

}  // namespace byzsim
