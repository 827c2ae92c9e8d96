// Oracles: closed forms of means, variances and quantiles, and the samples' own standard errors.
#include "sim/net/latency.hpp"

#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <string>

#include "sim/core/options.hpp"
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

namespace {

LatencySpec spec(const std::string& text) {
  const auto parsed = LatencySpec::parse(text);
  INFO(text, ": ", parsed.error);
  REQUIRE(parsed.ok);
  return parsed.value;
}

struct Moments {
  double mean, deviation;
};
constexpr int kCount = 200'000;
Moments moments(const std::string& text) {
  const Latency latency(spec(text));
  Stream stream(7, Purpose::test);
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = static_cast<double>(latency.sample(stream.next()).count()) / 1e6;
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kCount;
  return {mean, std::sqrt(squares / kCount - mean * mean)};
}
double milliseconds(Duration d) {
  return static_cast<double>(d.count()) / 1e6;
}

}  // namespace

TEST_CASE("latency models read back as they are written") {
  for (const char* text :
       {"10ms", "uniform(5ms, 15ms)", "normal(50ms, 10ms)", "lognormal(50ms, 0.4)", "exponential(10ms)",
        "exponential(10ms) + 5ms", "empirical(10ms, 12ms, 12ms, 80ms)", "empirical(10ms@99.999999%, 80ms@0.000001%)",
        "constant(10ms) + 1ns", "normal(50ms, 10ms) + 1s"}) {
    CHECK(to_string(spec(text)) == text);
    CHECK(spec(to_string(spec(text))) == spec(text));
  }
  CHECK(spec("constant(10ms)") == LatencySpec::constant(10ms));
  CHECK(spec(" uniform( 5ms ,15ms )") == spec("uniform(5ms, 15ms)"));
  CHECK(spec("0") == LatencySpec::constant(0ms));
}

TEST_CASE("a wrong latency model says what would be right") {
  const auto rejects = [](const std::string& text, const std::string& about) {
    const auto parsed = LatencySpec::parse(text);
    INFO(text, " gives: ", parsed.error, " / ", parsed.hint);
    CHECK_FALSE(parsed.ok);
    CHECK((parsed.error + " | " + parsed.hint).find(about) != std::string::npos);
  };
  rejects("norml(50ms, 10ms)", "normal");
  rejects("normal", "normal(50ms, 10ms)");
  rejects("normal(50ms)", "mean and standard deviation");
  rejects("normal(50ms, 10ms", "')'");
  rejects("normal(50ms, 10)", "10ms");
  rejects("normal(-50ms, 10ms)", "negative");
  rejects("uniform(15ms, 5ms)", "uniform(5ms, 15ms)");
  rejects("lognormal(50ms, 10ms)", "number from 0 to 10");
  rejects("lognormal(50ms, -1)", "number from 0 to 10");
  rejects("exponential()", "lacks a delay");
  rejects("exponential(10ms) - 5ms", "+ DELAY");
  rejects("exponential(10ms) + -5ms", "negative");
  rejects("empirical(10ms@50%, 20ms@40%)", "sum to 90%");
  rejects("empirical(10ms@50%, 20ms)", "every delay");
  rejects("empirical(10ms, 20ms@50%)", "every delay");
  rejects("empirical(10ms@half)", "percentage");
  rejects("constant(1000000h)", "longest");
  rejects("10", "ms");
  rejects("", "latency");
}

TEST_CASE("the setting reports at its node") {
  Diagnostics errors;
  LatencySpec out;
  CHECK(Setting<LatencySpec>::read(Node::text("exponential(3ms)"), out, errors));
  CHECK(out == spec("exponential(3ms)"));
  CHECK(errors.ok());
  CHECK_FALSE(Setting<LatencySpec>::read(Node::text("exponental(3ms)"), out, errors));
  CHECK(errors.render().find("exponential") != std::string::npos);
  CHECK_FALSE(Setting<LatencySpec>::read(Node::list(), out, errors));
  CHECK(Catalogue::names("latency").size() == 6);
}

