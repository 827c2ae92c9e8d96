#include "tests/soak/soak.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "sim/cli/interrupt.hpp"
#include "sim/scenario/yaml.hpp"
#include "tests/soak/children.hpp"
#include "tests/soak/plan.hpp"
#include "tests/soak/shrink.hpp"
#include "tests/soak/world_text.hpp"

namespace byzsim::soak {

namespace {

using Clock = std::chrono::steady_clock;

/// Worlds of one child: forking costs about as much as the smallest of them.
constexpr std::uint64_t kBatch = 8;
/// For cutting one failure down: a world that fails by its length takes a minute to try.
constexpr auto kLongestShrink = std::chrono::minutes(5);
constexpr ChildLimits kLimits;

TrialChecks checks_of(std::uint64_t world) {
  TrialChecks checks;
  checks.again = world % 10 == 0;
  checks.verify = world % 10 == 5;
  checks.command = world % 50 == 7;
  checks.scratch = (std::filesystem::temp_directory_path() / fmt::format("byzsim-soak-{}", ::getpid())).string();
  return checks;
}

Trial died(const ChildEnd& end, const Node& tree) {
  Trial trial;
  if (const Node* kind = tree.at_path("x-soak.class")) trial.kind = kind->scalar;
  trial.findings.push_back({end.kind(), end.why()});
  return trial;
}

/// The trial of this world in a child of its own.
Trial try_apart(const Node& tree, const TrialChecks& checks) {
  const ChildEnd end =
      run_child(kLimits, [&](int descriptor) { write_line(descriptor, to_json(try_world(tree, checks)).dump()); });
  const auto json = nlohmann::json::parse(end.output, nullptr, false);
  return end.why().empty() && json.is_object() ? trial_from(json) : died(end, tree);
}

std::string file_name(const std::string& kind) {
  std::string name = kind;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

class Soak {
 public:
  explicit Soak(const SoakSettings& settings)
      : settings_(settings), deadline_(Clock::now() + settings.seconds), next_(settings.first) {}

  SoakEnd run() {
    run_children(
        settings_.jobs, kLimits, [&](ChildWork& work) { return hand_out(work); },
        [&](std::size_t task, const ChildEnd& end) { take_back(task, end); });
    std::sort(end_.failures.begin(), end_.failures.end(),
              [](const Failure& a, const Failure& b) { return a.world < b.world; });
    end_.interrupted = cli::interrupted();
    if (!settings_.first_only) cut_down();
    return std::move(end_);
  }

 private:
  std::optional<std::size_t> hand_out(ChildWork& work) {
    if (cli::interrupted() || (settings_.first_only && !end_.failures.empty())) return std::nullopt;
    std::vector<std::uint64_t> batch;
    if (!again_.empty()) {
      batch = {again_.front()};
      again_.pop_front();
    } else if (!settings_.worlds && Clock::now() >= deadline_) {
      return std::nullopt;
    } else {
      while (batch.size() < kBatch && (!settings_.worlds || next_ < settings_.first + *settings_.worlds))
        batch.push_back(next_++);
    }
    if (batch.empty()) return std::nullopt;
    work = [this, batch](int descriptor) {
      for (const std::uint64_t world : batch) {
        allow_time(kLimits.cpu_seconds);
        const Trial trial = try_world(world_number(world), checks_of(world));
        write_line(descriptor, to_json(trial).dump());
      }
    };
    tasks_.push_back(std::move(batch));
    return tasks_.size() - 1;
  }

  Node world_number(std::uint64_t world) const {
    return make_world(settings_.seed, world, settings_.protocol, settings_.sets);
  }

  void take_back(std::size_t task, const ChildEnd& end) {
    const std::vector<std::uint64_t> batch = std::move(tasks_[task]);
    end_.summary.note_memory(end.resident_kb);
    std::istringstream lines(end.output);
    std::string line;
    std::size_t done = 0;
    while (done < batch.size() && std::getline(lines, line)) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_object()) break;
      add(batch[done++], trial_from(json));
    }
    if (done == batch.size()) return;
    add(batch[done], died(end, world_number(batch[done])));
    again_.insert(again_.end(), batch.begin() + static_cast<std::ptrdiff_t>(done) + 1, batch.end());
  }

