// What a PBFT replica remembers: its log between the watermarks, and its disk.
#pragma once

#include <map>
#include <vector>

#include "sim/protocols/pbft_messages.hpp"
#include "sim/replica/slot_window.hpp"
#include "sim/replica/tally.hpp"

namespace byzsim::pbft {

/// What a replica keeps for one slot above its stable checkpoint.
struct LogEntry {
  Ref<const PrePrepare> proposal;  // accepted in the current view
  Tally prepares;
  Tally commits;
  std::vector<Ref<const Prepare>> votes;  // the PREPAREs counted so far, until prepared
  bool prepared = false;                  // in the current view
  bool decided = false;                   // in any view
  Certificate certificate;                // of the highest view in which it prepared
  Ref<const PrePrepare> decision;
  Ref<const Message> own_prepare;
  Ref<const Message> own_commit;

  void new_view() {
    proposal = nullptr;
    prepares.clear();
    commits.clear();
    votes.clear();
    prepared = false;
    own_prepare = nullptr;
    own_commit = nullptr;
  }
  void reset() {
    new_view();
    decided = false;
    certificate.pre_prepare = nullptr;
    certificate.prepares.clear();
    decision = nullptr;
  }
};

/// What is written to disk before it is acted on, and read back after a crash.
struct Disk final : Durable {
  View view = 0;
  bool active = true;  // false from VIEW-CHANGE to NEW-VIEW
  SlotWindow<LogEntry> log;
  Slot executed = 0;
  Service service;
  std::vector<Ref<const Checkpoint>> stable_proof;
  std::map<Slot, Ref<const Snapshot>> snapshots;
  Ref<const NewView> new_view;        // that began the current view; null in view 0
  Ref<const ViewChange> view_change;  // our own, while not active
};

}  // namespace byzsim::pbft
