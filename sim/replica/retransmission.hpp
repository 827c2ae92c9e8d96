// How long whoever sends again and again pauses at most: clients that wait for an answer, replicas that get nowhere. Bounds
// on liveness count on it.
#pragma once

#include <cstdint>

namespace byzsim {

/// No pause between two transmissions grows past this multiple of the first.
inline constexpr std::int64_t kLongestPause = 64;

}  // namespace byzsim
