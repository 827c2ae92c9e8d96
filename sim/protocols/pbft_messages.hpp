// PBFT's messages, as in Castro and Liskov, OSDI 1999, section 4; what a replica sends and signs.
#pragma once

#include <vector>

#include "sim/replica/protocol.hpp"
#include "sim/replica/service.hpp"

namespace byzsim::pbft {

struct PrePrepare final : Described<PrePrepare> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  Ref<const Batch> batch;
  static constexpr MessageTraits traits{.name = "pre-prepare", .phase = "prepare"};
  static constexpr void describe(auto&& field) {
    field("view", &PrePrepare::view, Role::view);
    field("slot", &PrePrepare::slot, Role::slot);
    field("value", &PrePrepare::value, Role::value);
    field("batch", &PrePrepare::batch, Role::payload);
  }
};

struct Prepare final : Described<Prepare> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  static constexpr MessageTraits traits{.name = "prepare", .phase = "prepare"};
  static constexpr void describe(auto&& field) {
    field("view", &Prepare::view, Role::view);
    field("slot", &Prepare::slot, Role::slot);
    field("value", &Prepare::value, Role::value);
  }
};

struct Commit final : Described<Commit> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  static constexpr MessageTraits traits{.name = "commit", .phase = "commit", .decides = true};
  static constexpr void describe(auto&& field) {
    field("view", &Commit::view, Role::view);
    field("slot", &Commit::slot, Role::slot);
    field("value", &Commit::value, Role::value);
  }
};

struct Checkpoint final : Described<Checkpoint> {
  Slot slot = 0;
  Digest state;
  static constexpr MessageTraits traits{.name = "checkpoint", .phase = "checkpoint"};
  static constexpr void describe(auto&& field) {
    field("slot", &Checkpoint::slot, Role::slot);
    field("state", &Checkpoint::state, Role::value);
  }
};

/// A proposal and the votes that prepared it: the paper's P_m.
struct Certificate {
  Ref<const PrePrepare> pre_prepare;
  std::vector<Ref<const Prepare>> prepares;
  static constexpr void describe(auto&& field) {
    field("pre_prepare", &Certificate::pre_prepare);
    field("prepares", &Certificate::prepares);
  }
};

struct ViewChange final : Described<ViewChange> {
  View view = 0;
  Slot stable = 0;                                // n: the last stable checkpoint
  std::vector<Ref<const Checkpoint>> checkpoint;  // C: its proof
  std::vector<Certificate> prepared;              // P: what prepared above it
  static constexpr MessageTraits traits{.name = "view-change", .claims = true};
  static constexpr void describe(auto&& field) {
    field("view", &ViewChange::view, Role::view);
    field("stable", &ViewChange::stable);
    field("checkpoint", &ViewChange::checkpoint, Role::certificate);
    field("prepared", &ViewChange::prepared, Role::certificate);
  }
};

struct NewView final : Described<NewView> {
  View view = 0;
  std::vector<Ref<const ViewChange>> view_changes;  // V
  std::vector<Ref<const PrePrepare>> pre_prepares;  // O
  static constexpr MessageTraits traits{.name = "new-view"};
  static constexpr void describe(auto&& field) {
    field("view", &NewView::view, Role::view);
    field("view_changes", &NewView::view_changes, Role::certificate);
    field("pre_prepares", &NewView::pre_prepares, Role::payload);
  }
};

/// What a replica has, sent while it waits for something and gets nowhere, or hears that somebody does (TOCS 2002,
/// section 5.2); whoever has more answers with it.
struct Status final : Described<Status> {
  View view = 0;
  bool active = false;                 // it has the NEW-VIEW of this view
  ReplicaSet view_changes;             // if not: whose VIEW-CHANGEs for it it has
  Slot stable = 0;                     // its last stable checkpoint
  Slot executed = 0;                   // every slot up to here
  std::vector<std::uint64_t> decided;  // slots above that it need not be told of
  std::uint64_t attempt = 0;           // how often it has asked before; turns the f+1 who send what is large
  bool waits = true;                   // it gets nowhere itself
  NodeId head_client = kNobody;        // the request that has waited longest with it, if there is one
  std::uint64_t head_number = 0;
  static constexpr MessageTraits traits{.name = "status", .exclusive = false};
  static constexpr void describe(auto&& field) {
    field("view", &Status::view);
    field("active", &Status::active);
    field("view_changes", &Status::view_changes);
    field("stable", &Status::stable);
    field("executed", &Status::executed);
    field("decided", &Status::decided);
    field("attempt", &Status::attempt);
    field("waits", &Status::waits);
    field("head_client", &Status::head_client);
    field("head_number", &Status::head_number);
  }
};

/// A slot's decision and the COMMITs that decided it: holds in any view.
struct CommitCertificate final : Described<CommitCertificate> {
  Ref<const PrePrepare> pre_prepare;
  std::vector<Ref<const Commit>> commits;
  static constexpr MessageTraits traits{.name = "commit-certificate", .exclusive = false};
  static constexpr void describe(auto&& field) {
    field("pre_prepare", &CommitCertificate::pre_prepare);
    field("commits", &CommitCertificate::commits, Role::certificate);
  }
};

/// The primary asks a backup for the request that has waited longest with it, by its STATUS, and that it does not have.
struct Fetch final : Described<Fetch> {
  View view = 0;
  NodeId client = kNobody;
  std::uint64_t number = 0;
  static constexpr MessageTraits traits{.name = "fetch", .exclusive = false};
  static constexpr void describe(auto&& field) {
    field("view", &Fetch::view);
    field("client", &Fetch::client);
    field("number", &Fetch::number);
  }
};

struct State final : Described<State> {
  Slot slot = 0;
  std::vector<Ref<const Checkpoint>> checkpoint;
  Ref<const Snapshot> state;
  static constexpr MessageTraits traits{.name = "state", .exclusive = false};
  static constexpr void describe(auto&& field) {
    field("slot", &State::slot);
    field("checkpoint", &State::checkpoint, Role::certificate);
    field("state", &State::state, Role::payload);
  }
};

}  // namespace byzsim::pbft
