// Condition: what a scenario expects of one figure. `">= 1"`, `"!= 3"`, `"<= 400ms"`, `"724ms..741ms"`, `"750ms +-
// 3%"`; a bare number or word (`24`, `held`) must be met exactly. Both ends of a range count as met.
//
// Times are compared in nanoseconds, sizes in bytes, rates in bit/s; `unit` says which the text used.
#pragma once

#include <string>
#include <string_view>

#include "sim/core/units.hpp"

namespace byzsim {

class Condition {
 public:
  enum class Unit { none, time, bytes, rate, word };

  Condition() = default;  ///< `== 0`
  static Parsed<Condition> parse(std::string_view text);

  bool holds(double figure) const;
  /// For figures that are words: only == and != of a word can hold.
  bool holds(std::string_view word) const;

  Unit unit() const { return unit_; }
  /// As it was written, spaces trimmed.
  const std::string& text() const { return text_; }
  friend bool operator==(const Condition& a, const Condition& b) { return a.text_ == b.text_; }

 private:
  enum class Op { equal, unequal, less, at_most, more, at_least, between };

  Op op_ = Op::equal;
  Unit unit_ = Unit::none;
  double low_ = 0;   ///< the figure, or the lower end of a range
  double high_ = 0;  ///< the upper end of a range
  std::string word_;
  std::string text_ = "0";
};

}  // namespace byzsim
