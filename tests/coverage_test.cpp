// The scenarios of the tree reach what there is to reach: every rare branch that a protocol marks, and each their own attack.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "adversaries/rule.hpp"
#include "analysis/verdict.hpp"
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

// "An attack proves that it took place" (scenarios/README.md): its scenario would not be met by an adversary that does
// nothing, and has nothing in it that never acts. Of what acts on a replica that went wrong alone, it says so: `name: 0`.
TEST_CASE("every attack takes place, and its scenario says so") {
  std::size_t attacks = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "scenarios")) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string file = fs::relative(entry.path(), kRoot).string();
    std::set<std::string> idle, acts;  // of all variants
    Diagnostics errors;
    for (Scenario scenario : load(entry.path().string(), {}, errors)) {
      const std::uint64_t seed = scenario.run.seeds ? scenario.run.seeds->first : scenario.run.seed;
      AdversarySettings& adversary = scenario.adversary;
      std::set<std::string> attack;
      for (std::size_t i = 0; i < adversary.rules.size(); ++i) {
        attack.insert(rule_name(adversary.rules[i].as<RuleOptions>(), i + 1));
      }
      for (const Choice& behaviour : adversary.behaviours) attack.insert(behaviour.name);
      idle.insert(attack.begin(), attack.end());
      for (const auto& [name, count] : run_kit::run(scenario, seed).result.figures.happened) acts.insert(name);
      for (const auto& [name, count] : scenario.expect.happened) {
        acts.insert(name);
        if (count.holds(0)) attack.erase(name);
      }
      if (attack.empty()) continue;  // there is none, or this variant shows what happens without
      ++attacks;
      adversary.rules.clear();
      adversary.behaviours.clear();
      Result harmless = run_kit::run(scenario, seed).result;
      apply_expectations(scenario.expect, harmless);
      CHECK_MESSAGE(!harmless.unmet.empty(), file, " [", scenario.variant, "] is met without its attack");
    }
    CHECK(errors.ok());
    for (const std::string& name : acts) idle.erase(name);
    for (const std::string& name : idle) FAIL_CHECK(file, ": `", name, "` never acts");
  }
  CHECK(attacks >= 200);
}

}  // namespace
