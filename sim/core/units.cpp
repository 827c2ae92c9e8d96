#include "sim/core/units.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace byzsim {

namespace {

__extension__ using Wide = unsigned __int128;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit kTimes[] = {{"ns", 1},
                           {"us", 1'000},
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"min", 60'000'000'000},
                           {"h", 3'600'000'000'000}};
constexpr Unit kSizes[] = {{"B", 1},
                           {"KB", 1'000},
                           {"KiB", 1ULL << 10},
                           {"MB", 1'000'000},
                           {"MiB", 1ULL << 20},
                           {"GB", 1'000'000'000},
                           {"GiB", 1ULL << 30},
                           {"TB", 1'000'000'000'000},
                           {"TiB", 1ULL << 40}};
constexpr Unit kRates[] = {
    {"bit/s", 1}, {"kbit/s", 1'000}, {"Mbit/s", 1'000'000}, {"Gbit/s", 1'000'000'000}, {"Tbit/s", 1'000'000'000'000}};

bool digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string quantity_error(std::string_view what) {
  return fmt::format("is not {}", what);
}

/// The unit that was meant: same letters in another case, or a common spelling.
std::string_view meant(std::string_view unit, std::span<const Unit> units) {
  constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
      {"sec", "s"},       {"secs", "s"},      {"second", "s"},    {"seconds", "s"},    {"m", "min"},
      {"mins", "min"},    {"minute", "min"},  {"minutes", "min"}, {"hour", "h"},       {"hours", "h"},
      {"msec", "ms"},     {"millis", "ms"},   {"usec", "us"},     {"\xC2\xB5s", "us"}, {"\xCE\xBCs", "us"},
      {"nsec", "ns"},     {"byte", "B"},      {"bytes", "B"},     {"k", "KB"},         {"g", "GB"},
      {"bps", "bit/s"},   {"kbps", "kbit/s"}, {"mbps", "Mbit/s"}, {"gbps", "Gbit/s"},  {"mbit", "Mbit/s"},
      {"gbit", "Gbit/s"}, {"kbit", "kbit/s"}, {"mb/s", "Mbit/s"}, {"gb/s", "Gbit/s"},  {"hr", "h"}};
  std::string low;
  for (char c : unit) low += lower(c);
  for (const Unit& known : units) {
    std::string name;
    for (char c : known.name) name += lower(c);
    if (name == low) return known.name;
  }
  for (const auto& [spelling, name] : kSpellings) {
    for (const Unit& known : units) {
      if (spelling == low && name == known.name) return known.name;
    }
  }
  return {};
}

std::string unit_names(std::span<const Unit> units) {
  std::string list = "units:";
  for (const Unit& unit : units) list += fmt::format("{}{}", list.back() == ':' ? " " : ", ", unit.name);
  return list;
}

/// An unsigned quantity up to `most`, exactly. `example` is the unit to suggest for a bare number.
Parsed<std::uint64_t> quantity(std::string_view text, std::span<const Unit> units, std::string_view what,
                               std::string_view example, std::uint64_t most) {
  using Result = Parsed<std::uint64_t>;
  std::size_t i = 0;
  Wide mantissa = 0;
  Wide scale = 1;
  int digits = 0;
  bool point = false;
  for (; i < text.size() && (digit(text[i]) || (text[i] == '.' && !point)); ++i) {
    if (text[i] == '.') {
      point = true;
      continue;
    }
    if (mantissa > 0 || text[i] != '0') ++digits;
    if (digits > 20 || scale > 1'000'000'000'000'000'000ULL)
      return Result::fail(quantity_error(what), "it has too many digits");
    mantissa = mantissa * 10 + static_cast<Wide>(text[i] - '0');
    if (point) scale *= 10;
  }
  const std::string_view number = text.substr(0, i);
  std::string_view unit = text.substr(i);
  if (number.empty() || number.front() == '.' || number.back() == '.') {
    return Result::fail(quantity_error(what), fmt::format("expected a number and a unit, such as `10{}`", example));
  }
  if (number.size() > 1 && number[0] == '0' && digit(number[1])) {
    return Result::fail(quantity_error(what), "a number has no leading zero");
  }
  if (unit.empty()) {
    if (mantissa == 0) return Result::of(0);
    return Result::fail(quantity_error(what) + ": the unit is missing",
                        fmt::format("did you mean '{}{}'?", number, example));
  }
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    const Wide total = mantissa * known.factor;
    if (total % scale != 0) {
      return Result::fail(quantity_error(what), fmt::format("it is not a whole number of {}", units[0].name));
    }
    if (total / scale > most) return Result::fail("is too large", fmt::format("the most is {}{}", most, units[0].name));
    return Result::of(static_cast<std::uint64_t>(total / scale));
  }
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  if (const std::string_view right = meant(unit, units); !right.empty()) {
    return Result::fail(quantity_error(what), fmt::format("did you mean '{}{}'?", number, right));
  }
  return Result::fail(fmt::format("{}: no such unit", quantity_error(what)), unit_names(units));
}

std::string print(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units[0];
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

template <class T>
Parsed<T> failed(const Parsed<std::uint64_t>& parsed) {
  return Parsed<T>::fail(parsed.error, parsed.hint);
}

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool negative = !text.empty() && text[0] == '-';
  const auto parsed = quantity(text.substr(negative ? 1 : 0), kTimes, "a duration", "ms", kMost);
  if (!parsed) return failed<Duration>(parsed);
  const auto count = static_cast<std::int64_t>(parsed.value);
  return Parsed<Duration>::of(Duration(negative ? -count : count));
}

Parsed<ByteCount> parse_bytes(std::string_view text) {
  const auto parsed = quantity(text, kSizes, "a number of bytes", "B", std::numeric_limits<std::uint64_t>::max());
  if (!parsed) return failed<ByteCount>(parsed);
  return Parsed<ByteCount>::of({parsed.value});
}

Parsed<BitRate> parse_rate(std::string_view text) {
  const auto parsed = quantity(text, kRates, "a rate", "Mbit/s", std::numeric_limits<std::uint64_t>::max());
  if (!parsed) return failed<BitRate>(parsed);
  return Parsed<BitRate>::of({parsed.value});
}

Parsed<std::uint64_t> parse_unsigned(std::string_view text) {
  using Result = Parsed<std::uint64_t>;
  if (text.size() > 1 && text[0] == '-' && digit(text[1])) return Result::fail("is negative", "a count is 0 or more");
  for (char c : text) {
    if (!digit(c)) return Result::fail("is not a whole number");
  }
  if (text.empty()) return Result::fail("is not a whole number");
  if (text.size() > 1 && text[0] == '0')
    return Result::fail("has a leading zero", "numbers are decimal: write it without");
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return Result::fail("is too large", "the most is 2^64 - 1");
  return Result::of(value);
}

Parsed<double> parse_real(std::string_view text) {
  using Result = Parsed<double>;
  const std::string_view bare = text.substr(text.starts_with('-') ? 1 : 0);
  if (bare.empty() || !digit(bare[0])) return Result::fail("is not a number");
  if (bare.size() > 1 && bare[0] == '0' && digit(bare[1]))
    return Result::fail("has a leading zero", "write it without");
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) {
    if (*end == '%') return Result::fail("is not a number", "write a fraction, such as 0.05 for 5%");
    return Result::fail("is not a number");
  }
  if (error != std::errc() || !std::isfinite(value)) return Result::fail("is out of range for a number");
  return Result::of(value);
}

Parsed<SeedRange> parse_seeds(std::string_view text) {
  using Result = Parsed<SeedRange>;
  constexpr std::string_view kHint = "expected a range of seeds, such as `1..100`";
  const std::size_t dots = text.find("..");
  const auto first = parse_unsigned(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : parse_unsigned(text.substr(dots + 2));
  if (!first || !last) return Result::fail("is not a range of seeds", std::string(kHint));
  if (last.value < first.value) return Result::fail("is empty: it ends before it begins", std::string(kHint));
  return Result::of({first.value, last.value});
}

Parsed<NodeRef> parse_node_ref(std::string_view text) {
  const bool client = !text.empty() && text[0] == 'c';
  const auto index = parse_unsigned(text.substr(client ? 1 : 0));
  if (!index || index.value > std::numeric_limits<std::uint32_t>::max()) {
    return Parsed<NodeRef>::fail("does not name a node", "replicas are `0`, `1`, ...; clients `c0`, `c1`, ...");
  }
  return Parsed<NodeRef>::of({client, static_cast<std::uint32_t>(index.value)});
}

std::string to_string(Duration value) {
  if (value.count() == 0) return "0s";
  const std::int64_t count = value.count();
  const std::uint64_t size = count < 0 ? -static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  return (count < 0 ? "-" : "") + print(size, std::span(kTimes).first(4));  // 90s reads better than 1.5min
}

std::string to_string(ByteCount value) {
  return value.bytes == 0 ? "0B" : print(value.bytes, kSizes);
}
std::string to_string(BitRate value) {
  return value.bits_per_second == 0 ? "0bit/s" : print(value.bits_per_second, kRates);
}
std::string to_string(SeedRange value) {
  return fmt::format("{}..{}", value.first, value.last);
}
std::string to_string(NodeRef value) {
  return fmt::format("{}{}", value.client ? "c" : "", value.index);
}
std::string real_to_string(double value) {
  return fmt::format("{}", value);
}

}  // namespace byzsim
