// Aggregate: one scenario repeated over seeds, and what is expected of all runs together.
//
//   mean(latency.mean)   min(...)  max(...)  sum(...)  stddev(...)  p50(...)  p99.9(...)
//   fraction(safety=violated)   fraction(happened.equivocate>=1)   fraction(verdict=met)
//
// Paths are those of figures.hpp. stddev is that of a sample (n - 1); pNN is the nearest rank; runs in which a figure
// does not exist are left out of all but fraction, which counts them as not fulfilling it.
//
// Every run must also meet the scenario's other expectations, unless some `fraction` says how many must.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/result.hpp"

namespace byzsim {

struct AggregateResult {
  std::string scenario;
  std::string variant;
  std::string file;
  std::string protocol;
  std::uint64_t runs = 0;
  std::uint64_t first_seed = 0;
  std::uint64_t last_seed = 0;
  Verdict verdict = Verdict::met;
  std::vector<std::string> unmet;
  std::map<std::string, double> figures;          ///< each expression and what it came to
  std::map<std::string, std::uint64_t> verdicts;  ///< how many runs were met, unmet, inconclusive
  std::map<std::string, std::uint64_t> safety;    ///< held, violated
  std::map<std::string, std::uint64_t> liveness;  ///< held, violated, unknown
  Result worst;                                   ///< the first of the runs in which most broke
  std::string reproduce;                          ///< filled in by the caller
};

/// One line of `expect.aggregate`, taken apart.
struct AggregateExpression {
  AggregateExpression(const std::string& written, const Condition& condition);
  std::string text;
  Condition expected;
  std::string function;  ///< mean, min, max, sum, stddev, fraction, or p
  double percent = 0;
  std::string path;
  Condition test;     ///< of fraction
  std::string error;  ///< it cannot be computed, and why; empty if it can
  std::vector<double> samples;
  std::uint64_t fulfilled = 0;
};

class Aggregate {
 public:
  explicit Aggregate(const Expectations& expect);
  /// A run whose verdict stands.
  void add(const Result& result);
  AggregateResult finish();

 private:
  /// False if there were no samples.
  bool compute(AggregateExpression& expression, double& value) const;

  std::vector<AggregateExpression> expressions_;
  bool has_fraction_ = false;
  AggregateResult result_;
  std::vector<std::string> failures_;  // of single runs, the first few
};

}  // namespace byzsim
