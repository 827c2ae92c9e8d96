// What a run is held to. Each oracle is a sentence of theory; none looks at what a protocol does inside.
#pragma once

#include <string>
#include <vector>

#include "analysis/result.hpp"
#include "tests/soak/answers.hpp"
#include "tests/soak/promises.hpp"

namespace byzsim::soak {

/// Something that must not be. `kind` says which oracle it broke, and stays the same while the world is cut down.
struct Finding {
  std::string kind;
  std::string what;  ///< a sentence
};

/// Held to all that can be told from one run.
std::vector<Finding> judge_run(const Scenario& scenario, const Promises& promises, const Result& result,
                               const Answers& answers);

/// How agreement was broken, for the summary: the proofs that were found, in words.
std::string mechanism_of(const Result& result);

}  // namespace byzsim::soak
