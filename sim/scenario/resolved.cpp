// Scenarios to resolved JSON and back, and their hash.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "sim/core/random.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/loader.hpp"

namespace byzsim {

Node resolved_tree(const Scenario& scenario) {
  return Setting<Scenario>::show(scenario);
}

nlohmann::ordered_json resolved(const Scenario& scenario) {
  return to_json(resolved_tree(scenario));
}

std::optional<Scenario> from_resolved(const nlohmann::ordered_json& json, Diagnostics& errors) {
  Scenario scenario;
  Node tree = from_json(json);
  tree.position.source = errors.add_source("resolved scenario", {});
  if (!Setting<Scenario>::read(tree, scenario, errors)) return std::nullopt;
  scenario.hash = scenario_hash(scenario);
  return scenario;
}

std::optional<Scenario> from_resolved(const nlohmann::ordered_json& json, Diagnostics& errors,
                                      const std::vector<FurtherCheck>& further) {
  Scenario scenario;
  Node tree = from_json(json);
  tree.position.source = errors.add_source("resolved scenario", {});
  const bool good = Setting<Scenario>::read(tree, scenario, errors);
  check(scenario, tree, errors);
  for (const FurtherCheck& more : further) more(scenario, tree, errors);
  if (!good || !errors.ok()) return std::nullopt;
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
