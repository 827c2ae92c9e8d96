// Nodes to JSON and back. Apart from node.cpp because the JSON library costs seconds to compile.
#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/core/node.hpp"

namespace byzsim {

namespace {

template <class Number>
bool whole(const std::string& text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

nlohmann::ordered_json scalar_to_json(const Node& node) {
  if (node.quoted) return node.scalar;
  if (node.scalar == "true") return true;
  if (node.scalar == "false") return false;
  const char first = node.scalar.empty() ? 'x' : node.scalar[0];
  if (first == '-' || (first >= '0' && first <= '9')) {
    std::uint64_t natural = 0;
    std::int64_t integer = 0;
    double real = 0;
    nlohmann::ordered_json number;
    if (whole(node.scalar, natural)) {
      number = natural;
    } else if (whole(node.scalar, integer)) {
      number = integer;
    } else if (whole(node.scalar, real)) {
      number = real;
    }
    if (number.is_number() && number.dump() == node.scalar) return number;
  }
  return node.scalar;
}

// A number that JSON would write in another way (007, 1.50, 1e3) stands there as a string: it may be a name.
bool is_odd_number(const std::string& text) {
  double real = 0;
  return !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && whole(text, real) &&
         scalar_to_json(Node::plain(text)).is_string();
}

}  // namespace

nlohmann::ordered_json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::scalar:
      return scalar_to_json(node);
    case Node::Kind::list: {
      auto list = nlohmann::ordered_json::array();
      for (const Node& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case Node::Kind::map:
      break;
  }
  auto object = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < node.items.size(); ++i) object[node.keys[i].text] = to_json(node.items[i]);
  return object;
}

Node from_json(const nlohmann::ordered_json& json) {
  if (json.is_null()) return {};
  if (json.is_array()) {
    Node list = Node::list();
    for (const auto& item : json) list.push(from_json(item));
    return list;
  }
  if (json.is_object()) {
    Node map = Node::map();
    for (const auto& [key, value] : json.items()) map.put(key, from_json(value));
    return map;
  }
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    return is_odd_number(text) ? Node::plain(text) : Node::text(text);
  }
  if (json.is_boolean()) return Node::boolean(json.get<bool>());
  if (json.is_number_unsigned()) return Node::plain(std::to_string(json.get<std::uint64_t>()));
  if (json.is_number_integer()) return Node::number(json.get<std::int64_t>());
  return Node::plain(json.dump());
}

}  // namespace byzsim
