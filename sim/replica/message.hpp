// Message: what nodes send each other. Immutable once signed, shared by all its receivers, verified once.
//
//   struct Prepare final : Described<Prepare> {
//     View view = 0;
//     Slot slot = 0;
//     Digest value;
//     static constexpr MessageTraits traits{.name = "prepare", .phase = "prepare"};
//     static constexpr void describe(auto&& field) {
//       field("view", &Prepare::view, Role::view);
//       field("slot", &Prepare::slot, Role::slot);
//       field("value", &Prepare::value, Role::value);
//     }
//   };
//
// That is all a protocol writes. Nothing else in the tree knows its fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"
#include "sim/core/ref.hpp"
#include "sim/crypto/keys.hpp"
#include "sim/replica/fields.hpp"

namespace byzsim {

/// What a message type says of itself to those who know no protocol.
struct MessageTraits {
  std::string_view name;        ///< as in the paper: pre-prepare, prepare, commit
  std::string_view phase = {};  ///< the phase it is a vote in; empty if it is no vote
  bool decides = false;         ///< a quorum of these decides a slot
  /// An honest node signs at most one value for each (kind, view, slot); two convict their signer.
  bool exclusive = true;
  /// It says what its signer voted for before, or did not: see `claimed` in sim/replica/protocol.hpp.
  bool claims = false;
};

/// The static side of a message type: one object per type, the same for all runs.
struct MessageKind {
  MessageTraits traits;
  Ref<Message> (*make)() = nullptr;
  std::vector<FieldFacts> (*fields)() = nullptr;
  bool keeps = false;               ///< some field holds more than its own size: a list, a text
  mutable std::uint16_t index = 0;  ///< position in its protocol's table, set when the protocol registers
};

/// The fields that generic observers look at, filled in when the message is signed.
struct Label {
  View view = kNoView;
  Slot slot = kNoSlot;
  Digest value{};
};

/// A vote as judges remember it, who cannot keep every message.
struct SignedVote {
  std::string_view kind;
  View view = kNoView;
  Slot slot = kNoSlot;
  Digest value{};
};

/// What a claim shows its signer to have voted for in one slot.
struct ClaimedSlot {
  Slot slot = kNoSlot;
  View view = kNoView;
  Digest value{};
  friend auto operator<=>(const ClaimedSlot&, const ClaimedSlot&) = default;
};
/// A claim as judges remember it: what it says of every vote of its signer in an earlier view and a later slot.
struct ClaimFacts {
  View view = 0;                   ///< it speaks of the views below this one
  Slot stable = 0;                 ///< and of the slots above this one
  std::vector<ClaimedSlot> slots;  ///< in any order; a judge that asks for contradictions has sorted them
};

/// How far the signature is known to be good. `genuine` is given only by a Notary to the holder of a Signer, so nothing
/// else can make one.
enum class Seal : std::uint8_t { none, genuine, bad, unchecked };

/// Belongs to one object and not to its content: a copy starts anew.
template <class T>
struct Uncopied {
  T value{};
  Uncopied() = default;
  Uncopied(const Uncopied&) {}
  Uncopied& operator=(const Uncopied&) { return *this; }
  Uncopied& operator=(T now) {
    value = now;
    return *this;
  }
  operator T&() { return value; }
  operator const T&() const { return value; }
};

class Message : public Counted {
 public:
  const MessageKind& kind() const { return *kind_; }
  std::string_view name() const { return kind_->traits.name; }
  NodeId signer() const { return signer_; }  ///< who it claims to be signed by
  NodeId from() const { return from_; }      ///< who put it on the link; differs from the signer when relayed
  std::uint64_t id() const { return id_; }   ///< number of the signing, unique within a run; relays keep it
  const Label& label() const { return label_; }

  /// A hash of kind and every field (not of signer, link sender or signature), of nested messages by content and
  /// signer. What a signature covers is more: Notary::subject. Formed anew each time for a message that holds others, else kept.
  Digest content() const;

  virtual void put_fields(FieldSink& sink) const = 0;
  virtual void take_fields_from(const Json& from) = 0;
  virtual std::uint64_t payload_size(const Sizes& sizes) const = 0;
  /// What its fields hold beside the message itself, by declared sizes; what is shared by reference counts for itself.
  virtual std::uint64_t kept_bytes() const = 0;
  /// What the first field with Role::payload shares by reference (a batch, a snapshot); null if there is none.
  virtual const SharedPayload* payload() const = 0;
  virtual Label read_label() const = 0;
  virtual Ref<Message> clone() const = 0;

