// Expectations on figures that no result has, found before anything runs.
#pragma once

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

/// Reports every path in `expect.metrics` and `expect.aggregate` that names no figure, and every aggregate that is no
/// function of one. A FurtherCheck for the loader.
void check_expectations(const Scenario& scenario, const Node& root, Diagnostics& errors);

}  // namespace byzsim
