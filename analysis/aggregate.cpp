#include "analysis/aggregate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <boost/math/statistics/univariate_statistics.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "analysis/figures.hpp"
#include "analysis/report.hpp"
#include "sim/core/diagnostics.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostFailures = 5;  // single runs named in the report

const std::vector<std::string>& functions() {
  static const std::vector<std::string> names{"mean",   "min",      "max", "sum", "stddev",
                                              "median", "fraction", "p50", "p90", "p99"};
  return names;
}

int severity(const Result& result) {
  if (result.safety == Safety::violated) return 4;
  if (result.liveness == Liveness::violated) return 3;
  if (result.verdict == Verdict::unmet) return 2;
  return result.verdict == Verdict::inconclusive || result.liveness == Liveness::unknown ? 1 : 0;
}

}  // namespace

Aggregate::Aggregate(const Expectations& expect) {
  for (const auto& [text, condition] : expect.aggregate) {
    expressions_.emplace_back(text, condition);
    has_fraction_ = has_fraction_ || expressions_.back().function == "fraction";
  }
}

AggregateExpression::AggregateExpression(const std::string& written, const Condition& condition)
    : text(written), expected(condition) {
  const std::size_t open = text.find('(');
  if (open == std::string::npos || text.back() != ')') {
    error = "write it as function(path), such as mean(latency.mean)";
    return;
  }
  function = text.substr(0, open);
  path = text.substr(open + 1, text.size() - open - 2);
  if (function == "median") {
    function = "p";
    percent = 50;
  } else if (function.size() > 1 && function[0] == 'p') {
    const Parsed<double> parsed = parse_real(function.substr(1));
    if (parsed.ok && parsed.value >= 0 && parsed.value <= 100) {
      function = "p";
      percent = parsed.value;
    }
  }
  if (function == "fraction") {
    const std::size_t at = path.find_first_of("=<>!");
    if (at == std::string::npos) {
      error = "say which runs count: fraction(safety=violated)";
      return;
    }
    std::string rest = path.substr(at);
    if (rest[0] == '=') rest.erase(0, rest.size() > 1 && rest[1] == '=' ? 2 : 1);
    path.resize(at);
    const Parsed<Condition> parsed = Condition::parse(rest);
    if (!parsed.ok) error = fmt::format("'{}' {}", rest, parsed.error);
    test = parsed.value;
  } else if (function != "p" && std::find(functions().begin(), functions().end(), function) == functions().end()) {
    error = fmt::format("there is no function '{}'; {}", function, did_you_mean(function, functions()));
  }
  while (!path.empty() && path.back() == ' ') path.pop_back();
}

void Aggregate::add(const Result& result) {
  if (result_.runs == 0) {
    result_.scenario = result.scenario;
    result_.variant = result.variant;
    result_.file = result.file;
    result_.protocol = result.protocol;
    result_.first_seed = result_.last_seed = result.seed;
  }
  if (result_.runs == 0 || severity(result) > severity(result_.worst)) result_.worst = result;
  ++result_.runs;
  result_.first_seed = std::min(result_.first_seed, result.seed);
  result_.last_seed = std::max(result_.last_seed, result.seed);
  ++result_.verdicts[std::string(to_string(result.verdict))];
  ++result_.safety[std::string(to_string(result.safety))];
  ++result_.liveness[std::string(to_string(result.liveness))];
  if (result.verdict != Verdict::met && failures_.size() < kMostFailures) {
    failures_.push_back(fmt::format("seed {} is {}: {}", result.seed, to_string(result.verdict),
                                    result.unmet.empty() ? "no reason given" : result.unmet.front()));
  }
  if (expressions_.empty()) return;
  const Json report = to_json(result);
  for (AggregateExpression& e : expressions_) {
    if (!e.error.empty()) continue;
    const Figure figure = figure_at(report, e.path);
    if (figure.sort == Figure::Sort::unknown) {
      e.error = fmt::format("there is no figure '{}'{}{}", e.path, figure.word.empty() ? "" : "; ", figure.word);
    } else if (e.function == "fraction") {
      e.fulfilled += holds(e.test, figure) ? 1 : 0;
    } else if (figure.sort == Figure::Sort::number) {
      e.samples.push_back(figure.number);
    } else if (figure.sort == Figure::Sort::word) {
      e.error = fmt::format("'{}' is a word; only fraction takes words", e.path);
    }
  }
}

bool Aggregate::compute(AggregateExpression& e, double& value) const {
  if (e.function == "fraction") {
    value = static_cast<double>(e.fulfilled) / static_cast<double>(result_.runs);
    return true;
  }
  std::vector<double>& samples = e.samples;
  if (samples.empty() || (e.function == "stddev" && samples.size() < 2)) return false;
  if (e.function == "mean") value = boost::math::statistics::mean(samples);
  if (e.function == "stddev") value = std::sqrt(boost::math::statistics::sample_variance(samples));
  if (e.function == "sum") value = std::accumulate(samples.begin(), samples.end(), 0.0);
  if (e.function == "min") value = *std::min_element(samples.begin(), samples.end());
  if (e.function == "max") value = *std::max_element(samples.begin(), samples.end());
  if (e.function == "p") {
    std::sort(samples.begin(), samples.end());
    value = samples[nearest_rank(samples.size(), e.percent)];
  }
  return true;
}

AggregateResult Aggregate::finish() {
  bool unmet = false;
  bool unknown = false;
  if (result_.runs == 0) {
    unknown = true;
    result_.unmet.push_back("no run was finished");
  }
  for (AggregateExpression& e : expressions_) {
    if (result_.runs == 0) break;
    double value = 0;
    if (!e.error.empty()) {
      unmet = true;
      result_.unmet.push_back(fmt::format("'{}' cannot be computed: {}", e.text, e.error));
    } else if (!compute(e, value)) {
      unmet = true;
      result_.unmet.push_back(fmt::format("'{}' cannot be computed: too few runs have that figure", e.text));
    } else {
      result_.figures[e.text] = value;
      if (e.expected.holds(value)) continue;
      unmet = true;
      result_.unmet.push_back(
          fmt::format("expected {} {}, but it is {}", e.text, e.expected.text(), shown(value, e.expected)));
    }
  }
  if (!has_fraction_) {
    unmet = unmet || result_.verdicts.contains("unmet");
    unknown = unknown || result_.verdicts.contains("inconclusive");
    result_.unmet.insert(result_.unmet.end(), failures_.begin(), failures_.end());
  }
  result_.verdict = unmet ? Verdict::unmet : unknown ? Verdict::inconclusive : Verdict::met;
  return result_;
}

}  // namespace byzsim
