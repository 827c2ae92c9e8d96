// Decided quorum: a decision is backed by the votes of a quorum of distinct signers for that (view, slot, value),
// counted from what was signed; what the replica itself claims to have counted does not matter.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class DecidedQuorum final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::decided_unbacked); }
  void on_fact(const Fact& fact) override {
    std::string where = fmt::format("slot {}", fact.slot);
    if (fact.view != kNoView) where = fmt::format("view {}, ", fact.view) + where;
    report(fact, fmt::format("replica {} decided {:016x} in {}, with {} of {} votes signed", fact.node, fact.value.bits,
                             where, fact.count, manifest().quorum));
  }
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "decided-quorum", "a decision is backed by a quorum of deciding votes, counted by signer",
    conduct<DecidedQuorum>()};

}  // namespace
}  // namespace byzsim
