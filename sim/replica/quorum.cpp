#include "sim/replica/quorum.hpp"

#include <algorithm>
#include <charconv>

namespace byzsim {

namespace {

std::string without_spaces(std::string_view text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept), [](char c) { return c != ' '; });
  return kept;
}

}  // namespace

std::optional<QuorumRule> QuorumRule::parse(std::string_view text) {
  const std::string rule = without_spaces(text);
  QuorumRule result;
  if (rule == "ceil((n+f+1)/2)") {
    result.form_ = Form::intersecting;
  } else if (rule == "2f+1") {
    result.form_ = Form::two_f_plus_one;
  } else if (rule == "2f") {
    result.form_ = Form::two_f;
  } else if (rule == "n-f") {
    result.form_ = Form::n_minus_f;
  } else if (rule == "ceil(2n/3)") {
    result.form_ = Form::two_thirds;
  } else {
    const auto [end, error] = std::from_chars(rule.data(), rule.data() + rule.size(), result.number_);
    if (error != std::errc{} || end != rule.data() + rule.size() || result.number_ == 0) return std::nullopt;
    result.form_ = Form::number;
  }
  return result;
}

std::uint32_t QuorumRule::of(std::uint32_t n, std::uint32_t f) const {
  switch (form_) {
    case Form::intersecting:
      return intersecting_quorum(n, f);
    case Form::two_f_plus_one:
      return 2 * f + 1;
    case Form::two_f:
      return std::max(2 * f, 1u);
    case Form::n_minus_f:
      return n - f;
    case Form::two_thirds:
      return (2 * n + 2) / 3;
    case Form::number:
      return number_;
  }
  return 0;
}

std::string QuorumRule::text() const {
  switch (form_) {
    case Form::intersecting:
      return "ceil((n+f+1)/2)";
    case Form::two_f_plus_one:
      return "2f+1";
    case Form::two_f:
      return "2f";
    case Form::n_minus_f:
      return "n-f";
    case Form::two_thirds:
      return "ceil(2n/3)";
    case Form::number:
      return std::to_string(number_);
  }
  return {};
}

bool Setting<QuorumRule>::read(const Node& node, QuorumRule& out, Diagnostics& errors) {
  if (!node.is_scalar()) return detail::mismatch(node, type(), errors);
  const std::optional<QuorumRule> rule = QuorumRule::parse(node.scalar);
  if (!rule) return detail::unparsed(node, "'" + node.scalar + "' is not a quorum rule", "expected " + type(), errors);
  out = *rule;
  return true;
}

Node Setting<QuorumRule>::schema() {
  Node number = Node::map().put("type", Node::text("integer")).put("minimum", Node::plain("1"));
  Node words = detail::string_schema(R"(^(2f\+1|2f|n-f|ceil\(\(n\+f\+1\)/2\)|ceil\(2n/3\)|[1-9][0-9]*)$)");
  return Node::map().put("anyOf", Node::list().push(std::move(words)).push(std::move(number)));
}

}  // namespace byzsim
