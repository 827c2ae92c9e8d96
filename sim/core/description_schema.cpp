// JSON Schema draft-07 and words from descriptions.
#include <fmt/core.h>

#include <algorithm>

#include "sim/core/catalogue.hpp"
#include "sim/core/description.hpp"
#include "sim/core/setting.hpp"

namespace byzsim {

namespace {

std::vector<detail::NameAndHelp> entry_names(const std::string& kind) {
  std::vector<detail::NameAndHelp> names;
  for (const CatalogueEntry* entry : Catalogue::list(kind)) names.push_back({entry->name, entry->summary});
  return names;
}

std::string with_article(const std::string& noun) {
  const bool vowel = !noun.empty() && std::string_view("aeiou").find(noun[0]) != std::string_view::npos;
  return (vowel ? "an " : "a ") + noun;
}

/// Writes the constraints into a schema, inside lists and alternatives too.
void constrain_schema(Node& schema, const Constraints& constraints) {
  if (Node* items = schema.find("items")) return constrain_schema(*items, constraints);
  std::vector<detail::NameAndHelp> names = entry_names(constraints.catalogue.empty() ? "-" : constraints.catalogue);
  for (const std::string& word : constraints.one_of) names.push_back({word, {}});
  if (!names.empty()) {
    schema = detail::names_schema(names);
    return;
  }
  if (Node* options = schema.find("anyOf")) {
    for (Node& option : options->items) constrain_schema(option, constraints);
  }
  const Node* type = schema.find("type");
  if (type == nullptr || (type->scalar != "integer" && type->scalar != "number")) return;
  if (constraints.at_least) schema.put("minimum", Node::plain(constraints.at_least->text));
  if (constraints.at_most) schema.put("maximum", Node::plain(constraints.at_most->text));
}

Node object_schema(Node properties, Node required) {
  Node schema = Node::map();
  schema.put("type", Node::text("object")).put("properties", std::move(properties));
  if (!required.items.empty()) schema.put("required", std::move(required));
  schema.put("patternProperties", Node::map().put("^x-", Node::boolean(true)));
  return schema.put("additionalProperties", Node::boolean(false));
}

Node options_schema(const CatalogueEntry& entry) {
  if (entry.options == nullptr) return object_schema(Node::map(), Node::list());
  return schema_struct(*entry.options());
}

/// Whether the entry cannot do with its name alone.
bool needs_options(const CatalogueEntry& entry) {
  if (entry.options == nullptr) return false;
  const auto& fields = entry.options()->fields;
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) { return field.constraints.required; });
}

/// `name`, or `name: {options}`; the name alone only where no option is required.
Node choice_schema(const std::string& kind) {
  Node properties = Node::map();
  std::vector<detail::NameAndHelp> bare;
  for (const CatalogueEntry* entry : Catalogue::list(kind)) {
    Node options = options_schema(*entry);
    Node either = Node::list().push(std::move(options));
    if (!needs_options(*entry)) {
      either.push(Node::map().put("type", Node::text("null")));
      bare.push_back({entry->name, entry->summary});
    }
    properties.put(entry->name,
                   Node::map().put("description", Node::text(entry->summary)).put("anyOf", std::move(either)));
  }
  Node object = Node::map();
  object.put("type", Node::text("object")).put("properties", std::move(properties));
  object.put("additionalProperties", Node::boolean(false));
  object.put("minProperties", Node::plain("1")).put("maxProperties", Node::plain("1"));
  Node options = Node::list();
  if (!bare.empty()) options.push(detail::names_schema(bare));
  options.push(std::move(object));
  return Node::map().put("anyOf", std::move(options));
}

