#include "sim/core/condition.hpp"

#include <cmath>

namespace byzsim {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool takes(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text = trimmed(text.substr(prefix.size()));
  return true;
}

struct Figure {
  double value = 0;
  Condition::Unit unit = Condition::Unit::none;
};

Parsed<Figure> parse_figure(std::string_view text) {
  using Result = Parsed<Figure>;
  using Unit = Condition::Unit;
  if (const auto real = parse_real(text)) return Result::of({real.value, Unit::none});
  if (const auto time = parse_duration(text)) return Result::of({static_cast<double>(time.value.count()), Unit::time});
  if (const auto bytes = parse_bytes(text)) return Result::of({static_cast<double>(bytes.value.bytes), Unit::bytes});
  if (const auto rate = parse_rate(text))
    return Result::of({static_cast<double>(rate.value.bits_per_second), Unit::rate});
  return Result::fail("is not a condition", "expected a number, with a unit if it has one, such as `400ms`");
}

bool word_like(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    if (!letter && (c < '0' || c > '9')) return false;
  }
  return (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
}

}  // namespace

Parsed<Condition> Condition::parse(std::string_view written) {
  using Result = Parsed<Condition>;
  Condition c;
  std::string_view text = trimmed(written);
  c.text_ = std::string(text);
  if (takes(text, ">="))
    c.op_ = Op::at_least;
  else if (takes(text, "<="))
    c.op_ = Op::at_most;
  else if (takes(text, "==") || takes(text, "="))
    c.op_ = Op::equal;
  else if (takes(text, "!="))
    c.op_ = Op::unequal;
  else if (takes(text, ">"))
    c.op_ = Op::more;
  else if (takes(text, "<"))
    c.op_ = Op::less;
  const bool exact = c.op_ == Op::equal || c.op_ == Op::unequal;
  if (exact && word_like(text)) {
    c.unit_ = Unit::word;
    c.word_ = std::string(text);
    return Result::of(c);
  }
  const bool bare = text == trimmed(written);
  std::size_t sign = text.find("+-");
  std::size_t width = 2;
  if (sign == std::string_view::npos) sign = text.find("\xC2\xB1");
  const std::size_t dots = text.find("..");
  if (bare && sign != std::string_view::npos) {
    const auto middle = parse_figure(trimmed(text.substr(0, sign)));
    std::string_view spread_text = trimmed(text.substr(sign + width));
    const bool percent = spread_text.ends_with('%');
    if (percent) spread_text = trimmed(spread_text.substr(0, spread_text.size() - 1));
    const auto spread = parse_figure(spread_text);
    if (!middle || !spread || spread.value.value < 0 || (percent && spread.value.unit != Unit::none) ||
        (!percent && spread.value.unit != middle.value.unit)) {
      return Result::fail("is not a condition", "expected a figure and a tolerance, such as `750ms +- 3%`");
    }
    const double by = percent ? std::abs(middle.value.value) * spread.value.value / 100 : spread.value.value;
    c.op_ = Op::between;
    c.unit_ = middle.value.unit;
    c.low_ = middle.value.value - by;
    c.high_ = middle.value.value + by;
    return Result::of(c);
  }
  if (bare && dots != std::string_view::npos) {
    const auto low = parse_figure(trimmed(text.substr(0, dots)));
    const auto high = parse_figure(trimmed(text.substr(dots + 2)));
    if (!low || !high || low.value.unit != high.value.unit || low.value.value > high.value.value) {
      return Result::fail("is not a condition", "expected a range, such as `724ms..741ms`");
    }
    c.op_ = Op::between;
    c.unit_ = low.value.unit;
    c.low_ = low.value.value;
    c.high_ = high.value.value;
    return Result::of(c);
  }
  const auto figure = parse_figure(text);
  if (!figure) return Result::fail(figure.error, "such as `>= 1`, `<= 400ms`, `724ms..741ms`, `750ms +- 3%`, `held`");
  c.unit_ = figure.value.unit;
  c.low_ = figure.value.value;
  return Result::of(c);
}

bool Condition::holds(double figure) const {
  if (unit_ == Unit::word) return op_ == Op::unequal;
  switch (op_) {
    case Op::equal:
      return figure == low_;
    case Op::unequal:
      return figure != low_;
    case Op::less:
      return figure < low_;
    case Op::at_most:
      return figure <= low_;
    case Op::more:
      return figure > low_;
    case Op::at_least:
      return figure >= low_;
    case Op::between:
      return figure >= low_ && figure <= high_;
  }
  return false;
}

bool Condition::holds(std::string_view word) const {
  if (unit_ != Unit::word) return op_ == Op::unequal;
  return (word_ == word) == (op_ == Op::equal);
}

}  // namespace byzsim
