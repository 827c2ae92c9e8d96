// Verdict: what came out against what the scenario expects.
//
// Met, unmet, or inconclusive where the run could not show it: liveness unknown while an answer was expected, or a run
// cut short by `max_events`, `wall_clock` or the user. What a longer run could not undo (a violation that was not
// expected) is unmet all the same.
#pragma once

#include "analysis/result.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

/// Sets `verdict` and `unmet`. What is not expected explicitly must still not surprise: without a word on violations
/// safety must hold, and without one on liveness it must not be violated (unless safety is expected to be).
void apply_expectations(const Expectations& expect, Result& result);

}  // namespace byzsim
