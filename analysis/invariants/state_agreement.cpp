// State agreement: honest replicas that executed up to the same slot, or took its state over, have the same state.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class StateAgreement final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::state_differs); }
  void on_fact(const Fact& fact) override {
    report(fact, fmt::format("replica {} has state {:016x} after slot {}, where another honest replica has {:016x}",
                             fact.node, fact.value.bits, fact.slot, fact.other.bits));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "state-agreement", "honest replicas that executed up to the same slot have the same state",
    safety<StateAgreement>()};

}  // namespace
}  // namespace byzsim
