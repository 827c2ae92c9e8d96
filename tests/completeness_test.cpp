// Completeness: where agreement breaks, whoever broke it is named.
//
// Two values decided in one slot rest on two quorums, which overlap in 2q - n replicas at least (f + 1 where n = 3f + 1
// and q = 2f + 1). An honest replica in the overlap would have shown, so all of them lied; what they signed reached
// honest replicas, for these decided by it (Sheng et al., CCS 2021, theorem for PBFT). So at least 2q - n are
// convicted, as long as what honest replicas received is kept in full; and nobody honest is convicted in any world at
// all.
//
// BYZSIM_COMPLETENESS=N tries N worlds instead of a few hundred; BYZSIM_COMPLETENESS_FROM=K begins at another number.
#include <cstdlib>
#include <map>

#include "tests/beyond_worlds.hpp"
#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

using namespace byzsim;

namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

bool broke_agreement(const Result& result) {
  return std::any_of(result.violations.begin(), result.violations.end(),
                     [](const JudgedViolation& violation) { return violation.invariant == "agreement"; });
}

}  // namespace

TEST_CASE("completeness: beyond f, a broken agreement names 2q - n culprits, and nobody honest is ever named") {
  const std::uint64_t count = from_environment("BYZSIM_COMPLETENESS", 300);
  const std::uint64_t first = from_environment("BYZSIM_COMPLETENESS_FROM", 1);
  std::map<std::string_view, std::uint64_t> broken;
  std::uint64_t total = 0;
  for (std::uint64_t number = first; number < first + count; ++number) {
    const beyond_worlds::BeyondWorld world = beyond_worlds::BeyondMaker(number).make();
    const Scenario scenario = run_kit::parse(world.text).at(0);
    const Result result = run_kit::run(scenario, number).result;
    CAPTURE(number);
    CAPTURE(world.text);
    for (const NodeId culprit : result.culprits) {
      REQUIRE(std::find(result.faulty.begin(), result.faulty.end(), culprit) != result.faulty.end());
    }
    if (!broke_agreement(result)) continue;
    ++total;
    ++broken[beyond_worlds::kMechanisms[world.mechanism]];
    REQUIRE(result.culprits.size() >= world.due);
    REQUIRE(result.classification == Classification::outside_model);
  }
  std::string seen;
  for (const auto& [mechanism, times] : broken) seen += fmt::format("{}: {}; ", mechanism, times);
  MESSAGE(fmt::format("{} worlds, agreement broken in {}: {}", count, total, seen));
  // Not by accident: most worlds break, and by every plan.
  CHECK(total * 4 >= count);
  CHECK(broken.size() >= 5);
}
