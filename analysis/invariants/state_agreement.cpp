// State agreement: honest replicas that executed up to the same slot, or took its state over, have the same state, and
// what one takes over some honest replica has come to by executing.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class StateAgreement final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::state_differs, FactKind::state_made_up); }
  void on_fact(const Fact& fact) override {
    if (fact.kind == FactKind::state_made_up) {
      return report(fact, fmt::format("replica {} took over state {:016x} after slot {}, which no honest replica had "
                                      "come to by executing",
                                      fact.node, fact.value.bits, fact.slot));
    }
    report(fact, fmt::format("replica {} has state {:016x} after slot {}, where another honest replica has {:016x}",
                             fact.node, fact.value.bits, fact.slot, fact.other.bits));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "state-agreement", "honest replicas that executed up to the same slot have the same state",
    safety<StateAgreement>()};

}  // namespace
}  // namespace byzsim
