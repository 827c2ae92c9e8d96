// Simulated time: integer nanoseconds on a clock of its own.
//
// A `Time` is a point on the simulated clock, a `Duration` a distance between two. Neither converts to a host clock,
// so mixing the two does not compile. No floating-point number ever decides when something happens.
#pragma once

#include <chrono>
#include <cstdint>

namespace byzsim {

using Duration = std::chrono::nanoseconds;

struct SimulatedClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<SimulatedClock, Duration>;
  static constexpr bool is_steady = true;
};

using Time = SimulatedClock::time_point;

inline constexpr Time kStart{};              ///< every run begins here
inline constexpr Time kNever = Time::max();  ///< later than anything that happens

constexpr std::int64_t nanoseconds(Time t) {
  return t.time_since_epoch().count();
}
constexpr Time at(Duration since_start) {
  return Time{since_start};
}

/// `t + d`, or kNever where the sum does not fit: a delay may be arbitrarily long, the clock is not.
constexpr Time later(Time t, Duration d) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(nanoseconds(t), d.count(), &sum) ? kNever : Time{Duration{sum}};
}

/// `a + b` and `d * times` of what is not negative, or the longest duration where that does not fit.
constexpr Duration sum_of(Duration a, Duration b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a.count(), b.count(), &sum) ? Duration::max() : Duration{sum};
}
constexpr Duration product_of(Duration d, std::int64_t times) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(d.count(), times, &product) ? Duration::max() : Duration{product};
}

}  // namespace byzsim
