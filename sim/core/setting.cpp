#include "sim/core/setting.hpp"

#include <fmt/core.h>

#include <limits>

namespace byzsim {

namespace {

constexpr const char* kTimePattern = "^-?[0-9]+(\\.[0-9]+)?(ns|us|ms|s|min|h)$|^0$";
constexpr const char* kSizePattern = "^[0-9]+(\\.[0-9]+)?([KMGT]i?)?B$|^0$";
constexpr const char* kRatePattern = "^[0-9]+(\\.[0-9]+)?[kMGT]?bit/s$|^0$";

template <class X>
bool read_parsed(const Node& node, X& out, std::string_view type, Parsed<X> (*parse)(std::string_view),
                 Diagnostics& errors) {
  if (!node.is_scalar()) return detail::mismatch(node, type, errors);
  auto parsed = parse(node.scalar);
  if (!parsed) return detail::unparsed(node, parsed.error, parsed.hint, errors);
  out = std::move(parsed.value);
  return true;
}

/// A number or a string that looks like one, which the writer put in quotes.
bool refuse_quotes(const Node& node, std::string_view type, Diagnostics& errors) {
  errors.error(node.position, fmt::format("expected {}{}, found {}", type, errors.in_path(), node.describe_kind()),
               "leave out the quotes");
  return false;
}

Node typed(const char* type) {
  return Node::map().put("type", Node::text(type));
}

}  // namespace

namespace detail {

bool mismatch(const Node& node, std::string_view type, Diagnostics& errors) {
  errors.error(node.position, fmt::format("expected {}{}, found {}", type, errors.in_path(), node.describe_kind()));
  return false;
}

bool unparsed(const Node& node, const std::string& error, const std::string& hint, Diagnostics& errors) {
  Node shown = node;
  shown.quoted = false;
  errors.error(node.position, fmt::format("{}{} {}", shown.describe_kind(), errors.in_path(), error), hint);
  return false;
}

int read_name(const Node& node, const std::vector<NameAndHelp>& names, Diagnostics& errors) {
  if (!node.is_scalar()) {
    mismatch(node, names_type(names), errors);
    return -1;
  }
  std::vector<std::string> known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].name == node.scalar) return static_cast<int>(i);
    known.push_back(names[i].name);
  }
  errors.error(node.position,
               fmt::format("expected {}{}, found {}", names_type(names), errors.in_path(), node.describe_kind()),
               closest(node.scalar, known).empty() ? "" : did_you_mean(node.scalar, known));
  return -1;
}

std::string names_type(const std::vector<NameAndHelp>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i].name;
  }
  return text;
}

Node names_schema(const std::vector<NameAndHelp>& names) {
  if (names.empty()) return typed("string");
  Node options = Node::list();
  for (const NameAndHelp& name : names) {
    Node option = Node::map().put("const", Node::text(name.name));
    if (!name.help.empty()) option.put("description", Node::text(name.help));
    options.push(std::move(option));
  }
  return Node::map().put("anyOf", std::move(options));
}

Node string_schema(const char* pattern) {
  return typed("string").put("pattern", Node::text(pattern));
}

Node string_or_zero_schema(const char* pattern) {
  Node options = Node::list();
  options.push(string_schema(pattern)).push(Node::map().put("const", Node::plain("0")));
  return Node::map().put("anyOf", std::move(options));
}

Node integer_schema(std::uint64_t most) {
  Node integer = typed("integer").put("minimum", Node::plain("0"));
  if (most < std::numeric_limits<std::uint64_t>::max()) return integer.put("maximum", Node::number(most));
  Node options = Node::list();
  options.push(std::move(integer)).push(string_schema("^(0|[1-9][0-9]*)$"));
  return Node::map().put("anyOf", std::move(options));
}

Node list_schema(Node items) {
  return typed("array").put("items", std::move(items));
}
Node map_schema(Node values) {
  return typed("object").put("additionalProperties", std::move(values));
}

bool read_unsigned(const Node& node, std::uint64_t most, std::uint64_t& out, Diagnostics& errors) {
  if (!node.is_scalar()) return mismatch(node, "a whole number", errors);
  // Past 2^53 JSON readers round, so a resolved scenario writes such numbers as strings.
  if (node.quoted && most < std::numeric_limits<std::uint64_t>::max())
    return refuse_quotes(node, "a whole number", errors);
  const auto parsed = parse_unsigned(node.scalar);
  if (!parsed) return unparsed(node, parsed.error, parsed.hint, errors);
  if (parsed.value > most) return unparsed(node, "is too large", fmt::format("the most is {}", most), errors);
  out = parsed.value;
  return true;
}

}  // namespace detail

