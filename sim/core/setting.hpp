// Setting<X>: how a value of type X is written in a scenario. Specialise it to make a type of your own a setting:
//
//   template <> struct Setting<Colour> {
//     static std::string type() { return "a colour, such as `red`"; }          // completes "expected ..."
//     static bool read(const Node& node, Colour& out, Diagnostics& errors);    // false after reporting an error
//     static Node show(const Colour& value);                                   // must read back to the same value
//     static Node schema();                                                    // JSON Schema draft-07, as a tree
//   };
//
// Given here: bool, the integers, double, strings, units, enums with names, optionals, lists, maps from strings.
// Structs with `describe` follow in options.hpp. For a type that is parsed from a string, `ParsedSetting` does the
// rest.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sim/core/condition.hpp"
#include "sim/core/diagnostics.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/node.hpp"
#include "sim/core/time.hpp"
#include "sim/core/units.hpp"

namespace byzsim {

template <class X>
struct Setting;

/// One value of an enumeration: what the file calls it, and what it means.
template <class E>
struct EnumName {
  const char* name;
  E value;
  const char* help;
};
template <class E, std::size_t N>
using EnumTable = std::array<EnumName<E>, N>;
/// Specialise with `static constexpr EnumTable<E, N> table{{{"name", E::value, "what it means"}, ...}};`.
template <class E>
struct EnumNames;

/// The name that the file gives an enumeration's value; "?" if the table has none.
template <class E>
std::string_view name_of(E value) {
  for (const auto& row : EnumNames<E>::table) {
    if (row.value == value) return row.name;
  }
  return "?";
}

namespace detail {

struct NameAndHelp {
  std::string name;
  std::string help;
};
/// Reports "expected TYPE, found ..." at the node. Always false, so that a reader can return it.
bool mismatch(const Node& node, std::string_view type, Diagnostics& errors);
/// Reports a failed parse: "'10' is not a duration".
bool unparsed(const Node& node, const std::string& error, const std::string& hint, Diagnostics& errors);
/// The index of the name that the node holds, or -1 after an error that lists or suggests names.
int read_name(const Node& node, const std::vector<NameAndHelp>& names, Diagnostics& errors);
Node names_schema(const std::vector<NameAndHelp>& names);
std::string names_type(const std::vector<NameAndHelp>& names);
Node string_schema(const char* pattern);          ///< a string that matches
Node string_or_zero_schema(const char* pattern);  ///< the same, or the number 0
Node integer_schema(std::uint64_t most);
Node list_schema(Node items);
Node map_schema(Node values);

bool read_unsigned(const Node& node, std::uint64_t most, std::uint64_t& out, Diagnostics& errors);

}  // namespace detail

/// For types read from one scalar by `Parsed<X> parse(std::string_view)` and shown by `std::string print(X)`.
template <class X, auto parse, auto print>
struct ParsedSetting {
  static bool read_as(const Node& node, X& out, std::string_view type, Diagnostics& errors) {
    if (!node.is_scalar()) return detail::mismatch(node, type, errors);
    auto parsed = parse(node.scalar);
    if (!parsed) return detail::unparsed(node, parsed.error, parsed.hint, errors);
    out = std::move(parsed.value);
    return true;
  }
  static Node show(const X& value) { return Node::text(print(value)); }
};

template <>
struct Setting<bool> {
  static std::string type() { return "true or false"; }
  static bool read(const Node& node, bool& out, Diagnostics& errors);
  static Node show(bool value) { return Node::boolean(value); }
  static Node schema();
};

template <class X>
requires(std::is_unsigned_v<X> && !std::is_same_v<X, bool>) struct Setting<X> {
  static std::string type() { return "a whole number"; }
  static bool read(const Node& node, X& out, Diagnostics& errors) {
    std::uint64_t wide = 0;
    if (!detail::read_unsigned(node, static_cast<X>(-1), wide, errors)) return false;
    out = static_cast<X>(wide);
    return true;
  }
  static Node show(X value) { return Node::number(static_cast<std::uint64_t>(value)); }
  static Node schema() { return detail::integer_schema(static_cast<X>(-1)); }
};

template <>
struct Setting<double> {
  static std::string type() { return "a number"; }
  static bool read(const Node& node, double& out, Diagnostics& errors);
  static Node show(double value) { return Node::number(value); }
  static Node schema();
};

template <>
struct Setting<std::string> {
  static std::string type() { return "text"; }
  static bool read(const Node& node, std::string& out, Diagnostics& errors);
  static Node show(const std::string& value) { return Node::text(value); }
  static Node schema();
};

#define BYZSIM_SCALAR_SETTING(X)                                     \
  template <>                                                        \
  struct Setting<X> {                                                \
    static std::string type();                                       \
    static bool read(const Node& node, X& out, Diagnostics& errors); \
    static Node show(const X& value);                                \
    static Node schema();                                            \
  }
BYZSIM_SCALAR_SETTING(Duration);
BYZSIM_SCALAR_SETTING(ByteCount);
BYZSIM_SCALAR_SETTING(BitRate);
BYZSIM_SCALAR_SETTING(SeedRange);
BYZSIM_SCALAR_SETTING(Condition);
BYZSIM_SCALAR_SETTING(NodeRef);
#undef BYZSIM_SCALAR_SETTING

template <class E>
requires std::is_enum_v<E>
struct Setting<E> {
  static std::vector<detail::NameAndHelp> names() {
    std::vector<detail::NameAndHelp> list;
    for (const auto& row : EnumNames<E>::table) list.push_back({row.name, row.help});
    return list;
  }
  static std::string type() { return detail::names_type(names()); }
  static bool read(const Node& node, E& out, Diagnostics& errors) {
    const int index = detail::read_name(node, names(), errors);
    if (index < 0) return false;
    out = EnumNames<E>::table[static_cast<std::size_t>(index)].value;
    return true;
  }
  static Node show(E value) { return Node::text(std::string(name_of(value))); }
  static Node schema() { return detail::names_schema(names()); }
};

template <class X>
struct Setting<std::optional<X>> {
  static std::string type() { return Setting<X>::type(); }
  static bool read(const Node& node, std::optional<X>& out, Diagnostics& errors) {
    return Setting<X>::read(node, out.emplace(), errors);
  }
  static Node show(const std::optional<X>& value) { return value ? Setting<X>::show(*value) : Node(); }
  static Node schema() { return Setting<X>::schema(); }
};

template <class X>
struct Setting<std::vector<X>> {
  static std::string type() { return "a list, each item " + Setting<X>::type(); }
  static bool read(const Node& node, std::vector<X>& out, Diagnostics& errors) {
    if (!node.is_list()) return detail::mismatch(node, type(), errors);
    bool good = true;
    out.assign(node.items.size(), X{});
    for (std::size_t i = 0; i < out.size(); ++i) {
      const Diagnostics::Scope scope(errors, i);
      good = Setting<X>::read(node.items[i], out[i], errors) && good;
    }
    return good;
  }
  static Node show(const std::vector<X>& value) {
    Node list = Node::list();
    for (const X& item : value) list.push(Setting<X>::show(item));
    return list;
  }
  static Node schema() { return detail::list_schema(Setting<X>::schema()); }
};

template <class X>
struct Setting<std::map<std::string, X>> {
  static std::string type() { return "a map, each value " + Setting<X>::type(); }
  static bool read(const Node& node, std::map<std::string, X>& out, Diagnostics& errors) {
    if (!node.is_map()) return detail::mismatch(node, type(), errors);
    bool good = true;
    out.clear();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Diagnostics::Scope scope(errors, node.keys[i].text);
      good = Setting<X>::read(node.items[i], out[node.keys[i].text], errors) && good;
    }
    return good;
  }
  static Node show(const std::map<std::string, X>& value) {
    Node map = Node::map();
    for (const auto& [key, item] : value) map.put(key, Setting<X>::show(item));
    return map;
  }
  static Node schema() { return detail::map_schema(Setting<X>::schema()); }
};

}  // namespace byzsim
