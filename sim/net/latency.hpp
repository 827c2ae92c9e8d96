// Latency models: how a scenario writes one, and how it is sampled.
//
//   10ms                          always the same; also constant(10ms)
//   uniform(5ms, 15ms)            every delay from the first to the second equally likely
//   normal(50ms, 10ms)            mean and standard deviation; a negative sample becomes 0
//   lognormal(50ms, 0.4)          median, and standard deviation of the logarithm (mean = median * exp(sigma^2 / 2))
//   exponential(10ms)             mean
//   empirical(10ms, 12ms, 80ms)   measured delays, equally likely; or with weights: empirical(10ms@90%, 80ms@10%)
//   exponential(10ms) + 5ms       any of them, shifted
//
// `LatencySpec` is the value that settings hold; `Latency` is compiled from it once a run. A sample is a pure function
// of 64 uniform bits and increases with them (so `sample(p * 2^64)` is the quantile of p), in integers, the same on
// every host. Accuracy: see sim/core/quantile.hpp. CPU time of a sample with g++ 12 -O3, drawing the bits included: 1
// ns uniform, 3 empirical (equal weights; else a binary search), 5 normal and exponential, 9 lognormal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/quantile.hpp"
#include "sim/core/random.hpp"
#include "sim/core/setting.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

enum class LatencyKind : std::uint8_t { constant, uniform, normal, lognormal, exponential, empirical };

struct LatencySpec {
  /// No parameter may be longer: 2^53 ns, about 104 days. Samples are cut there too, so sums of a few never overflow.
  static constexpr Duration kLongest{std::int64_t{1} << 53};
  static constexpr std::uint32_t kMostSigma = 10'000'000;  ///< a lognormal's sigma in millionths: 10

  struct Weighted {
    Duration delay{};
    std::uint64_t weight = 1;  ///< relative; written weights are percentages in millionths
    friend bool operator==(const Weighted&, const Weighted&) = default;
  };

  LatencyKind kind = LatencyKind::constant;
  Duration first{};             ///< constant: the delay; uniform: least; normal, exponential: mean; lognormal: median
  Duration second{};            ///< uniform: most; normal: standard deviation
  std::uint32_t sigma = 0;      ///< lognormal: standard deviation of the logarithm, in millionths
  Duration shift{};             ///< added to every sample
  std::vector<Weighted> table;  ///< empirical, in the order written
  bool weighted = false;        ///< empirical: the weights were written

  static LatencySpec constant(Duration delay) {
    LatencySpec spec;
    spec.first = delay;
    return spec;
  }
  static Parsed<LatencySpec> parse(std::string_view text);
  friend bool operator==(const LatencySpec&, const LatencySpec&) = default;
};

/// As it would be written; reads back to the same value.
std::string to_string(const LatencySpec& spec);

template <>
struct Setting<LatencySpec> {
  static std::string type();
  static bool read(const Node& node, LatencySpec& out, Diagnostics& errors);
  static Node show(const LatencySpec& spec);
  static Node schema();
};

/// The sampler. Copying is cheap; a table of measured delays is shared.
class Latency {
 public:
  Latency() : Latency(LatencySpec{}) {}
  explicit Latency(const LatencySpec& spec);

  /// Calls `use(sampler)` with `std::int64_t sampler(std::uint64_t bits)` for this kind, so that a loop over many
  /// receivers chooses the distribution once.
  template <class Use>
  auto with(Use&& use) const {
    switch (kind_) {
      case LatencyKind::uniform:
        return use([least = least_, width = width_](std::uint64_t bits) {
          return least + static_cast<std::int64_t>(scale_to(bits, width));
        });
      case LatencyKind::normal:
        return use([this](std::uint64_t bits) { return shift_ + cut(scaled(tables_->normal(bits)) + least_); });
      case LatencyKind::lognormal:
        return use([this](std::uint64_t bits) { return shift_ + lognormal(tables_->normal(bits)); });
      case LatencyKind::exponential:
        return use([this](std::uint64_t bits) { return shift_ + cut(scaled(tables_->exponential(bits))); });
      case LatencyKind::empirical:
        return use([this](std::uint64_t bits) { return shift_ + measured(bits); });
      case LatencyKind::constant:
        break;
    }
    return use([delay = least_](std::uint64_t) { return delay; });
  }

  /// From 0 to 2 kLongest.
  Duration sample(std::uint64_t bits) const {
    return with([bits](auto sampler) { return Duration{sampler(bits)}; });
  }
  bool random() const { return kind_ != LatencyKind::constant; }  ///< false: every sample is `least()`
  Duration least() const { return sample(0); }
  Duration most() const { return sample(~std::uint64_t{0}); }  ///< for unbounded distributions the 2^-64 quantile
  /// The mean of 4,096 quantiles spread evenly: exact to a part in 1,000 for all but the heaviest tails. For
  /// feasibility checks and reports; deterministic.
  Duration mean() const;

 private:
  struct Step {
    std::uint64_t up_to;  ///< this delay for bits up to here, inclusive
    std::int64_t delay;
  };

  static std::int64_t cut(std::int64_t delay) {
    const std::int64_t positive = delay < 0 ? 0 : delay;
    return positive > LatencySpec::kLongest.count() ? LatencySpec::kLongest.count() : positive;
  }
  /// scale_ times a fixed-point number. |variate| < 2^38 and scale_ <= 2^53, so the result fits.
  std::int64_t scaled(std::int64_t variate) const {
    return static_cast<std::int64_t>((static_cast<__int128>(scale_) * variate) >> kFixedBits);
  }
  /// median * 2^(variate * sigma / ln 2).
  std::int64_t lognormal(std::int64_t variate) const {
    const std::int64_t exponent = scaled(variate);
    const std::int64_t whole = exponent >> kFixedBits;  // rounds down, so the fraction is in [0, 1)
    const std::int64_t power = tables_->exp2(static_cast<std::uint32_t>(exponent));
    if (whole > 53) return LatencySpec::kLongest.count();
    if (whole < -62) return 0;
    const auto product = static_cast<unsigned __int128>(least_) * static_cast<std::uint64_t>(power);  // below 2^87
    if (whole <= kFixedBits) {
      const auto delay = product >> (kFixedBits - whole);
      constexpr auto longest = static_cast<std::uint64_t>(LatencySpec::kLongest.count());
      return static_cast<std::int64_t>(delay > longest ? longest : static_cast<std::uint64_t>(delay));
    }
    return cut_product(product, static_cast<int>(whole) - kFixedBits);
  }
  static std::int64_t cut_product(unsigned __int128 product, int left);
  std::int64_t measured(std::uint64_t bits) const;

  LatencyKind kind_ = LatencyKind::constant;
  const Quantiles* tables_ = nullptr;
  std::int64_t least_ = 0;  ///< constant and uniform: shift included; normal: the mean; lognormal: the median
  std::int64_t scale_ = 0;  ///< normal: sigma; exponential: mean; lognormal: sigma / ln 2 in fixed point
  std::int64_t shift_ = 0;
  std::uint64_t width_ = 1;                         ///< uniform: number of values
  bool equal_steps_ = false;                        ///< empirical: all delays equally likely
  std::shared_ptr<const std::vector<Step>> steps_;  ///< empirical, by delay
};

}  // namespace byzsim
