#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/expectation_check.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/schema.hpp"
#include "sim/world.hpp"
#include "tests/fuzz/sampler.hpp"
#include "tests/fuzz/targets.hpp"

namespace byzsim::fuzz {

using Json = nlohmann::ordered_json;

namespace {

constexpr const char* kBase = R"yaml(schema: byzsim/v1
name: base
protocol: {name: pbft, n: 7, view_timeout: 400ms}
network: {latency: "uniform(5ms, 15ms)", loss: 0.01, gst: 1s, delta: 50ms}
clients: {count: 2, requests: 3, script: [{name: a, at: 1s, to: [0, 1]}]}
adversary:
  corrupt: [0, c1]
  behaviours: [silence, {equivocate: {split: [[1], [2, 3]]}}]
  rules: [{name: r, match: {type: commit, to: 2}, do: {alter: {slot: +1}}}]
timeline: [{at: 1s, until: 2s, crash: [3], state: lost}]
run: {until: 5s}
expect: {safety: held, happened: {r: ">= 1"}}
variants: {one: {protocol: {n: 4}}, two: {network: {loss: null}}}
x-mine: {a: [1, 2]}
)yaml";

/// Every path in the resolved base, without values.
void collect(const Json& tree, const std::string& path, std::vector<std::string>& paths) {
  if (!path.empty()) paths.push_back(path);
  if (tree.is_object()) {
    for (const auto& [name, inner] : tree.items()) collect(inner, path.empty() ? name : path + "." + name, paths);
  } else if (tree.is_array()) {
    for (std::size_t i = 0; i < tree.size(); ++i) collect(tree[i], fmt::format("{}.{}", path, i), paths);
  }
}

LoadOptions common() {
  LoadOptions options;
  options.files = false;
  options.further = {check_against_protocol, check_expectations};
  return options;
}

}  // namespace

void sets(const std::uint8_t* data, std::size_t size) {
  static const Json root = json_schema();
  static const std::vector<std::string> paths = [] {
    Diagnostics errors;
    std::vector<std::string> all;
    for (const Scenario& scenario : load_text("base.yaml", kBase, common(), errors))
      collect(resolved(scenario), "", all);
    if (all.empty()) throw Broken(errors.render());
    return all;
  }();
  Choices choices(data, size);
  Sampler sampler(root, choices);
  LoadOptions options = common();
  for (std::uint64_t i = 1 + choices.below(4); i > 0; --i) {
    std::string key = choices.pick(paths);
    switch (choices.below(8)) {
      case 0:
        key = key.substr(0, key.rfind('.'));
        break;
      case 1:
        key += choices.pick({".0", ".1", ".99", ".name", "..", ".\"a.b\"", ".", ".x-y", "x"});
        break;
      case 2:
        key = choices.pick(
            {"", "x-mine.a.2", "extends", "variants.one", "variants.three.protocol.n", "\"\"", "\"a", "."});
        break;
      default:
        break;
    }
    const Json value = sampler.sample(Json(true));
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (choices.one_in(12)) text = choices.pick({"{", "[1", "&a [*a]", "!!int 3", "|", "", "a: b: c", "# x", "'"});
    options.sets.push_back(choices.one_in(30) ? key : key + "=" + text);
  }
  if (choices.one_in(4)) options.variant = choices.pick({"one", "two"});
  if (choices.one_in(6)) options.seed = choices.below(1000);
  Diagnostics errors;
  const std::vector<Scenario> scenarios = load_text("base.yaml", kBase, options, errors);
  const std::string report = errors.render();
  const auto shown = [&] {
    std::string all;
    for (const std::string& set : options.sets) all += "--set " + set + "\n";
    return all + report;
  };
  if (scenarios.empty() == errors.ok()) throw Broken("neither a scenario nor an error, or both\n" + shown());
  if (!errors.ok() && report.empty()) throw Broken("refused without a word\n" + shown());
  for (const Scenario& scenario : scenarios) {
    Diagnostics again;
    const auto copy = from_resolved(resolved(scenario), again);
    if (!copy || scenario_hash(*copy) != scenario_hash(scenario))
      throw Broken("what was resolved does not load back to the same\n" + shown() + again.render());
  }
}

}  // namespace byzsim::fuzz
