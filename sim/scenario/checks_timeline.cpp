// The timeline's own checks: groups, order of times, and that only what is down comes back.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/places.hpp"

namespace byzsim {

namespace {

class TimelineChecker : public Places {
 public:
  using Places::Places;

  void entry(std::size_t index) {
    const TimelineEntry& e = s_.timeline[index];
    const std::string path = fmt::format("timeline.{}", index);
    groups(path, e);
    if (e.cut) {
      nodes(path + ".cut.from", e.cut->from, Who::anyone);
      nodes(path + ".cut.to", e.cut->to, Who::anyone);
    }
    nodes(path + ".crash", e.crash, Who::replicas);
    nodes(path + ".restart", e.restart, Who::replicas);
    if (!sound(path)) return;
    const bool cuts = !e.partition.empty() || e.cut.has_value();
    if (!cuts && e.crash.empty() && e.restart.empty()) {
      error(path, "nothing happens at this time", "write one of partition, cut, crash, restart");
    }
    if (e.until && *e.until <= e.at) {
      error(path + ".until", fmt::format("it ends at {} but begins at {}", to_string(*e.until), to_string(e.at)));
    }
    if (e.until && !cuts && e.crash.empty()) error(path + ".until", "until belongs to a partition, a cut or a crash");
    if (!cuts && e.mode != PartitionMode::drop) error(path + ".mode", "mode belongs to a partition or a cut");
    if (e.mode == PartitionMode::delay && e.delay == LatencySpec()) {
      error(path + ".mode", "`mode: delay` needs a delay", "such as `delay: 200ms`");
    }
    if (e.mode != PartitionMode::delay && e.delay != LatencySpec())
      error(path + ".delay", "delay goes with `mode: delay`");
    if (e.state != RestartState::kept && e.restart.empty() && (e.crash.empty() || !e.until)) {
      error(path + ".state", "state belongs to a restart, or to a crash with until");
    }
    if (e.cut && (e.cut->from.empty() || e.cut->to.empty())) error(path + ".cut", "a cut needs senders and receivers");
    if (sound("run.until") && e.at >= s_.run.until) {
      warn(path + ".at", fmt::format("the run ends before {}", to_string(e.at)),
           fmt::format("run.until is {}", to_string(s_.run.until)));
    }
  }

  /// Follows each replica through its crashes and restarts.
  void lives() {
    if (!sound("timeline")) return;
    enum class What { restart, crash };  // a restart at the moment of a crash comes first
    struct Step {
      Duration at;
      What what;
      std::string path;
    };
    std::map<std::uint32_t, std::vector<Step>> steps;
    for (std::size_t i = 0; i < s_.timeline.size(); ++i) {
      const TimelineEntry& e = s_.timeline[i];
      for (std::size_t k = 0; k < e.crash.size(); ++k) {
        if (e.crash[k].client) continue;  // reported already
        const std::string path = fmt::format("timeline.{}.crash.{}", i, k);
        steps[e.crash[k].index].push_back({e.at, What::crash, path});
        if (e.until) steps[e.crash[k].index].push_back({*e.until, What::restart, path});
      }
      for (std::size_t k = 0; k < e.restart.size(); ++k) {
        if (!e.restart[k].client)
          steps[e.restart[k].index].push_back({e.at, What::restart, fmt::format("timeline.{}.restart.{}", i, k)});
      }
    }
    for (auto& [replica, life] : steps) {
      std::stable_sort(life.begin(), life.end(),
                       [](const Step& a, const Step& b) { return std::tie(a.at, a.what) < std::tie(b.at, b.what); });
      bool down = false;
      for (const Step& step : life) {
        if (down == (step.what == What::crash)) {
          error(step.path,
                fmt::format("replica {} is {} at {}", replica, down ? "already down" : "not down", to_string(step.at)),
                down ? "" : "only a crashed replica can restart");
        }
        down = step.what == What::crash;
      }
    }
  }

 private:
  void groups(const std::string& path, const TimelineEntry& e) {
    if (e.partition.size() == 1) error(path + ".partition", "one group is no partition", "write two groups or more");
    for (std::size_t g = 0; g < e.partition.size(); ++g) {
      const std::string group = fmt::format("{}.partition.{}", path, g);
      if (e.partition[g].empty()) error(group, "a group has no members");
      nodes(group, e.partition[g], Who::anyone);
    }
  }
};

}  // namespace

void check_timeline(const Scenario& scenario, const Node& root, Diagnostics& errors) {
  TimelineChecker checker(scenario, root, errors);
  for (std::size_t i = 0; i < scenario.timeline.size(); ++i) checker.entry(i);
  checker.lives();
}

}  // namespace byzsim
