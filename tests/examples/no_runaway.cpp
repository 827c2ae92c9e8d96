// No runaway: no honest replica enters a view past the thousandth. f liars must not drag anyone there.
#include <fmt/core.h>

#include "analysis/books.hpp"
#include "analysis/invariant.hpp"

namespace byzsim {

namespace {

class NoRunaway final : public Invariant {
 public:
  using Invariant::Invariant;
  RecordMask wants() const override { return records(RecordKind::view); }
  void on_record(const Record& record) override {
    if (record.view <= 1000 || !books().roster.honest_replica(record.node)) return;
    Violation violation;
    violation.replicas = {record.node};
    violation.time = record.time;
    violation.message = fmt::format("replica {} entered view {}", record.node, record.view);
    report(std::move(violation));
  }
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "no-runaway",
                                                  "no honest replica enters a view past 1,000", safety<NoRunaway>()};

}  // namespace

}  // namespace byzsim
