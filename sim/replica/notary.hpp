// Signing, checking, and building messages that nobody vouches for.
#pragma once

#include <cstdint>
#include <string>

#include "sim/crypto/keys.hpp"
#include "sim/replica/message.hpp"

namespace byzsim {

/// Told of every signing, whoever signs.
class SigningListener {
 public:
  virtual ~SigningListener() = default;
  virtual void on_signed(const Message& message) = 0;
};

/// Seals messages for holders of a Signer and checks seals. One per run: it numbers the signings.
class Notary {
 public:
  explicit Notary(const KeyRing& keys) : keys_(keys) {}

  /// Signs `message` as the holder of `signer`: from here on it must not change.
  void sign(const Signer& signer, Message& message) { sign(signer, message, message.read_label()); }
  /// The same for who knows the label, since they know the message's type.
  void sign(const Signer& signer, Message& message, const Label& label) {
    message.signer_ = signer.id();
    message.from_ = signer.id();
    message.id_ = ++signed_;
    message.label_ = label;
    message.content_ = {};
    message.weigh();
    message.covers_tags_ = false;
    message.tag_ = {};
    message.seal_ = Seal::genuine;
    if (listener_ != nullptr) listener_->on_signed(message);
  }
  void listen(SigningListener* listener) { listener_ = listener; }
  /// A number for a message that nobody signed, so that a trace can tell it from its original.
  std::uint64_t number() { return ++signed_; }
  /// How many nodes have a key.
  std::uint32_t nodes() const { return keys_.nodes(); }
  /// Whether the signature is that of the claimed signer over this content. Computed at most once a message.
  bool verify(const Message& message) const {
    return message.seal_ == Seal::genuine || (message.seal_ == Seal::unchecked && check(message));
  }
  /// The bytes of the signature: as signed, or as attached to a message that nobody vouches for. Computed at most once
  /// a message.
  Tag tag(const Message& message) const;
  /// What a signature covers: kind and every field, and of each nested message its signer and its own signature as
  /// well, so that nobody can put other signatures into what somebody has signed. Computed at most once a message.
  Digest subject(const Message& message) const;

 private:
  bool check(const Message& message) const;

  const KeyRing& keys_;
  SigningListener* listener_ = nullptr;
  std::uint64_t signed_ = 0;
};

/// Copies and inventions. What comes out verifies only if its tag happens to fit, that is, if it is an unchanged copy.
class Draft {
 public:
  /// The same signed message, put on a link by somebody else.
  static Ref<const Message> relay(const Message& message, NodeId from);
  /// A copy with some fields replaced (`changes` as in a trace), not yet signed again: carries the old tag.
  static Ref<Message> altered(const Message& message, const Json& changes, Notary& notary);
  /// A copy that claims another signer and carries the old tag.
  static Ref<Message> claiming(const Message& message, NodeId signer, Notary& notary);
  /// A copy with a damaged signature.
  static Ref<Message> damaged(const Message& message, Notary& notary);
  /// An unsigned message of this kind with these fields.
  static Ref<Message> fresh(const MessageKind& kind, const Json& fields);
  /// A message as it stands in a trace: {"signer", "id", "tag", fields…}. Throws FieldError.
  static Ref<Message> read(const MessageKind& kind, const Json& text);
  static void read_into(Message& message, const Json& text);
  static void set_from(Message& message, NodeId from) { message.from_ = from; }

 private:
  static Ref<Message> copy_of(const Message& message);
};

/// `message` with every field, its signer, id and tag, as JSON text appended to `out`; nested messages in full.
void write_json(const Message& message, const Notary& notary, std::string& out);
/// The same as a tree, without the detour over text; numbers are numbers, however large.
Json tree_of(const Message& message, const Notary& notary);
/// The same without numbers and signatures: what can be compared.
Json tree_of(const Message& message);
/// A payload as it stands in that tree.
Json tree_of(const SharedPayload& payload, const Notary& notary);

/// Thrown when a text does not fit a field.
class FieldError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace byzsim
