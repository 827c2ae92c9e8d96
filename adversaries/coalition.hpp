// Coalition: what the corrupted nodes share. Their keys, everything that any of them has seen, and the ways to make a
// message with these.
//
// It can sign as a corrupted node and as nobody else: Powers hands out no other key.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/replica/interceptor.hpp"

namespace byzsim {

class Coalition {
 public:
  explicit Coalition(Powers& powers) : powers_(powers) {}
  Powers& powers() { return powers_; }
  const Powers& powers() const { return powers_; }

  // --- knowledge ---

  /// Keeps the message, and what is nested in it, for replays and forgeries. The oldest is forgotten past
  /// kMostRemembered.
  void remember(const Ref<const Message>& message);
  /// What was seen, each message once, oldest first: a relay, which keeps number and what is signed, is no other.
  const std::deque<Ref<const Message>>& memory() const { return memory_; }
  static constexpr std::size_t kMostRemembered = 1 << 16;

  // --- making messages ---

  /// Signs a draft as a corrupted node; a CHECK fails for any other.
  Ref<const Message> sign(Ref<Message> draft, NodeId signer);
  /// Signs again if the signer is corrupted. Otherwise the draft keeps the signature it came with, which no longer
  /// fits.
  Ref<const Message> sign_if_able(Ref<Message> draft);
  /// The same proposal for another batch: payload and digest replaced.
  Ref<const Message> with_batch(const Message& proposal, const Ref<const Batch>& batch);
  /// The same vote for another value.
  Ref<const Message> with_value(const Message& vote, Digest value);

 private:
  Powers& powers_;
  std::deque<Ref<const Message>> memory_;
  Ref<const Message> latest_;
  std::set<std::pair<std::uint64_t, Digest>> known_;  // by number and what is signed
};

/// What a kind says of its fields; made once a kind.
const std::vector<FieldFacts>& facts_of(const MessageKind& kind);
/// The first field with this role and sort, or null.
const FieldFacts* field_with(const std::vector<FieldFacts>& fields, Role role, FieldSort sort);
/// Whether messages of this kind propose a value: they carry a batch and its digest.
bool proposes(const MessageKind& kind);
/// Whether messages of this kind vote for a value in a view and a slot.
bool votes(const MessageKind& kind);
/// A batch as it stands in a trace.
Json json_of(const Batch& batch, const Notary& notary);
/// A digest as it stands in a trace.
Json json_of(Digest digest);

}  // namespace byzsim
