// Outcome: what the world itself knows at the end of a run, beside what observers made of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/network_counters.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

enum class EndReason : std::uint8_t {
  answered,     ///< every request of every honest client was answered, and nothing was scripted any more
  decided,      ///< the bound on decisions was reached
  quiet,        ///< nothing was pending: nothing would ever happen again
  time,         ///< `run.until`
  events,       ///< `run.max_events`
  wall_clock,   ///< `run.wall_clock`
  violation,    ///< `run.stop_at_violation`
  interrupted,  ///< the user asked for it
  memory,       ///< `run.memory`
};
std::string_view to_string(EndReason reason);
std::optional<EndReason> parse_end_reason(std::string_view text);

/// Messages of one kind, counted per receiver.
struct KindTraffic {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t bytes = 0;  ///< put on the wire
  friend bool operator==(const KindTraffic&, const KindTraffic&) = default;
};

struct Outcome {
  EndReason reason = EndReason::quiet;
  Time end{};
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;
  std::vector<KindTraffic> traffic;  ///< by position in Manifest::kinds
  NetworkCounters network;
};

}  // namespace byzsim
