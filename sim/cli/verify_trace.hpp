// verify_trace: a recorded run, checked and judged again.
//
// Three things are asked of a trace. Its header must be one that this byzsim would write for the scenario that it
// holds. Its lines must hold together (TraceReader). And the scenario, run again with the seed of the header, must
// write every one of these lines, byte for byte (TraceMatcher); so a line that was changed, left out or made up is
// always found. Only the command line and the names that the header repeats from its author's (tool, file, variant,
// reproduce) have nothing that they could be compared with.
//
// Without the second run the lines are taken on trust: signatures do not help, for the keys of a simulated run follow
// from its seed, and whoever has byzsim can sign in anybody's name. The result then says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>

#include "sim/cli/session.hpp"
#include "sim/trace/reader.hpp"

namespace byzsim::cli {

struct VerifyOptions {
  bool rerun = true;
  bool with_sequence = false;
  std::chrono::nanoseconds patience = std::chrono::minutes(10);
  std::uint64_t memory = std::uint64_t{1} << 32;  ///< estimated bytes for what must be remembered of a trace
};

/// Checking ended before the trace did; nothing was found wrong until then. The text says where and why.
class Unfinished : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Opens the trace from its beginning; called a second time only for the message sequence of a trace that is not run
/// again.
using OpenTrace = std::function<std::unique_ptr<ByteSource>()>;

struct Verified {
  Ending ending;
  std::string tool;  ///< the version of byzsim that wrote the trace, as it says
};

/// Throws BadTrace if there is anything wrong with the trace, Unfinished at an interrupt or a bound.
Verified verify_trace(const OpenTrace& open, const VerifyOptions& options);

}  // namespace byzsim::cli
