#include "adversaries/field_match.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adversaries/coalition.hpp"
#include "adversaries/match.hpp"

namespace byzsim {

namespace {

template <class S>
std::optional<S> if_any(const Node& node) {
  auto parsed = S::parse(node);
  return parsed ? std::optional<S>(std::move(parsed.value)) : std::nullopt;
}

/// `none`, false; `{not: none}`, true: whether there has to be something.
std::optional<bool> presence(const Node& wanted) {
  if (wanted.is_scalar() && wanted.scalar == "none") return false;
  const Node* inverted = wanted.is_map() && wanted.items.size() == 1 ? wanted.find("not") : nullptr;
  if (inverted != nullptr && inverted->is_scalar() && inverted->scalar == "none") return true;
  return std::nullopt;
}

bool is_number_list(const FieldFacts& list, const Node& wanted) {
  return list.sort == FieldSort::number && wanted.is_list();
}

}  // namespace

bool Setting<FieldMatch>::read(const Node& node, FieldMatch& out, Diagnostics& errors) {
  if (!node.is_map()) return detail::mismatch(node, type(), errors);
  out.written_ = node;
  out.conditions_.clear();
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const Node& wanted = node.items[i];
    const Node* size = wanted.is_map() && wanted.items.size() == 1 ? wanted.find("size") : nullptr;
    out.conditions_.push_back({steps_of(node.keys[i].text), node.keys[i].position, wanted,
                               if_any<NumberSelector>(wanted), if_any<NodeSelector>(wanted),
                               if_any<ValueSelector>(wanted),
                               size != nullptr ? if_any<NumberSelector>(*size) : std::nullopt});
  }
  return true;
}

Node Setting<FieldMatch>::schema() {
  return Node::map().put("type", Node::text("object"));
}

bool FieldMatch::fits(const Condition& condition, const FieldFacts& outer, const Json& value, const Powers& powers) {
  if (is_batch(outer) && condition.values) {
    Ref<const Batch> batch;
    take(value, batch);
    return batch && condition.values->contains(*batch, powers);
  }
  const FieldFacts facts = content_of(outer);
  if (facts.list) {
    if (!value.is_array()) return false;
    if (condition.size) return condition.size->contains(value.size());
    return value.size() == condition.wanted.items.size() &&
           std::equal(value.begin(), value.end(), condition.wanted.items.begin(), [&](const Json& a, const Node& b) {
             return number_word(b.scalar, powers.n()) == number_in_tree(a);
           });
  }
  switch (facts.sort) {
    case FieldSort::number: {
      const std::uint64_t number = number_in_tree(value);
      if (condition.numbers) return condition.numbers->contains(number);
      return condition.nodes && number < kNobody &&
             condition.nodes->contains(static_cast<NodeId>(number), kNoView, powers);
    }
    case FieldSort::boolean:
      return value.get<bool>() == (condition.wanted.scalar == "true");
    case FieldSort::text:
      return value.get_ref<const std::string&>() == condition.wanted.scalar;
    case FieldSort::digest: {
      if (is_digest_word(condition.wanted.scalar)) return value == condition.wanted.scalar;
      Digest digest;
      take(value, digest);
      return condition.values && condition.values->contains(digest, nullptr, powers);
    }
    default:
      return presence(condition.wanted) == !value.is_null();
  }
}

bool FieldMatch::matches(const Message& message, const Powers& powers) const {
  if (conditions_.empty()) return true;
  const Json tree = tree_of(message);
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    bool found = false;
    walk_path(
        facts_of(message.kind()), tree.at("fields"), condition.steps, powers,
        [&](const FieldFacts& facts, const Json& value) { found = found || fits(condition, facts, value, powers); });
    return found;
  });
}

void FieldMatch::check(const MessageKind& kind, const AdversaryFacts& facts, Diagnostics& errors) const {
  for (const Condition& condition : conditions_) {
    const auto reached =
        check_path(std::string(kind.traits.name), facts_of(kind), condition.steps, condition.where, facts, errors);
    if (!reached) continue;
    const Node& wanted = condition.wanted;
    const auto wrong = [&](const std::string& right) {
      errors.error(wanted.position,
                   fmt::format("'{}' cannot be compared with {}", reached->name, wanted.describe_kind()),
                   fmt::format("expected {}", right));
    };
    const auto values = [&] {
      if (!condition.values) return wrong(ValueSelector::kForms);
      check_values(*condition.values, facts, errors);
    };
    if (is_batch(*reached) && !condition.size) {
      values();
      continue;
    }
    const FieldFacts inside = content_of(*reached);
    if (inside.list) {
      const bool numbers = is_number_list(inside, wanted) &&
                           std::all_of(wanted.items.begin(), wanted.items.end(), [&](const Node& item) {
                             return item.is_scalar() && number_word(item.scalar, facts.n).has_value();
                           });
      if (!condition.size && !numbers)
        wrong("{size: NUMBERS}, for a list of numbers also the list itself; for one of its items add a place or `*`");
      continue;
    }
    switch (inside.sort) {
      case FieldSort::number:
        if (condition.numbers) break;
        if (!condition.nodes) {
          wrong(fmt::format("{}, or {}", NumberSelector::kForms, NodeSelector::kForms));
        } else {
          check_nodes(*condition.nodes, facts, errors);
        }
        break;
      case FieldSort::boolean:
        if (wanted.scalar != "true" && wanted.scalar != "false") wrong("true or false");
        break;
      case FieldSort::text:
        if (!wanted.is_scalar()) wrong("text");
        break;
      case FieldSort::digest:
        if (!is_digest_word(wanted.scalar)) values();
        break;
      default:
        if (!presence(wanted)) wrong("`none`, `{not: none}`, or a longer path to something in it");
    }
  }
}

}  // namespace byzsim