TEST_CASE("samples have the mean and deviation of their distribution, within four standard errors") {
  const double root = std::sqrt(static_cast<double>(kCount));
  const auto agrees = [&](const char* text, double mean, double deviation, double kurtosis) {
    const Moments found = moments(text);
    INFO(text);
    CHECK(std::abs(found.mean - mean) < 4 * deviation / root);
    // The standard error of a deviation is deviation * sqrt((kurtosis - 1) / 4 N).
    CHECK(std::abs(found.deviation - deviation) < 4 * deviation * std::sqrt((kurtosis - 1) / 4) / root);
    const Duration stated = Latency(spec(text)).mean();
    CHECK(std::abs(milliseconds(stated) / mean - 1) < 1e-3);
  };
  agrees("uniform(5ms, 15ms)", 10, 10 / std::sqrt(12.0), 1.8);
  agrees("normal(50ms, 10ms)", 50, 10, 3);  // five deviations from 0, so truncation does not show
  agrees("exponential(10ms)", 10, 10, 9);
  agrees("exponential(10ms) + 5ms", 15, 10, 9);
  const double s2 = 0.4 * 0.4, e = std::exp(s2);
  agrees("lognormal(50ms, 0.4)", 50 * std::exp(s2 / 2), 50 * std::exp(s2 / 2) * std::sqrt(e - 1),
         std::pow(e, 4) + 2 * std::pow(e, 3) + 3 * e * e - 3);
  // Values 10, 12, 12, 80: mean 28.5, variance (18.5^2 + 2 16.5^2 + 51.5^2) / 4, kurtosis by the same sum of fourth
  // powers.
  agrees("empirical(10ms, 12ms, 12ms, 80ms)", 28.5, std::sqrt(884.75), 2.334);
  agrees("empirical(10ms@90%, 80ms@10%)", 17, 21, 8.112);
}

TEST_CASE("a normal delay is cut off at 0, not folded or drawn again") {
  // E max(Z + 1, 0) = Phi(1) + phi(1) = 1.08332; P(0) = Phi(-1) = 0.158655.
  const Latency latency(spec("normal(10ms, 10ms)"));
  Stream stream(8, Purpose::test);
  int zeros = 0;
  for (int i = 0; i < kCount; ++i) zeros += latency.sample(stream.next()) == 0ns;
  CHECK(std::abs(zeros - 0.158655 * kCount) < 4 * std::sqrt(0.158655 * 0.841345 * kCount));
  CHECK(std::abs(milliseconds(latency.mean()) - 10.8332) < 0.01);
}

TEST_CASE("a lognormal's quantiles agree with Boost.Math to a relative 1e-4 at sigma 2") {
  const Latency latency(spec("lognormal(50ms, 2)"));
  const boost::math::lognormal_distribution<double> truth(std::log(50e6), 2);
  for (int thousandths = 1; thousandths < 1000; ++thousandths) {
    const double p = thousandths / 1000.0;
    const auto bits = static_cast<std::uint64_t>(std::ldexp(p, 64));
    const double found = static_cast<double>(latency.sample(bits).count());
    CHECK(std::abs(found / boost::math::quantile(truth, p) - 1) < 1e-4);
  }
}

TEST_CASE("extreme parameters saturate and never overflow") {
  const std::uint64_t most = ~std::uint64_t{0};
  const Latency wild(spec("lognormal(2400h, 10)"));
  CHECK(wild.sample(most) == LatencySpec::kLongest);
  CHECK(wild.sample(0) == 0ns);
  CHECK(wild.sample(most - (most >> 2)) <= LatencySpec::kLongest);
  CHECK(Latency(spec("lognormal(1ns, 10)")).sample(most) == LatencySpec::kLongest);
  CHECK(Latency(spec("exponential(2400h)")).sample(most) == LatencySpec::kLongest);
  CHECK(Latency(spec("normal(2400h, 2400h) + 2400h")).sample(most) == LatencySpec::kLongest + 2400h);
  CHECK(Latency(spec("normal(2400h, 2400h) + 2400h")).sample(0) == 2400h);
  CHECK(Latency(spec("lognormal(0, 10)")).sample(most) == 0ns);
}

TEST_CASE("what has no spread is not random, and bounds are reached") {
  CHECK_FALSE(Latency(spec("10ms")).random());
  CHECK_FALSE(Latency(spec("normal(10ms, 0)")).random());
  CHECK(Latency(spec("normal(10ms, 0) + 1ms")).sample(5) == 11ms);
  CHECK_FALSE(Latency(spec("uniform(10ms, 10ms)")).random());
  CHECK(Latency(spec("lognormal(50ms, 0)")).sample(123) == 50ms);
  CHECK_FALSE(Latency(spec("empirical(7ms, 7ms)")).random());
  CHECK(Latency(spec("empirical(7ms, 7ms)")).sample(99) == 7ms);
  const Latency die(spec("uniform(1ns, 6ns)"));
  CHECK(die.random());
  CHECK(die.least() == 1ns);
  CHECK(die.most() == 6ns);
}
