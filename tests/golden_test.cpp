// Golden fingerprints: the same bytes of history from every compiler, at every optimisation level, with sanitizers or
// not.
//
// The numbers in golden/fingerprints.txt are no oracle of what is right, only of what has not changed; a change of any
// of them needs its reason in the commit. `BYZSIM_UPDATE_GOLDEN=1 byzsim_tests -tc='golden*'` writes them anew.
#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

const std::filesystem::path kFolder = std::filesystem::path(BYZSIM_SOURCE_DIR) / "tests/golden";

std::vector<Scenario> golden_scenarios() {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") files.insert(entry.path());
  }
  std::vector<Scenario> scenarios;
  for (const auto& file : files) {
    Diagnostics errors;
    for (Scenario& scenario : load(file.string(), {}, errors)) {
      scenario.file = file.stem().string();
      scenarios.push_back(std::move(scenario));
    }
    REQUIRE_MESSAGE(errors.errors() == 0, errors.render());
  }
  return scenarios;
}

std::uint64_t bare_fingerprint(const Scenario& scenario, std::uint64_t seed) {
  World world(scenario, seed);
  return world.run().fingerprint;
}

}  // namespace

TEST_CASE("golden fingerprints have not changed") {
  std::map<std::string, std::string> measured;
  for (const Scenario& scenario : golden_scenarios()) {
    for (std::uint64_t seed : {1, 2}) {
      const auto run = run_kit::run(scenario, seed);
      measured[fmt::format("{}/{}/{}", scenario.file, scenario.variant, seed)] =
          fmt::format("{:016x} {}", run.outcome.fingerprint, run.outcome.events);
    }
  }
  const auto file = kFolder / "fingerprints.txt";
  if (std::getenv("BYZSIM_UPDATE_GOLDEN") != nullptr) {
    std::ofstream out(file);
    for (const auto& [name, value] : measured) out << name << ' ' << value << '\n';
    return;
  }
  std::ifstream in(file);
  std::size_t lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    const std::size_t space = line.find(' ');
    CAPTURE(line);
    CHECK(measured[line.substr(0, space)] == line.substr(space + 1));
  }
  CHECK(lines == measured.size());
}

TEST_CASE("golden runs repeat, whoever listens, and differ from seed to seed") {
  for (const Scenario& scenario : golden_scenarios()) {
    CAPTURE(scenario.file);
    CAPTURE(scenario.variant);
    const std::uint64_t judged = run_kit::run(scenario, 1).outcome.fingerprint;
    CHECK(judged == run_kit::run(scenario, 1).outcome.fingerprint);
    CHECK(judged == bare_fingerprint(scenario, 1));
    CHECK(judged != bare_fingerprint(scenario, 2));
  }
}
