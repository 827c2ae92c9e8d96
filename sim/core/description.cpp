// Reading structs by their descriptions.
#include "sim/core/description.hpp"

#include <fmt/core.h>

#include "sim/core/catalogue.hpp"
#include "sim/core/setting.hpp"

namespace byzsim {

namespace {

std::string unknown_entry(const std::string& kind, const std::string& name) {
  return fmt::format("no {} named '{}'", kind, name.substr(0, 60));
}

/// `{latency: normal(50ms, 10ms)}` reads as two keys: `latency` and `10ms)`.
bool comma_trap(const Node& value, const std::string& key) {
  return value.is_null() && key.ends_with(')');
}

bool is_free(const std::string& key) {
  return key.starts_with("x-");
}

bool read_fields(const Description& description, const Node& node, void* out,
                 const std::vector<std::string>& also_known, Diagnostics& errors);

/// Reads the options of a catalogue entry from a map; null stands for an empty one.
bool read_options(const CatalogueEntry& entry, const Node& node, Choice& out,
                  const std::vector<std::string>& also_known, Diagnostics& errors) {
  static const Description kNone;
  const Description& description = entry.options != nullptr ? *entry.options() : kNone;
  Node empty = Node::map();
  empty.position = node.position;
  const Node& map = node.is_null() ? empty : node;
  std::shared_ptr<void> options = description.make != nullptr ? description.make() : nullptr;
  out = {entry.kind, entry.name, options, description.type, &entry, node.position};
  if (!map.is_map()) {
    if (description.shorthand) return read_struct(description, map, options.get(), errors);
    return detail::mismatch(map, fmt::format("a map of the options of {}", entry.name), errors);
  }
  return read_fields(description, map, options.get(), also_known, errors);
}

bool no_entry(Position where, const std::string& kind, const std::string& name, Diagnostics& errors) {
  errors.error(where, unknown_entry(kind, name) + errors.in_path(), did_you_mean(name, Catalogue::names(kind)));
  return false;
}

bool read_choice(const std::string& kind, const Node& node, Choice& out, Diagnostics& errors) {
  const bool one_key = node.is_map() && node.items.size() == 1;
  if (!node.is_scalar() && !one_key) {
    const bool several = node.is_map() && node.items.size() > 1;
    errors.error(node.position,
                 fmt::format("expected the name of one {}{}, found {}", kind, errors.in_path(),
                             several ? fmt::format("a map of {} keys", node.items.size()) : node.describe_kind()),
                 several ? "write `- NAME: {options}`, or indent the options further than the name"
                         : "write `- NAME` or `- NAME: {options}`");
    return false;
  }
  const std::string& name = one_key ? node.keys[0].text : node.scalar;
  const Position where = one_key ? node.keys[0].position : node.position;
  const CatalogueEntry* entry = Catalogue::find(kind, name);
  if (entry == nullptr) return no_entry(where, kind, name, errors);
  Node none;
  none.position = where;
  const Diagnostics::Scope scope(errors, name);
  const bool good = read_options(*entry, one_key ? node.items[0] : none, out, {}, errors);
  out.position = where;
  return good;
}

bool read_each(const Field& field, const Node& node, Choice& out, Diagnostics& errors) {
  const CatalogueEntry* entry = Catalogue::find(field.kind, field.entry);
  if (entry == nullptr) {
    errors.error(node.position, fmt::format("this build of byzsim has no {}", field.key));
    return false;
  }
  if (!node.is_map()) return detail::mismatch(node, fmt::format("a {}, which is a map", field.entry), errors);
  return read_options(*entry, node, out, {}, errors);
}

bool read_field(const Field& field, const Node& node, void* out, Diagnostics& errors) {
  if (field.form == Field::Form::plain) {
    if (!field.type->read(node, out, errors)) return false;
    field.type->constrain(out, node, field.constraints, errors);
    return true;
  }
  if (field.form == Field::Form::choice) return read_choice(field.kind, node, *static_cast<Choice*>(out), errors);
  if (!node.is_list()) return detail::mismatch(node, type_text(field), errors);
  auto& list = *static_cast<std::vector<Choice>*>(out);
  list.assign(node.items.size(), Choice{});
  bool good = true;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Diagnostics::Scope scope(errors, i);
    const bool each = field.form == Field::Form::each;
    good = (each ? read_each(field, node.items[i], list[i], errors)
                 : read_choice(field.kind, node.items[i], list[i], errors)) &&
           good;
  }
  return good;
}

bool read_fields(const Description& description, const Node& node, void* out,
                 const std::vector<std::string>& also_known, Diagnostics& errors) {
  const std::size_t before = errors.errors();
  const std::size_t unread = errors.unread();
  Node rest = Node::map();
  rest.position = node.position;
  std::vector<bool> seen(description.fields.size());
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node::Key& key = node.keys[i];
    if (is_free(key.text)) continue;
    const Field* field = description.find(key.text);
    if (field == nullptr) {
      if (description.rest) {
        rest.put(key.text, node.items[i], key.position);
        continue;
      }
      std::vector<std::string> known = description.keys();
      known.insert(known.end(), also_known.begin(), also_known.end());
      const std::string around = errors.in_path();
      const Diagnostics::Scope scope(errors, key.text);
      errors.error(key.position, fmt::format("unknown key '{}'{}", key.text.substr(0, 60), around),
                   comma_trap(node.items[i], key.text) ? "inside {...} a value with a comma needs quotes"
                                                       : did_you_mean(key.text, known));
      continue;
    }
    seen[static_cast<std::size_t>(field - description.fields.data())] = true;
    const std::string around = errors.in_path();
    const Diagnostics::Scope scope(errors, key.text);
    if (node.items[i].is_null()) {
      errors.error(key.position, fmt::format("'{}' has no value{}", key.text, around),
                   fmt::format("expected {}", type_text(*field)));
      continue;
    }
    read_field(*field, node.items[i], field->member(out), errors);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Field& field = description.fields[i];
    if (seen[i] || !field.constraints.required) continue;
    const std::string around = errors.in_path();
    const Diagnostics::Scope scope(errors, field.key);
    errors.error(node.position, fmt::format("missing key '{}'{}", field.key, around),
                 fmt::format("{}: {}", field.key, field.help));
  }
  if (description.rest) {
    const auto& name = *static_cast<const std::string*>(description.rest->name(out));
    auto& choice = *static_cast<Choice*>(description.rest->choice(out));
    if (const CatalogueEntry* entry = Catalogue::find(description.rest->kind, name)) {
      read_options(*entry, rest, choice, description.keys(), errors);
    } else if (errors.unread() == unread) {
      no_entry(node.position, description.rest->kind, name, errors);
    }
  }
  if (description.check != nullptr && errors.unread() == unread) description.check(out, node, errors);
  return errors.errors() == before;
}

}  // namespace

