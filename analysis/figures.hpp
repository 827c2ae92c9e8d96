// Figures by path: how expectations and aggregates address a field of a result.
//
// A path is the keys of the JSON report with dots between them: `latency.p99`, `network.clamped`, `decisions`. A list
// stands for its length. `messages.sent.prepare` is short for `messages.by_type.prepare.sent`, and a name under
// `happened` that did not happen is 0.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "sim/core/condition.hpp"

namespace byzsim {

struct Figure {
  enum class Sort { number, word, nothing, unknown };
  Sort sort = Sort::unknown;
  double number = 0;
  std::string word;  ///< as printed; for unknown paths what to write instead, or empty
};

Figure figure_at(const nlohmann::ordered_json& report, std::string_view path);
/// Whether the figure is what the condition wants; nothing and unknown never are.
bool holds(const Condition& condition, const Figure& figure);
/// As a reader likes it: with the condition's unit if that is one of time or size.
std::string shown(const Figure& figure, const Condition& condition);
std::string shown(double number, const Condition& condition);

}  // namespace byzsim
