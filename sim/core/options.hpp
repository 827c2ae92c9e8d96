// How a struct describes its own keys, once. From that come reading, printing, JSON Schema and explanations.
//
//   struct SilenceOptions {
//     Duration from{};
//     std::vector<NodeRef> to;
//     static void describe(auto& row) {
//       row("from", &SilenceOptions::from, "when it falls silent", at_least(0ns));
//       row("to", &SilenceOptions::to, "towards whom; everybody unless given");
//     }
//     void check(const Node& where, Diagnostics& errors) const;  // optional: what no single key can be blamed for
//   };
//
// The values in the struct are the defaults. Constraints: at_least, at_most, fraction, required, one_of,
// from_catalogue. Beside keys of its own a struct may take catalogue entries (see catalogue.hpp):
//   row.rest(&T::options, "protocol", &T::name)         the keys not described here are the options of the entry named
//   row.choices("behaviours", &T::list, "behaviour", help)   a list of `- name`, or `- name: {options}`
//   row.choice("attack", &T::one, "behaviour", help)    a single one of these
//   row.each("rules", &T::list, "rule", "rule", help)   a list of options of one entry
//   row.shorthand(&T::member)                           a scalar or list in place of the map sets this member
// Keys that start with `x-` are the user's own and are ignored; any other unknown key is an error.
#pragma once

#include <concepts>

#include "sim/core/catalogue.hpp"
#include "sim/core/description.hpp"
#include "sim/core/setting.hpp"

namespace byzsim {

// --- constraints ---

using Constraint = std::function<void(Constraints&)>;

namespace detail {
Bound bound(long double value);
Bound bound(Duration value);
Bound bound(ByteCount value);
Bound bound(BitRate value);
template <class X>
Bound bound_of(const X& value) {
  if constexpr (std::is_arithmetic_v<X>) {
    return bound(static_cast<long double>(value));
  } else if constexpr (std::is_convertible_v<X, Duration>) {
    return bound(Duration(value));
  } else {
    return bound(value);
  }
}
Constraint bounded(std::optional<Bound> least, std::optional<Bound> most);
}  // namespace detail

template <class X>
Constraint at_least(const X& value) {
  return detail::bounded(detail::bound_of(value), std::nullopt);
}
template <class X>
Constraint at_most(const X& value) {
  return detail::bounded(std::nullopt, detail::bound_of(value));
}
Constraint fraction();  ///< from 0 to 1
Constraint required();
Constraint one_of(std::initializer_list<const char*> words);
Constraint from_catalogue(const char* kind);

// --- a struct's description ---

template <class T>
class Row;

template <class T>
concept SelfDescribing = std::is_class_v<T> && requires(Row<T>& row) {
  T::describe(row);
};

template <class T>
const Description& description();

template <SelfDescribing T>
struct Setting<T> {
  static std::string type() { return "a map"; }
  static bool read(const Node& node, T& out, Diagnostics& errors) {
    return read_struct(description<T>(), node, &out, errors);
  }
  static Node show(const T& value) { return show_struct(description<T>(), &value); }
  static Node schema() { return schema_struct(description<T>()); }
};

namespace detail {

template <class X>
struct Inside {
  using type = X;
  static constexpr const char* container = "";
};
template <class X>
struct Inside<std::optional<X>> : Inside<X> {};
template <class X>
struct Inside<std::vector<X>> {
  using type = typename Inside<X>::type;
  static constexpr const char* container = "[]";
};
template <class X>
struct Inside<std::map<std::string, X>> {
  using type = typename Inside<X>::type;
  static constexpr const char* container = ".*";
};

template <class X>
void constrain(const X& value, const Node& node, const Constraints& constraints, Diagnostics& errors) {
  if constexpr (std::is_same_v<X, std::string>) {
    constrain_text(value, node, constraints, errors);
  } else if constexpr (std::is_arithmetic_v<X>) {
    constrain_number(static_cast<long double>(value), node, constraints, errors);
  } else if constexpr (std::is_same_v<X, Duration>) {
    constrain_number(static_cast<long double>(value.count()), node, constraints, errors);
  } else if constexpr (std::is_same_v<X, ByteCount>) {
    constrain_number(static_cast<long double>(value.bytes), node, constraints, errors);
  } else if constexpr (std::is_same_v<X, BitRate>) {
    constrain_number(static_cast<long double>(value.bits_per_second), node, constraints, errors);
  } else if constexpr (requires {
                         value.has_value();
                         *value;
                       }) {
    if (value.has_value()) constrain(*value, node, constraints, errors);
  } else if constexpr (requires {
                         value.size();
                         value[0];
                       }) {
    for (std::size_t i = 0; i < value.size() && i < node.items.size(); ++i) {
      constrain(value[i], node.items[i], constraints, errors);
    }
  }
}

template <class X>
const ValueType& value_type() {
  static const ValueType type{
      [] { return Setting<X>::type(); },
      [](const Node& node, void* out, Diagnostics& errors) {
        return Setting<X>::read(node, *static_cast<X*>(out), errors);
      },
      [](const void* value) { return Setting<X>::show(*static_cast<const X*>(value)); },
      [] { return Setting<X>::schema(); },
      [](const void* value, const Node& node, const Constraints& constraints, Diagnostics& errors) {
        constrain(*static_cast<const X*>(value), node, constraints, errors);
      },
      []() -> const Description* {
        if constexpr (SelfDescribing<typename Inside<X>::type>) return &description<typename Inside<X>::type>();
        return nullptr;
      },
      Inside<X>::container,
  };
  return type;
}

template <class T, class M, class B>
std::function<void*(void*)> member_of(M B::*member) {
  return [member](void* object) -> void* { return &(static_cast<T*>(object)->*member); };
}

}  // namespace detail

/// What `describe` is handed; see the top of this file.
template <class T>
class Row {
 public:
  explicit Row(Description& description) : description_(description) {}

