#include "tests/soak/world_text.hpp"

#include <nlohmann/json.hpp>

namespace byzsim::soak {

namespace {

/// Words that YAML would take for nothing else.
bool plain(const std::string& word) {
  if (word.empty() || word == "null" || word == "true" || word == "false" || word == "yes" || word == "no")
    return false;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return word[0] != '-' && word[0] != '.' && std::all_of(word.begin(), word.end(), fits);
}

std::string flow(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      if (!node.quoted || (plain(node.scalar) && !(node.scalar[0] >= '0' && node.scalar[0] <= '9'))) return node.scalar;
      return nlohmann::json(node.scalar).dump();
    case Node::Kind::list: {
      std::string out;
      for (const Node& item : node.items) out += (out.empty() ? "" : ", ") + flow(item);
      return "[" + out + "]";
    }
    case Node::Kind::map:
      break;
  }
  std::string out;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string& key = node.keys[i].text;
    out += (out.empty() ? "" : ", ") + (plain(key) ? key : nlohmann::json(key).dump()) + ": " + flow(node.items[i]);
  }
  return "{" + out + "}";
}

void section(std::string& out, const std::string& indent, const std::string& key, const Node& value) {
  const bool rows = value.is_list() && !value.items.empty() && value.items[0].is_map();
  if (!rows) {
    out += indent + key + ": " + flow(value) + "\n";
    return;
  }
  out += indent + key + ":\n";
  for (const Node& item : value.items) out += indent + "  - " + flow(item) + "\n";
}

}  // namespace

std::string world_text(const Node& scenario) {
  std::string out;
  for (std::size_t i = 0; i < scenario.items.size(); ++i) {
    const std::string& key = scenario.keys[i].text;
    const Node& value = scenario.items[i];
    if (key != "adversary") {
      section(out, "", key, value);
      continue;
    }
    out += "adversary:\n";
    for (std::size_t k = 0; k < value.items.size(); ++k) section(out, "  ", value.keys[k].text, value.items[k]);
  }
  return out;
}

}  // namespace byzsim::soak
