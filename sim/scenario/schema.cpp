#include "sim/scenario/schema.hpp"

#include <nlohmann/json.hpp>

#include "sim/scenario/scenario.hpp"

namespace byzsim {

namespace {

/// The schema of something laid over a base: what is required may stand in the base, null takes a key away, and which
/// protocol's options apply is not known here. Items of lists replace, so they stay whole.
void relax(Node& schema) {
  if (!schema.is_map()) return;
  schema.erase("required");
  if (schema.find("allOf") != nullptr) schema.erase("allOf");  // leaves the object open
  if (Node* options = schema.find("anyOf")) {
    for (Node& option : options->items) relax(option);
  }
  Node* properties = schema.find("properties");
  if (properties == nullptr) return;
  for (Node& property : properties->items) {
    relax(property);
    Node description;
    if (const Node* help = property.find("description")) description = *help;
    Node either = Node::list();
    either.push(std::move(property)).push(Node::map().put("type", Node::text("null")));
    property = Node::map().put("anyOf", std::move(either));
    if (!description.is_null()) property.put("description", std::move(description));
  }
}

Node described(Node schema, const char* help) {
  return schema.put("description", Node::text(help));
}

Node reference(const std::string& name) {
  return Node::map().put("$ref", Node::text("#/definitions/" + name));
}

/// Adds the keys that belong to files rather than to scenarios.
Node with_file_keys(Node schema) {
  Node& properties = *schema.find("properties");
  Node file = Node::map().put("type", Node::text("string"));
  properties.put("extends", described(std::move(file),
                                      "another scenario file, relative to this one, that this file is laid over"));
  Node variant = Node::map();
  variant.put("anyOf", Node::list().push(reference("overlay")).push(Node::map().put("type", Node::text("null"))));
  Node variants = Node::map();
  variants.put("type", Node::text("object"))
      .put("minProperties", Node::plain("1"))
      .put("additionalProperties", std::move(variant));
  properties.put("variants", described(std::move(variants),
                                       "from the name of a variant to what it changes: maps merge, lists replace"));
  return schema;
}

}  // namespace

nlohmann::ordered_json json_schema() {
  const Node scenario = Setting<Scenario>::schema();
  Node overlay = scenario;
  relax(overlay);
  Node definitions = Node::map();
  definitions.put("scenario", with_file_keys(scenario));
  Node child = overlay;  // the same keys, by reference: the schema is long enough
  Node& keys = *child.find("properties");
  for (std::size_t i = 0; i < keys.items.size(); ++i)
    keys.items[i] = reference("overlay/properties/" + keys.keys[i].text);
  definitions.put("child", with_file_keys(std::move(child)));
  definitions.put("overlay", std::move(overlay));
  Node root = Node::map();
  root.put("$schema", Node::text("http://json-schema.org/draft-07/schema#"));
  root.put("title", Node::text("byzsim scenario"));
  root.put("type", Node::text("object"));
  root.put("if", Node::map().put("required", Node::list().push(Node::text("extends"))));
  root.put("then", reference("child"));
  root.put("else", reference("scenario"));
  root.put("definitions", std::move(definitions));
  return to_json(root);
}

}  // namespace byzsim