Node field_schema(const Description& description, const Field& field) {
  Node schema;
  switch (field.form) {
    case Field::Form::plain:
      schema = field.type->schema();
      break;
    case Field::Form::choice:
      schema = choice_schema(field.kind);
      break;
    case Field::Form::choices:
      schema = detail::list_schema(choice_schema(field.kind));
      break;
    case Field::Form::each: {
      const CatalogueEntry* entry = Catalogue::find(field.kind, field.entry);
      schema = detail::list_schema(entry != nullptr ? options_schema(*entry) : Node::map());
      break;
    }
  }
  constrain_schema(schema, field.constraints);
  std::string help = field.help;
  if (const std::string bounds = bounds_text(field.constraints); !bounds.empty()) help += fmt::format(" ({})", bounds);
  schema.put("description", Node::text(help));
  // Structs carry their defaults key by key.
  const bool nested = field.type != nullptr && field.type->nested() != nullptr && field.type->container[0] == '\0';
  if (Node value = default_of(description, field); !value.is_null() && !nested) schema.put("default", std::move(value));
  return schema;
}

Node properties_of(const Description& description, Node& required) {
  Node properties = Node::map();
  for (const Field& field : description.fields) {
    properties.put(field.key, field_schema(description, field));
    if (field.constraints.required) required.push(Node::text(field.key));
  }
  return properties;
}

/// Draft-07 cannot close an object that is put together from parts, so each entry gets the whole object in a `then`.
void add_rest(const Description& description, const Node& own, const Node& required, Node& schema) {
  const Rest& rest = *description.rest;
  const std::shared_ptr<void> sample = description.make();
  const void* name_member = rest.name(sample.get());
  const auto& default_name = *static_cast<const std::string*>(name_member);
  std::string name_key = "name";
  for (const Field& field : description.fields) {
    if (field.member(sample.get()) == name_member) name_key = field.key;
  }
  Node cases = Node::list();
  for (const CatalogueEntry* entry : Catalogue::list(rest.kind)) {
    Node all = own;
    Node needs = required;
    if (entry->options != nullptr) {
      const Node options = properties_of(*entry->options(), needs);
      for (std::size_t i = 0; i < options.items.size(); ++i) all.put(options.keys[i].text, options.items[i]);
    }
    Node chosen = Node::map();
    chosen.put("properties", Node::map().put(name_key, Node::map().put("const", Node::text(entry->name))));
    if (entry->name != default_name) chosen.put("required", Node::list().push(Node::text(name_key)));
    cases.push(Node::map().put("if", std::move(chosen)).put("then", object_schema(std::move(all), std::move(needs))));
  }
  schema.erase("additionalProperties");
  if (!cases.items.empty()) schema.put("allOf", std::move(cases));
}

}  // namespace

Node schema_struct(const Description& description) {
  // A type that holds itself is described once; further in, anything goes.
  thread_local std::vector<const Description*> open;
  if (std::find(open.begin(), open.end(), &description) != open.end()) return Node::map();
  open.push_back(&description);
  Node required = Node::list();
  const Node properties = properties_of(description, required);
  Node schema = object_schema(properties, required);
  if (description.rest) add_rest(description, properties, required, schema);
  if (const Field* field = description.shorthand_field()) {
    Node brief = field_schema(description, *field);
    brief.erase("default");
    schema = Node::map().put("anyOf", Node::list().push(std::move(brief)).push(std::move(schema)));
  }
  open.pop_back();
  return schema;
}

std::string bounds_text(const Constraints& constraints) {
  if (constraints.at_least && constraints.at_most) {
    return fmt::format("from {} to {}", constraints.at_least->text, constraints.at_most->text);
  }
  if (constraints.at_least) return fmt::format("at least {}", constraints.at_least->text);
  if (constraints.at_most) return fmt::format("at most {}", constraints.at_most->text);
  return {};
}

std::string type_text(const Field& field) {
  switch (field.form) {
    case Field::Form::plain:
      break;
    case Field::Form::choice:
      return fmt::format("the name of {}, or `NAME: {{options}}`", with_article(field.kind));
    case Field::Form::choices:
      return fmt::format("a list, each item the name of {}, or `NAME: {{options}}`", with_article(field.kind));
    case Field::Form::each:
      return fmt::format("a list, each item a map: {}", with_article(field.entry));
  }
  if (!field.constraints.catalogue.empty()) {
    return fmt::format("{}the name of {}", field.type->container[0] == '[' ? "a list, each item " : "",
                       with_article(field.constraints.catalogue));
  }
  return field.type->type();
}

}  // namespace byzsim