  static void* operator new(std::size_t size);
  static void operator delete(void* memory, std::size_t size);

 protected:
  explicit Message(const MessageKind& kind) : kind_(&kind) {}
  [[gnu::always_inline]] Message(const Message&) = default;
  Message& operator=(const Message&) = default;

 private:
  friend class Notary;   // seals and checks
  friend class Draft;    // builds what nobody vouches for: relays, altered copies, messages read from a file
  friend class Postbox;  // counts copies under way

  // What it counts in memory; see sim/core/limits.hpp. Told when its fields are final, so that it does not depend on
  // who asks for its content.
  void weigh() { weight_.set(kBytes + (kind_->keeps ? kept_bytes() : 0)); }
  static constexpr std::uint32_t kBytes = 192;

  // First what every delivery touches, so that it shares a cache line.
  NodeId signer_ = kNobody;
  const MessageKind* kind_;
  NodeId from_ = kNobody;
  mutable Seal seal_ = Seal::none;
  mutable bool covers_tags_ = false;
  mutable Uncopied<bool> witnessed_;  // an honest node other than the signer has received it
  std::uint64_t id_ = 0;
  mutable Uncopied<std::uint32_t> under_way_;  // deliveries that the queue still holds
  mutable Uncopied<std::uint32_t> box_;        // where the postbox keeps it meanwhile
  OwnFootprintOf<std::uint32_t> weight_;
  mutable Tag tag_{};         // as attached; of a genuine message once somebody has asked for it, zero before
  mutable Digest content_{};  // cached: what is signed if `covers_tags_`, which only a Notary can tell; else content()
  Label label_;
};

/// The base of a message type: everything that follows from its description.
template <class M>
class Described : public Message {
 public:
  Described() : Message(kind_info) {}
  static const MessageKind kind_info;

  void put_fields(FieldSink& sink) const final {
    M::describe([&](std::string_view name, auto member, Role = Role::plain) {
      sink.name(name);
      put(sink, self().*member);
    });
  }
  void take_fields_from(const Json& from) final { byzsim::take_fields(from, static_cast<M&>(*this)); }
  std::uint64_t payload_size(const Sizes& sizes) const final {
    std::uint64_t total = 0;
    M::describe([&](std::string_view, auto member, Role = Role::plain) { total += size_of(self().*member, sizes); });
    return total;
  }
  std::uint64_t kept_bytes() const final {
    std::uint64_t total = 0;
    M::describe([&](std::string_view, auto member, Role = Role::plain) { total += kept_by(self().*member); });
    return total;
  }
  const SharedPayload* payload() const final {
    const SharedPayload* found = nullptr;
    M::describe([&](std::string_view, auto member, Role role = Role::plain) {
      if constexpr (requires { static_cast<const SharedPayload*>((self().*member).get()); }) {
        if (role == Role::payload && found == nullptr) found = (self().*member).get();
      }
    });
    return found;
  }
  Label read_label() const final {
    Label label;
    M::describe([&](std::string_view, auto member, Role role = Role::plain) {
      using Value = std::remove_cvref_t<decltype(self().*member)>;
      if constexpr (std::is_same_v<Value, std::uint64_t>) {
        if (role == Role::view) label.view = self().*member;
        if (role == Role::slot) label.slot = self().*member;
      } else if constexpr (std::is_same_v<Value, Digest>) {
        if (role == Role::value) label.value = self().*member;
      }
    });
    return label;
  }
  Ref<Message> clone() const final { return make_ref<M>(self()); }

 private:
  const M& self() const { return static_cast<const M&>(*this); }
};

template <class M>
const MessageKind Described<M>::kind_info{M::traits, [] { return Ref<Message>(make_ref<M>()); }, field_facts<M>,
                                          keeps_more<M>()};

/// `message` as an M, or null if it is of another kind.
template <class M>
const M* as(const Message& message) {
  return &message.kind() == &M::kind_info ? static_cast<const M*>(&message) : nullptr;
}

/// Bytes of the whole message on the wire: framing, fields, signature.
inline std::uint64_t wire_size(const Message& message, const Sizes& sizes) {
  return std::uint64_t{sizes.header} + message.payload_size(sizes) + sizes.signature;
}

/// Calls `visit(const Message&)` for every message nested in `message`, depth first, `message` itself excluded.
void for_each_nested(const Message& message, const std::function<void(const Message&)>& visit);

}  // namespace byzsim
