// Scenarios to resolved JSON and back, and their hash.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/core/random.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/yaml.hpp"

namespace byzsim {

Node resolved_tree(const Scenario& scenario) {
  return Setting<Scenario>::show(scenario);
}

nlohmann::ordered_json resolved(const Scenario& scenario) {
  return to_json(resolved_tree(scenario));
}

namespace {

/// As a file may be, and a little more: a rule's fields stand one step deeper than they are written.
bool bounded(const nlohmann::ordered_json& json, std::size_t depth = kMaxYamlDepth + 8) {
  if (depth == 0 || (json.is_object() && json.size() > kMaxYamlKeys)) return false;
  if (!json.is_structured()) return true;
  return std::all_of(json.begin(), json.end(), [&](const auto& item) { return bounded(item, depth - 1); });
}

std::optional<Node> tree_of(const nlohmann::ordered_json& json, Diagnostics& errors) {
  const std::uint32_t source = errors.add_source("resolved scenario", {});
  if (!bounded(json)) {
    errors.error({source, 0, 0}, fmt::format("it is nested more than {} deep, or has more than {} keys in one map",
                                             kMaxYamlDepth, kMaxYamlKeys));
    return std::nullopt;
  }
  Node tree = from_json(json);
  tree.position.source = source;
  errors.begin_tree();
  return tree;
}

}  // namespace

std::optional<Scenario> from_resolved(const nlohmann::ordered_json& json, Diagnostics& errors,
                                      const std::vector<FurtherCheck>& further) {
  const std::size_t before = errors.errors();
  Scenario scenario;
  const std::optional<Node> tree = tree_of(json, errors);
  if (!tree) return std::nullopt;
  const bool good = Setting<Scenario>::read(*tree, scenario, errors);
  check(scenario, *tree, errors);
  for (const FurtherCheck& more : further) more(scenario, *tree, errors);
  if (!good || errors.errors() != before) return std::nullopt;
  scenario.hash = scenario_hash(scenario);
  return scenario;
}

std::optional<Scenario> from_resolved(const nlohmann::ordered_json& json, Diagnostics& errors) {
  Scenario scenario;
  const std::optional<Node> tree = tree_of(json, errors);
  if (!tree || !Setting<Scenario>::read(*tree, scenario, errors)) return std::nullopt;
  scenario.hash = scenario_hash(scenario);
  return scenario;
}

std::uint64_t scenario_hash(const Scenario& scenario) {
  // Text may hold whatever the file held; the loader let only valid UTF-8 through, others get replaced rather than
  // throw.
  const std::string text = resolved(scenario).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix64(hash);
}

std::string hash_text(std::uint64_t hash) {
  return fmt::format("{:016x}", hash);
}

}  // namespace byzsim
