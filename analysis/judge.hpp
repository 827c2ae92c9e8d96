// Judge: the one observer that judges a run. It owns the shared tables, the invariants, forensics and metrics.
//
//   World world(scenario, seed);
//   Judge judge(world.manifest(), scenario.judge, scenario.expect, scenario.run);
//   if (scenario.run.stop_at_violation) judge.on_safety_violation([&](const Violation&) {
//   world.stop(EndReason::violation); }); world.observe(judge); Result result = judge.finish(world.run());
//   apply_expectations(scenario.expect, result);   // verdict.hpp
//
// The same records give the same result, whether they come from a world or from a trace.
//
// Cost: no record per delivered message is asked for. The tables are fed in one switch, without virtual calls, and
// invariants are called only where something does not fit. Memory is that of the live slots plus a few bytes for each
// slot, request and signed message.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "analysis/books.hpp"
#include "analysis/classify.hpp"
#include "analysis/invariant.hpp"
#include "analysis/result.hpp"
#include "sim/core/downtimes.hpp"

namespace byzsim {

class Judge final : public Observer, private FactSink, private Invariant::Docket {
 public:
  /// `manifest` must outlive the judge.
  Judge(const Manifest& manifest, const JudgeSettings& settings, const Expectations& expect, const RunSettings& run);
  ~Judge() override;
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  /// Called at the first safety violation, before the record that shows it has been dealt with to the end.
  void on_safety_violation(std::function<void(const Violation&)> callback) { callback_ = std::move(callback); }

  RecordMask wants() const override;
  bool wants_messages(const MessageKind& kind) const override;
  void on_record(const Record& record) override;
  /// The run is over. Callable once.
  Result finish(const Outcome& outcome);

 private:
  struct Seat {
    std::unique_ptr<Invariant> invariant;
    std::string_view name;
    Promise promise = Promise::safety;
    RecordMask wants = 0;
    FactMask heeds = 0;
    std::size_t reported = 0;   // violations that are kept
    std::uint64_t dropped = 0;  // and further ones
  };

  void seat(const CatalogueEntry& entry);
  void enter(const Record& record);
  void enter_and_fan_out(const Record& record);
  void fan_out(const Record& record);
  void on_accepted(const Record& record);
  void on_rare(const Record& record);
  void on_beyond(const Record& record);
  void raise(const Fact& fact) override;
  void report(const Invariant& by, Violation violation) override;
  void remark(const Invariant& by, const std::string& text) override;
  bool excused(std::size_t told) const;
  bool outweighs(const Violation& violation, const ModelFacts& facts, std::size_t told) const;
  void retell(std::size_t told, Violation violation, const ModelFacts& facts);
  void on_downtime(const Record& record);
  ModelFacts model_at(Time when, Duration within) const;
  bool outside(Promise promise, ModelFacts facts, Time when) const;
  bool down_before(NodeId node, Time when, Duration within) const;
  void weigh_the_forgotten(Result& result) const;
  void conclude(Result& result, const Outcome& outcome);

  const Manifest& manifest_;
  Books books_;
  Invariant::Bench bench_;
  Metrics metrics_;
  std::vector<Seat> seats_;
  RecordMask raw_ = 0;  // kinds that some invariant wants one by one
  std::function<void(const Violation&)> callback_;
  std::vector<JudgedViolation> violations_;
  std::vector<ModelFacts> facts_then_;  // for each violation; the network's part is known at the end only
  std::vector<Downtimes> down_;         // of each replica
  bool safety_broken_ = false;
  bool beyond_ = false;
  Time beyond_at_{};
  std::string beyond_how_;
};

}  // namespace byzsim
