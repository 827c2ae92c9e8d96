// Classification: whose fault a violation is.
//
// A partially synchronous protocol with n > 3f must stay safe under any network with at most f faults, so a safety
// violation is outside the model only with more faults, or with n <= 3f. What an honest replica keeps by itself (that
// it votes once, decides on a quorum, executes in order) no fault of others excuses. A liveness violation is outside
// the model also when the network went beyond GST and delta; and replicas that are down count as faulty for it, since
// they help nobody, though they did nothing wrong. Everything else is a protocol bug.
#pragma once

#include <cstdint>
#include <string>

#include "sim/scenario/scenario.hpp"

namespace byzsim {

/// What kind of promise an invariant watches over: of the whole, of each honest replica alone, or of progress.
enum class Promise : std::uint8_t { safety, conduct, liveness };

struct ModelFacts {
  std::uint32_t n = 0;
  std::uint32_t f = 0;       ///< assumed
  std::uint32_t faulty = 0;  ///< replicas that were faulty when it happened
  std::uint32_t down = 0;    ///< others that were down then, or shortly before: a fault as far as progress goes
  bool beyond = false;       ///< the network had gone beyond GST and delta
};

Classification classify(Promise promise, const ModelFacts& facts);
/// Why, in a sentence.
std::string explain(Classification classification, Promise promise, const ModelFacts& facts);

}  // namespace byzsim
