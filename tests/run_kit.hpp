// Running a scenario from a test.
#pragma once

#include <string>
#include <vector>

#include "analysis/judge.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world.hpp"

namespace byzsim::run_kit {

/// The scenarios of a text, one a variant; the test fails with the diagnostics if there is an error.
inline std::vector<Scenario> parse(const std::string& text, const std::vector<std::string>& sets = {}) {
  Diagnostics errors;
  LoadOptions options;
  options.sets = sets;
  std::vector<Scenario> scenarios = load_text("test.yaml", text, options, errors);
  if (errors.errors() > 0) throw std::runtime_error(errors.render());
  return scenarios;
}

struct Run {
  Result result;
  Outcome outcome;
};

inline Run run(const Scenario& scenario, std::uint64_t seed) {
  World world(scenario, seed);
  Judge judge(world.manifest(), scenario.judge, scenario.expect, scenario.run);
  world.observe(judge);
  const Outcome outcome = world.run();
  return {judge.finish(outcome), outcome};
}
inline Run run(const std::string& text) {
  const Scenario scenario = parse(text).at(0);
  return run(scenario, scenario.run.seed);
}

}  // namespace byzsim::run_kit