const Field* Description::find(std::string_view key) const {
  for (const Field& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

const Field* Description::shorthand_field() const {
  if (!shorthand || make == nullptr) return nullptr;
  const std::shared_ptr<void> sample = make();
  for (const Field& field : fields) {
    if (field.member(sample.get()) == shorthand(sample.get())) return &field;
  }
  return nullptr;
}

std::vector<std::string> Description::keys() const {
  std::vector<std::string> list;
  for (const Field& field : fields) list.push_back(field.key);
  return list;
}

bool read_struct(const Description& description, const Node& node, void* out, Diagnostics& errors) {
  if (node.is_map()) return read_fields(description, node, out, {}, errors);
  const Field* field = node.is_null() ? nullptr : description.shorthand_field();
  if (field == nullptr) return detail::mismatch(node, "a map", errors);
  const std::size_t before = errors.errors();
  const std::size_t unread = errors.unread();
  read_field(*field, node, field->member(out), errors);
  if (description.check != nullptr && errors.unread() == unread) description.check(out, node, errors);
  return errors.errors() == before;
}

namespace detail {

void constrain_number(long double value, const Node& node, const Constraints& constraints, Diagnostics& errors) {
  const bool low = constraints.at_least && value < constraints.at_least->value;
  const bool high = constraints.at_most && value > constraints.at_most->value;
  if (!low && !high) return;
  errors.error(node.position,
               fmt::format("{}{} is too {}", Node::plain(node.scalar).describe_kind(), errors.in_path(),
                           low ? "small" : "large"),
               fmt::format("it must be {}", bounds_text(constraints)));
}

void constrain_text(const std::string& value, const Node& node, const Constraints& constraints, Diagnostics& errors) {
  if (!constraints.catalogue.empty() && Catalogue::find(constraints.catalogue, value) == nullptr) {
    no_entry(node.position, constraints.catalogue, value, errors);
  }
  if (constraints.one_of.empty()) return;
  for (const std::string& word : constraints.one_of) {
    if (word == value) return;
  }
  std::string known;
  for (const std::string& word : constraints.one_of) known += (known.empty() ? "" : ", ") + word;
  errors.error(node.position, fmt::format("expected {}{}, found {}", known, errors.in_path(), node.describe_kind()));
}

}  // namespace detail

Choice choose(std::string_view kind, std::string_view name) {
  Diagnostics errors;
  Choice choice = choose(kind, name, Node::map(), errors);
  CHECK(errors.ok());
  return choice;
}

Choice choose(std::string_view kind, std::string_view name, const Node& options, Diagnostics& errors) {
  const CatalogueEntry* entry = Catalogue::find(kind, name);
  CHECK(entry != nullptr);
  Choice choice;
  read_options(*entry, options, choice, {}, errors);
  return choice;
}

}  // namespace byzsim
