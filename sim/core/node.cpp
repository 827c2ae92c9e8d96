#include "sim/core/node.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "sim/core/units.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostSteps = 64;  // of a path, as deep as a file may be
constexpr std::uint64_t kExactInJson = std::uint64_t{1} << 53;

bool as_index(std::string_view text, std::size_t& index) {
  const auto parsed = parse_unsigned(text);
  index = static_cast<std::size_t>(parsed.value);
  return static_cast<bool>(parsed);
}

/// The first step of a dotted path, and how much of the path it takes. `map` decides how many dots belong to a key.
std::string_view first_step(const Node& node, std::string_view path, std::size_t& taken) {
  if (!path.empty() && path[0] == '"') {
    const std::size_t end = path.find('"', 1);
    if (end != std::string_view::npos) {
      taken = end + 1;
      return path.substr(1, end - 1);
    }
  }
  std::size_t best = 0;
  for (const Node::Key& key : node.keys) {
    const bool fits =
        path.substr(0, key.text.size()) == key.text && (path.size() == key.text.size() || path[key.text.size()] == '.');
    if (fits && key.text.size() > best) best = key.text.size();
  }
  taken = best > 0 ? best : std::min(path.find('.'), path.size());
  return path.substr(0, taken);
}

}  // namespace

Node Node::text(std::string value) {
  Node node = plain(std::move(value));
  node.quoted = true;
  return node;
}

Node Node::plain(std::string value) {
  Node node;
  node.kind = Kind::scalar;
  node.scalar = std::move(value);
  return node;
}

Node Node::number(std::int64_t value) {
  return plain(fmt::format("{}", value));
}

Node Node::number(std::uint64_t value) {
  return value > kExactInJson ? text(fmt::format("{}", value)) : plain(fmt::format("{}", value));
}

Node Node::number(double value) {
  return plain(real_to_string(value));
}

Node Node::boolean(bool value) {
  return plain(value ? "true" : "false");
}

Node Node::list(std::vector<Node> items) {
  Node node;
  node.kind = Kind::list;
  node.items = std::move(items);
  return node;
}

Node Node::map() {
  Node node;
  node.kind = Kind::map;
  return node;
}

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

const Node* Node::at_path(std::string_view path) const {
  const Node* node = this;
  while (!path.empty()) {
    std::size_t taken = 0;
    const std::string_view step = first_step(*node, path, taken);
    std::size_t index = 0;
    if (node->is_list()) {
      if (!as_index(step, index) || index >= node->items.size()) return nullptr;
      node = &node->items[index];
    } else {
      node = node->find(step);
      if (node == nullptr) return nullptr;
    }
    path.remove_prefix(std::min(path.size(), taken + 1));
  }
  return node;
}

Node& Node::put(std::string key, Node value, Position where) {
  if (kind != Kind::map) {
    keys.clear();
    items.clear();
    kind = Kind::map;
  }
  if (Node* old = find(key)) {
    *old = std::move(value);
  } else {
    keys.push_back({std::move(key), where});
    items.push_back(std::move(value));
  }
  return *this;
}

Node& Node::push(Node value) {
  kind = Kind::list;
  items.push_back(std::move(value));
  return *this;
}

void Node::erase(std::string_view key) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text != key) continue;
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

std::optional<std::string> Node::set(std::string_view path, Node value, Position where) {
  return set(path, std::move(value), where, kMostSteps);
}

std::optional<std::string> Node::set(std::string_view path, Node value, Position where, std::size_t steps_left) {
  if (steps_left == 0) return fmt::format("the path has more than {} steps", kMostSteps);
  std::size_t taken = 0;
  const std::string step(first_step(*this, path, taken));
  const bool last = taken >= path.size();
  const std::string_view tail = last ? std::string_view() : path.substr(taken + 1);
  if (step.empty() || (!last && (path[taken] != '.' || tail.empty()))) return "an empty step in the path";
  if (is_list()) {
    std::size_t index = 0;
    if (!as_index(step, index)) return fmt::format("'{}' is not the number of an item of the list", step);
    if (index > items.size())
      return fmt::format("the list has {} item{}, counted from 0; {} appends", items.size(),
                         items.size() == 1 ? "" : "s", items.size());
    if (index == items.size()) items.emplace_back(where);
    if (!last) return items[index].set(tail, std::move(value), where, steps_left - 1);
    items[index] = std::move(value);
    return std::nullopt;
  }
  if (is_scalar()) return fmt::format("there is {} where a map or a list would have to be", describe_kind());
  if (is_null() || find(step) == nullptr) {
    if (is_null()) position = where;
    put(step, Node(where), where);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text != step) continue;
    if (!last) return items[i].set(tail, std::move(value), where, steps_left - 1);
    keys[i].position = where;
    items[i] = std::move(value);
    if (items[i].is_null()) erase(step);
    break;
  }
  return std::nullopt;
}

std::string Node::describe_kind() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return items.empty() ? "an empty list" : "a list";
    case Kind::map:
      return "a map";
    case Kind::scalar:
      break;
  }
  const bool cut = scalar.size() > 60;
  return fmt::format("{}'{}{}'", quoted ? "the text " : "", scalar.substr(0, 60), cut ? "..." : "");
}

std::size_t Node::count() const {
  std::size_t total = 1;
  for (const Node& item : items) total += item.count();
  return total;
}

Node overlay(Node base, const Node& over) {
  if (!base.is_map() || !over.is_map()) return over;
  for (std::size_t i = 0; i < over.items.size(); ++i) {
    const Node::Key& key = over.keys[i];
    if (over.items[i].is_null()) {
      base.erase(key.text);
    } else if (Node* old = base.find(key.text)) {
      *old = overlay(std::move(*old), over.items[i]);
    } else {
      base.put(key.text, over.items[i], key.position);
    }
  }
  return base;
}

bool same_content(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.items.size() != b.items.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (a.is_map() && a.keys[i].text != b.keys[i].text) return false;
    if (!same_content(a.items[i], b.items[i])) return false;
  }
  return true;
}

}  // namespace byzsim
