// TraceHeader: the first line of a trace. It says which run this is, and holds all that is needed to run it again.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "sim/trace/manifest.hpp"

namespace byzsim {

inline constexpr std::string_view kTraceSchema = "byzsim/trace/v1";

/// What was read is not a whole, well-formed trace. The text is a sentence that names the line.
class BadTrace : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct TraceHeader {
  std::string tool;         ///< version of byzsim that wrote it
  std::string scenario;     ///< the resolved scenario, as JSON
  Manifest manifest;        ///< its functions are empty when it was read from a trace
  std::string file{};       ///< of the scenario, as the user named it
  std::string reproduce{};  ///< the command that repeats the run
};

/// One line of JSON, without the line end.
std::string to_line(const TraceHeader& header);
/// Throws BadTrace with what is missing or of the wrong type.
TraceHeader parse_header(std::string_view line);
/// The first fact in which two manifests of what should be the same run differ, as a sentence; empty if they agree.
std::string difference(const Manifest& recorded, const Manifest& expected);

}  // namespace byzsim
