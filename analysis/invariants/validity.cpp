// Validity: every value that an honest replica decides is null or a batch of requests that clients signed.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class Validity final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::decided_unproposed); }
  void on_fact(const Fact& fact) override {
    report(fact, fmt::format("replica {} decided {:016x} in slot {}: {}", fact.node, fact.value.bits, fact.slot,
                             fact.detail));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "validity", "every decided value is null or a batch of requests that clients signed",
    safety<Validity>()};

}  // namespace
}  // namespace byzsim
