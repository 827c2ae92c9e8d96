// Prefix order and no rollback: an honest replica executes what it decided, slot after slot (or jumps by an adopted
// state), and never decides a second value for a slot. Replays after a restart are no rollback if they repeat what was.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class PrefixOrder final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::decided_twice, FactKind::executed_astray); }
  void on_fact(const Fact& fact) override {
    if (fact.kind == FactKind::decided_twice) {
      report(fact, fmt::format("replica {} decided {:016x} in slot {} after it had decided {:016x} there", fact.node,
                               fact.value.bits, fact.slot, fact.other.bits));
    } else {
      report(fact, fmt::format("replica {} {}", fact.node, fact.detail));
    }
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "prefix-order",
    "honest replicas execute what they decided, slot after slot, and never take a decision back",
    conduct<PrefixOrder>()};

}  // namespace
}  // namespace byzsim
