// Agreement: no two honest replicas decide different values for one slot.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class Agreement final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::decided_otherwise); }
  void on_fact(const Fact& fact) override {
    report(fact, fmt::format("replica {} decided {:016x} in slot {}, where another honest replica decided {:016x}",
                             fact.node, fact.value.bits, fact.slot, fact.other.bits));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "agreement", "no two honest replicas decide different values for one slot", safety<Agreement>()};

}  // namespace
}  // namespace byzsim
