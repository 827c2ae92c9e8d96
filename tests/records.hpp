// A run told by hand: a toy protocol of three message kinds, real signatures, and one call for each thing that happens.
// What comes out is what a world would emit, so that a test can break one promise at a time.
//
//   Story story;                      // n = 4, f = 1, quorum 3, two clients, nobody corrupted
//   const auto batch = story.ask(0, 1, "put 7 42");
//   story.slot(1, batch);             // proposed, voted, decided, executed, accepted
//   const Result result = story.end();
#pragma once

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/judge.hpp"
#include "analysis/verdict.hpp"
#include "sim/replica/notary.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim::toy {

struct Propose final : Described<Propose> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  Ref<const Batch> batch;
  static constexpr MessageTraits traits{.name = "toy-propose", .phase = "prepare"};
  static constexpr void describe(auto&& field) {
    field("view", &Propose::view, Role::view);
    field("slot", &Propose::slot, Role::slot);
    field("value", &Propose::value, Role::value);
    field("batch", &Propose::batch, Role::payload);
  }
};

struct Prepare final : Described<Prepare> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  static constexpr MessageTraits traits{.name = "toy-prepare", .phase = "prepare"};
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
  static constexpr MessageTraits traits{.name = "toy-commit", .phase = "commit", .decides = true};
  static constexpr void describe(auto&& field) {
    field("view", &Commit::view, Role::view);
    field("slot", &Commit::slot, Role::slot);
    field("value", &Commit::value, Role::value);
  }
};

/// Carries other messages; unjustified if `lie` is set.
struct Certificate final : Described<Certificate> {
  View view = 0;
  std::vector<Ref<const Commit>> commits;
  bool lie = false;
  static constexpr MessageTraits traits{.name = "toy-certificate"};
  static constexpr void describe(auto&& field) {
    field("view", &Certificate::view, Role::view);
    field("commits", &Certificate::commits, Role::certificate);
    field("lie", &Certificate::lie);
  }
};

/// What its signer says it voted for before view `view`, in slots above `stable`.
struct Claim final : Described<Claim> {
  View view = 0;
  Slot stable = 0;
  std::vector<Ref<const Commit>> shown;
  static constexpr MessageTraits traits{.name = "toy-claim", .claims = true};
  static constexpr void describe(auto&& field) {
    field("view", &Claim::view, Role::view);
    field("stable", &Claim::stable);
    field("shown", &Claim::shown, Role::certificate);
  }
};

inline const std::vector<const MessageKind*>& kinds() {
  static const std::vector<const MessageKind*> all{&Request::kind_info, &Reply::kind_info,  &Propose::kind_info,
                                                   &Prepare::kind_info, &Commit::kind_info, &Certificate::kind_info,
                                                   &Claim::kind_info};
  return all;
}

inline Manifest manifest(std::uint32_t n, std::uint32_t f, std::uint32_t clients, const ReplicaSet& faulty) {
  Manifest made;
  made.scenario = "toy";
  made.protocol = "toy";
  made.n = n;
  made.f = f;
  made.quorum = (n + f + 2) / 2;
  made.clients = clients;
  made.seed = 1;
  made.faulty = faulty;
  for (const MessageKind* kind : kinds()) {
    kind->index = static_cast<std::uint16_t>(made.kinds.size());
    const MessageTraits& traits = kind->traits;
    made.kinds.push_back({std::string(traits.name), std::string(traits.phase), traits.decides, traits.exclusive});
  }
  return made;
}

class Story {
 public:
  explicit Story(std::uint32_t n = 4, std::uint32_t f = 1, const ReplicaSet& faulty = {}, std::uint32_t clients = 2)
      : manifest(toy::manifest(n, f, clients, faulty)), keys_(1, n + clients), notary(keys_) {
    manifest.verify = [this](const Message& message) { return notary.verify(message); };
    manifest.unjustified = [](const Message& message) -> std::string {
      const auto* certificate = as<Certificate>(message);
      return certificate != nullptr && certificate->lie ? "it lies" : "";
    };
    manifest.claimed = [](const Message& message) {
      ClaimFacts facts;
      if (const auto* claim = as<Claim>(message)) {
        facts.view = claim->view;
        facts.stable = claim->stable;
        for (const auto& vote : claim->shown) facts.slots.push_back({vote->slot, vote->view, vote->value});
      }
      return facts;
    };
    manifest.contradiction = [](const SignedVote& vote, const ClaimFacts& claim) -> std::string {
      for (const ClaimedSlot& shown : claim.slots) {
        if (shown.slot == vote.slot && shown.view >= vote.view) return "";
      }
      return "it hides a vote";
    };
    for (NodeId id = 0; id < n + clients; ++id) signers_.push_back(keys_.issue(id));
  }

