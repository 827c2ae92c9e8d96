// Session: one scenario, run with one seed. A trace is judged again in verify_trace.hpp.
//
// Both ways end in the same Result: a run's records go to the judge directly, a trace's through the reader, and a test
// holds the two equal. An interrupt (Ctrl-C) ends a run cleanly; the result says so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analysis/result.hpp"
#include "analysis/sequence.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim::cli {

struct Ending {
  Result result;
  std::shared_ptr<const Manifest> manifest;  ///< what the sequence refers to
  std::unique_ptr<Sequence> sequence;  ///< the messages around the first violation, for the text report; may be null
};

/// Runs `scenario` with `scenario.run.seed`. Writes a trace if `trace` is not empty. `sets` go into the reproduce line.
/// Collecting the message sequence slows the run, so it is done only if asked for. `progress`, unless null, is told how
/// far the run has come.
Ending run_once(const Scenario& scenario, const std::string& trace, const std::vector<std::string>& sets,
                bool with_sequence, Progress* progress = nullptr);

/// The message sequence around what went wrong, if anything did; `again` lets an observer hear the same run once more.
void collect_sequence(Ending& ending, const Manifest& manifest, const std::function<void(Observer&)>& again);

/// The exit code that a verdict means.
int exit_code(Verdict verdict);

}  // namespace byzsim::cli
