// A link or an uplink of limited capacity: one message at a time, the others wait.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/time.hpp"
#include "sim/core/units.hpp"

namespace byzsim {

/// How long `bytes` take at `rate`, rounded up to a nanosecond; nothing if the rate is unlimited (0).
constexpr Duration transmission_time(std::uint64_t bytes, BitRate rate) {
  if (rate.bits_per_second == 0) return Duration{};
  constexpr std::uint64_t per_byte = 8'000'000'000;  // bits a byte times nanoseconds a second
  if (bytes <= (~std::uint64_t{0} - rate.bits_per_second) / per_byte) {
    return Duration{static_cast<std::int64_t>((bytes * per_byte + rate.bits_per_second - 1) / rate.bits_per_second)};
  }
  const auto wide =
      (static_cast<unsigned __int128>(bytes) * per_byte + rate.bits_per_second - 1) / rate.bits_per_second;
  constexpr auto most = static_cast<unsigned __int128>(Duration::max().count());
  return Duration{static_cast<std::int64_t>(wide < most ? wide : most)};
}

/// Serves messages in order of readiness, where messages may be announced out of that order: a relayed message is ready
/// at a relay later than one that the relay itself sends afterwards. A message takes the first gap that is long enough;
/// what has been promised stays. So a late announcement may wait for up to one transmission more than it would have.
class Pipe {
 public:
  /// When the last bit has left. `now` is the time of the announcement; it never decreases, and `ready >= now`.
  Time transmit(Time ready, Duration length, Time now) {
    std::size_t past = 0;
    while (past < busy_.size() && busy_[past].end <= now) ++past;
    busy_.erase(busy_.begin(), busy_.begin() + static_cast<std::ptrdiff_t>(past));
    Time start = ready;
    std::size_t i = 0;
    for (; i < busy_.size() && later(start, length) > busy_[i].start; ++i) start = std::max(start, busy_[i].end);
    const Time end = later(start, length);
    if (i > 0 && busy_[i - 1].end == start) {
      busy_[i - 1].end = end;
    } else {
      busy_.insert(busy_.begin() + static_cast<std::ptrdiff_t>(i), Busy{start, end});
    }
    return end;
  }

 private:
  struct Busy {
    Time start, end;
  };
  std::vector<Busy> busy_;  // disjoint, in order
};

}  // namespace byzsim
