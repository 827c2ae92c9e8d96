// What a PBFT replica remembers: its log between the watermarks, and its disk.
#pragma once

#include <map>
#include <vector>

#include "sim/protocols/pbft_messages.hpp"
#include "sim/replica/slot_window.hpp"
#include "sim/replica/tally.hpp"

namespace byzsim::pbft {

/// What a replica keeps for one slot above its stable checkpoint. In the order in which it is used: a vote touches one
/// cache line of its entry.
struct alignas(64) LogEntry {
  std::vector<Ref<const Prepare>> votes;  // the PREPAREs counted so far, until prepared
  bool prepared = false;                  // in the current view
  Tally prepares;
  Ref<const PrePrepare> proposal;  // accepted in the current view
  Certificate certificate;         // of the highest view in which it prepared

  std::vector<Ref<const Commit>> commit_votes;  // the COMMITs counted so far; once decided, those that decided it
  bool decided = false;                         // in any view
  bool taken_over = false;                      // from somebody else's commit certificate
  Tally commits;
  Ref<const PrePrepare> decision;
  Ref<const Message> own_prepare;
  Ref<const Message> own_commit;

  void new_view() {
    proposal = nullptr;
    prepares.clear();
    commits.clear();
    votes.clear();
    prepared = false;
    if (!decided) commit_votes.clear();
    own_prepare = nullptr;
    own_commit = nullptr;
  }
  void reset() {
    decided = false;
    taken_over = false;
    new_view();
    certificate.pre_prepare = nullptr;
    certificate.prepares.clear();
    decision = nullptr;
  }
};

/// The CHECKPOINTs for one slot that is not stable yet.
struct CheckpointVotes {
  Tally tally;
  std::vector<Ref<const Checkpoint>> messages;
};

/// What is written to disk before it is acted on, and read back after a crash: whatever was signed, and whatever it was
/// signed on the strength of.
struct Disk final : Durable {
  explicit Disk(std::uint64_t client_window) : service(client_window) {}
  View view = 0;
  bool active = true;  // false from VIEW-CHANGE to NEW-VIEW
  Slot next_slot = 1;  // as primary: the first that nothing was proposed for in this view
  SlotWindow<LogEntry> log;
  Slot executed = 0;
  Service service;
  Slot stable = 0;  // the highest checkpoint with a proof, executed here or not
  std::vector<Ref<const Checkpoint>> stable_proof;
  std::map<Slot, CheckpointVotes> checkpoints;    // above `stable`, our own among them
  std::map<Slot, Ref<const Snapshot>> snapshots;  // of our own checkpoints from `stable` on
  Ref<const NewView> new_view;                    // that began the current view; null in view 0
  Ref<const ViewChange> view_change;              // our own, while not active
};

}  // namespace byzsim::pbft
