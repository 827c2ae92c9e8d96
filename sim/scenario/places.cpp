#include "sim/scenario/places.hpp"

#include <fmt/core.h>

#include <set>

namespace byzsim {

Position place_of_key(const Node& root, std::string_view path, std::string_view key) {
  const Node* map = root.at_path(path);
  if (map == nullptr) return root.position;
  for (const Node::Key& known : map->keys) {
    if (known.text == key) return known.position;
  }
  return map->position;
}

Position Places::place(std::string_view path) const {
  while (!path.empty()) {
    if (const Node* node = root_.at_path(path)) return node->position;
    const std::size_t dot = path.rfind('.');
    path = path.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return root_.position;
}

void Places::error(std::string_view path, std::string message, std::string hint) {
  errors_.error(place(path), std::move(message), std::move(hint));
}

void Places::warn(std::string_view path, std::string message, std::string hint) {
  errors_.warning(place(path), std::move(message), std::move(hint));
}

void Places::nodes(const std::string& path, const std::vector<NodeRef>& list, Who who) {
  std::set<NodeRef> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string item = fmt::format("{}.{}", path, i);
    const NodeRef& ref = list[i];
    if (!sound(item) || !sound(ref.client ? "clients.count" : "protocol.n")) continue;
    const std::uint32_t count = ref.client ? s_.clients.count : s_.protocol.n;
    if (ref.client && who == Who::replicas) {
      error(item, fmt::format("'{}' is a client; only replicas can stand in {}", to_string(ref), path));
    } else if (ref.index >= count) {
      const char* what = ref.client ? "client" : "replica";
      const char* prefix = ref.client ? "c" : "";
      error(item, fmt::format("there is no {} {} in {}", what, ref.index, path),
            count == 0 ? fmt::format("there are no {}s", what)
                       : fmt::format("{}s are numbered from {}0 to {}{}", what, prefix, prefix, count - 1));
    } else if (!seen.insert(ref).second) {
      error(item, fmt::format("'{}' stands twice in {}", to_string(ref), path));
    }
  }
}

}  // namespace byzsim
