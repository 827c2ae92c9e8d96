// Recorded runs in memory, and their verification: what the tests and the fuzzer of `byzsim verify` share.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/judge.hpp"
#include "analysis/report.hpp"
#include "analysis/verdict.hpp"
#include "sim/cli/verify_trace.hpp"
#include "sim/cli/version.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/trace/writer.hpp"
#include "sim/world.hpp"

namespace byzsim::verify_kit {

class MemorySink final : public TraceSink {
 public:
  explicit MemorySink(std::string& bytes) : bytes_(bytes) {}
  void write(std::string_view more) override { bytes_ += more; }
  void finish() override {}

 private:
  std::string& bytes_;
};

/// A run, and its trace as a file would hold it.
struct Recorded {
  std::string bytes;
  Result result;
};

/// Stops a world once it has emitted so many records.
class StopAfter final : public Observer {
 public:
  StopAfter(World& world, std::uint64_t records, EndReason why) : world_(world), left_(records), why_(why) {}
  RecordMask wants() const override { return kAllRecords; }
  void on_record(const Record&) override {
    if (--left_ == 0) world_.stop(why_);
  }

 private:
  World& world_;
  std::uint64_t left_;
  EndReason why_;
};

struct CutAt {
  std::uint64_t records = 1;
  EndReason why = EndReason::interrupted;
};

/// What `byzsim run --trace` does, in memory; cut short as a user or a clock would, if asked for.
inline Recorded record(const Scenario& scenario, std::optional<CutAt> cut = {}) {
  Recorded made;
  World world(scenario, scenario.run.seed);
  const TraceHeader header{std::string(cli::kVersion), resolved(scenario).dump(), world.manifest(), scenario.file,
                           "byzsim run " + scenario.file};
  TraceWriter writer(std::make_unique<MemorySink>(made.bytes), header, world.notary());
  world.observe(writer);
  Judge judge(world.manifest(), scenario.judge, scenario.expect, scenario.run);
  if (scenario.run.stop_at_violation) {
    judge.on_safety_violation([&](const Violation&) { world.stop(EndReason::violation); });
  }
  world.observe(judge);
  std::optional<StopAfter> stop;
  if (cut) world.observe(stop.emplace(world, cut->records, cut->why));
  const Outcome& outcome = world.run();
  writer.finish(outcome);
  made.result = judge.finish(outcome);
  made.result.file = scenario.file;
  made.result.reproduce = header.reproduce;
  apply_expectations(scenario.expect, made.result);
  return made;
}

struct Checked {
  std::optional<Result> result;
  std::string complaint;  ///< if there is no result
};

inline Checked verified(std::string_view bytes, const cli::VerifyOptions& options = {}) {
  try {
    return {cli::verify_trace([bytes] { return from_memory(bytes); }, options).ending.result, {}};
  } catch (const BadTrace& error) {
    return {{}, error.what()};
  }
}

}  // namespace byzsim::verify_kit
