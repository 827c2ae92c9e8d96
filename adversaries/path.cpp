#include "adversaries/path.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adversaries/coalition.hpp"
#include "adversaries/selectors.hpp"
#include "sim/core/units.hpp"

namespace byzsim {

namespace {

/// A step FIELD=VALUE in its two halves; nothing if it is none.
std::optional<std::pair<std::string_view, std::string_view>> condition_in(std::string_view step) {
  const std::size_t sign = step.find('=');
  if (sign == std::string_view::npos) return std::nullopt;
  return std::pair{step.substr(0, sign), step.substr(sign + 1)};
}

bool holds(const FieldFacts& field, const Json& value, std::string_view wanted, const Powers& powers) {
  switch (field.sort) {
    case FieldSort::number: {
      const auto number = number_word(wanted, powers.n());
      return number && number_in_tree(value) == *number;
    }
    case FieldSort::boolean:
      return value.get<bool>() == (wanted == "true");
    case FieldSort::text:
      return value.get_ref<const std::string&>() == wanted;
    case FieldSort::digest: {
      if (wanted == "none") return value == json_of(Batch::null());
      if (const auto request = powers.named_request(wanted)) return value == json_of(Batch({request}).digest());
      return value.get_ref<const std::string&>() == wanted;
    }
    default:
      return false;
  }
}

/// Where a field of a message or a group stands in the tree; null if it is not there.
const Json* value_inside(const FieldFacts& facts, const Json& tree, const FieldFacts& field) {
  if (!tree.is_object()) return nullptr;
  const bool beside = facts.sort != FieldSort::message || find_field(fields_in(facts), field.name) == nullptr;
  const Json& owner = beside ? tree : tree.at("fields");
  const auto found = owner.find(std::string(field.name));
  return found == owner.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  while (true) {
    const std::size_t dot = path.find('.');
    steps.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return steps;
    path.remove_prefix(dot + 1);
  }
}

const FieldFacts* find_field(const std::vector<FieldFacts>& fields, std::string_view name) {
  const auto same = [](char a, char b) { return a == b || ((a == '-' || a == '_') && (b == '-' || b == '_')); };
  for (const FieldFacts& field : fields) {
    if (std::equal(field.name.begin(), field.name.end(), name.begin(), name.end(), same)) return &field;
  }
  return nullptr;
}

FieldFacts content_of(const FieldFacts& facts) {
  FieldFacts content = facts;
  if (facts.list) return content;
  if (facts.sort == FieldSort::payload && !facts.fields.empty()) content = facts.fields.front();
  if (facts.sort == FieldSort::members) {
    content.sort = FieldSort::number;
    content.list = true;
  }
  return content;
}

FieldFacts item_of(const FieldFacts& list) {
  FieldFacts item = list;
  item.list = false;
  return item;
}

const std::vector<FieldFacts>& fields_in(const FieldFacts& facts) {
  static const std::vector<FieldFacts> none;
  if (facts.list) return none;
  if (facts.sort == FieldSort::message) return facts_of(*facts.message);
  return facts.sort == FieldSort::group ? facts.fields : none;
}

const FieldFacts* field_inside(const FieldFacts& facts, std::string_view name) {
  static const FieldFacts signer{.name = "signer"};
  if (const FieldFacts* field = find_field(fields_in(facts), name)) return field;
  return facts.sort == FieldSort::message && !facts.list && name == signer.name ? &signer : nullptr;
}

std::string name_of(const FieldFacts& facts) {
  return std::string(facts.sort == FieldSort::message && !facts.list ? facts.message->traits.name : facts.name);
}

bool is_batch(const FieldFacts& facts) {
  if (facts.list || facts.sort != FieldSort::payload) return false;
  const FieldFacts content = content_of(facts);
  return content.list && content.sort == FieldSort::message && content.message == &Request::kind_info;
}

std::optional<std::uint64_t> number_word(std::string_view text, std::uint32_t n) {
  if (const auto number = parse_unsigned(text)) return number.value;
  const Parsed<NodeRef> node = parse_node_ref(text);
  if (!node || !node.value.client) return std::nullopt;
  return std::uint64_t{n} + node.value.index;
}

bool is_digest_word(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::uint64_t number_in_tree(const Json& value) {
  std::uint64_t number = 0;
  take(value, number);
  return number;
}

std::vector<std::size_t> places_of(const FieldFacts& facts, const Json& list, std::string_view step,
                                   const Powers& powers) {
  std::vector<std::size_t> places;
  if (const auto condition = condition_in(step)) {
    const FieldFacts item = item_of(facts);
    const FieldFacts* field = field_inside(item, condition->first);
    for (std::size_t i = 0; field != nullptr && i < list.size(); ++i) {
      const Json* value = value_inside(item, list[i], *field);
      if (value != nullptr && holds(*field, *value, condition->second, powers)) places.push_back(i);
    }
    if (places.empty()) throw Impossible(fmt::format("'{}' has no item with {}", facts.name, step));
  } else if (step == "*") {
    for (std::size_t i = 0; i < list.size(); ++i) places.push_back(i);
  } else if (step == "last") {
    if (list.empty()) throw Impossible(fmt::format("'{}' is empty", facts.name));
    places.push_back(list.size() - 1);
  } else {
    const Parsed<std::uint64_t> place = parse_unsigned(step);
    if (!place || place.value >= list.size()) throw Impossible(fmt::format("'{}' has no item {}", facts.name, step));
    places.push_back(place.value);
  }
  return places;
}

namespace {

void walk_inside(const FieldFacts& outer, const Json& value, std::span<const std::string> steps, const Powers& powers,
                 const PathVisitor& visit) {
  if (steps.empty()) return visit(outer, value);
  const FieldFacts facts = content_of(outer);
  if (facts.list) {
    if (!value.is_array()) return;
    std::vector<std::size_t> places;
    try {
      places = places_of(facts, value, steps.front(), powers);
    } catch (const Impossible&) {
      return;
    }
    const FieldFacts item = item_of(facts);
    for (const std::size_t place : places) walk_inside(item, value[place], steps.subspan(1), powers, visit);
  } else if (const FieldFacts* field = field_inside(facts, steps.front())) {
    if (const Json* inner = value_inside(facts, value, *field))
      walk_inside(*field, *inner, steps.subspan(1), powers, visit);
  }
}

}  // namespace

void walk_path(const std::vector<FieldFacts>& fields, const Json& values, const std::vector<std::string>& steps,
               const Powers& powers, const PathVisitor& visit) {
  const FieldFacts* field = find_field(fields, steps.front());
  if (field == nullptr) return;
  const auto found = values.find(std::string(field->name));
  if (found != values.end()) walk_inside(*field, *found, std::span(steps).subspan(1), powers, visit);
}

void check_place(const FieldFacts& list, std::string_view step, Position where, const AdversaryFacts& facts,
                 Diagnostics& errors) {
  const auto condition = condition_in(step);
  if (!condition) {
    if (step == "*" || step == "last" || parse_unsigned(step)) return;
    return errors.error(where, fmt::format("'{}' is a list: a place is needed after it, not '{}'", list.name, step),
                        "a number from 0, `last`, `*` for all, or FIELD=VALUE for those with that value");
  }
  const FieldFacts item = item_of(list);
  const FieldFacts* field = field_inside(item, condition->first);
  if (field == nullptr) {
    std::vector<std::string> names;
    for (const FieldFacts& known : fields_in(item)) names.emplace_back(known.name);
    return errors.error(where, fmt::format("an item of '{}' has no field '{}'", list.name, condition->first),
                        did_you_mean(condition->first, names));
  }
  const std::string text(condition->second);
  switch (field->list ? FieldSort::group : field->sort) {
    case FieldSort::number:
      if (!number_word(text, facts.n)) errors.error(where, fmt::format("'{}' is no number and no node", text));
      return;
    case FieldSort::boolean:
      if (text != "true" && text != "false") errors.error(where, fmt::format("'{}' is neither true nor false", text));
      return;
    case FieldSort::text:
      return;
    case FieldSort::digest:
      if (text == "none" || is_digest_word(text)) return;
      if (std::find(facts.request_names.begin(), facts.request_names.end(), text) == facts.request_names.end()) {
        errors.error(where, fmt::format("no scripted request is called '{}'", text),
                     did_you_mean(text, facts.request_names));
      }
      return;
    default:
      errors.error(where, fmt::format("'{}' is no single value that an item could be told by", field->name));
  }
}

std::optional<FieldFacts> check_path(const std::string& owner, const std::vector<FieldFacts>& fields,
                                     const std::vector<std::string>& steps, Position where, const AdversaryFacts& facts,
                                     Diagnostics& errors) {
  const auto unknown = [&](const std::string& name, const std::vector<FieldFacts>& known, const std::string& step) {
    std::vector<std::string> names;
    for (const FieldFacts& field : known) names.emplace_back(field.name);
    errors.error(where, fmt::format("{} has no field '{}'", name, step), did_you_mean(step, names));
    return std::nullopt;
  };
  const FieldFacts* first = find_field(fields, steps.front());
  if (first == nullptr) return unknown(owner, fields, steps.front());
  FieldFacts reached = *first;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    const FieldFacts inside = content_of(reached);
    if (inside.list) {
      const std::size_t before = errors.errors();
      check_place(inside, steps[i], where, facts, errors);
      if (errors.errors() != before) return std::nullopt;
      reached = item_of(inside);
    } else if (inside.sort != FieldSort::message && inside.sort != FieldSort::group) {
      errors.error(where, fmt::format("there is nothing inside '{}'", reached.name));
      return std::nullopt;
    } else if (const FieldFacts* field = field_inside(inside, steps[i])) {
      reached = *field;
    } else {
      return unknown(name_of(inside), fields_in(inside), steps[i]);
    }
  }
  return reached;
}

}  // namespace byzsim