  void add(std::uint64_t world, const Trial& trial) {
    end_.summary.add(trial);
    if (trial.findings.empty()) return;
    // What fails without the bug does not show that the bug is noticed.
    const auto fails_anyway = [&] {
      const Node sound_world = make_world(settings_.seed, world, settings_.protocol, {});
      return !try_apart(sound_world, checks_of(world)).findings.empty();
    };
    if (settings_.first_only && fails_anyway()) return;
    // Where the judge excuses what is owed, that is the finding to be cut down.
    Finding finding = trial.findings.front();
    for (const Finding& other : trial.findings) {
      if (other.kind == "excused") finding = other;
    }
    if (!settings_.first_only)
      fmt::print("world {} ({}): {}: {}\n", world, trial.kind, finding.kind, finding.what.substr(0, 300));
    std::fflush(stdout);
    end_.failures.push_back({world, finding, {}});
  }

  std::string file_of(const Failure& failure) const {
    return fmt::format("{}/seed-{}-world-{}-{}.yaml", settings_.folder, settings_.seed, failure.world,
                       file_name(failure.finding.kind));
  }

  /// The first few of each kind, cut down and written to files.
  void cut_down() {
    std::vector<Failure*> chosen;
    std::map<std::string, std::size_t> count;
    for (Failure& failure : end_.failures) {
      if (count[failure.finding.kind]++ < settings_.keep) chosen.push_back(&failure);
    }
    if (chosen.empty()) return;
    std::filesystem::create_directories(settings_.folder);
    fmt::print("cutting down {} of {} failures ...\n", chosen.size(), end_.failures.size());
    std::fflush(stdout);
    std::size_t next = 0;
    ChildLimits limits;
    limits.wall_seconds = 3600;
    run_children(
        settings_.jobs, limits,
        [&](ChildWork& work) -> std::optional<std::size_t> {
          if (cli::interrupted() || next == chosen.size()) return std::nullopt;
          Failure* failure = chosen[next];
          failure->file = file_of(*failure);
          work = [this, failure](int) { write_cut_down(*failure); };
          return next++;
        },
        [&](std::size_t task, const ChildEnd& end) {
          Failure& failure = *chosen[task];
          if (end.why().empty()) return;
          write_file(failure, world_number(failure.world), "not cut down: " + end.why());
        });
    for (; next < chosen.size(); ++next) {
      Failure& failure = *chosen[next];
      failure.file = file_of(failure);
      write_file(failure, world_number(failure.world), "not cut down: interrupted");
    }
  }

  void write_cut_down(const Failure& failure) const {
    TrialChecks checks = checks_of(failure.world);
    const std::string& kind = failure.finding.kind;
    checks.again = kind == "fingerprint";
    checks.verify = kind == "verify";
    checks.command = kind == "exit code";
    const std::string scratch = checks.scratch;
    std::size_t tried = 0;
    ShrinkLimits limits;
    limits.until = Clock::now() + kLongestShrink;
    const Shrunk shrunk = shrink(world_number(failure.world), kind, limits, [&](const Node& tree) {
      checks.scratch = fmt::format("{}-{}", scratch, ++tried);
      std::set<std::string> kinds;
      for (const Finding& finding : try_apart(tree, checks).findings) kinds.insert(finding.kind);
      return kinds;
    });
    std::string now = failure.finding.what;
    for (const Finding& finding : try_apart(shrunk.tree, checks).findings) {
      if (finding.kind == kind) now = finding.what;
    }
    write_file(failure, shrunk.tree, now);
  }

  void write_file(const Failure& failure, const Node& tree, const std::string& what) const {
    std::string told = what.substr(0, 600);
    std::replace(told.begin(), told.end(), '\n', ' ');
    const Node* seed = tree.at_path("run.seed");
    std::ofstream(failure.file) << "# " << failure.finding.kind << ": " << told << "\n# Reproduce: byzsim run "
                                << failure.file << " --seed " << (seed == nullptr ? "1" : seed->scalar)
                                << "\n# As the soak sees it: ./dev soak --file " << failure.file << "\n"
                                << world_text(tree);
  }

  const SoakSettings& settings_;
  Clock::time_point deadline_;
  std::uint64_t next_;
  std::deque<std::uint64_t> again_;
  std::vector<std::vector<std::uint64_t>> tasks_;
  SoakEnd end_;
};

}  // namespace

SoakEnd soak(const SoakSettings& settings) {
  return Soak(settings).run();
}

Trial try_file(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  Diagnostics errors;
  TrialChecks checks = checks_of(0);
  checks.again = checks.verify = checks.command = true;
  std::optional<Node> tree;
  if (in) tree = parse_yaml(text.str(), errors.add_source(file, text.str()), errors);
  if (tree) return try_apart(*tree, checks);
  Trial trial;
  trial.findings.push_back({"refused", in ? errors.render() : "cannot be read"});
  return trial;
}

}  // namespace byzsim::soak
