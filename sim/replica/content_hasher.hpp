// ContentHasher: the hash that names the content of a message.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/core/random.hpp"
#include "sim/replica/message.hpp"

namespace byzsim {

// Hashes canonical bytes word by word. Every item is preceded by its sort and lists by their length, so two different
// contents never feed the same words. Names are not hashed: a kind fixes its fields.
class ContentHasher : public FieldSink {
 public:
  explicit ContentHasher(std::string_view kind) { text(kind); }
  Digest digest() const { return {state_ | 1}; }  // never zero, which names nothing

  void name(std::string_view) override {}
  void number(std::uint64_t value) override { word(value); }
  void boolean(bool value) override { word(value ? 3 : 2); }
  void digest(Digest value) override { word(value.bits); }
  void text(std::string_view value) override {
    word(value.size());
    for (std::size_t i = 0; i < value.size(); i += 8) {
      std::uint64_t chunk = 0;
      for (std::size_t k = i; k < value.size() && k < i + 8; ++k) {
        chunk |= static_cast<std::uint64_t>(static_cast<unsigned char>(value[k])) << (8 * (k - i));
      }
      word(chunk);
    }
  }
  void nested(const Message* message) override {
    word(message == nullptr ? 0 : message->content().bits);
    word(message == nullptr ? kNobody : message->signer());
  }
  void begin_list(std::size_t size) override { word(0x6c697374 + (static_cast<std::uint64_t>(size) << 32)); }
  void end_list() override {}
  void begin_group() override {}
  void end_group() override {}

 protected:
  void word(std::uint64_t value) { state_ = mix64(state_ * 0x9e3779b97f4a7c15ULL + value + 1); }

 private:
  std::uint64_t state_ = 0x62797a73696d2f31;  // "byzsim/1"
};

}  // namespace byzsim
