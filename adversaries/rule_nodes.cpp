// What rules do with nodes and with each other: crash, restart, release.
#include <fmt/core.h>

#include <algorithm>

#include "adversaries/rule.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

namespace {

void check_corrupted(const std::vector<NodeRef>& nodes, const ActionChecks& checks) {
  for (const NodeRef node : nodes) {
    const auto& corrupt = checks.settings.corrupt;
    if (std::find(corrupt.begin(), corrupt.end(), node) != corrupt.end()) continue;
    checks.errors.error(checks.where,
                        fmt::format("{} is not corrupted, so the adversary cannot stop it", to_string(node)),
                        "add it to adversary.corrupt, or use the timeline");
  }
}

struct CrashOptions {
  std::vector<NodeRef> replicas;
  std::optional<Duration> down;
  RestartState state = RestartState::kept;
  static void describe(auto& row) {
    row("replicas", &CrashOptions::replicas, "which corrupted replicas", required());
    row("down", &CrashOptions::down, "how long until they restart; they stay down unless given", at_least(Duration(1)));
    row("state", &CrashOptions::state, "what they find on their disk");
    row.shorthand(&CrashOptions::replicas);
  }
  void check(const ActionChecks& checks) const { check_corrupted(replicas, checks); }
};

class Crash final : public Action {
 public:
  explicit Crash(const CrashOptions& options) : options_(options) {}
  void on_event(const Occasion&) override {
    Powers& powers = rule().powers();
    for (const NodeRef ref : options_.replicas) {
      const NodeId node = ref.node(powers.n());
      rule().note(name(), node);
      powers.crash(node);
      if (!options_.down) continue;
      rule().later(*options_.down,
                   [&powers, node, kept = options_.state == RestartState::kept] { powers.restart(node, kept); });
    }
  }

 private:
  const CrashOptions& options_;
};

struct RestartOptions {
  std::vector<NodeRef> replicas;
  RestartState state = RestartState::kept;
  static void describe(auto& row) {
    row("replicas", &RestartOptions::replicas, "which corrupted replicas", required());
    row("state", &RestartOptions::state, "what they find on their disk");
    row.shorthand(&RestartOptions::replicas);
  }
  void check(const ActionChecks& checks) const { check_corrupted(replicas, checks); }
};

class Restart final : public Action {
 public:
  explicit Restart(const RestartOptions& options) : options_(options) {}
  void on_event(const Occasion&) override {
    for (const NodeRef ref : options_.replicas) {
      const NodeId node = ref.node(rule().powers().n());
      if (!rule().powers().down(node)) {
        rule().note_impossible("only a crashed replica can restart");
        continue;
      }
      rule().note(name(), node);
      rule().powers().restart(node, options_.state == RestartState::kept);
    }
  }

 private:
  const RestartOptions& options_;
};

struct ReleaseOptions {
  std::string rule;
  static void describe(auto& row) {
    row("rule", &ReleaseOptions::rule, "the rule that holds them, by name", required());
    row.shorthand(&ReleaseOptions::rule);
  }
  void check(const ActionChecks& checks) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < checks.settings.rules.size(); ++i) {
      names.push_back(rule_name(checks.settings.rules[i].as<RuleOptions>(), i + 1));
    }
    if (std::find(names.begin(), names.end(), rule) != names.end()) return;
    checks.errors.error(checks.where, fmt::format("no rule is called '{}'", rule), did_you_mean(rule, names));
  }
};

class Release final : public Action {
 public:
  explicit Release(const ReleaseOptions& options) : options_(options) {}
  void on_event(const Occasion& occasion) override {
    rule().note(name(), occasion.node);
    rule().release_rule(options_.rule);
  }

 private:
  const ReleaseOptions& options_;
};

const ActionEntry<CrashOptions, Crash> crash{"crash", "stops corrupted replicas"};
const ActionEntry<RestartOptions, Restart> restart{"restart", "brings corrupted replicas back"};
const ActionEntry<ReleaseOptions, Release> release{"release", "lets go of what another rule holds"};

}  // namespace

}  // namespace byzsim
