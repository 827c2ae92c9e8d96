// What a struct says about its own keys, with the types erased: the table behind the loader, the error messages, the
// JSON Schema and `byzsim explain`. Built once a type by the templates in options.hpp; everything here is ordinary
// code.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <vector>

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"
#include "sim/core/time.hpp"
#include "sim/core/units.hpp"

namespace byzsim {

/// A bound on a number, in the setting's base unit (nanoseconds, bytes, bit/s), and as it is written.
struct Bound {
  long double value = 0;
  std::string text;
};

/// What a value must keep to beyond its type. On a list or an optional, it holds for what is inside.
struct Constraints {
  std::optional<Bound> at_least;
  std::optional<Bound> at_most;
  bool required = false;
  std::vector<std::string> one_of;
  std::string catalogue;  ///< the word names an entry of this kind
};

struct Description;

/// A type of setting: Setting<X> behind plain functions.
struct ValueType {
  std::string (*type)();
  bool (*read)(const Node& node, void* out, Diagnostics& errors);
  Node (*show)(const void* value);  ///< null for an optional that is not set
  Node (*schema)();
  void (*constrain)(const void* value, const Node& node, const Constraints& constraints, Diagnostics& errors);
  const Description* (*nested)();  ///< of the struct, or of the struct in the list, map or optional; null if none
  const char* container;           ///< "", "[]" for a list, ".*" for a map: how a path steps into it
};

struct Field {
  enum class Form { plain, choice, choices, each };

  std::string key;
  std::string help;
  Constraints constraints;
  Form form = Form::plain;
  const ValueType* type = nullptr;     ///< plain only
  std::string kind;                    ///< choice, choices, each: the catalogue kind
  std::string entry;                   ///< each: the entry whose options every item is
  std::function<void*(void*)> member;  ///< from the struct to its member
};

/// Keys that belong to the options of whatever catalogue entry another member names.
struct Rest {
  std::string kind;
  std::function<void*(void*)> choice;  ///< Choice*
  std::function<void*(void*)> name;    ///< std::string*
};

struct Description {
  const std::type_info* type = nullptr;
  std::vector<Field> fields;
  std::optional<Rest> rest;
  std::function<void*(void*)> shorthand;  ///< the member that a scalar or a list in place of the map sets
  std::shared_ptr<void> (*make)() = nullptr;
  void (*check)(const void* value, const Node& node,
                Diagnostics& errors) = nullptr;  ///< the struct's own `check`, if any

  const Field* find(std::string_view key) const;
  const Field* shorthand_field() const;
  std::vector<std::string> keys() const;
};

/// Reads a map (or the shorthand) into the struct. Reports every unknown, missing, ill-typed or out-of-bounds key.
bool read_struct(const Description& description, const Node& node, void* out, Diagnostics& errors);
/// Every key with its value, defaults included, in the order of the description.
Node show_struct(const Description& description, const void* value);
/// JSON Schema draft-07 of the struct: helps, defaults, bounds; unknown keys rejected.
Node schema_struct(const Description& description);
/// The default of a field, as it would be written; null if it has none.
Node default_of(const Description& description, const Field& field);
/// The bounds in words: "at least 1, at most 10000"; may be empty.
std::string bounds_text(const Constraints& constraints);
/// The type in words.
std::string type_text(const Field& field);

namespace detail {
void constrain_number(long double value, const Node& node, const Constraints& constraints, Diagnostics& errors);
void constrain_text(const std::string& value, const Node& node, const Constraints& constraints, Diagnostics& errors);
}  // namespace detail

}  // namespace byzsim