  template <class M, class B, class... Cs>
  void operator()(const char* key, M B::*member, const char* help, const Cs&... constraints) {
    Field& field = add(key, help, Field::Form::plain, detail::member_of<T>(member));
    field.type = &detail::value_type<M>();
    (constraints(field.constraints), ...);
  }
  template <class B, class C>
  void rest(Choice B::*choice, const char* kind, std::string C::*name) {
    description_.rest = Rest{kind, detail::member_of<T>(choice), detail::member_of<T>(name)};
  }
  template <class B>
  void choice(const char* key, Choice B::*member, const char* kind, const char* help) {
    add(key, help, Field::Form::choice, detail::member_of<T>(member)).kind = kind;
  }
  template <class B>
  void choices(const char* key, std::vector<Choice> B::*member, const char* kind, const char* help) {
    add(key, help, Field::Form::choices, detail::member_of<T>(member)).kind = kind;
  }
  template <class B>
  void each(const char* key, std::vector<Choice> B::*member, const char* kind, const char* entry, const char* help) {
    Field& field = add(key, help, Field::Form::each, detail::member_of<T>(member));
    field.kind = kind;
    field.entry = entry;
  }
  template <class M, class B>
  void shorthand(M B::*member) {
    description_.shorthand = detail::member_of<T>(member);
  }

 private:
  Field& add(const char* key, const char* help, Field::Form form, std::function<void*(void*)> member) {
    Field& field = description_.fields.emplace_back();
    field.key = key;
    field.help = help;
    field.form = form;
    field.member = std::move(member);
    return field;
  }
  Description& description_;
};

/// The one description of T, made at first use.
template <class T>
const Description& description() {
  static const Description made = [] {
    Description d;
    d.type = &typeid(T);
    d.make = []() -> std::shared_ptr<void> { return std::make_shared<T>(); };
    if constexpr (requires(const T& value, const Node& node, Diagnostics& errors) { value.check(node, errors); }) {
      d.check = [](const void* value, const Node& node, Diagnostics& errors) {
        static_cast<const T*>(value)->check(node, errors);
      };
    }
    Row<T> row(d);
    T::describe(row);
    return d;
  }();
  return made;
}

template <class Options, class Payload>
Registered<Options, Payload>::Registered(const char* kind, const char* name, const char* summary, Payload payload) {
  CatalogueEntry entry{kind, name, summary, nullptr, nullptr, nullptr};
  if constexpr (!std::is_same_v<Options, NoOptions>) entry.options = [] { return &description<Options>(); };
  if constexpr (!std::is_same_v<Payload, NoPayload>) {
    entry.payload_data = std::make_shared<const Payload>(std::move(payload));
    entry.payload_type = &typeid(Payload);
  }
  entry_ = &Catalogue::add(std::move(entry));
}

}  // namespace byzsim
