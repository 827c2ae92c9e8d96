// Reading and writing latency models: see the table at the top of latency.hpp.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "sim/core/options.hpp"
#include "sim/net/latency.hpp"

namespace byzsim {
namespace {

struct Model {
  const char* name;
  LatencyKind kind;
  const char* example;
  const char* parameters;
  std::size_t count;  ///< of parameters; 0: one or more
};
constexpr std::array<Model, 6> kModels{{
    {"constant", LatencyKind::constant, "constant(10ms)", "one delay", 1},
    {"uniform", LatencyKind::uniform, "uniform(5ms, 15ms)", "the least and the greatest delay", 2},
    {"normal", LatencyKind::normal, "normal(50ms, 10ms)", "mean and standard deviation", 2},
    {"lognormal", LatencyKind::lognormal, "lognormal(50ms, 0.4)", "median, and standard deviation of the logarithm", 2},
    {"exponential", LatencyKind::exponential, "exponential(10ms)", "the mean", 1},
    {"empirical", LatencyKind::empirical, "empirical(10ms@90%, 80ms@10%)", "measured delays", 0},
}};

const Registered<> constant_entry{"latency", "constant", "constant(10ms), or just 10ms: always the same delay"};
const Registered<> uniform_entry{"latency", "uniform",
                                 "uniform(5ms, 15ms): every delay between the two equally likely"};
const Registered<> normal_entry{"latency", "normal",
                                "normal(50ms, 10ms): mean and standard deviation; negative samples become 0"};
const Registered<> lognormal_entry{"latency", "lognormal",
                                   "lognormal(50ms, 0.4): median, and standard deviation of the logarithm"};
const Registered<> exponential_entry{"latency", "exponential", "exponential(10ms): mean; add a floor with `+ 5ms`"};
const Registered<> empirical_entry{"latency", "empirical",
                                   "empirical(10ms, 12ms, 80ms), or empirical(10ms@90%, 80ms@10%): measured delays"};

constexpr std::size_t kMostEntries = 100'000;
constexpr std::uint64_t kWhole = 100'000'000;  // 100% in millionths of a percent

using Result = Parsed<LatencySpec>;

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t comma = text.find(',', begin);
    parts.push_back(trim(text.substr(begin, comma == std::string_view::npos ? comma : comma - begin)));
    if (comma == std::string_view::npos) return parts;
    begin = comma + 1;
  }
}

