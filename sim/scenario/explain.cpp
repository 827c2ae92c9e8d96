#include <fmt/core.h>

#include <algorithm>

#include "sim/scenario/scenario.hpp"
#include "sim/scenario/schema.hpp"

namespace byzsim {

namespace {

/// A key of the file, or of an entry's options.
struct Found {
  std::string path;
  const Description* owner = nullptr;
  const Field* field = nullptr;
};

/// Every key below a description. A type that holds itself is entered once.
void walk(const Description& description, const std::string& prefix, std::vector<const Description*>& open,
          std::vector<Found>& out) {
  if (std::find(open.begin(), open.end(), &description) != open.end()) return;
  open.push_back(&description);
  for (const Field& field : description.fields) {
    const std::string path = prefix.empty() ? field.key : prefix + "." + field.key;
    out.push_back({path, &description, &field});
    if (field.type == nullptr) continue;
    if (const Description* nested = field.type->nested()) walk(*nested, path + field.type->container, open, out);
  }
  open.pop_back();
}

std::vector<Found> all_keys() {
  std::vector<Found> keys;
  std::vector<const Description*> open;
  walk(description<Scenario>(), "", open, keys);
  return keys;
}

std::vector<Found> keys_of(const CatalogueEntry& entry) {
  std::vector<Found> keys;
  std::vector<const Description*> open;
  if (entry.options != nullptr) walk(*entry.options(), "", open, keys);
  return keys;
}

/// A value on one line, as it would be written in YAML's flow style.
std::string written(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return node.scalar.empty() ? "\"\"" : node.scalar;
    case Node::Kind::list:
    case Node::Kind::map:
      break;
  }
  std::string text;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) text += ", ";
    if (node.is_map()) text += node.keys[i].text + ": ";
    text += written(node.items[i]);
  }
  return node.is_map() ? "{" + text + "}" : "[" + text + "]";
}

void list_entries(const std::string& kind, std::string& text) {
  const auto entries = Catalogue::list(kind);
  std::size_t width = 0;
  for (const CatalogueEntry* entry : entries) width = std::max(width, entry->name.size());
  for (const CatalogueEntry* entry : entries)
    text += fmt::format("    {:<{}}  {}\n", entry->name, width, entry->summary);
}

/// The values of an enumeration, from its schema.
void list_values(const Field& field, std::string& text) {
  if (field.type == nullptr || field.type->nested() != nullptr) return;
  const Node schema = field.type->schema();
  const Node* options = schema.find("anyOf");
  if (options == nullptr) return;
  std::size_t width = 0;
  for (const Node& option : options->items) {
    const Node* name = option.find("const");
    if (name == nullptr || option.find("description") == nullptr) return;
    width = std::max(width, name->scalar.size());
  }
  for (const Node& option : options->items) {
    text += fmt::format("    {:<{}}  {}\n", option.find("const")->scalar, width, option.find("description")->scalar);
  }
}

std::string explain_key(const Found& found) {
  const Field& field = *found.field;
  std::string text = fmt::format("{}\n  {}\n  type: {}\n", found.path, field.help, type_text(field));
  list_values(field, text);
  if (!field.constraints.catalogue.empty()) list_entries(field.constraints.catalogue, text);
  if (!field.kind.empty() && field.form != Field::Form::each) list_entries(field.kind, text);
  if (const std::string bounds = bounds_text(field.constraints); !bounds.empty())
    text += fmt::format("  bounds: {}\n", bounds);
  const Description* nested = field.type != nullptr ? field.type->nested() : nullptr;
  if (field.constraints.required) {
    text += "  required\n";
  } else if (const Node value = default_of(*found.owner, field);
             nested == nullptr || field.type->container[0] != '\0') {
    text += fmt::format("  default: {}\n", value.is_null() ? "not set" : written(value));
  }
  if (nested != nullptr) {
    std::string keys;
    for (const std::string& key : nested->keys()) keys += (keys.empty() ? "" : ", ") + key;
    text += fmt::format("  keys: {}\n", keys);
    if (nested->rest)
      text += fmt::format("    and the options of the {}, see `byzsim explain NAME`\n", nested->rest->kind);
  }
  return text;
}

