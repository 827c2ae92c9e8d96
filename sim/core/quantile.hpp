// Standard quantile functions in integers: uniform bits in, a fixed-point variate out, the same on every host.
//
// A distribution is sampled by inversion: 64 uniform bits name a probability, and a table gives the variate there.
// Tables are multi-resolution: each octave of the tail probability (found by counting leading zeros) has its own cells,
// and between two points of the table the function is linear. So the tails are as good as the middle, out to 2^-64.
// Every function here increases with its bits, so `f(p * 2^64)` is the quantile of p.
//
// Tables are built once a process from +, -, * and / on doubles alone (IEEE 754 defines their results; libm's differ
// between hosts), rounded to multiples of 2^-32. Sampling touches no floating-point number and costs 1 to 3 ns; the
// parts of the tables that matter lie in the first-level cache. A test pins a hash of all tables.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace byzsim {

/// Fixed point: 1.0 is 2^32.
inline constexpr int kFixedBits = 32;
inline constexpr std::int64_t kFixedOne = std::int64_t{1} << kFixedBits;

class Quantiles {
 public:
  /// The tables of this process, built at the first call (about 0.4 ms), shared by all threads afterwards.
  static const Quantiles& tables();

  /// Standard normal variate, in units of 2^-32. Within 1.4e-5 of the true quantile; exactly antisymmetric.
  std::int64_t normal(std::uint64_t bits) const {
    // All ones in the lower half, where the variate is negative and `bits` is itself the tail.
    const std::int64_t negative = ~(static_cast<std::int64_t>(bits) >> 63);
    const std::uint64_t tail = bits ^ ~static_cast<std::uint64_t>(negative);
    const int zeros = std::countl_zero(tail | 1);
    const std::uint64_t below_leading_one = (tail << zeros) << 1;
    const std::size_t cell = (static_cast<std::size_t>(63 - zeros) << kNormalCellBits) +
                             static_cast<std::size_t>(below_leading_one >> (64 - kNormalCellBits));
    const std::int64_t x = between(&normal_[cell], below_leading_one << kNormalCellBits);
    return (x ^ negative) - negative;
  }

  /// Standard exponential variate (mean 1), in units of 2^-32. Within 2e-6 of the true quantile.
  std::int64_t exponential(std::uint64_t bits) const {
    const std::uint64_t tail = ~bits;
    const int zeros = std::countl_zero(tail | 1);
    const std::uint64_t below_leading_one = (tail << zeros) << 1;
    const std::int64_t within_octave =
        between(&logarithm_[below_leading_one >> (64 - kLogarithmCellBits)], below_leading_one << kLogarithmCellBits);
    return zeros * kLogarithmOfTwo + within_octave;
  }

  /// 2^x for x in [0, 1), both in units of 2^-32. Within a relative 3e-7 of the true value.
  std::int64_t exp2(std::uint32_t fraction) const {
    return between(&exp2_[fraction >> (32 - kExp2CellBits)], static_cast<std::uint64_t>(fraction)
                                                                 << (32 + kExp2CellBits));
  }

  /// A hash of every entry, for the test that all builds have the same tables.
  std::uint64_t hash() const;

  static constexpr std::int64_t kLogarithmOfTwo = 2'977'044'472;  ///< ln 2, rounded
  static constexpr std::int64_t kLog2OfE = 6'196'328'019;         ///< 1 / ln 2, rounded

 private:
  static constexpr int kNormalCellBits = 6;
  static constexpr int kLogarithmCellBits = 8;
  static constexpr int kExp2CellBits = 9;

  Quantiles();

  /// The line from `point[0]` to `point[1]`, at `fraction` / 2^64 of the way.
  static std::int64_t between(const std::int64_t* point, std::uint64_t fraction) {
    // Neighbours differ by less than 2^30, so the product fits.
    return point[0] + (((point[1] - point[0]) * static_cast<std::int64_t>(fraction >> 32)) >> 32);
  }

  // By increasing tail probability: entry 64 k + c belongs to (1 + c/64) 2^(k - 64), the last one to 1/2.
  std::array<std::int64_t, (63 << kNormalCellBits) + 1> normal_;
  // Entry c is -ln((1 + c/256) / 2): what is left of -ln p when the octave is taken off.
  std::array<std::int64_t, (1 << kLogarithmCellBits) + 1> logarithm_;
  std::array<std::int64_t, (1 << kExp2CellBits) + 1> exp2_;
};

}  // namespace byzsim
