// byzsim test: runs every variant of every scenario as a test of its own, in a child process, several at once.
//
// A test passes if its expectations are met. One that crashes or exceeds its time fails alone; the others finish. The
// time limit is the scenario's own `run.wall_clock`, for each of its seeds, plus some slack for starting and reporting.
#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "sim/cli/arguments.hpp"
#include "sim/cli/children.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/junit.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/scenarios.hpp"
#include "sim/core/visible.hpp"
#include "sim/trace/output_file.hpp"

namespace byzsim::cli {

namespace {

/// Of what a test says on standard error, so much goes into the report.
constexpr std::size_t kMostDetails = std::size_t{1} << 18;

struct TestCommand {
  Selection selection;
  unsigned jobs = 0;
  std::vector<std::string> reports;
};

/// The file of `--report junit=FILE`; the last one if there are several, empty if none.
std::string junit_file(const std::vector<std::string>& reports) {
  std::string file;
  for (const std::string& report : reports) {
    if (!report.starts_with("junit=") || report.size() == 6) {
      throw UsageError(fmt::format("--report takes junit=FILE, not '{}'", report));
    }
    file = report.substr(6);
  }
  return file;
}

ChildTask task_of(const Scenario& scenario, const Selection& selection) {
  ChildTask task;
  task.arguments = {"run", "--format", "json", "--color", "never"};
  if (!scenario.variant.empty()) task.arguments.insert(task.arguments.end(), {"--variant", scenario.variant});
  if (!selection.seed.empty()) task.arguments.insert(task.arguments.end(), {"--seed", selection.seed});
  for (const std::string& set : selection.sets) task.arguments.insert(task.arguments.end(), {"--set", set});
  task.arguments.insert(task.arguments.end(), {"--", scenario.file});
  // Capped at a month, far from where the sum could overflow.
  const std::uint64_t runs = scenario.run.seeds ? std::max<std::uint64_t>(1, scenario.run.seeds->count()) : 1;
  const double milliseconds = static_cast<double>(scenario.run.wall_clock.count()) / 1e6 * static_cast<double>(runs);
  task.limit =
      std::chrono::milliseconds(static_cast<std::int64_t>(std::min(milliseconds, 2.6e9))) + std::chrono::seconds(15);
  return task;
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t before = text.rfind('\n', end);
  return text.substr(before == std::string::npos ? 0 : before + 1,
                     end - (before == std::string::npos ? 0 : before + 1) + 1);
}

/// Why a scenario that ran did not pass: the first of the sentences in its result.
std::string reason_in(const std::string& output, std::string& reproduce) {
  const auto json = nlohmann::json::parse(last_line(output), nullptr, false);
  if (!json.is_object()) return {};
  if (const auto line = json.find("reproduce"); line != json.end() && line->is_string())
    reproduce = line->get<std::string>();
  const auto unmet = json.find("unmet");
  if (unmet == json.end() || !unmet->is_array() || unmet->empty() || !unmet->front().is_string()) return {};
  const std::size_t more = unmet->size() - 1;
  return unmet->front().get<std::string>() + (more == 0 ? "" : fmt::format(" (and {} more)", more));
}

void judge(const ChildEnd& end, const ChildTask& task, TestCase& test) {
  using enum TestCase::State;
  test.seconds = end.took.count();
  test.details = end.errors.substr(0, kMostDetails);
  const std::string found = reason_in(end.output, test.reproduce);
  const auto because = [&](const char* otherwise) { return found.empty() ? std::string(otherwise) : found; };
  if (!end.started) {
    test.state = crashed;
    test.reason = end.output;
  } else if (end.interrupted) {
    test.state = skipped;
    test.reason = "interrupted";
  } else if (end.timed_out) {
    test.state = crashed;
    test.reason = fmt::format("did not end within {} s and was killed",
                              std::chrono::duration_cast<std::chrono::seconds>(task.limit).count());
  } else if (end.signal != 0) {
    test.state = crashed;
    test.reason = fmt::format("crashed: {}", ::strsignal(end.signal));
  } else if (end.code == kMet) {
    test.state = passed;
  } else if (end.code == kUnmet) {
    test.state = failed;
    test.reason = because("an expectation was not met");
  } else if (end.code == kInconclusive) {
    test.state = failed;
    test.reason = "inconclusive: " + because("a bound of the run was reached");
  } else {
    test.state = crashed;
    test.reason = fmt::format("ended with code {}: {}", end.code, last_line(end.errors));
  }
}

/// The line of one test. The time is shown on a terminal only, so that logs of two runs compare.
std::string line_of(const TestCase& test) {
  const Output& out = Output::standard();
  const auto painted = [&](const char* color, const char* word) {
    return out.color() ? fmt::format("\x1b[{}m{}\x1b[0m", color, word) : std::string(word);
  };
  const std::string name = visible(test.name);
  const std::string time = out.terminal() ? fmt::format(" ({:.2f} s)", test.seconds) : std::string();
  switch (test.state) {
    case TestCase::State::passed:
      return fmt::format("{} {}{}\n", painted("32", "ok  "), name, time);
    case TestCase::State::skipped:
      return fmt::format("{} {}: {}\n", painted("33", "skip"), name, visible(test.reason));
    default:
      break;
  }
  return fmt::format("{} {}{}: {}\n     reproduce: {}\n", painted("31", "FAIL"), name, time, visible(test.reason),
                     visible(test.reproduce));
}

int code_of(const TestCase& test, const ChildEnd& end) {
  if (test.state == TestCase::State::passed || test.state == TestCase::State::skipped) return kMet;
  if (test.state == TestCase::State::failed) return end.code;
  return end.timed_out ? kUnmet : kInternal;
}

int test(const TestCommand& command) {
  const std::string junit = junit_file(command.reports);
  const std::vector<Scenario> scenarios = load_scenarios(command.selection);
  // Opened first: a path that cannot be written is known before the tests have cost an hour.
  std::unique_ptr<OutputFile> report;
  refuse_inputs(junit, scenarios);
  if (!junit.empty()) report = std::make_unique<OutputFile>(junit, "report");
  std::vector<ChildTask> tasks;
  std::vector<TestCase> tests;
  for (const Scenario& scenario : scenarios) {
    tasks.push_back(task_of(scenario, command.selection));
    TestCase& test = tests.emplace_back();
    test.name = title(scenario);
    test.suite = std::filesystem::path(scenario.file).parent_path().string();
    test.state = TestCase::State::skipped;
    test.reason = "interrupted";
    test.reproduce = reproduce_line(scenario, command.selection.sets);
  }
  Progress progress;
  int code = kMet;
  const unsigned jobs = command.jobs != 0 ? command.jobs : std::max(1u, std::thread::hardware_concurrency());
  // Lines come in the order of the scenarios, whichever ends first: a test's line waits for those before it.
  std::vector<bool> ended(tests.size(), false);
  std::size_t printed = 0;
  const auto done = [&](std::size_t index, const ChildEnd& end) {
    judge(end, tasks[index], tests[index]);
    code = worst(code, code_of(tests[index], end));
    ended[index] = true;
    progress.clear();
    for (; printed < tests.size() && ended[printed]; ++printed) Output::standard().print(line_of(tests[printed]));
    Output::standard().flush();
  };
  run_children(tasks, jobs, done, [&](std::size_t finished, std::size_t running) {
    progress.show(fmt::format("{} of {} tests done, {} running", finished, tests.size(), running));
  });
  progress.clear();
  for (; printed < tests.size(); ++printed) {
    if (ended[printed]) Output::standard().print(line_of(tests[printed]));
  }
  const auto count = [&](TestCase::State state) {
    return std::count_if(tests.begin(), tests.end(), [&](const TestCase& test) { return test.state == state; });
  };
  const auto skipped = count(TestCase::State::skipped);
  Output::standard().print(fmt::format("{} passed, {} failed{}\n", count(TestCase::State::passed),
                                       count(TestCase::State::failed) + count(TestCase::State::crashed),
                                       skipped == 0 ? std::string() : fmt::format(", {} skipped", skipped)));
  Output::standard().flush();
  if (report != nullptr) {
    report->write(to_junit(tests));
    report->commit();
  }
  return code;
}

}  // namespace

void add_test(CLI::App& app, Action& chosen) {
  CLI::App* sub =
      app.add_subcommand("test", "run scenarios as tests: each variant in a process of its own, several at once");
  const auto command = std::make_shared<TestCommand>();
  add_selection(*sub, command->selection);
  sub->add_option("--jobs,-j", command->jobs, "how many at once; as many as there are processors unless given")
      ->check(CLI::Range(1u, 1024u))
      ->option_text("N");
  add_repeatable(*sub, "--report", command->reports, "also write a report: junit=FILE")->option_text("KIND=FILE");
  sub->footer("\nExample:\n  byzsim test scenarios/ --jobs 2 --report junit=report.xml");
  sub->callback([&chosen, command] { chosen = [command] { return test(*command); }; });
}

}  // namespace byzsim::cli
