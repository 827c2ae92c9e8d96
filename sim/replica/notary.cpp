#include "sim/replica/notary.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "sim/replica/content_hasher.hpp"

namespace byzsim {

namespace {

class SubjectHasher final : public ContentHasher {
 public:
  SubjectHasher(std::string_view kind, const Notary& notary) : ContentHasher(kind), notary_(notary) {}
  bool nests() const { return nests_; }
  void nested(const Message* message) override {
    if (message == nullptr) return ContentHasher::nested(message);
    nests_ = true;
    const Tag tag = notary_.tag(*message);
    word(notary_.subject(*message).bits);
    word(message->signer());
    word(tag[0]);
    word(tag[1]);
  }

 private:
  const Notary& notary_;
  bool nests_ = false;
};

}  // namespace

Digest Notary::subject(const Message& message) const {
  if (message.content_ && message.covers_tags_) return message.content_;
  // Known to be the same as the content where nothing is nested, which only hashing it shows.
  SubjectHasher hasher(message.name(), *this);
  message.put_fields(hasher);
  message.content_ = hasher.digest();
  message.covers_tags_ = hasher.nests();
  return message.content_;
}

Tag Notary::tag(const Message& message) const {
  if (message.seal_ == Seal::genuine && message.tag_ == Tag{})
    message.tag_ = keys_.tag(message.signer(), message.name(), subject(message));
  return message.tag_;
}

bool Notary::check(const Message& message) const {
  const bool fits =
      message.signer() < keys_.nodes() && keys_.tag(message.signer(), message.name(), subject(message)) == message.tag_;
  message.seal_ = fits ? Seal::genuine : Seal::bad;
  return fits;
}

Ref<Message> Draft::copy_of(const Message& message) {
  Ref<Message> copy = message.clone();
  copy->weigh();
  return copy;
}

Ref<const Message> Draft::relay(const Message& message, NodeId from) {
  Ref<Message> copy = copy_of(message);
  copy->from_ = from;
  return copy;
}

Ref<Message> Draft::altered(const Message& message, const Json& changes, Notary& notary) {
  Ref<Message> copy = message.clone();
  copy->tag_ = notary.tag(message);
  copy->take_fields_from(changes);
  copy->seal_ = Seal::unchecked;
  copy->id_ = notary.number();
  copy->content_ = {};
  copy->covers_tags_ = false;
  copy->label_ = copy->read_label();
  copy->weigh();
  return copy;
}

Ref<Message> Draft::claiming(const Message& message, NodeId signer, Notary& notary) {
  Ref<Message> copy = copy_of(message);
  copy->tag_ = notary.tag(message);
  copy->signer_ = signer;
  copy->seal_ = Seal::unchecked;
  copy->id_ = notary.number();
  return copy;
}

Ref<Message> Draft::damaged(const Message& message, Notary& notary) {
  Ref<Message> copy = copy_of(message);
  copy->tag_ = notary.tag(message);
  copy->tag_[0] ^= 1;
  copy->seal_ = Seal::unchecked;
  copy->id_ = notary.number();
  return copy;
}

Ref<Message> Draft::fresh(const MessageKind& kind, const Json& fields) {
  Ref<Message> message = kind.make();
  message->take_fields_from(fields);
  message->label_ = message->read_label();
  message->weigh();
  return message;
}

Ref<Message> Draft::read(const MessageKind& kind, const Json& text) {
  Ref<Message> message = kind.make();
  read_into(*message, text);
  return message;
}

void Draft::read_into(Message& message, const Json& text) {
  if (const Json* signer = member_of(text, "signer")) take(*signer, message.signer_);
  if (const Json* id = member_of(text, "id")) take(*id, message.id_);
  message.from_ = message.signer_;
  if (const Json* tag = member_of(text, "tag")) {
    std::string hex;
    take(*tag, hex);
    if (hex.size() != 32) throw FieldError(fmt::format("a signature has 32 hexadecimal digits, not {}", hex.size()));
    Digest half;
    take(Json(hex.substr(0, 16)), half);
    message.tag_[0] = half.bits;
    take(Json(hex.substr(16)), half);
    message.tag_[1] = half.bits;
    message.seal_ = Seal::unchecked;
  }
  const Json* fields = member_of(text, "fields");
  message.take_fields_from(fields != nullptr ? *fields : text);
  message.content_ = {};
  message.covers_tags_ = false;
  message.label_ = message.read_label();
  message.weigh();
}

namespace {

class JsonSink final : public FieldSink {
 public:
  JsonSink(std::string& out, const Notary& notary) : out_(out), notary_(notary) {}

