#include "analysis/expectation_check.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/aggregate.hpp"
#include "analysis/figures.hpp"
#include "analysis/report.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/scenario/places.hpp"

namespace byzsim {

namespace {

/// A result with nothing in it has every figure that a result can have.
nlohmann::ordered_json blank_report(const Scenario& scenario) {
  Result blank;
  for (const MessageKind* kind : protocol_named(scenario.protocol.name).kinds) {
    blank.traffic.push_back({std::string(kind->traits.name), {}});
  }
  return to_json(blank);
}

}  // namespace

void check_expectations(const Scenario& scenario, const Node& root, Diagnostics& errors) {
  const Expectations& expect = scenario.expect;
  if (expect.metrics.empty() && expect.aggregate.empty()) return;
  if (!Places(scenario, root, errors).sound("expect", "protocol.name")) return;
  const auto report = blank_report(scenario);
  const auto look = [&](const char* section, const std::string& key, const std::string& path) {
    const Figure figure = figure_at(report, path);
    if (figure.sort != Figure::Sort::unknown) return;
    errors.error(place_of_key(root, section, key), fmt::format("there is no figure '{}'", path.substr(0, 60)),
                 figure.word);
  };
  for (const auto& [path, condition] : expect.metrics) look("expect.metrics", path, path);
  for (const auto& [text, condition] : expect.aggregate) {
    const AggregateExpression expression(text, condition);
    if (expression.error.empty()) {
      look("expect.aggregate", text, expression.path);
    } else {
      errors.error(place_of_key(root, "expect.aggregate", text), expression.error);
    }
  }
}

}  // namespace byzsim
