// Scenario files to scenarios, and back to what they came to.
//
// A file may stand on another (`extends: other.yaml`, relative to it, one parent a file) and may hold `variants:`, a
// map from a name to what that variant changes. Both are laid over the base the same way: maps merge key by key, lists
// and scalars replace, and `key: null` takes a key away. `--set key=value` comes last. Then everything is read and
// checked at once, and every error is reported with its place; nothing is returned unless there is none. Never throws.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

/// A check that needs to know more than the loader does, such as the protocol. Told whatever could be read; it asks
/// `errors.unread(...)` of what it relies on.
using FurtherCheck = std::function<void(const Scenario&, const Node& root, Diagnostics&)>;

struct LoadOptions {
  std::vector<std::string> sets;       ///< `network.latency=20ms`, `adversary.corrupt.0=2`; the value is YAML
  std::optional<std::uint64_t> seed;   ///< run with this seed alone, whatever `run.seed` and `run.seeds` say
  std::optional<std::string> variant;  ///< read no other, so that `sets` need not fit the others
  std::vector<FurtherCheck> further;
  bool files = true;  ///< `extends` may read other files
};

/// One scenario, or one for each variant in the order of the file. Empty after an error.
std::vector<Scenario> load(const std::string& file, const LoadOptions& options, Diagnostics& errors);
/// The same from a text; `name` is what errors call it, and where `extends` starts from.
std::vector<Scenario> load_text(const std::string& name, const std::string& text, const LoadOptions& options,
                                Diagnostics& errors);

/// One run of it: this seed, no `run.seeds`, and no expectations on their aggregate. What `--seed` does, and a sweep.
Scenario with_seed(Scenario scenario, std::uint64_t seed);

/// Every setting with its value, defaults included, in the order of the description. Loads back to the same.
Node resolved_tree(const Scenario& scenario);
nlohmann::ordered_json resolved(const Scenario& scenario);
/// The scenario of a resolved JSON, such as a trace's header. It is read strictly.
std::optional<Scenario> from_resolved(const nlohmann::ordered_json& json, Diagnostics& errors);
/// The same where the JSON may come from anybody: cross-checked as a file is. Nothing if there is any error.
std::optional<Scenario> from_resolved(const nlohmann::ordered_json& json, Diagnostics& errors,
                                      const std::vector<FurtherCheck>& further);

/// A hash of the seed and every resolved setting (expectations included; the file's name, the variant's and `x-` keys
/// are not settings): FNV-1a over the compact resolved JSON, then mix64. The same on every platform.
std::uint64_t scenario_hash(const Scenario& scenario);
std::string hash_text(std::uint64_t hash);  ///< 16 hexadecimal digits

}  // namespace byzsim
