// byzsim run: runs scenarios and says what came out.
//
// Everything is loaded and checked before anything runs. With several runs, each trace gets a name of its own: the
// scenario's file, its variant and the seed are put in before the ending (attack.jsonl.zst becomes
// attack-split-vulnerable-seed7.jsonl.zst).
#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <set>

#include "sim/cli/command.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/report.hpp"
#include "sim/cli/scenarios.hpp"
#include "sim/cli/session.hpp"
#include "sim/scenario/loader.hpp"

namespace byzsim::cli {

namespace {

struct RunCommand {
  Selection selection;
  std::string format = "text";
  std::string trace;
};

/// Fit for a file name.
std::string plain_name(const std::string& text) {
  std::string name = text;
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!plain) c = '-';
  }
  return name;
}

std::string trace_name(const std::string& base, const Scenario& scenario) {
  const std::size_t slash = base.rfind('/');
  const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
  const std::size_t dot = std::min(base.find('.', start + 1), base.size());
  std::string label = "-" + plain_name(std::filesystem::path(scenario.file).stem().string());
  if (!scenario.variant.empty()) label += "-" + plain_name(scenario.variant);
  return fmt::format("{}{}-seed{}{}", base.substr(0, dot), label, scenario.run.seed, base.substr(dot));
}

/// The trace of each run; refuses two runs that would write the same file.
class TraceNames {
 public:
  TraceNames(std::string base, const std::vector<Scenario>& scenarios)
      : base_(std::move(base)), several_(scenarios.size() > 1 || (!scenarios.empty() && scenarios[0].run.seeds)) {
    if (base_.empty()) return;
    if (!several_) {
      refuse_inputs(base_, scenarios);
      return;
    }
    std::set<std::string> names;
    for (const Scenario& scenario : scenarios) {
      const Scenario first = with_seed(scenario, scenario.run.seeds ? scenario.run.seeds->first : scenario.run.seed);
      const std::string name = trace_name(base_, first);
      refuse_inputs(name, scenarios);
      if (!names.insert(name).second) {
        throw UsageError(
            fmt::format("two runs would write the trace '{}'; run them one by one, or use --variant", name));
      }
    }
  }
  std::string of(const Scenario& scenario) const {
    return base_.empty() || !several_ ? base_ : trace_name(base_, scenario);
  }

 private:
  std::string base_;
  bool several_;
};

int run_seeds(const Scenario& scenario, const RunCommand& command, const TraceNames& traces, Progress& progress) {
  const SeedRange seeds = *scenario.run.seeds;
  Aggregate aggregate(scenario.expect);
  int code = kMet;
  for (std::uint64_t seed = seeds.first; !interrupted(); ++seed) {
    progress.show(fmt::format("{}: run {} of {}", title(scenario), seed - seeds.first + 1, seeds.count()));
    const Scenario one = with_seed(scenario, seed);
    refuse_inputs(traces.of(one), {one});
    const Ending ending = run_once(one, traces.of(one), command.selection.sets, false, &progress);
    // A run that the user cut short says nothing about the others.
    if (ending.result.end_reason == EndReason::interrupted) break;
    aggregate.add(ending.result);
    if (seed == seeds.last) break;
  }
  progress.clear();
  AggregateResult result = aggregate.finish();
  if (result.runs == 0) return code;
  result.file = scenario.file;
  result.reproduce = reproduce_line(scenario, command.selection.sets);
  print_result(result, parse_format(command.format));
  return exit_code(result.verdict);
}

int run(const RunCommand& command) {
  const std::vector<Scenario> scenarios = load_scenarios(command.selection);
  const TraceNames traces(command.trace, scenarios);
  const Format format = parse_format(command.format);
  Progress progress;
  int code = kMet;
  std::size_t done = 0;
  for (const Scenario& scenario : scenarios) {
    if (interrupted()) break;
    progress.show(fmt::format("{} of {}: {}", ++done, scenarios.size(), title(scenario)));
    if (scenario.run.seeds) {
      code = worst(code, run_seeds(scenario, command, traces, progress));
      continue;
    }
    const Ending ending =
        run_once(scenario, traces.of(scenario), command.selection.sets, format == Format::text, &progress);
    progress.clear();
    print_result(ending, format);
    code = worst(code, exit_code(ending.result.verdict));
  }
  return code;
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  CLI::App* sub = app.add_subcommand("run", "run scenarios and say whether their expectations were met");
  const auto command = std::make_shared<RunCommand>();
  add_selection(*sub, command->selection);
  add_format(*sub, command->format);
  sub->add_option(
         "--trace", command->trace,
         "write the trace of the run to this file, compressed if it ends in .zst; with several runs, the names of "
         "scenario, variant and seed are put in before the ending")
      ->option_text("FILE");
  sub->footer(
      "\nExamples:\n  byzsim run scenarios/pbft/equivocating-primary.yaml\n"
      "  byzsim run attack.yaml --seed 7 --set network.latency=20ms --format json --trace attack.jsonl.zst");
  sub->callback([&chosen, command] { chosen = [command] { return run(*command); }; });
}

}  // namespace byzsim::cli
