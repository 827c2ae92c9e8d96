#include "analysis/human.hpp"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <string_view>

namespace byzsim {

namespace {

// 1.00 becomes 1, 12.50 becomes 12.5.
std::string trimmed(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string three_digits(double value) {
  const double size = std::abs(value);
  return trimmed(fmt::format("{:.{}f}", value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2));
}

}  // namespace

std::string human(Duration duration) {
  const std::int64_t ns = duration.count();
  if (ns == 0) return "0 s";
  if (ns < 0) return fmt::format("-{}", human(Duration(ns == INT64_MIN ? INT64_MAX : -ns)));
  if (ns < 1'000) return fmt::format("{} ns", ns);
  // A value that would round up to 1000 is shown in the next unit.
  if (ns < 999'500) return three_digits(static_cast<double>(ns) / 1e3) + " us";
  if (ns < 999'500'000) return three_digits(static_cast<double>(ns) / 1e6) + " ms";
  if (ns < 119'950'000'000) return three_digits(static_cast<double>(ns) / 1e9) + " s";
  const std::int64_t seconds = (ns + 500'000'000) / 1'000'000'000;
  if (seconds < 7200) {
    return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60)
                             : fmt::format("{} min {} s", seconds / 60, seconds % 60);
  }
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  static constexpr std::array<std::string_view, 6> kUnits{"KB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(value), kUnits[unit]);
}

std::string human_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string human_number(double value) {
  if (value >= 999.5) return human_count(static_cast<std::uint64_t>(std::llround(value)));
  return three_digits(value);
}

}  // namespace byzsim
