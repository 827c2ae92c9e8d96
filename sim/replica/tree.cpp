// Messages as JSON trees: what rules find their way in, and change.
#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "sim/core/limits.hpp"
#include "sim/replica/notary.hpp"

namespace byzsim {

namespace {

class TreeSink final : public FieldSink {
 public:
  TreeSink(Json& root, const Notary* notary) : notary_(notary) { open_.push_back(&root); }

  void name(std::string_view field) override { name_ = field; }
  void number(std::uint64_t value) override { add(value); }
  void boolean(bool value) override { add(value); }
  void digest(Digest value) override { add(hex(value.bits)); }
  void text(std::string_view value) override { add(value); }
  void nested(const Message* message) override {
    if (message == nullptr) {
      add(nullptr);
    } else {
      open_.push_back(&add(Json::object()));
      write(*message);
      open_.pop_back();
    }
  }
  void begin_list(std::size_t) override { open_.push_back(&add(Json::array())); }
  void end_list() override { open_.pop_back(); }
  void begin_group() override { open_.push_back(&add(Json::object())); }
  void end_group() override { open_.pop_back(); }

  /// Fills the innermost open object with this message.
  void write(const Message& message) {
    check_limits();  // one message may hold a hundred thousand others
    Json& into = *open_.back();
    into["kind"] = message.name();
    into["signer"] = message.signer();
    if (notary_ != nullptr) {
      const Tag tag = notary_->tag(message);
      into["id"] = message.id();
      into["tag"] = hex(tag[0]) + hex(tag[1]);
    }
    open_.push_back(&(into["fields"] = Json::object()));
    message.put_fields(*this);
    open_.pop_back();
  }

 private:
  static std::string hex(std::uint64_t bits) { return fmt::format("{:016x}", bits); }
  /// Only the innermost open container grows, so the pointers to those around it hold.
  Json& add(Json value) {
    Json& into = *open_.back();
    if (into.is_null()) return into = std::move(value);  // the root itself
    if (into.is_object()) return into[std::string(name_)] = std::move(value);
    return into.emplace_back(std::move(value));
  }

  const Notary* notary_;  // null: neither numbers nor signatures
  std::vector<Json*> open_;
  std::string_view name_;
};

}  // namespace

Json tree_of(const Message& message, const Notary& notary) {
  Json tree = Json::object();
  TreeSink(tree, &notary).write(message);
  return tree;
}

Json tree_of(const Message& message) {
  Json tree = Json::object();
  TreeSink(tree, nullptr).write(message);
  return tree;
}

Json tree_of(const SharedPayload& payload, const Notary& notary) {
  Json tree;
  TreeSink sink(tree, &notary);
  payload.put(sink);
  return tree;
}

}  // namespace byzsim
