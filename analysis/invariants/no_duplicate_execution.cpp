// No duplicate execution: no honest replica applies one request twice.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class NoDuplicateExecution final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::applied_twice); }
  void on_fact(const Fact& fact) override {
    report(fact, fmt::format("replica {} applied request {} of client {} a second time, in slot {}", fact.node,
                             fact.count, fact.peer - manifest().n, fact.slot));
  }
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "no-duplicate-execution",
                                                  "no honest replica applies one request twice",
                                                  safety<NoDuplicateExecution>()};

}  // namespace
}  // namespace byzsim
