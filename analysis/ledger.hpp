// Ledger: what honest replicas decided, adopted and executed, slot by slot.
//
// The first honest decision of a slot is the reference for all later ones, and the first state reached for all later
// states. A slot is settled once every honest replica has decided and executed it; behind the front, settled slots
// shrink to 16 bytes each, and nothing else is kept of them.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "analysis/fact.hpp"
#include "analysis/roster.hpp"
#include "analysis/shown_values.hpp"
#include "analysis/slot_ring.hpp"
#include "analysis/votes.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

/// How long decisions took: from the first proposal of the value that was decided, signed by the primary of its view,
/// to the slot's last honest decision.
struct DecisionDelays {
  std::uint64_t slots = 0;  ///< decided by all honest replicas, by votes
  Duration total{};
  Duration longest{};
};

class Ledger {
 public:
  Ledger(const Manifest& manifest, const Roster& roster, VoteIndex& votes, FactSink& facts);

  /// What `signer` signed shows the batch that `value` names, directly in `holder`, which may be nested in it.
  void on_proposed(NodeId signer, const Message& holder, Digest value, bool genuine, Time now);
  void on_decided(const Record& record);
  void on_executed(const Record& record);
  void on_adopted(const Record& record);
  void on_restarted(const Record& record);
  /// A replica left the roster of honest ones: slots that only it had not settled may settle now.
  void on_roster_change();

  /// Slots that every honest replica decided or adopted.
  std::uint64_t decided_by_all();
  const DecisionDelays& delays() const { return delays_; }
  /// Decisions whose votes, and whose value, could not be checked, since what they rest on may have been forgotten.
  std::uint64_t unchecked_votes() const { return unchecked_votes_; }
  std::uint64_t unchecked_values() const { return unchecked_values_; }
  /// Decisions of slots further ahead than could be followed.
  std::uint64_t unfollowed() const { return unfollowed_; }
  /// How many shown values of each signer were forgotten.
  const std::map<NodeId, std::uint64_t>& values_forgotten() const { return shown_.forgotten(); }
  /// Retired slots lie below this one.
  Slot base() const { return slots_.base(); }

 private:
  struct Proposal {
    Digest value{};
    View view = kNoView;
    NodeId signer = kNobody;
    bool genuine = false;
    Time named = kNever;  // when the primary of its view first signed it
  };
  struct LiveSlot {
    Digest decided{};
    Digest state{};
    View backed = kNoView;       // the view in which `decided` was found to have a quorum
    View view = kNoView;         // of the first decision
    std::uint32_t deciders = 0;  // honest ones, of whatever value, or covered by an adopted state
    std::uint32_t executors = 0;
    bool split = false;    // two values were decided
    bool adopted = false;  // some replica skipped it by state transfer
    ReplicaSet decided_by;
    std::vector<Proposal> proposals;
    void reset() {
      decided = state = {};
      backed = view = kNoView;
      deciders = executors = 0;
      split = adopted = false;
      decided_by.clear();
      proposals.clear();
    }
  };
  struct Progress {
    Slot executed = 0;  // the last slot executed or covered by an adopted state
    Slot highest = 0;   // the highest ever, to tell a replay after a restart from a rollback
    Slot adopted = 0;   // the state adopted last covers every slot up to here
    bool started = false;
    bool replaying = false;
  };
  struct Retired {
    Digest decided{};
    Digest state{};
  };

  void first_decision(const Record& record, LiveSlot& live);
  void dissent(const Record& record, LiveSlot& live);
  void late_decision(const Record& record);
  void check_proposed(const Record& record, const LiveSlot& live);
  void check_backed(const Record& record, LiveSlot& live);
  void check_order(const Record& record, Progress& progress, const LiveSlot* live);
  void check_state(const Record& record, Digest& known);
  bool decided(NodeId node, Slot slot, const LiveSlot* live, Digest& value) const;
  bool credited(NodeId signer, const Message& holder) const;
  LiveSlot* place_for(NodeId signer, const Message& holder, Digest value);
  void settle(LiveSlot& live, Time now);
  void retire();
  Retired* retired(Slot slot);
  Fact fact_of(FactKind kind, const Record& record, Digest other) const;

  const Manifest& manifest_;
  const Roster& roster_;
  VoteIndex& votes_;
  FactSink& facts_;
  Digest null_value_;
  SlotRing<LiveSlot> slots_;
  std::vector<Retired> retired_;                          // by slot, from 1
  std::map<std::pair<Slot, NodeId>, Digest> dissenting_;  // decisions that differ from the slot's first
  ShownValues shown_;                                     // what stands in no slot's proposals
  bool all_shown_ = false;                                // shown_ holds those of the slots, too
  Slot front_ = 1;  // one past the furthest slot that honest replicas have touched
  std::vector<Progress> progress_;
  std::uint64_t unchecked_votes_ = 0;
  std::uint64_t unchecked_values_ = 0;
  std::uint64_t unfollowed_ = 0;
  std::uint64_t settled_ = 0;  // retired slots that all honest replicas decided
  DecisionDelays delays_;
};

}  // namespace byzsim
