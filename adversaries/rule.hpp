// Rule: one scripted step. Either `match` and what to do with the messages, or `on` an event and what to do then.
//
//   - name: hide commits
//     match: {type: commit, view: 0, to: {not: 2}}
//     do: hold
//     until: {event: view, view: 1, replica: 3}
//
// A rule with `match` acts from the event `since` (from the start unless given) until the event `until`; when it ends
// it lets go of what it holds. Several actions in a list are done in turn. In `happened`, every copy of a message that
// it acts on, and every event, counts once under the rule's name and once under the name of each action.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adversaries/action.hpp"
#include "adversaries/behaviour.hpp"
#include "adversaries/trigger.hpp"

namespace byzsim {

struct RuleOptions {
  std::string name;
  std::optional<MatchOptions> match;
  std::optional<TriggerOptions> on;
  std::optional<TriggerOptions> since;
  std::optional<TriggerOptions> until;
  Actions actions;

  void check(const Node& where, Diagnostics& errors) const;

  static void describe(auto& row) {
    row("name", &RuleOptions::name,
        "what it counts as in `happened`, and what `release` calls it; `rule 1` and so on unless given");
    row("match", &RuleOptions::match, "the messages it acts on, one receiver at a time");
    row("on", &RuleOptions::on, "the event it acts on");
    row("do", &RuleOptions::actions, "what it does", required());
    row("since", &RuleOptions::since, "with `match`: the event from which it acts; the start unless given");
    row("until", &RuleOptions::until,
        "with `match`: the event at which it ends and releases what it holds; never unless given");
  }
};

/// What the rule is called: its name, or `rule N`, counted from 1.
std::string rule_name(const RuleOptions& options, std::size_t number);

class Rule final : public Stage {
 public:
  Rule(const RuleOptions& options, std::size_t number);

  void start() override;
  bool outgoing(Packet& packet) override;
  void on_event(const Record& record) override;
  void on_wakeup(std::uint64_t token) override;
  bool acts_for(NodeId) const override { return true; }
  bool acts_on(const MessageKind& kind) const override;
  bool watches_everyone() const override;
  bool needs_memory() const override { return needs_memory_; }
  RecordMask wants() const override;
  void release() override;
  void end() override;
  std::string_view name() const override { return name_; }

  // --- for actions ---

  using Stage::coalition;
  using Stage::note;
  using Stage::powers;
  using Stage::resume;
  /// Calls `what` after this time, in the order asked where times are equal.
  void later(Duration after, std::function<void()> what);
  /// Says that an action could not be done, and why: counts as "NAME: impossible".
  void note_impossible(std::string_view why);
  /// Releases another rule.
  void release_rule(std::string_view name);

 private:
  void fired(Trigger& trigger, const Occasion& occasion);
  void react(const Trigger& trigger, const Occasion& occasion);
  /// Calls `visit(Trigger&)` for each of on, since and until that the rule has.
  void for_each_trigger(auto&& visit);

  const RuleOptions& options_;
  std::string name_;
  std::optional<Matcher> matcher_;
  std::optional<Trigger> on_;
  std::optional<Trigger> since_;
  std::optional<Trigger> until_;
  std::vector<std::unique_ptr<Action>> actions_;
  bool active_ = true;
  bool ended_ = false;
  bool needs_memory_ = false;
  bool awaits_packets_ = false;  ///< some trigger is a message that is sent or delivered
  std::map<std::uint32_t, std::function<void()>> pending_;
  std::uint32_t next_token_ = 0;
};

}  // namespace byzsim
