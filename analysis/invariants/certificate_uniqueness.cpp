// Certificate uniqueness: at most one value has a quorum of votes in one (phase, view, slot). Names those who voted for
// both.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class CertificateUniqueness final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::certificates_conflict); }
  void on_fact(const Fact& fact) override {
    std::string where = fact.detail;
    if (fact.view != kNoView) where += fmt::format(", view {}", fact.view);
    if (fact.slot != kNoSlot) where += fmt::format(", slot {}", fact.slot);
    report(fact, fmt::format("both {:016x} and {:016x} have a quorum of {} votes ({})", fact.other.bits,
                             fact.value.bits, fact.count, where));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "certificate-uniqueness", "at most one value has a quorum of votes in one phase of one view and slot",
    safety<CertificateUniqueness>()};

}  // namespace
}  // namespace byzsim