  Manifest manifest;
  JudgeSettings settings;
  Expectations expect;
  RunSettings run;
  Time now{};
  std::vector<Record> records;  // for tests that replay them; texts and messages live as long as the story

  Judge& judge() {
    if (!judge_) judge_ = std::make_unique<Judge>(manifest, settings, expect, run);
    return *judge_;
  }
  void pass(Duration time) { now += time; }

  void emit(Record record) {
    record.time = now;
    records.push_back(record);
    if ((judge().wants() >> static_cast<unsigned>(record.kind) & 1) != 0) judge().on_record(record);
  }

  // --- messages ---

  template <class M>
  Ref<const M> sign(NodeId signer, M message) {
    Ref<M> made = make_ref<M>(std::move(message));
    notary.sign(signers_[signer], *made);
    kept_.push_back(made);
    Record record = about(RecordKind::signed_, *made);
    record.node = signer;
    emit(record);
    return made;
  }
  /// The first honest node other than the signer receives the message.
  void witness(const Message& message, NodeId node = 1) {
    Record record = about(RecordKind::witnessed, message);
    record.node = node;
    emit(record);
  }
  Ref<const Request> request(NodeId client, std::uint64_t number, std::string_view operation = "put 7 42") {
    Request made;
    made.client = manifest.n + client;
    made.number = number;
    made.operation = *parse_operation(operation);
    return sign(made.client, std::move(made));
  }
  Ref<const Propose> propose(NodeId signer, View view, Slot slot, const Ref<const Batch>& batch) {
    return sign(signer, propose_of(view, slot, batch));
  }
  static Propose propose_of(View view, Slot slot, const Ref<const Batch>& batch) {
    Propose made;
    made.view = view;
    made.slot = slot;
    made.value = batch->digest();
    made.batch = batch;
    return made;
  }
  template <class Vote>
  Ref<const Vote> vote(NodeId signer, View view, Slot slot, Digest value) {
    Vote made;
    made.view = view;
    made.slot = slot;
    made.value = value;
    return sign(signer, std::move(made));
  }
  Ref<const Claim> claim(NodeId signer, View view, Slot stable = 0, const std::vector<Ref<const Commit>>& shown = {}) {
    Claim made;
    made.view = view;
    made.stable = stable;
    made.shown = shown;
    return sign(signer, std::move(made));
  }
  void commits(const std::vector<NodeId>& signers, View view, Slot slot, Digest value) {
    for (NodeId id : signers) vote<Commit>(id, view, slot, value);
  }

  // --- what nodes do ---

  void submit(const Request& request) {
    Record record;
    record.kind = RecordKind::submitted;
    record.node = request.client;
    record.id = request.number;
    record.message = &request;
    emit(record);
  }
  void decide(NodeId node, View view, Slot slot, Digest value) {
    Record record;
    record.kind = RecordKind::decided;
    record.node = node;
    record.view = view;
    record.slot = slot;
    record.value = value;
    record.count = manifest.quorum;
    emit(record);
  }
  void apply(NodeId node, Slot slot, const Request& request, std::uint64_t result) {
    Record record;
    record.kind = RecordKind::applied;
    record.node = node;
    record.peer = request.client;
    record.slot = slot;
    record.id = request.number;
    record.count = result;
    emit(record);
  }
  void execute(NodeId node, Slot slot, Digest value, Digest state) {
    Record record;
    record.kind = RecordKind::executed;
    record.node = node;
    record.slot = slot;
    record.value = value;
    record.extra = state;
    emit(record);
  }
  void adopt(NodeId node, Slot slot, Digest state) {
    Record record;
    record.kind = RecordKind::adopted;
    record.node = node;
    record.slot = slot;
    record.value = state;
    emit(record);
  }
  void accept(const Request& request, std::uint64_t result) {
    Record record;
    record.kind = RecordKind::accepted;
    record.node = request.client;
    record.id = request.number;
    record.count = result;
    record.bytes = manifest.f + 1;
    emit(record);
  }
  void enter(NodeId node, View view) {
    Record record;
    record.kind = RecordKind::view;
    record.node = node;
    record.view = view;
    emit(record);
  }
  void crash(NodeId node) { plain(RecordKind::crashed, node, 0); }
  void restart(NodeId node, bool kept) { plain(RecordKind::restarted, node, kept ? 1 : 0); }
  void suspect(NodeId node, NodeId whom, std::string_view reason) {
    Record record;
    record.kind = RecordKind::suspect;
    record.node = node;
    record.peer = whom;
    record.text = reason;
    emit(record);
  }
  void attack(std::string_view name, std::uint64_t count = 1) {
    Record record;
    record.kind = RecordKind::attack;
    record.text = name;
    record.count = count;
    emit(record);
  }
  void beyond() {
    Record record;
    record.kind = RecordKind::beyond;
    record.text = "a message took longer than delta";
    emit(record);
  }