bool Setting<bool>::read(const Node& node, bool& out, Diagnostics& errors) {
  if (!node.is_scalar()) return detail::mismatch(node, type(), errors);
  if (node.quoted) return refuse_quotes(node, type(), errors);
  if (node.scalar != "true" && node.scalar != "false") {
    const bool yes = node.scalar == "yes" || node.scalar == "on" || node.scalar == "True";
    const bool no = node.scalar == "no" || node.scalar == "off" || node.scalar == "False";
    return detail::unparsed(node, "is not true or false",
                            yes  ? "did you mean 'true'?"
                            : no ? "did you mean 'false'?"
                                 : "",
                            errors);
  }
  out = node.scalar == "true";
  return true;
}
Node Setting<bool>::schema() {
  return typed("boolean");
}

bool Setting<double>::read(const Node& node, double& out, Diagnostics& errors) {
  if (node.is_scalar() && node.quoted) return refuse_quotes(node, type(), errors);
  return read_parsed(node, out, type(), parse_real, errors);
}
Node Setting<double>::schema() {
  return typed("number");
}

bool Setting<std::string>::read(const Node& node, std::string& out, Diagnostics& errors) {
  if (!node.is_scalar()) return detail::mismatch(node, type(), errors);
  out = node.scalar;
  return true;
}
Node Setting<std::string>::schema() {
  // An unquoted `010` or `true` is text to byzsim where text is expected, and a number to an editor.
  Node types = Node::list();
  types.push(Node::text("string")).push(Node::text("number")).push(Node::text("boolean"));
  return Node::map().put("type", std::move(types));
}

std::string Setting<Duration>::type() {
  return "a duration, such as `50ms`";
}
bool Setting<Duration>::read(const Node& node, Duration& out, Diagnostics& errors) {
  return read_parsed(node, out, type(), parse_duration, errors);
}
Node Setting<Duration>::show(const Duration& value) {
  return Node::text(to_string(value));
}
Node Setting<Duration>::schema() {
  return detail::string_or_zero_schema(kTimePattern);
}

std::string Setting<ByteCount>::type() {
  return "a number of bytes, such as `512B`";
}
bool Setting<ByteCount>::read(const Node& node, ByteCount& out, Diagnostics& errors) {
  return read_parsed(node, out, type(), parse_bytes, errors);
}
Node Setting<ByteCount>::show(const ByteCount& value) {
  return Node::text(to_string(value));
}
Node Setting<ByteCount>::schema() {
  return detail::string_or_zero_schema(kSizePattern);
}

std::string Setting<BitRate>::type() {
  return "a rate, such as `1Gbit/s`";
}
bool Setting<BitRate>::read(const Node& node, BitRate& out, Diagnostics& errors) {
  return read_parsed(node, out, type(), parse_rate, errors);
}
Node Setting<BitRate>::show(const BitRate& value) {
  return Node::text(to_string(value));
}
Node Setting<BitRate>::schema() {
  return detail::string_or_zero_schema(kRatePattern);
}

std::string Setting<SeedRange>::type() {
  return "a range of seeds, such as `1..100`";
}
bool Setting<SeedRange>::read(const Node& node, SeedRange& out, Diagnostics& errors) {
  return read_parsed(node, out, type(), parse_seeds, errors);
}
Node Setting<SeedRange>::show(const SeedRange& value) {
  return Node::text(to_string(value));
}
Node Setting<SeedRange>::schema() {
  Node options = Node::list();
  options.push(detail::string_schema("^[0-9]+(\\.\\.[0-9]+)?$")).push(detail::integer_schema(0xFFFF'FFFF));
  return Node::map().put("anyOf", std::move(options));
}

std::string Setting<Condition>::type() {
  return "a condition, such as `\">= 1\"`";
}
bool Setting<Condition>::read(const Node& node, Condition& out, Diagnostics& errors) {
  return read_parsed(node, out, type(), Condition::parse, errors);
}
Node Setting<Condition>::show(const Condition& value) {
  return Node::text(value.text());
}
Node Setting<Condition>::schema() {
  return Setting<std::string>::schema();
}

std::string Setting<NodeRef>::type() {
  return "a node, such as `2` or `c0`";
}
bool Setting<NodeRef>::read(const Node& node, NodeRef& out, Diagnostics& errors) {
  return read_parsed(node, out, type(), parse_node_ref, errors);
}
Node Setting<NodeRef>::show(const NodeRef& value) {
  return value.client ? Node::text(to_string(value)) : Node::number(std::uint64_t{value.index});
}
Node Setting<NodeRef>::schema() {
  Node options = Node::list();
  options.push(detail::integer_schema(0xFFFF'FFFF)).push(detail::string_schema("^c?[0-9]+$"));
  return Node::map().put("anyOf", std::move(options));
}

}  // namespace byzsim
