// Sound accusation: forensics convicts no honest replica. A check on protocols and on forensics itself.
#include <fmt/core.h>

#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class SoundAccusation final : public Invariant {
 public:
  using Invariant::Invariant;
  FactMask heeds() const override { return facts(FactKind::honest_accused); }
  void on_fact(const Fact& fact) override { report(fact, fmt::format("honest replica {} {}", fact.node, fact.detail)); }
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "sound-accusation",
                                                  "forensics convicts no honest replica", conduct<SoundAccusation>()};

}  // namespace
}  // namespace byzsim
