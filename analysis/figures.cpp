#include "analysis/figures.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "analysis/human.hpp"
#include "sim/core/diagnostics.hpp"
#include "sim/core/units.hpp"

namespace byzsim {

namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> steps(1);
  for (char c : path) {
    if (c == '.') {
      steps.emplace_back();
    } else {
      steps.back() += c;
    }
  }
  return steps;
}

Figure value_of(const Json& value) {
  Figure figure;
  if (value.is_null()) {
    figure.sort = Figure::Sort::nothing;
    figure.word = "nothing";
  } else if (value.is_number()) {
    figure.sort = Figure::Sort::number;
    figure.number = value.get<double>();
  } else if (value.is_array()) {
    figure.sort = Figure::Sort::number;
    figure.number = static_cast<double>(value.size());
  } else if (value.is_boolean()) {
    figure.sort = Figure::Sort::word;
    figure.word = value.get<bool>() ? "true" : "false";
  } else if (value.is_string()) {
    figure.sort = Figure::Sort::word;
    figure.word = value.get<std::string>();
  }
  return figure;
}

Figure unknown(const Json& where, const std::string& prefix, const std::string& step) {
  std::vector<std::string> keys;
  if (where.is_object()) {
    for (const auto& [key, value] : where.items()) keys.push_back(prefix + key);
  }
  Figure figure;
  figure.word = byzsim::did_you_mean(prefix + step, keys);
  return figure;
}

// Rounded for people, unless rounding would turn what the condition says of it.
std::string shown_time(Duration time, const Condition& condition) {
  std::string text = human(time);
  std::string tight = text;
  std::erase(tight, ' ');
  const auto rounded = parse_duration(tight);
  const auto verdict = [&](Duration value) { return condition.holds(static_cast<double>(value.count())); };
  if (rounded && verdict(rounded.value) == verdict(time)) return text;
  return fmt::format("{:.12g} ms", static_cast<double>(time.count()) / 1e6);
}

}  // namespace

Figure figure_at(const Json& report, std::string_view path) {
  std::vector<std::string> steps = split(path);
  if (steps.size() == 3 && steps[0] == "messages" && steps[1] != "by_type")
    steps = {"messages", "by_type", steps[2], steps[1]};
  const Json* at = &report;
  std::string prefix;
  // Names of what happened may contain dots.
  if (steps.size() > 1 && steps[0] == "happened") steps = {"happened", std::string(path.substr(9))};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!at->is_object() || !at->contains(steps[i])) {
      if (i == 1 && steps[0] == "happened") return {Figure::Sort::number, 0, {}};
      return unknown(*at, prefix, steps[i]);
    }
    at = &at->at(steps[i]);
    prefix += steps[i] + ".";
  }
  if (at->is_object()) return unknown(*at, prefix, "");
  return value_of(*at);
}

bool holds(const Condition& condition, const Figure& figure) {
  switch (figure.sort) {
    case Figure::Sort::number:
      return condition.holds(figure.number);
    case Figure::Sort::word: {
      // A number past 2^53 is printed as a string of digits.
      std::uint64_t value = 0;
      const char* end = figure.word.data() + figure.word.size();
      const auto parsed = std::from_chars(figure.word.data(), end, value);
      if (condition.unit() != Condition::Unit::word && parsed.ec == std::errc{} && parsed.ptr == end) {
        return condition.holds(static_cast<double>(value));
      }
      return condition.holds(std::string_view(figure.word));
    }
    default:
      return false;
  }
}

std::string shown(double number, const Condition& condition) {
  const bool fits = std::abs(number) < 9e18;
  if (condition.unit() == Condition::Unit::time && fits) return shown_time(Duration(std::llround(number)), condition);
  if (condition.unit() == Condition::Unit::bytes && fits && number >= 0) {
    const auto bytes = static_cast<std::uint64_t>(std::llround(number));
    return fmt::format("{} ({} B)", human_bytes(bytes), bytes);
  }
  if (number == std::floor(number) && std::abs(number) < 1e15) return fmt::format("{:.0f}", number);
  return fmt::format("{:.6g}", number);
}

std::string shown(const Figure& figure, const Condition& condition) {
  return figure.sort == Figure::Sort::number ? shown(figure.number, condition) : figure.word;
}

}  // namespace byzsim
