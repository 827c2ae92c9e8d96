// Node: what a scenario file says, before anyone knows what it means. A tree of scalars, lists and maps in which every
// value and every map key remembers where it was written. Knows nothing of YAML.
//
// A Node is a value: copying copies the whole subtree. Maps keep the order of the file.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace byzsim {

/// Where something was written. Line and column count from 1 (columns in bytes); source 0 is nowhere, any other number
/// is one that Diagnostics::add_source gave out.
struct Position {
  std::uint32_t source = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

class Node {
 public:
  enum class Kind { null, scalar, list, map };
  struct Key {
    std::string text;
    Position position;
  };

  Node() = default;
  explicit Node(Position where) : position(where) {}
  static Node text(std::string value);   ///< a string, whatever it looks like
  static Node plain(std::string value);  ///< an unquoted scalar: a number, true, false, or a word
  static Node number(std::int64_t value);
  static Node number(std::uint64_t value);  ///< a string past 2^53, which JSON readers would round
  static Node number(double value);
  static Node boolean(bool value);
  static Node list(std::vector<Node> items = {});
  static Node map();

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }

  /// The value of this key of a map; null if there is none, or this is not a map.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// The value at a dotted path (`adversary.corrupt.0`); see `set` for keys that hold dots. Null if there is none.
  const Node* at_path(std::string_view path) const;
  /// Adds or replaces a key of a map; makes a null a map. Returns *this, so that calls chain.
  Node& put(std::string key, Node value, Position where = {});
  Node& push(Node value);
  void erase(std::string_view key);

  /// Sets the value at a dotted path, making maps on the way. A number steps into a list; the list's size appends.
  /// Where a map has a key with dots in it, the longest key that fits is meant; "quotes" make a new one. An error, or
  /// nothing; a path of more than 64 steps is one.
  std::optional<std::string> set(std::string_view path, Node value, Position where);

  /// What kind of thing this is, for an error message: "nothing", "a list", "a map", "the text 'x'".
  std::string describe_kind() const;
  /// Number of nodes in this subtree, itself included.
  std::size_t count() const;

  Kind kind = Kind::null;
  bool quoted = false;  ///< a scalar that was written in quotes, so it is text
  Position position;
  std::string scalar;
  std::vector<Key> keys;    ///< of a map; keys[i] belongs to items[i]
  std::vector<Node> items;  ///< of a list or a map

 private:
  std::optional<std::string> set(std::string_view path, Node value, Position where, std::size_t steps_left);
};

/// `over` laid on `base`: maps merge key by key, anything else replaces, and a null takes the key away (as in RFC
/// 7386).
Node overlay(Node base, const Node& over);

/// Same content, positions aside.
bool same_content(const Node& a, const Node& b);

nlohmann::ordered_json to_json(const Node& node);
Node from_json(const nlohmann::ordered_json& json);

}  // namespace byzsim
