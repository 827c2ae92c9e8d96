#include "sim/replica/fields.hpp"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/replica/message.hpp"
#include "sim/replica/notary.hpp"

namespace byzsim {

void put(FieldSink& sink, const ReplicaSet& value) {
  const std::vector<NodeId> members = value.members();
  sink.begin_list(members.size());
  for (NodeId id : members) sink.number(id);
  sink.end_list();
}

std::uint64_t size_of(const ReplicaSet& value, const Sizes&) {
  std::uint32_t highest = 0;
  value.for_each([&](NodeId id) { highest = id; });
  return 4 + highest / 8 + 1;  // a bitmap
}

std::uint64_t size_of_message(const Message* message, const Sizes& sizes) {
  return message == nullptr ? 1 : message->payload_size(sizes) + sizes.signature;
}

namespace {

// What an error quotes: the beginning is enough, of whatever length somebody wrote.
std::string shown(const Json& value) {
  constexpr std::size_t kMost = 80;
  if (value.is_structured() && value.size() > kMost) return value.is_array() ? "a long list" : "a large object";
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMost) text = text.substr(0, kMost) + "...";
  return text;
}

std::uint64_t number_in(const Json& from, std::uint64_t most) {
  std::uint64_t value = 0;
  if (from.is_number_unsigned()) {
    value = from.get<std::uint64_t>();
  } else if (from.is_string()) {
    const auto& text = from.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      throw FieldError(fmt::format("{} is not a whole number", shown(from)));
    }
  } else {
    throw FieldError(fmt::format("a whole number is needed here, not {}", shown(from)));
  }
  if (value > most) throw FieldError(fmt::format("{} is larger than the field can hold ({})", value, most));
  return value;
}

}  // namespace

void take(const Json& from, bool& value) {
  if (!from.is_boolean()) throw FieldError(fmt::format("true or false is needed here, not {}", shown(from)));
  value = from.get<bool>();
}
void take(const Json& from, std::uint16_t& value) {
  value = static_cast<std::uint16_t>(number_in(from, 0xffff));
}
void take(const Json& from, std::uint32_t& value) {
  value = static_cast<std::uint32_t>(number_in(from, 0xffffffff));
}
void take(const Json& from, std::uint64_t& value) {
  value = number_in(from, ~std::uint64_t{0});
}
void take(const Json& from, std::string& value) {
  if (!from.is_string()) throw FieldError(fmt::format("a text is needed here, not {}", shown(from)));
  value = from.get<std::string>();
}
void take(const Json& from, Digest& value) {
  if (from.is_string()) {
    const auto& text = from.get_ref<const std::string&>();
    std::uint64_t bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
    if (error == std::errc{} && end == text.data() + text.size()) {
      value = Digest{bits};
      return;
    }
  }
  throw FieldError(fmt::format("a digest of hexadecimal digits is needed here, not {}", shown(from)));
}
void take(const Json& from, ReplicaSet& value) {
  value = {};
  for (std::size_t i = 0; i < list_size(from); ++i) {
    value.insert(static_cast<NodeId>(number_in(list_item(from, i), 1'000'000)));
  }
}

const Json* member_of(const Json& object, std::string_view name) {
  if (!object.is_object()) throw FieldError(fmt::format("fields are needed here, not {}", shown(object)));
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}
std::size_t list_size(const Json& list) {
  if (!list.is_array()) throw FieldError(fmt::format("a list is needed here, not {}", shown(list)));
  return list.size();
}
const Json& list_item(const Json& list, std::size_t index) {
  return list[index];
}
bool is_empty(const Json& value) {
  return value.is_null();
}
void take_message(const Json& from, Message& message) {
  Draft::read_into(message, from);
}

}  // namespace byzsim
