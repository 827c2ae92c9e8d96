// VoteIndex: who signed which value, per slot, view and phase. Fed with signed messages once, for every invariant and
// for forensics.
//
// It notices, while counting, a signer's second value in one (kind, view, slot) and a second value with a quorum of
// votes in one (phase, view, slot). A vote costs a scan over the few values of its slot and one bit; memory is that of
// the live slots, at most about 64 MB.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/fact.hpp"
#include "analysis/kinds.hpp"
#include "analysis/roster.hpp"
#include "analysis/slot_ring.hpp"
#include "sim/replica/message.hpp"

namespace byzsim {

/// One signature on one value, as far as it is remembered.
struct Exhibit {
  std::uint64_t id = 0;    ///< number of the signing
  std::uint16_t kind = 0;  ///< position in Manifest::kinds
  NodeId signer = kNobody;
  View view = kNoView;
  Slot slot = kNoSlot;
  Digest value{};
  /// The message itself. Kept for nodes that were faulty when they signed it; may be null for others.
  Ref<const Message> message;
};

/// Two values by one signer where one was allowed.
struct Conflict {
  Exhibit first;
  Exhibit second;
};

/// Told of every conflict as it arises; forensics.
class ConflictSink {
 public:
  virtual ~ConflictSink() = default;
  virtual void on_conflict(const Conflict& conflict) = 0;
};

class VoteIndex {
 public:
  VoteIndex(const Manifest& manifest, const Roster& roster, const KindTable& kinds, FactSink& facts);
  void attach(ConflictSink& conflicts) { conflicts_ = &conflicts; }

  /// Counts a signed message whose kind belongs to a family and whose label names a value.
  void add(const Message& message, const KindFacts& kind, Time now);
  /// Distinct signers of deciding votes for this value in (view, slot); kNobody if the slot's votes are forgotten.
  std::uint32_t deciding_votes(View view, Slot slot, Digest value) const;
  /// Numbers of the messages by which these votes were cast, by increasing signer.
  std::vector<std::uint64_t> votes_for(View view, Slot slot, Digest value) const;
  /// Calls `visit(const Exhibit&)` for every deciding vote of this signer that is not forgotten.
  void for_each_deciding_vote(NodeId signer, auto&& visit) {
    by_slot_.for_each([&](Slot slot, const Entry& entry) {
      for (std::uint32_t i = 0; i < entry.used; ++i) {
        const Tally& tally = entry.tallies[i];
        if (!tally.decides || !tally.signers.contains(signer)) continue;
        const std::uint64_t packed = tally.first[signer];
        visit(
            Exhibit{packed >> 8, static_cast<std::uint16_t>(packed & 0xff), signer, tally.view, slot, tally.value, {}});
      }
    });
  }
  void forget_below(Slot slot) {
    by_slot_.retire_below(slot);
    latest_ = nullptr;
  }

 private:
  struct Tally {
    Digest value{};
    View view = kNoView;
    std::uint16_t family = kNoFamily;
    bool decides = false;
    bool certified = false;
    std::uint32_t count = 0;
    ReplicaSet signers;
    std::vector<std::uint64_t> first;  // by signer: number of the signing << 8 | kind
  };
  struct Extra {  // a signature by a second kind of the same family on the same value
    std::uint32_t tally;
    NodeId signer;
    std::uint64_t packed;
  };
  struct Entry {
    std::vector<Tally> tallies;  // the first `used` count; the others keep their memory
    std::uint32_t used = 0;
    std::vector<Extra> extras;
    std::vector<Ref<const Message>> kept;
    void reset() {
      used = 0;
      extras.clear();
      kept.clear();
    }
  };

  void count(const Message& message, const KindFacts& kind, Entry& entry, Tally& own, Time now);
  Tally* new_tally(Entry& entry, const Message& message, const KindFacts& kind);
  void look_for_conflict(Entry& entry, const Tally& own, const Message& message, const KindFacts& kind, Time now);
  void certify(Entry& entry, Tally& tally, Slot slot, Time now);
  bool repeated(Entry& entry, const Tally& tally, const Message& message, const KindFacts& kind);

  const Manifest& manifest_;
  const Roster& roster_;
  const KindTable& kinds_;
  FactSink& facts_;
  ConflictSink* conflicts_ = nullptr;
  Slot most_live_;
  Tally* latest_ = nullptr;  // the tally voted for last, if its (family, view, slot) has no other value
  Entry* latest_entry_ = nullptr;
  Slot latest_slot_ = kNoSlot;
  SlotRing<Entry> by_slot_;
  SlotRing<Entry> by_view_;  // messages that have a view and a value but no slot
};

}  // namespace byzsim
