// Any bytes as a scenario: an error or a scenario, never a crash or a hang. What loads must load back from its resolved
// form.
//
//   ./dev fuzz          builds it with everything in the catalogue, and runs it
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/expectation_check.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world.hpp"

using namespace byzsim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Diagnostics errors;
  LoadOptions options;
  options.files = false;
  options.further = {check_against_protocol, check_expectations};
  std::string text(reinterpret_cast<const char*>(data), size);
  // A first line `--set KEY=VALUE` stands for the command line.
  if (text.starts_with("--set ")) {
    const std::size_t end = text.find('\n');
    options.sets.push_back(text.substr(6, end == std::string::npos ? end : end - 6));
    text.erase(0, end == std::string::npos ? end : end + 1);
  }
  const std::vector<Scenario> scenarios = load_text("fuzz.yaml", text, options, errors);
  const std::string report = errors.render();
  if (scenarios.empty() == errors.ok()) std::abort();
  if (!errors.ok() && report.empty()) std::abort();
  for (const Scenario& scenario : scenarios) {
    feasibility(scenario);
    protocol_doubts(scenario);
    Diagnostics again;
    const auto copy = from_resolved(resolved(scenario), again);
    if (!copy || scenario_hash(*copy) != scenario_hash(scenario)) std::abort();
  }
  return 0;
}
