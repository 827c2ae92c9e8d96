// Soak: many random worlds, several at a time, and what they found.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/soak/summary.hpp"

namespace byzsim::soak {

struct SoakSettings {
  std::string protocol = "pbft";
  std::uint64_t seed = 1;
  std::uint64_t first = 0;              ///< the first world's number
  std::optional<std::uint64_t> worlds;  ///< so many; otherwise as many as `seconds` allow
  std::chrono::seconds seconds{60};
  unsigned jobs = 1;
  std::vector<std::string> sets;      ///< laid over every world
  std::string folder = "build/soak";  ///< where failures are kept
  std::size_t keep = 5;               ///< failures of one kind that are cut down and kept
  bool first_only = false;            ///< stop at the first failure, and keep nothing
};

struct Failure {
  std::uint64_t world = 0;
  Finding finding;
  std::string file;
};

struct SoakEnd {
  Summary summary;
  std::vector<Failure> failures;  ///< by world; of each world the first finding
  bool interrupted = false;       ///< by a signal: what had begun was finished, and nothing cut down
};

SoakEnd soak(const SoakSettings& settings);

/// Every check on one file, in this process's child; prints nothing.
Trial try_file(const std::string& file);

}  // namespace byzsim::soak