std::string explain_entry(const CatalogueEntry& entry) {
  std::string text = fmt::format("{} ({})\n  {}\n", entry.name, entry.kind, entry.summary);
  const std::vector<Found> keys = keys_of(entry);
  if (keys.empty()) return text + "  no options\n";
  text += "  options:\n";
  for (const Found& key : keys) {
    const Node value = default_of(*key.owner, *key.field);
    text += fmt::format("    {}: {}\n      {}", key.path, key.field->help, type_text(*key.field));
    if (const std::string bounds = bounds_text(key.field->constraints); !bounds.empty()) text += "; " + bounds;
    text += key.field->constraints.required ? "; required\n"
            : value.is_null()               ? "\n"
                                            : fmt::format("; default {}\n", written(value));
  }
  return text;
}

/// `timeline[].at` is asked for as `timeline.at`, `timeline[0].at` or `timeline.0.at`.
std::string plain_path(std::string_view path) {
  std::string out;
  for (std::size_t i = 0; i < path.size();) {
    if (path[i] == '[' || path.substr(i, 2) == ".*") {
      const std::size_t end = path[i] == '[' ? path.find(']', i) : i + 1;
      i = end == std::string_view::npos ? path.size() : end + 1;
    } else if (path[i] == '.' && i + 1 < path.size() && path[i + 1] >= '0' && path[i + 1] <= '9') {
      for (++i; i < path.size() && path[i] >= '0' && path[i] <= '9'; ++i) {
      }
    } else {
      out += path[i++];
    }
  }
  return out;
}

bool ends_in(std::string_view path, std::string_view tail) {
  return path == tail ||
         (path.size() > tail.size() && path.ends_with(tail) && path[path.size() - tail.size() - 1] == '.');
}

void add(std::string& text, const std::string& more) {
  text += (text.empty() ? "" : "\n") + more;
}

}  // namespace

Explanation explain(std::string_view asked) {
  const std::string key = plain_path(asked);
  std::string text;
  std::vector<std::string> known{"extends", "variants"};
  const std::vector<Found> keys = all_keys();
  for (const Found& found : keys) {
    if (plain_path(found.path) == key) add(text, explain_key(found));
    known.push_back(plain_path(found.path));
    known.push_back(found.field->key);
  }
  if (!text.empty()) return {true, text};
  if (key == "extends")
    return {true,
            "extends\n  another scenario file, relative to this one, that this file is laid over\n  type: text\n"};
  if (key == "variants") {
    return {true,
            "variants\n  from the name of a variant to what it changes: maps merge, lists and scalars replace, null "
            "takes a key away\n  type: a map\n"};
  }
  for (const Found& found : keys) {
    if (!key.empty() && ends_in(plain_path(found.path), key)) add(text, explain_key(found));
  }
  for (const CatalogueEntry* entry : Catalogue::list()) {
    if (entry->name == key || entry->kind + "." + entry->name == key) add(text, explain_entry(*entry));
    known.push_back(entry->name);
    known.push_back(entry->kind);
    for (Found found : keys_of(*entry)) {
      const std::string own = found.path;
      found.path = fmt::format("{}.{}", entry->name, own);
      if (!key.empty() && (own == key || plain_path(found.path) == key || ends_in(plain_path(own), key)))
        add(text, explain_key(found));
    }
  }
  if (!key.empty() && !Catalogue::names(key).empty()) {
    std::string list = fmt::format("{}: entries of the catalogue\n", key);
    list_entries(key, list);
    add(text, list);
  }
  if (!text.empty()) return {true, text};
  const std::string near = closest(key, known);
  return {false, fmt::format("nothing is called '{}'{}", asked.substr(0, 60),
                             near.empty() ? "" : fmt::format("; did you mean '{}'?", near))};
}

}  // namespace byzsim
