// Every rare branch that a protocol marks is reached by some scenario of the tree.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;
namespace fs = std::filesystem;

const fs::path kRoot(BYZSIM_SOURCE_DIR);

std::set<std::string> marks_in(const fs::path& folder) {
  static const std::regex mark(R"re(mark\("([^"]+)"\))re");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string code = text.str();
    for (std::sregex_iterator found(code.begin(), code.end(), mark), end; found != end; ++found) {
      names.insert((*found)[1]);
    }
  }
  return names;
}

TEST_CASE("every rare branch of a protocol is reached by a scenario") {
  std::set<std::string> unreached = marks_in(kRoot / "sim/protocols");
  REQUIRE(unreached.size() >= 10);
  for (const auto& entry : fs::directory_iterator(kRoot / "scenarios/pbft")) {
    if (entry.path().extension() != ".yaml") continue;
    Diagnostics errors;
    for (const Scenario& scenario : load(entry.path().string(), {}, errors)) {
      const std::uint64_t seed = scenario.run.seeds ? scenario.run.seeds->first : scenario.run.seed;
      for (const auto& [name, count] : run_kit::run(scenario, seed).result.figures.happened) unreached.erase(name);
    }
    CHECK(errors.ok());
  }
  for (const std::string& mark : unreached) FAIL_CHECK("no scenario reaches ", mark);
}

}  // namespace