  // --- whole passages ---

  /// A signed and submitted request, alone in a batch.
  Ref<const Batch> ask(NodeId client, std::uint64_t number, std::string_view operation = "put 7 42") {
    const Ref<const Request> made = request(client, number, operation);
    submit(*made);
    auto batch = make_ref<const Batch>(std::vector<Ref<const Request>>{made});
    batches_.push_back(batch);
    return batch;
  }
  static Digest state_after(Slot slot) { return Digest{0x57a7e000 + slot}; }
  static std::uint64_t result_of(const Request& request) { return 1000 + request.number; }
  /// A replica decides and executes the slot, in order.
  void finish_slot(NodeId node, Slot slot, const Batch& batch, View view = 0) {
    decide(node, view, slot, batch.digest());
    for (const auto& request : batch.requests()) apply(node, slot, *request, result_of(*request));
    execute(node, slot, batch.digest(), state_after(slot));
  }
  std::vector<NodeId> honest() const {
    std::vector<NodeId> list;
    for (NodeId id = 0; id < manifest.n; ++id) {
      if (manifest.honest(id)) list.push_back(id);
    }
    return list;
  }
  void proposed_and_voted(Slot slot, const Ref<const Batch>& batch, View view = 0) {
    propose(static_cast<NodeId>(view % manifest.n), view, slot, batch);
    std::vector<NodeId> everybody;
    for (NodeId id = 0; id < manifest.n; ++id) everybody.push_back(id);
    commits(everybody, view, slot, batch->digest());
  }
  /// The whole life of a slot in which nothing goes wrong.
  void slot(Slot slot, const Ref<const Batch>& batch, View view = 0) {
    proposed_and_voted(slot, batch, view);
    for (NodeId id : honest()) finish_slot(id, slot, *batch, view);
    for (const auto& request : batch->requests()) accept(*request, result_of(*request));
  }

  Result end(EndReason reason = EndReason::answered) {
    Outcome outcome;
    outcome.reason = reason;
    outcome.end = now;
    Result result = judge().finish(outcome);
    apply_expectations(expect, result);
    return result;
  }
  /// The names of the broken invariants, in the order in which they broke, with commas between.
  std::string broken(EndReason reason = EndReason::answered) {
    std::string names;
    for (const JudgedViolation& violation : end(reason).violations) {
      names += (names.empty() ? "" : ",") + violation.invariant;
    }
    return names;
  }

 private:
  static Record about(RecordKind kind, const Message& message) {
    Record record;
    record.kind = kind;
    record.view = message.label().view;
    record.slot = message.label().slot;
    record.value = message.label().value;
    record.id = message.id();
    record.message = &message;
    return record;
  }
  void plain(RecordKind kind, NodeId node, std::uint64_t count) {
    Record record;
    record.kind = kind;
    record.node = node;
    record.count = count;
    emit(record);
  }

  KeyRing keys_;

 public:
  Notary notary;

 private:
  std::vector<Signer> signers_;
  std::vector<Ref<const Message>> kept_;
  std::vector<Ref<const Batch>> batches_;
  std::unique_ptr<Judge> judge_;
};

}  // namespace byzsim::toy
