#include "sim/cli/session.hpp"

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "analysis/expectation_check.hpp"
#include "analysis/human.hpp"
#include "analysis/judge.hpp"
#include "analysis/sequence.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/scenarios.hpp"
#include "sim/cli/version.hpp"
#include "sim/cli/watchdog.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/trace/writer.hpp"
#include "sim/world.hpp"

namespace byzsim::cli {

namespace {

/// Beyond this, a second run for the sake of the message sequence would try the user's patience.
constexpr std::uint64_t kMostEventsAgain = 20'000'000;

/// Tells a terminal how far a run has come.
class Pulse final : public Observer {
 public:
  explicit Pulse(Progress& progress) : progress_(progress) {}
  RecordMask wants() const override { return records(RecordKind::decided, RecordKind::view, RecordKind::accepted); }
  void on_record(const Record& record) override {
    answered_ += record.kind == RecordKind::accepted ? 1 : 0;
    if (++heard_ % kStride != 0) return;  // asking for the time costs more than counting
    progress_.detail(fmt::format("{} simulated, {} answered", human(record.time - Time{}), human_count(answered_)));
  }

 private:
  static constexpr std::uint64_t kStride = 256;
  Progress& progress_;
  std::uint64_t heard_ = 0;
  std::uint64_t answered_ = 0;
};

}  // namespace

void collect_sequence(Ending& ending, const Manifest& manifest, const std::function<void(Observer&)>& again) {
  const auto focus = Sequence::focus(ending.result);
  if (!focus || ending.result.events > kMostEventsAgain || interrupted()) return;
  ending.manifest = std::make_shared<const Manifest>(manifest);
  ending.sequence = std::make_unique<Sequence>(*ending.manifest, *focus);
  again(*ending.sequence);
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::met:
      return kMet;
    case Verdict::unmet:
      return kUnmet;
    case Verdict::inconclusive:
      return kInconclusive;
  }
  return kInternal;
}

Ending run_once(const Scenario& scenario, const std::string& trace, const std::vector<std::string>& sets,
                bool with_sequence, Progress* progress) {
  World world(scenario, scenario.run.seed);
  const std::string reproduce = reproduce_line(scenario, sets);
  // Opened before the run: a path that cannot be written is known at once.
  std::unique_ptr<TraceWriter> writer;
  if (!trace.empty()) {
    TraceHeader header{std::string(kVersion), resolved(scenario).dump(), world.manifest(), scenario.file, reproduce};
    writer = std::make_unique<TraceWriter>(trace, header, world.notary());
    world.observe(*writer);
  }
  Judge judge(world.manifest(), scenario.judge, scenario.expect, scenario.run);
  if (scenario.run.stop_at_violation) {
    judge.on_safety_violation([&](const Violation&) { world.stop(EndReason::violation); });
  }
  world.observe(judge);
  std::optional<Pulse> pulse;
  if (progress != nullptr && progress->active()) world.observe(pulse.emplace(*progress));

  const Outcome* outcome = nullptr;
  {
    const StopOnInterrupt stop(world);
    const Watchdog watchdog(world, scenario.run.wall_clock);
    outcome = &world.run();
  }
  if (writer != nullptr) writer->finish(*outcome);
  Ending ending;
  ending.result = judge.finish(*outcome);
  ending.result.file = scenario.file;
  ending.result.reproduce = reproduce;
  apply_expectations(scenario.expect, ending.result);
  if (with_sequence) {
    collect_sequence(ending, world.manifest(), [&](Observer& observer) {
      Scenario same = scenario;
      same.run.max_events = outcome->events;  // whatever ended it, there is no more to see
      World again(same, same.run.seed);
      again.observe(observer);
      const StopOnInterrupt stop(again);
      const Watchdog watchdog(again, scenario.run.wall_clock);
      again.run();
    });
  }
  return ending;
}

}  // namespace byzsim::cli
