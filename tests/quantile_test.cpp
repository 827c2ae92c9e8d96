// Oracle: the quantile functions of Boost.Math, and the moments that theory gives.
#include "sim/core/quantile.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <vector>

#include "sim/core/random.hpp"

using namespace byzsim;

namespace {

double real(std::int64_t fixed) {
  return static_cast<double>(fixed) / static_cast<double>(kFixedOne);
}

/// Uniform bits of every magnitude: random mantissas in each octave of either tail.
std::vector<std::uint64_t> bits_of_every_octave() {
  Stream stream(1, Purpose::test);
  std::vector<std::uint64_t> list;
  for (int octave = 1; octave < 64; ++octave) {
    for (int i = 0; i < 300; ++i) list.push_back((stream.next() | (std::uint64_t{1} << 63)) >> octave);
  }
  return list;
}

}  // namespace

TEST_CASE("normal quantiles agree with Boost.Math to 1.4e-5, out to a tail of 2^-40") {
  const Quantiles& tables = Quantiles::tables();
  const boost::math::normal_distribution<double> normal;
  double worst = 0;
  for (std::uint64_t bits : bits_of_every_octave()) {
    if (bits < (std::uint64_t{1} << 24)) continue;  // there p itself is coarse: one unit of 2^-64 moves the quantile
    const double p = std::ldexp(static_cast<double>(bits), -64);
    const double truth = boost::math::quantile(normal, p);
    worst = std::max(worst, std::abs(real(tables.normal(bits)) - truth));
    CHECK(tables.normal(~bits) == -tables.normal(bits));
  }
  CHECK(worst < 1.4e-5);
  CHECK(worst > 1e-7);  // the figure in the header is about linear interpolation; a better table should say so
  CHECK(real(tables.normal(0)) < -9.0);
  CHECK(real(tables.normal(~0ULL)) > 9.0);
}

TEST_CASE("exponential quantiles agree with Boost.Math to 2e-6 in either tail") {
  const Quantiles& tables = Quantiles::tables();
  const boost::math::exponential_distribution<double> exponential;
  double worst = 0;
  for (std::uint64_t bits : bits_of_every_octave()) {
    if (bits < (std::uint64_t{1} << 24)) continue;
    const double p = std::ldexp(static_cast<double>(bits), -64);
    worst = std::max(worst, std::abs(real(tables.exponential(bits)) - boost::math::quantile(exponential, p)));
    const double upper = boost::math::quantile(boost::math::complement(exponential, p));
    worst = std::max(worst, std::abs(real(tables.exponential(~bits)) - upper));
  }
  CHECK(worst < 2e-6);
}

TEST_CASE("powers of two are within a relative 3e-7") {
  const Quantiles& tables = Quantiles::tables();
  Stream stream(2, Purpose::test);
  for (int i = 0; i < 10'000; ++i) {
    const auto fraction = static_cast<std::uint32_t>(stream.next());
    const double truth = std::exp2(std::ldexp(static_cast<double>(fraction), -32));
    CHECK(std::abs(real(tables.exp2(fraction)) / truth - 1) < 3e-7);
  }
  CHECK(tables.exp2(0) == kFixedOne);
}

TEST_CASE("quantiles increase with their bits, across cells and octaves") {
  const Quantiles& tables = Quantiles::tables();
  std::vector<std::uint64_t> bits = bits_of_every_octave();
  for (int octave = 1; octave < 64; ++octave) {
    const std::uint64_t edge = std::uint64_t{1} << octave;
    bits.insert(bits.end(), {edge - 1, edge, edge + 1, ~edge});
  }
  std::sort(bits.begin(), bits.end());
  for (std::size_t i = 1; i < bits.size(); ++i) {
    CHECK(tables.normal(bits[i - 1]) <= tables.normal(bits[i]));
    CHECK(tables.exponential(bits[i - 1]) <= tables.exponential(bits[i]));
  }
}

TEST_CASE("samples have the moments of their distribution and pass Kolmogorov and Smirnov") {
  const Quantiles& tables = Quantiles::tables();
  constexpr int count = 200'000;
  Stream stream(3, Purpose::test);
  std::vector<double> normal, exponential;
  for (int i = 0; i < count; ++i) normal.push_back(real(tables.normal(stream.next())));
  for (int i = 0; i < count; ++i) exponential.push_back(real(tables.exponential(stream.next())));
  const auto moment = [&](const std::vector<double>& sample, int power) {
    double sum = 0;
    for (double x : sample) sum += std::pow(x, power);
    return sum / count;
  };
  // Moments of order 1 to 4 within four standard errors; Var(Z^k) = E Z^2k - (E Z^k)^2 with E Z^2,4,6,8 = 1, 3, 15,
  // 105.
  const double root = std::sqrt(static_cast<double>(count));
  CHECK(std::abs(moment(normal, 1)) < 4 * 1 / root);
  CHECK(std::abs(moment(normal, 2) - 1) < 4 * std::sqrt(2.0) / root);
  CHECK(std::abs(moment(normal, 3)) < 4 * std::sqrt(15.0) / root);
  CHECK(std::abs(moment(normal, 4) - 3) < 4 * std::sqrt(96.0) / root);
  // E X^k = k! for the exponential.
  CHECK(std::abs(moment(exponential, 1) - 1) < 4 * 1 / root);
  CHECK(std::abs(moment(exponential, 2) - 2) < 4 * std::sqrt(20.0) / root);

  // The Kolmogorov statistic exceeds 1.95 / sqrt(count) with probability 0.001.
  const auto distance = [&](std::vector<double> sample, const auto& distribution) {
    std::sort(sample.begin(), sample.end());
    double worst = 0;
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const double p = boost::math::cdf(distribution, sample[i]);
      worst = std::max({worst, p - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - p});
    }
    return worst;
  };
  CHECK(distance(normal, boost::math::normal_distribution<double>()) < 1.95 / root);
  CHECK(distance(exponential, boost::math::exponential_distribution<double>()) < 1.95 / root);
}

TEST_CASE("tables are the same bits in every build") {
  CHECK(Quantiles::tables().hash() == 18100158404841289081ULL);
}
