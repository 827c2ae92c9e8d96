// What no single key can be blamed for: settings that contradict each other, and nodes that do not exist.
#pragma once

#include <string>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

/// Errors that can be found without running, each at the place in the tree that the scenario was read from.
void check(const Scenario& scenario, const Node& root, Diagnostics& errors);
void check_timeline(const Scenario& scenario, const Node& root, Diagnostics& errors);

/// A sentence for each thing that is allowed but probably not what was meant: expectations outside the model, bounds
/// that cannot be met. `byzsim check` prints them.
std::vector<std::string> feasibility(const Scenario& scenario);

}  // namespace byzsim
