// The fields of a message, described once: how every type of value a message may hold is written, sized and read back.
//
// A message type calls `field(name, &Type::member, role)` for each of its fields. From that one description come its
// canonical bytes (what is signed and hashed), its size on the wire, its form in a trace, and the paths by which a rule
// matches, alters or forges it.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/ref.hpp"
#include "sim/core/replica_set.hpp"

namespace byzsim {

class Message;

/// What a field means to those who know no protocol: rules, invariants, forensics.
enum class Role : std::uint8_t { plain, view, slot, value, payload, certificate };

/// What kind of thing a field holds.
enum class FieldSort : std::uint8_t { number, boolean, digest, text, members, message, payload, group };

struct MessageKind;

/// One field of a message type, for those who know no protocol: what a rule may name, and what it may put there.
struct FieldFacts {
  std::string_view name;
  Role role = Role::plain;
  FieldSort sort = FieldSort::number;
  bool list = false;                     ///< the field holds any number of these
  const MessageKind* message = nullptr;  ///< for sort message: its kind
  /// For sort group: its own fields. For sort payload: one entry, what the payload is made of; none if it does not say.
  std::vector<FieldFacts> fields{};
};

/// Bytes on the wire of the things a message is made of.
struct Sizes {
  std::uint32_t header = 40;
  std::uint32_t digest = 32;
  std::uint32_t signature = 64;
};

/// Receives the fields of a message one by one: a hash of them, their text, the messages among them.
class FieldSink {
 public:
  virtual ~FieldSink() = default;
  virtual void name(std::string_view field) = 0;
  virtual void number(std::uint64_t value) = 0;
  virtual void boolean(bool value) = 0;
  virtual void digest(Digest value) = 0;
  virtual void text(std::string_view value) = 0;
  virtual void nested(const Message* message) = 0;  ///< null if the field is empty: no message, no payload
  virtual void begin_list(std::size_t size) = 0;
  virtual void end_list() = 0;
  virtual void begin_group() = 0;
  virtual void end_group() = 0;
};

/// Thrown by `take` when a value does not fit its field; the text names the field and what would be right.
class FieldError;

template <class T>
concept DescribedGroup = !std::derived_from<T, Message> && requires {
  T::describe([](auto&&...) {});
};

/// A payload that is shared by reference and writes itself: a batch of requests, a snapshot of a state.
class SharedPayload : public Counted {
 public:
  virtual void put(FieldSink& sink) const = 0;
  virtual std::uint64_t wire_size(const Sizes& sizes) const = 0;
};

// --- describing ----------------------------------------------------------------------------------------------------

template <class T>
struct FieldType {
  static void fill(FieldFacts& facts) {
    if constexpr (std::is_same_v<T, bool>) {
      facts.sort = FieldSort::boolean;
    } else if constexpr (std::is_same_v<T, Digest>) {
      facts.sort = FieldSort::digest;
    } else if constexpr (std::is_same_v<T, std::string>) {
      facts.sort = FieldSort::text;
    } else if constexpr (std::is_same_v<T, ReplicaSet>) {
      facts.sort = FieldSort::members;
    } else if constexpr (DescribedGroup<T>) {
      facts.sort = FieldSort::group;
      facts.fields = facts_of<T>();
    } else {
      static_assert(std::unsigned_integral<T>, "a field of this type cannot be described");
    }
  }
  template <class Group>
  static std::vector<FieldFacts> facts_of() {
    std::vector<FieldFacts> all;
    Group::describe([&]<class Class, class Member>(std::string_view name, Member Class::*, Role role = Role::plain) {
      FieldFacts facts{.name = name, .role = role};
      FieldType<Member>::fill(facts);
      all.push_back(std::move(facts));
    });
    return all;
  }
};
template <class T>
struct FieldType<std::vector<T>> {
  static void fill(FieldFacts& facts) {
    FieldType<T>::fill(facts);
    if (facts.list) throw std::logic_error("a list of lists has no names to reach into: make the inner one a group");
    facts.list = true;
  }
};
template <class T>
struct FieldType<Ref<const T>> {
  static void fill(FieldFacts& facts) {
    if constexpr (std::derived_from<T, Message>) {
      facts.sort = FieldSort::message;
      facts.message = &T::kind_info;
    } else {
      facts.sort = FieldSort::payload;
      if constexpr (requires { typename T::Form; }) {
        FieldFacts content{.name = facts.name};
        FieldType<typename T::Form>::fill(content);
        facts.fields.push_back(std::move(content));
      }
    }
  }
};
/// What `T::describe` says, as a table.
template <class T>
std::vector<FieldFacts> field_facts() {
  return FieldType<T>::template facts_of<T>();
}

// --- writing -------------------------------------------------------------------------------------------------------

inline void put(FieldSink& sink, bool value) {
  sink.boolean(value);
}
inline void put(FieldSink& sink, std::unsigned_integral auto value) {
  sink.number(value);
}
inline void put(FieldSink& sink, Digest value) {
  sink.digest(value);
}
inline void put(FieldSink& sink, const std::string& value) {
  sink.text(value);
}
void put(FieldSink& sink, const ReplicaSet& value);
template <class M>
requires std::derived_from<M, Message>
void put(FieldSink& sink, const Ref<const M>& value) {
  sink.nested(value.get());
}
template <class P>
requires std::derived_from<P, SharedPayload>
void put(FieldSink& sink, const Ref<const P>& value) {
  if (value) {
    value->put(sink);
  } else {
    sink.nested(nullptr);
  }
}
template <DescribedGroup T>
void put(FieldSink& sink, const T& value);
template <class T>
void put(FieldSink& sink, const std::vector<T>& values) {
  sink.begin_list(values.size());
  for (const T& value : values) put(sink, value);
  sink.end_list();
}
template <DescribedGroup T>
void put(FieldSink& sink, const T& value) {
  sink.begin_group();
  T::describe([&](std::string_view name, auto member, Role = Role::plain) {
    sink.name(name);
    put(sink, value.*member);
  });
  sink.end_group();
}

// --- size on the wire ----------------------------------------------------------------------------------------------

inline std::uint64_t size_of(bool, const Sizes&) {
  return 1;
}
template <std::unsigned_integral T>
std::uint64_t size_of(T, const Sizes&) {
  return sizeof(T);
}
inline std::uint64_t size_of(Digest, const Sizes& sizes) {
  return sizes.digest;
}
inline std::uint64_t size_of(const std::string& value, const Sizes&) {
  return 4 + value.size();
}
std::uint64_t size_of(const ReplicaSet& value, const Sizes& sizes);
std::uint64_t size_of_message(const Message* message, const Sizes& sizes);
template <class M>
requires std::derived_from<M, Message> std::uint64_t size_of(const Ref<const M>& value, const Sizes& sizes) {
  return size_of_message(value.get(), sizes);
}
template <class P>
requires std::derived_from<P, SharedPayload> std::uint64_t size_of(const Ref<const P>& value, const Sizes& sizes) {
  return value ? value->wire_size(sizes) : 4;
}
template <DescribedGroup T>
std::uint64_t size_of(const T& value, const Sizes& sizes) {
  std::uint64_t total = 0;
  T::describe([&](std::string_view, auto member, Role = Role::plain) { total += size_of(value.*member, sizes); });
  return total;
}
template <class T>
std::uint64_t size_of(const std::vector<T>& values, const Sizes& sizes) {
  std::uint64_t total = 4;
  for (const T& value : values) total += size_of(value, sizes);
  return total;
}

// --- size in memory ------------------------------------------------------------------------------------------------

template <class T>
constexpr bool keeps_more();
template <class T>
inline constexpr bool kKeepsMore = std::is_same_v<T, std::string> || std::is_same_v<T, ReplicaSet>;
template <class T>
inline constexpr bool kKeepsMore<std::vector<T>> = true;
template <DescribedGroup T>
inline constexpr bool kKeepsMore<T> = keeps_more<T>();
/// Whether some field of T holds more than its own size.
template <class T>
constexpr bool keeps_more() {
  bool found = false;
  T::describe([&]<class Class, class Member>(std::string_view, Member Class::*, Role = Role::plain) {
    found = found || kKeepsMore<Member>;
  });
  return found;
}
/// What a field keeps on the heap, by declared sizes. What it refers to counts for itself.
template <class T>
std::uint64_t kept_by(const T& value);
template <class T>
std::uint64_t kept_by(const std::vector<T>& values) {
  constexpr std::uint64_t kItem = DescribedGroup<T> ? 64 : 8;
  std::uint64_t total = kItem * values.size();
  if constexpr (DescribedGroup<T> || std::is_same_v<T, std::string>) {
    for (const T& value : values) total += kept_by(value);
  }
  return total;
}
template <class T>
std::uint64_t kept_by(const T& value) {
  std::uint64_t total = 0;
  if constexpr (std::is_same_v<T, std::string>) {
    total = value.size();
  } else if constexpr (std::is_same_v<T, ReplicaSet>) {
    total = 8 * value.words();
  } else if constexpr (DescribedGroup<T>) {
    T::describe([&](std::string_view, auto member, Role = Role::plain) { total += kept_by(value.*member); });
  }
  return total;
}

// --- reading back (traces, altered and forged messages)
// ---------------------------------------------------------------

using Json = nlohmann::ordered_json;

void take(const Json& from, bool& value);
void take(const Json& from, std::uint16_t& value);
void take(const Json& from, std::uint32_t& value);
void take(const Json& from, std::uint64_t& value);
void take(const Json& from, Digest& value);
void take(const Json& from, std::string& value);
void take(const Json& from, ReplicaSet& value);

/// The member `name` of an object, or null if it is absent.
const Json* member_of(const Json& object, std::string_view name);
std::size_t list_size(const Json& list);
const Json& list_item(const Json& list, std::size_t index);
bool is_empty(const Json& value);
/// Reads the header (signer, sender, tag) and then the fields of a message into `message`.
void take_message(const Json& from, Message& message);

template <class M>
requires std::derived_from<M, Message>
void take(const Json& from, Ref<const M>& value) {
  if (is_empty(from)) {
    value = nullptr;
    return;
  }
  auto message = make_ref<M>();
  take_message(from, *message);
  value = Ref<const M>(message);
}
template <class P>
requires std::derived_from<P, SharedPayload>
void take(const Json& from, Ref<const P>& value) {
  if (is_empty(from)) {
    value = nullptr;
  } else {
    value = P::take(from);
  }
}
template <DescribedGroup T>
void take(const Json& from, T& value);
template <class T>
void take(const Json& from, std::vector<T>& values) {
  values.clear();
  const std::size_t size = list_size(from);
  for (std::size_t i = 0; i < size; ++i) {
    T value{};
    take(list_item(from, i), value);
    values.push_back(std::move(value));
  }
}
/// Reads the fields that `from` has and leaves the others as they are.
template <class T>
void take_fields(const Json& from, T& value) {
  T::describe([&](std::string_view name, auto member, Role = Role::plain) {
    if (const Json* field = member_of(from, name)) take(*field, value.*member);
  });
}
template <DescribedGroup T>
void take(const Json& from, T& value) {
  take_fields(from, value);
}

// --- payloads ------------------------------------------------------------------------------------------------------

/// A payload that is written as an F: a list, or a described group. From F come its bytes, its form in a trace and the
/// paths by which rules reach inside. P has `form()`, which says what it holds, and `static Ref<const P> of(F)`, which
/// makes it again and throws FieldError where nothing can hold that.
template <class P, class F>
class FormedPayload : public SharedPayload {
 public:
  using Form = F;
  void put(FieldSink& sink) const final { byzsim::put(sink, static_cast<const P&>(*this).form()); }
  static Ref<const P> take(const Json& from) {
    Form form{};
    byzsim::take(from, form);
    return P::of(std::move(form));
  }
};

}  // namespace byzsim
