// Any bytes as a scenario: an error or a scenario, never a crash or a hang. What loads must load back from its resolved
// form.
//
//   clang++ -std=c++20 -O1 -g -I. -fsanitize=fuzzer,address,undefined tests/fuzz/loader_fuzz.cpp sim/core/*.cpp
//     sim/net/*.cpp sim/scenario/*.cpp -lyaml-cpp -lfmt -o loader_fuzz && ./loader_fuzz -dict=tests/fuzz/loader.dict
//     tests/fuzz/corpus/loader
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/loader.hpp"

namespace {

using namespace byzsim;

struct ToyOptions {
  Duration timeout = 500ms;
  std::uint32_t quorum = 3;
  static void describe(auto& row) {
    row("timeout", &ToyOptions::timeout, "a timeout", at_least(1ns));
    row("quorum", &ToyOptions::quorum, "votes", at_least(1));
  }
};
const Registered<ToyOptions> toy_protocol{"protocol", "toy", "a protocol"};
const Registered<ToyOptions> toy_behaviour{"behaviour", "toy", "a behaviour"};
const Registered<> plain_behaviour{"behaviour", "plain", "a behaviour without options"};
const Registered<ToyOptions> toy_rule{"rule", "rule", "a rule"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Diagnostics errors;
  LoadOptions options;
  options.files = false;
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
    Diagnostics again;
    const auto copy = from_resolved(resolved(scenario), again);
    if (!copy || scenario_hash(*copy) != scenario_hash(scenario)) std::abort();
  }
  return 0;
}