  void name(std::string_view field) override {
    comma();
    out_ += '"';
    out_ += field;
    out_ += "\":";
    fresh_ = true;
  }
  void number(std::uint64_t value) override {
    comma();
    // Readers that hold numbers as doubles lose what lies past 2^53.
    const bool wide = value >= (std::uint64_t{1} << 53);
    if (wide) out_ += '"';
    digits(value);
    if (wide) out_ += '"';
  }
  void boolean(bool value) override {
    comma();
    out_ += value ? "true" : "false";
  }
  void digest(Digest value) override {
    comma();
    hex(value.bits);
  }
  void text(std::string_view value) override {
    comma();
    out_ += Json(value).dump();
  }
  void nested(const Message* message) override {
    comma();
    if (message == nullptr) {
      out_ += "null";
    } else {
      write(*message);
    }
  }
  void begin_list(std::size_t) override { open('['); }
  void end_list() override { close(']'); }
  void begin_group() override { open('{'); }
  void end_group() override { close('}'); }

  void write(const Message& message) {
    const Tag tag = notary_.tag(message);
    out_ += "{\"kind\":\"";
    out_ += message.name();
    out_ += "\",\"signer\":";
    digits(message.signer());
    out_ += ",\"id\":";
    fresh_ = true;
    number(message.id());
    out_ += ",\"tag\":\"";
    std::array<char, 32> hex;
    hex16(tag[0], hex.data());
    hex16(tag[1], hex.data() + 16);
    out_.append(hex.data(), hex.size());
    out_ += "\",\"fields\":{";
    fresh_ = true;
    message.put_fields(*this);
    out_ += "}}";
    fresh_ = false;
  }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  void open(char bracket) {
    comma();
    out_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    fresh_ = false;
  }
  void digits(std::uint64_t value) {
    const fmt::format_int text(value);
    out_.append(text.data(), text.size());
  }
  // Sixteen hexadecimal digits, eight at a time: nibbles spread over the bytes of a word, then turned into letters at
  // once.
  static void hex16(std::uint64_t bits, char* out) {
    for (int half = 0; half < 2; ++half) {
      std::uint64_t x = half == 0 ? bits >> 32 : bits & 0xffffffff;
      x = ((x & 0xffff0000) << 16) | (x & 0xffff);
      x = ((x & 0x0000ff000000ff00) << 8) | (x & 0x000000ff000000ff);
      x = ((x & 0x00f000f000f000f0) << 4) | (x & 0x000f000f000f000f);
      const std::uint64_t letters = ((x + 0x0606060606060606) >> 4) & 0x0101010101010101;  // 1 for a to f
      const std::uint64_t text = x + 0x3030303030303030 + letters * ('a' - '9' - 1);
      for (int i = 0; i < 8; ++i) out[8 * half + i] = static_cast<char>(text >> (56 - 8 * i));
    }
  }
  void hex(std::uint64_t bits) {
    std::array<char, 18> text;
    text[0] = '"';
    hex16(bits, text.data() + 1);
    text[17] = '"';
    out_.append(text.data(), text.size());
  }

  std::string& out_;
  const Notary& notary_;
  bool fresh_ = true;
};

}  // namespace

void write_json(const Message& message, const Notary& notary, std::string& out) {
  JsonSink(out, notary).write(message);
}

}  // namespace byzsim
