// Vote once: no honest replica signs two values of one exclusive kind for one (view, slot), not even across a crash
// from which it came back with its state.
#include <fmt/core.h>

#include "analysis/books.hpp"
#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class VoteOnce final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::votes_conflict); }
  void on_fact(const Fact& fact) override {
    if (!books().roster.honest(fact.node)) return;
    std::string where = fact.view != kNoView ? fmt::format("view {}", fact.view) : "no view";
    if (fact.slot != kNoSlot) where += fmt::format(", slot {}", fact.slot);
    report(fact, fmt::format("honest replica {} signed a {} for {:016x} and another for {:016x} ({})", fact.node,
                             fact.detail, fact.other.bits, fact.value.bits, where));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "vote-once", "no honest replica signs two values of one kind for one view and slot",
    conduct<VoteOnce>()};

}  // namespace
}  // namespace byzsim
