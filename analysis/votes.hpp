// VoteIndex: who signed which value, per slot, view and phase. Fed with signed messages once, for every invariant and
// for forensics.
//
// It notices, while counting, a signer's second value in one (kind, view, slot) and a second value with a quorum of
// votes in one (phase, view, slot). A vote costs a scan over the few values of its slot and one bit; memory is that of
// the live slots and of the latest views in each, at most about 64 MB.
//
// Only honest signers open slots and values here. What faulty ones sign stands in FaultyVotes, signer by signer, and
// counts for whatever honest signers voted for; so no flood of theirs pushes out anybody else's vote.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "analysis/fact.hpp"
#include "analysis/faulty_votes.hpp"
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
  /// The requests in it, as text. Kept of nodes that were faulty when they signed it; may be empty for others.
  std::string requests;
};

/// Two values by one signer where one was allowed.
struct Conflict {
  Exhibit first;
  Exhibit second;
  bool first_received = false;  ///< an honest replica is known to hold it
  bool second_received = false;
};

/// How many votes a decision has behind it.
struct Backing {
  std::uint32_t votes = 0;
  std::uint32_t forgotten = 0;  ///< further ones that there may have been
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
  void add(const Message& message, const KindFacts& kind, Time now) {
    if (!roster_.honest(message.signer())) [[unlikely]]
      return add_faulty(message, kind, now, false);
    add_honest(message, kind, now);
  }
  /// The same for one by a faulty signer that an honest replica holds, whether or not its signing was seen.
  void receive_faulty(const Message& message, const KindFacts& kind, Time now) { add_faulty(message, kind, now, true); }
  /// Distinct signers of deciding votes for this value in (view, slot).
  Backing backing(View view, Slot slot, Digest value) const;
  /// Numbers of the messages by which these votes were cast, by increasing signer.
  std::vector<std::uint64_t> votes_for(View view, Slot slot, Digest value) const;
  /// Calls `visit(const Exhibit&, bool received)` for every deciding vote of this signer for a slot above this one that
  /// is not forgotten: those of its honest days as they were signed, those of others as honest replicas hold them.
  void for_each_deciding_vote(NodeId signer, Slot above, auto&& visit) {
    if (!corrupted_.contains(signer)) {
      by_slot_.for_each_between(above, std::numeric_limits<Slot>::max(), [&](Slot slot, const Entry& entry) {
        for (std::uint32_t i = 0; i < entry.used; ++i) {
          const Tally& tally = entry.tallies[i];
          if (!tally.decides || !tally.signers.contains(signer)) continue;
          const std::uint64_t packed = tally.first[signer];
          const auto kind = static_cast<std::uint16_t>(packed & 0xff);
          visit(Exhibit{packed >> 8, kind, signer, tally.view, slot, tally.value, {}}, false);
        }
      });
    }
    if (above == std::numeric_limits<Slot>::max()) return;
    faulty_by_slot_.for_each_received(
        signer, above + 1, [&](const FaultyVotes::Key& key, const FaultyVotes::Kept& kept) {
          if (kept.decides)
            visit(Exhibit{kept.id, key.kind, signer, key.view, key.place, key.value, kept.requests}, true);
        });
  }
  void forget_below(Slot slot) {
    by_slot_.retire_below(slot);
    if (slot > kStillProved) faulty_by_slot_.retire_below(slot - kStillProved);
    settled_ = std::max(settled_, slot);
    latest_ = nullptr;
  }
  /// Unsettled slots below this one are forgotten; kNoSlot if there are none.
  Slot forgotten_below() const { return by_slot_.base() > settled_ ? by_slot_.base() : kNoSlot; }
  /// Slots below this one are settled.
  Slot settled_below() const { return settled_; }
  /// Whether votes of this slot were forgotten before all honest replicas had settled it.
  bool forgotten(Slot slot) const { return slot >= settled_ && slot < by_slot_.base(); }
  /// What a faulty signer has made the index forget of its own, within what honest replicas have reached.
  FaultyVotes::Lost lost(NodeId signer) const { return faulty_by_slot_.lost(signer); }
  /// Values of old views that were forgotten together with who had voted for them, and in which slots.
  const FaultyVotes::Lost& values_lost() const { return values_lost_; }
  /// Whether this replica was honest in the beginning, so that its votes may be among these.
  bool had_honest_days(NodeId signer) const { return !corrupted_.contains(signer); }
  /// Votes of honest signers for unsettled slots, or views of such, that were forgotten by then.
  std::uint64_t untallied() const { return untallied_; }
  /// Values with a quorum of votes that were forgotten.
  std::uint64_t certificates_lost() const { return certificates_lost_; }
  /// One past the furthest slot that an honest signer has voted in.
  Slot front() const { return front_of_slots_; }

 private:
  struct Tally {
    Digest value{};
    View view = kNoView;
    std::uint16_t family = kNoFamily;
    bool decides = false;
    bool certified = false;
    bool honest = false;  // somebody honest has voted for it
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
    View complete_from = 0;  // of lower views some were forgotten
    void reset() {
      used = 0;
      extras.clear();
      complete_from = 0;
    }
  };

  static constexpr Slot kStillProved =
      1024;  // settled slots for which a second vote of a faulty signer is still noticed

  void add_honest(const Message& message, const KindFacts& kind, Time now);
  void add_faulty(const Message& message, const KindFacts& kind, Time now, bool received);
  void count(const Message& message, const KindFacts& kind, Entry& entry, Tally& own, Time now);
  void count_faulty(const Message& message, const KindFacts& kind, std::uint64_t place, Time now);
  Tally* new_tally(Entry& entry, const Label& label, const KindFacts& kind);
  void forget_old_views(Entry& entry, std::uint64_t place);
  void forget_tallies(Entry& entry, std::uint64_t place, auto&& goes);
  void join(Entry& entry, Tally& tally, std::uint64_t place, const FaultyVotes& faulty, Time now);
  Tally* find(Entry& entry, const Label& label, const KindFacts& kind) const;
  void look_for_conflict(Entry& entry, const Tally& own, const Message& message, const KindFacts& kind, Time now);
  void look_for_conflict(const FaultyVotes& faulty, const FaultyVotes::Key& key, const Message& message);
  void certify(Entry& entry, Tally& tally, Slot slot, Time now);
  bool repeated(Entry& entry, const Tally& tally, const Message& message, const KindFacts& kind);
  std::uint64_t signing_of(const Entry& entry, std::uint32_t tally, NodeId signer, std::uint16_t kind) const;

  const Manifest& manifest_;
  const Roster& roster_;
  const ReplicaSet corrupted_;  // from the beginning: what they sign is kept on their shelves alone
  const KindTable& kinds_;
  FactSink& facts_;
  ConflictSink* conflicts_ = nullptr;
  Slot most_live_;
  Tally* latest_ = nullptr;  // the tally voted for last, if its (family, view, slot) has no other value
  Entry* latest_entry_ = nullptr;
  Slot latest_slot_ = kNoSlot;
  SlotRing<Entry> by_slot_;
  SlotRing<Entry> by_view_;  // messages that have a view and a value but no slot
  Slot front_of_slots_ = 1;  // one past what honest signers have voted in
  View front_of_views_ = 0;
  FaultyVotes faulty_by_slot_;
  FaultyVotes faulty_by_view_;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> deciding_;  // family and kind
  Slot settled_ = 0;
  std::uint64_t untallied_ = 0;
  std::uint64_t certificates_lost_ = 0;
  FaultyVotes::Lost values_lost_;
};

}  // namespace byzsim