/// "12", "0.4", "99.999999" in millionths; up to six decimals, so that it is exact.
std::optional<std::uint64_t> parse_millionths(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  std::string digits{whole};
  std::string_view decimals = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  if (decimals.size() > 6 || whole.size() > 9 || whole.empty() || (dot != std::string_view::npos && decimals.empty())) {
    return std::nullopt;
  }
  digits += decimals;
  digits.append(6 - decimals.size(), '0');
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string millionths(std::uint64_t value) {
  std::string text = fmt::format("{}.{:06}", value / 1'000'000, value % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// A delay within bounds, or why not.
std::optional<std::string> read_delay(std::string_view text, Duration& out, std::string& hint) {
  if (text.empty()) return "lacks a delay";
  const Parsed<Duration> parsed = parse_duration(text);
  if (!parsed) {
    hint = parsed.hint.empty() ? fmt::format("a number and a unit, such as 10ms") : parsed.hint;
    return fmt::format("holds '{}', which {}", text, parsed.error);
  }
  if (parsed.value.count() < 0) return fmt::format("holds '{}', but a delay cannot be negative", text);
  if (parsed.value > LatencySpec::kLongest)
    return fmt::format("holds '{}', longer than the longest, 2^53 ns (104 days)", text);
  out = parsed.value;
  return std::nullopt;
}

Result read_empirical(const std::vector<std::string_view>& arguments) {
  LatencySpec spec;
  spec.kind = LatencyKind::empirical;
  if (arguments.size() > kMostEntries) return Result::fail(fmt::format("has more than {} delays", kMostEntries));
  std::uint64_t total = 0;
  for (std::string_view argument : arguments) {
    const std::size_t sign = argument.find('@');
    LatencySpec::Weighted entry;
    std::string hint;
    if (auto error = read_delay(trim(argument.substr(0, sign)), entry.delay, hint)) return Result::fail(*error, hint);
    if (sign != std::string_view::npos) {
      const std::string_view share = trim(argument.substr(sign + 1));
      const auto weight =
          share.ends_with('%') ? parse_millionths(trim(share.substr(0, share.size() - 1))) : std::nullopt;
      if (!weight) {
        return Result::fail(fmt::format("holds the weight '{}', which is not a percentage", share),
                            "a weight follows @ and ends in %, with at most six decimals, such as 12ms@37.5%");
      }
      entry.weight = *weight;
      total += *weight;
      if (!spec.weighted && !spec.table.empty()) break;
      spec.weighted = true;
    } else if (spec.weighted) {
      return Result::fail("gives some delays a weight and others none", "give every delay a weight, or none");
    }
    spec.table.push_back(entry);
  }
  if (spec.table.size() != arguments.size()) {
    return Result::fail("gives some delays a weight and others none", "give every delay a weight, or none");
  }
  if (spec.weighted && total != kWhole) {
    return Result::fail(fmt::format("has weights that sum to {}%", millionths(total)), "they must sum to 100%");
  }
  return Result::of(std::move(spec));
}

Result read_model(const Model& model, std::string_view inside) {
  const std::vector<std::string_view> arguments = split(inside);
  const std::string usage = fmt::format("{} takes {}, such as {}", model.name, model.parameters, model.example);
  if (model.count != 0 && arguments.size() != model.count) {
    return Result::fail(
        fmt::format("gives {} {} parameter{}", model.name, arguments.size(), arguments.size() == 1 ? "" : "s"), usage);
  }
  if (model.kind == LatencyKind::empirical) return read_empirical(arguments);
  LatencySpec spec;
  spec.kind = model.kind;
  std::string hint;
  if (auto error = read_delay(arguments[0], spec.first, hint)) return Result::fail(*error, hint.empty() ? usage : hint);
  if (model.kind == LatencyKind::lognormal) {
    const auto sigma = parse_millionths(arguments[1]);
    if (!sigma || *sigma > LatencySpec::kMostSigma) {
      return Result::fail(
          fmt::format("holds '{}', which is not a number from 0 to 10 with at most six decimals", arguments[1]), usage);
    }
    spec.sigma = static_cast<std::uint32_t>(*sigma);
  } else if (model.count == 2) {
    if (auto error = read_delay(arguments[1], spec.second, hint))
      return Result::fail(*error, hint.empty() ? usage : hint);
    if (model.kind == LatencyKind::uniform && spec.second < spec.first) {
      return Result::fail("has its bounds the wrong way round",
                          fmt::format("uniform({}, {})", to_string(spec.second), to_string(spec.first)));
    }
  }
  return Result::of(std::move(spec));
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Model& model : kModels) names.emplace_back(model.name);
  return names;
}

}  // namespace

Parsed<LatencySpec> LatencySpec::parse(std::string_view whole) {
  std::string_view text = trim(whole);
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos) {
    LatencySpec spec;
    std::string hint;
    const std::string_view word = text.substr(0, text.find_first_of("0123456789 ,+-"));
    if (!word.empty()) {
      for (const Model& model : kModels) {
        if (word == model.name) return Result::fail(fmt::format("gives {} no parameters", word), model.example);
      }
      return Result::fail("is not a latency model", did_you_mean(word, model_names()));
    }
    if (auto error = read_delay(text, spec.first, hint)) {
      return Result::fail("is not a latency", hint.empty() ? "such as 10ms or normal(50ms, 10ms)" : hint);
    }
    return Result::of(std::move(spec));
  }
  const std::string_view name = trim(text.substr(0, open));
  const Model* model = nullptr;
  for (const Model& candidate : kModels) {
    if (name == candidate.name) model = &candidate;
  }
  if (model == nullptr)
    return Result::fail(fmt::format("names no latency model ('{}')", name), did_you_mean(name, model_names()));
  const std::size_t close = text.find(')', open);
  if (close == std::string_view::npos) return Result::fail("lacks a closing ')'", model->example);
  Result result = read_model(*model, text.substr(open + 1, close - open - 1));
  const std::string_view rest = trim(text.substr(close + 1));
  if (!result || rest.empty()) return result;
  if (rest.front() != '+')
    return Result::fail(fmt::format("goes on with '{}' after ')'", rest), "only `+ DELAY` may follow");
  std::string hint;
  if (auto error = read_delay(trim(rest.substr(1)), result.value.shift, hint)) return Result::fail(*error, hint);
  return result;
}

std::string to_string(const LatencySpec& spec) {
  std::string text;
  switch (spec.kind) {
    case LatencyKind::constant:
      if (spec.shift == Duration{}) return to_string(spec.first);
      text = fmt::format("constant({})", to_string(spec.first));
      break;
    case LatencyKind::uniform:
      text = fmt::format("uniform({}, {})", to_string(spec.first), to_string(spec.second));
      break;
    case LatencyKind::normal:
      text = fmt::format("normal({}, {})", to_string(spec.first), to_string(spec.second));
      break;
    case LatencyKind::lognormal:
      text = fmt::format("lognormal({}, {})", to_string(spec.first), millionths(spec.sigma));
      break;
    case LatencyKind::exponential:
      text = fmt::format("exponential({})", to_string(spec.first));
      break;
    case LatencyKind::empirical:
      for (const auto& [delay, weight] : spec.table) {
        text += text.empty() ? "empirical(" : ", ";
        text += to_string(delay);
        if (spec.weighted) text += fmt::format("@{}%", millionths(weight));
      }
      text += ")";
      break;
  }
  if (spec.shift != Duration{}) text += fmt::format(" + {}", to_string(spec.shift));
  return text;
}

std::string Setting<LatencySpec>::type() {
  return "a latency, such as `10ms`, `normal(50ms, 10ms)` or `exponential(10ms) + 5ms`";
}

bool Setting<LatencySpec>::read(const Node& node, LatencySpec& out, Diagnostics& errors) {
  if (!node.is_scalar()) return detail::mismatch(node, type(), errors);
  Parsed<LatencySpec> parsed = LatencySpec::parse(node.scalar);
  if (!parsed) return detail::unparsed(node, parsed.error, parsed.hint, errors);
  out = std::move(parsed.value);
  return true;
}

Node Setting<LatencySpec>::show(const LatencySpec& spec) {
  return Node::text(to_string(spec));
}

Node Setting<LatencySpec>::schema() {
  return detail::string_or_zero_schema(
      R"(^\s*([0-9.]+\s*(ns|us|ms|s|min|h)|0|(constant|uniform|normal|lognormal|exponential|empirical)\s*\(.*\)(\s*\+.*)?)\s*$)");
}

}  // namespace byzsim
