#include "sim/cli/verify_trace.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/expectation_check.hpp"
#include "analysis/human.hpp"
#include "analysis/judge.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/version.hpp"
#include "sim/cli/watchdog.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/trace/matcher.hpp"
#include "sim/world.hpp"

namespace byzsim::cli {

namespace {

using Clock = std::chrono::steady_clock;

class Verification {
 public:
  Verification(const OpenTrace& open, TraceReader& reader, const VerifyOptions& options)
      : open_(open),
        options_(options),
        deadline_(Clock::now() + at_most_a_year(options.patience)),
        reader_(reader),
        scenario_(scenario_of(reader_.header())),
        recording_(recording_of(scenario_, scenario_.run.seed)) {
    if (const std::string found = difference(reader_.header().manifest, recording_.manifest); !found.empty()) {
      throw BadTrace("line 1: " + found);
    }
  }

  Ending end() {
    Judge judge(recording_.manifest, scenario_.judge, scenario_.expect, scenario_.run);
    reader_.begin(recording_.kinds, *recording_.notary, {&judge});
    if (options_.rerun) {
      run_again();
    } else {
      read_on();
    }
    Ending ending;
    ending.result = judge.finish(reader_.facts().outcome);
    ending.result.file = scenario_.file;
    ending.result.reproduce = reader_.header().reproduce;
    apply_expectations(scenario_.expect, ending.result);
    if (!options_.rerun) name_trust(ending.result);
    if (options_.with_sequence) tell_sequence(ending);
    return ending;
  }

 private:
  // Checked as the loader checks a file: what the header holds may come from anywhere.
  static Scenario scenario_of(const TraceHeader& header) {
    Diagnostics errors;
    std::optional<Scenario> loaded = from_resolved(nlohmann::ordered_json::parse(header.scenario), errors,
                                                   {check_against_protocol, check_expectations});
    if (!loaded || !errors.ok()) {
      throw BadTrace(fmt::format("line 1: the scenario in the header is not valid:\n{}", errors.render()));
    }
    Scenario scenario = with_seed(*std::move(loaded), header.manifest.seed);
    scenario.file = header.file;
    scenario.variant = header.manifest.variant;
    return scenario;
  }

  [[noreturn]] void give_up(const std::string& why) const {
    throw Unfinished(fmt::format("{} after line {}; nothing was wrong up to there", why, reader_.line_number()));
  }
  [[noreturn]] void out_of_time() const {
    give_up(fmt::format("gave up after {}, which --wall-clock can lengthen,",
                        human(std::chrono::duration_cast<Duration>(options_.patience))));
  }

  void read_on() {
    constexpr std::uint64_t kStride = 256;  // asking for the time costs more than counting
    for (std::uint64_t line = 0; reader_.next(); ++line) {
      if (line % kStride != 0) continue;
      if (interrupted()) give_up("interrupted");
      if (Clock::now() >= deadline_) out_of_time();
    }
    reader_.finish();
  }

  void run_again() {
    const std::uint64_t whole = scenario_.run.max_events;
    std::optional<std::uint64_t> events;  // that the run took, once it has ended
    try {
      match_run(whole, 0, {}, events);
    } catch (const TraceMismatch& mismatch) {
      // It may be where a run was cut short that would have gone on. A run as long as that must end in the same lines.
      const std::uint64_t matched = reader_.line_number() - 1;
      const std::optional<CutShort> cut = reader_.cut_short(mismatch);
      if (!cut || cut->events >= events.value_or(whole)) throw;
      match_run(cut->events, matched, cut->reason, events);
    }
  }

  // Runs the scenario up to so many events, and holds what it writes against the trace, from the line after `matched`.
  void match_run(std::uint64_t most_events, std::uint64_t matched, std::optional<EndReason> reason,
                 std::optional<std::uint64_t>& events) {
    Scenario scenario = scenario_;
    scenario.run.max_events = most_events;
    World world(scenario, scenario.run.seed);
    const TraceHeader& recorded = reader_.header();
    const TraceHeader header{recorded.tool, resolved(scenario_).dump(), world.manifest(), recorded.file,
                             recorded.reproduce};
    TraceWriter writer(std::make_unique<TraceMatcher>(reader_, matched), header, world.notary());
    world.observe(writer);
    // A run that ends at its first violation has a judge to end it.
    std::optional<Judge> online;
    if (scenario.run.stop_at_violation) {
      online.emplace(world.manifest(), scenario.judge, scenario.expect, scenario.run);
      online->on_safety_violation([&](const Violation&) { world.stop(EndReason::violation); });
      world.observe(*online);
    }
    if (most_events == 0) world.stop(EndReason::events);
    Outcome outcome = run(world);
    events = outcome.events;
    if (reason) outcome.reason = *reason;
    writer.finish(outcome);
  }

  Outcome run(World& world) {
    if (Clock::now() >= deadline_) out_of_time();
    const StopOnInterrupt stop(world);
    const Watchdog watchdog(world, deadline_ - Clock::now());
    const Outcome& outcome = world.run();
    if (outcome.reason == EndReason::interrupted) give_up("interrupted");
    if (outcome.reason == EndReason::wall_clock) out_of_time();
    return outcome;
  }

  void name_trust(Result& result) const {
    for (std::size_t kind = 0; kind < kRecordKinds; ++kind) {
      const std::uint64_t count = reader_.facts().records[kind];
      if (count > 0) result.taken_on_trust[std::string(to_string(static_cast<RecordKind>(kind)))] = count;
    }
  }

  // The result is there; what goes wrong now costs no more than the sequence.
  void tell_sequence(Ending& ending) {
    try {
      collect_sequence(ending, recording_.manifest, [this](Observer& observer) { tell_again(observer); });
    } catch (const Unfinished&) {
      ending.sequence.reset();
    } catch (const BadTrace&) {  // a pipe is read once
      ending.sequence.reset();
    }
  }

  void tell_again(Observer& observer) {
    if (!options_.rerun) {
      TraceReader(open_()).replay(recording_.kinds, *recording_.notary, {&observer});
      return;
    }
    Scenario scenario = scenario_;
    scenario.run.max_events = reader_.facts().outcome.events;
    World world(scenario, scenario.run.seed);
    world.observe(observer);
    run(world);
  }

  const OpenTrace& open_;
  const VerifyOptions& options_;
  Clock::time_point deadline_;
  TraceReader& reader_;
  Scenario scenario_;
  Recording recording_;
};

}  // namespace

Verified verify_trace(const OpenTrace& open, const VerifyOptions& options) {
  // A message is large compared with its text, and a tree of JSON larger: what a line may take in memory is a share.
  constexpr std::uint64_t kLargest = 64;
  std::string tool;
  try {
    TraceReader reader(open(), ReaderBounds{{.length = options.memory / kLargest}, options.memory});
    tool = reader.header().tool;
    return {Verification(open, reader, options).end(), tool};
  } catch (const TraceBound& bound) {
    throw Unfinished(fmt::format("{}, which --memory can raise", bound.what()));
  } catch (const BadTrace& error) {
    if (tool.empty() || tool == kVersion) throw;
    throw BadTrace(fmt::format("{}\nbyzsim {} wrote this trace; {} may run the same scenario otherwise", error.what(),
                               tool, kVersion));
  }
}

}  // namespace byzsim::cli
