#include "tests/soak/trial.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/judge.hpp"
#include "analysis/report.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/session.hpp"
#include "sim/cli/verify_trace.hpp"
#include "sim/cli/version.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/trace/header.hpp"
#include "sim/trace/writer.hpp"
#include "sim/world.hpp"
#include "tests/soak/world_text.hpp"

namespace byzsim::soak {

namespace {

struct OneRun {
  Result result;
  std::vector<Finding> findings;
};

OneRun run_once(const Scenario& scenario, const Promises& promises, const std::string& trace) {
  World world(scenario, scenario.run.seed);
  std::unique_ptr<TraceWriter> writer;
  if (!trace.empty()) {
    const TraceHeader header{std::string(cli::kVersion), resolved(scenario).dump(), world.manifest(), scenario.file,
                             ""};
    writer = std::make_unique<TraceWriter>(trace, header, world.notary());
    world.observe(*writer);
  }
  Judge judge(world.manifest(), scenario.judge, scenario.expect, scenario.run);
  Answers answers(world.manifest());
  if (scenario.run.stop_at_violation) {
    judge.on_safety_violation([&](const Violation&) { world.stop(EndReason::violation); });
  }
  world.observe(judge);
  world.observe(answers);
  const Outcome& outcome = world.run();
  if (writer != nullptr) writer->finish(outcome);
  OneRun run;
  run.result = judge.finish(outcome);
  apply_expectations(scenario.expect, run.result);
  run.findings = judge_run(scenario, promises, run.result, answers);
  return run;
}

/// A result as text, without what the caller fills in.
std::string text_of(Result result) {
  result.file.clear();
  result.reproduce.clear();
  return json_line(result);
}

void check_trace(const std::string& trace, const Result& online, std::vector<Finding>& findings) {
  try {
    const cli::Verified again = cli::verify_trace([&] { return open_file(trace); }, {});
    const std::string ours = text_of(online);
    const std::string theirs = text_of(again.ending.result);
    if (ours == theirs) return;
    std::size_t at = 0;
    while (at < ours.size() && at < theirs.size() && ours[at] == theirs[at]) ++at;
    at -= std::min<std::size_t>(at, 40);
    findings.push_back({"verify", fmt::format("the trace is judged differently: ...{} online, ...{} from the trace",
                                              ours.substr(at, 120), theirs.substr(at, 120))});
  } catch (const cli::Unfinished&) {  // so long a trace that nothing can be said of it, which is an answer
  } catch (const std::exception& error) {
    findings.push_back({"verify", std::string("the trace is refused: ") + error.what()});
  }
}

void check_command(const Node& tree, const std::string& file, const Result& online, std::vector<Finding>& findings) {
  std::ofstream(file) << world_text(tree);
  const int out = ::dup(STDOUT_FILENO);
  const int err = ::dup(STDERR_FILENO);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  std::vector<std::string> words = {"byzsim", "run", file};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  const int code = cli::run_command_line(static_cast<int>(arguments.size()), arguments.data());
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  for (const int descriptor : {out, err, nowhere}) ::close(descriptor);
  std::filesystem::remove(file);
  const int due = cli::exit_code(online.verdict);
  if (code != due) findings.push_back({"exit code", fmt::format("byzsim run ends with {}, not {}", code, due)});
}

void note_written(const Node& tree, std::map<std::string, std::uint64_t>& written) {
  const auto note = [&](const std::string& what) { ++written[what]; };
  if (const Node* list = tree.at_path("adversary.behaviours")) {
    for (const Node& behaviour : list->items) note("behaviour " + behaviour.keys[0].text);
  }
  if (const Node* list = tree.find("timeline")) {
    for (const Node& entry : list->items) {
      for (const char* what : {"partition", "cut", "crash"}) {
        if (entry.find(what) == nullptr) continue;
        const Node* mode = entry.find("mode");
        const Node* state = entry.find("state");
        note(fmt::format("timeline {}{}{}", what, mode ? " " + mode->scalar : "", state ? " " + state->scalar : ""));
      }
    }
  }
  if (const Node* list = tree.at_path("adversary.rules")) {
    for (const Node& rule : list->items) {
      const Node* what = rule.find("do");
      std::vector<const Node*> actions;
      if (what->is_list()) {
        for (const Node& item : what->items) actions.push_back(&item);
      } else {
        actions.push_back(what);
      }
      for (const Node* action : actions)
        note("action " + (action->is_scalar() ? action->scalar : action->keys[0].text));
      for (const char* when : {"on", "since", "until"}) {
        const Node* on = rule.find(when);
        if (on == nullptr) continue;
        const Node* event = on->is_map() ? on->find("event") : on;
        note("event " + (event == nullptr || event->scalar.empty() || event == on ? "at" : event->scalar));
      }
    }
  }
}

void run_and_check(const Node& tree, const TrialChecks& checks, Trial& trial) {
  std::string why;
  const std::optional<Scenario> scenario = load_world(tree, why);
  if (!scenario) {
    trial.findings.push_back({"refused", "the scenario does not load: " + why});
    return;
  }
  const Promises promises = promises_of(*scenario, tree);
  trial.n = scenario->protocol.n;
  trial.kind = promises.liveness ? "live" : promises.safety ? "wild" : "beyond";
  trial.complete = promises.completeness;
  const std::string trace = checks.verify ? checks.scratch + ".jsonl" : "";
  OneRun run = run_once(*scenario, promises, trace);
  trial.findings = std::move(run.findings);
  trial.events = run.result.events;
  trial.ended = std::string(to_string(run.result.end_reason));
  trial.mechanism = mechanism_of(run.result);
  trial.happened = {run.result.figures.happened.begin(), run.result.figures.happened.end()};
  if (checks.verify) {
    check_trace(trace, run.result, trial.findings);
    std::filesystem::remove(trace);
  }
  if (checks.again) {
    const OneRun second = run_once(*scenario, promises, "");
    if (text_of(second.result) != text_of(run.result))
      trial.findings.push_back({"fingerprint", "the same scenario and seed gave another run"});
  }
  if (checks.command) check_command(tree, checks.scratch + ".yaml", run.result, trial.findings);
}

}  // namespace

Trial try_world(const Node& tree, const TrialChecks& checks) {
  Trial trial;
  if (const Node* recipe = tree.at_path("x-soak.recipe")) trial.recipe = recipe->scalar;
  note_written(tree, trial.written);
  try {
    run_and_check(tree, checks, trial);
  } catch (const std::bad_alloc&) {
    trial.findings.push_back({"memory", "out of memory"});
  } catch (const std::exception& error) {
    trial.findings.push_back({"error", error.what()});
  }
  return trial;
}

nlohmann::json to_json(const Trial& trial) {
  nlohmann::json findings = nlohmann::json::array();
  for (const Finding& finding : trial.findings) findings.push_back({{"kind", finding.kind}, {"what", finding.what}});
  return {{"findings", findings},         {"kind", trial.kind},     {"recipe", trial.recipe},
          {"mechanism", trial.mechanism}, {"ended", trial.ended},   {"n", trial.n},
          {"complete", trial.complete},   {"events", trial.events}, {"happened", trial.happened},
          {"written", trial.written}};
}

Trial trial_from(const nlohmann::json& json) {
  Trial trial;
  for (const auto& finding : json.at("findings"))
    trial.findings.push_back({finding.at("kind").get<std::string>(), finding.at("what").get<std::string>()});
  json.at("kind").get_to(trial.kind);
  json.at("recipe").get_to(trial.recipe);
  json.at("mechanism").get_to(trial.mechanism);
  json.at("ended").get_to(trial.ended);
  json.at("n").get_to(trial.n);
  json.at("complete").get_to(trial.complete);
  json.at("events").get_to(trial.events);
  json.at("happened").get_to(trial.happened);
  json.at("written").get_to(trial.written);
  return trial;
}

}  // namespace byzsim::soak
