// FakePowers: a world of one moment, for tests of the adversary. Nothing is simulated: a test says what nodes send and
// what happens, and looks at what the adversary put on the wire.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "adversaries/adversary.hpp"
#include "sim/replica/service.hpp"
#include "sim/scenario/yaml.hpp"

namespace byzsim::puppet {

struct Propose final : Described<Propose> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  Ref<const Batch> batch;
  static constexpr MessageTraits traits{.name = "pre-prepare", .phase = "prepare"};
  static constexpr void describe(auto&& field) {
    field("view", &Propose::view, Role::view);
    field("slot", &Propose::slot, Role::slot);
    field("value", &Propose::value, Role::value);
    field("batch", &Propose::batch, Role::payload);
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

struct Proof {
  Ref<const Propose> proposal;
  std::vector<Ref<const Commit>> votes;
  static constexpr void describe(auto&& field) {
    field("proposal", &Proof::proposal);
    field("votes", &Proof::votes);
  }
};

struct ViewChange final : Described<ViewChange> {
  View view = 0;
  std::vector<Proof> prepared;
  static constexpr MessageTraits traits{.name = "view-change"};
  static constexpr void describe(auto&& field) {
    field("view", &ViewChange::view, Role::view);
    field("prepared", &ViewChange::prepared, Role::certificate);
  }
};

struct NewView final : Described<NewView> {
  View view = 0;
  std::vector<Ref<const ViewChange>> view_changes;
  std::vector<Ref<const Propose>> pre_prepares;
  static constexpr MessageTraits traits{.name = "new-view"};
  static constexpr void describe(auto&& field) {
    field("view", &NewView::view, Role::view);
    field("view_changes", &NewView::view_changes, Role::certificate);
    field("pre_prepares", &NewView::pre_prepares);
  }
};

struct State final : Described<State> {
  Slot slot = 0;
  bool full = false;
  std::string origin;
  ReplicaSet witnesses;
  std::vector<Ref<const Commit>> proof;
  Ref<const Snapshot> state;
  static constexpr MessageTraits traits{.name = "state", .exclusive = false};
  static constexpr void describe(auto&& field) {
    field("slot", &State::slot);
    field("full", &State::full);
    field("origin", &State::origin);
    field("witnesses", &State::witnesses);
    field("proof", &State::proof, Role::certificate);
    field("state", &State::state, Role::payload);
  }
};

inline std::vector<const MessageKind*> kinds() {
  return {&Request::kind_info,    &Reply::kind_info,   &Propose::kind_info, &Commit::kind_info,
          &ViewChange::kind_info, &NewView::kind_info, &State::kind_info};
}

class FakePowers final : public Powers {
 public:
  explicit FakePowers(std::uint32_t n = 4, std::vector<NodeId> corrupt = {0}, std::uint32_t clients = 2)
      : n_(n),
        clients_(clients),
        corrupt_(std::move(corrupt)),
        keys_(7, n + clients),
        notary_(keys_),
        random_(1, Purpose::test) {
    for (NodeId node = 0; node < n + clients; ++node) signers_.push_back(keys_.issue(node));
  }

  // --- what a test does ---

  /// Signs as anybody, as the world would let that node itself do.
  template <class M>
  Ref<const M> signed_by(NodeId node, M message) {
    auto made = make_ref<M>(std::move(message));
    notary_.sign(signers_[node], *made);
    return made;
  }
  /// Client 0 or 1 signs a request that the script calls `name`.
  Ref<const Request> request(const std::string& name, std::uint32_t client = 0) {
    Request r;
    r.client = n_ + client;
    r.number = requests_.size() + 1;
    r.operation = {Operation::put, static_cast<std::uint32_t>(requests_.size()), 1, 0};
    auto made = signed_by(r.client, r);
    requests_.push_back(made);
    named_[name] = made;
    return made;
  }
  Ref<const Batch> batch_of(std::vector<Ref<const Request>> requests) {
    auto batch = make_ref<const Batch>(std::move(requests));
    batches_[batch->digest()] = batch;
    return batch;
  }
  Ref<const Propose> proposal(NodeId from, View view, Slot slot, const Ref<const Batch>& batch) {
    Propose m;
    m.view = view;
    m.slot = slot;
    m.value = batch->digest();
    m.batch = batch;
    return signed_by(from, m);
  }
  Ref<const Commit> commit(NodeId from, View view, Slot slot, Digest value) {
    Commit m;
    m.view = view;
    m.slot = slot;
    m.value = value;
    return signed_by(from, m);
  }
  void move_to(Duration time) {
    while (true) {
      const auto next = std::min_element(wakeups.begin(), wakeups.end(),
                                         [](const auto& a, const auto& b) { return a.first < b.first; });
      if (next == wakeups.end() || next->first > at(time)) break;
      const auto [when, token] = *next;
      wakeups.erase(next);
      now_ = when;
      adversary->on_wakeup(token);
    }
    now_ = at(time);
  }

  // --- what it looks at ---

  std::vector<Packet> wire;  ///< injected
  std::vector<Packet> dropped;
  std::vector<std::pair<NodeId, Ref<const Message>>> fed;
  std::vector<std::pair<Time, std::uint64_t>> wakeups;
  std::set<NodeId> down_;
  std::vector<std::string> stopped;  ///< "crash 0", "restart 0 kept"
  std::map<std::string, int> happened;
  Interceptor* adversary = nullptr;
  std::vector<NodeId> credulous;

  // --- Powers ---

  Time now() const override { return now_; }
  std::uint32_t n() const override { return n_; }
  std::uint32_t f() const override { return (n_ - 1) / 3; }
  std::uint32_t clients() const override { return clients_; }
  NodeId primary(View view) const override { return static_cast<NodeId>(view % n_); }
  bool controls(NodeId node) const override {
    return std::find(corrupt_.begin(), corrupt_.end(), node) != corrupt_.end();
  }
  const Signer& signer(NodeId node) override {
    if (!controls(node)) throw InternalError("no key");
    return signers_[node];
  }
  Notary& notary() override { return notary_; }
  const MessageKind* kind(std::string_view name) const override {
    for (const MessageKind* kind : kinds()) {
      if (kind->traits.name == name) return kind;
    }
    return nullptr;
  }
  std::vector<std::string> kind_names() const override {
    std::vector<std::string> names;
    for (const MessageKind* kind : kinds()) names.emplace_back(kind->traits.name);
    return names;
  }
  void inject(Packet packet) override { wire.push_back(std::move(packet)); }
  void drop(const Packet& packet) override { dropped.push_back(packet); }
  void make_credulous(NodeId node) override { credulous.push_back(node); }
  void feed(NodeId to, NodeId, Ref<const Message> message) override { fed.emplace_back(to, std::move(message)); }
  void wake(Duration after, std::uint64_t token) override { wakeups.emplace_back(later(now_, after), token); }
  bool down(NodeId node) const override { return down_.contains(node); }
  void crash(NodeId node) override {
    down_.insert(node);
    stopped.push_back("crash " + std::to_string(node));
  }
  void restart(NodeId node, bool kept) override {
    down_.erase(node);
    stopped.push_back("restart " + std::to_string(node) + (kept ? " kept" : " lost"));
  }
  void note(std::string_view name, NodeId, std::uint64_t) override { ++happened[std::string(name)]; }
  Ref<const Batch> batch(Digest value) const override {
    const auto found = batches_.find(value);
    return found == batches_.end() ? nullptr : found->second;
  }
  Ref<const Request> sent_request(std::string_view name) const override { return named_request(name); }
  Ref<const Request> named_request(std::string_view name) const override {
    const auto found = named_.find(std::string(name));
    return found == named_.end() ? nullptr : found->second;
  }
  bool is_request_name(std::string_view name) const override { return name == "a" || name == "b" || name == "c"; }
  const std::vector<Ref<const Request>>& requests() const override { return requests_; }
  Stream& random() override { return random_; }

 private:
  std::uint32_t n_;
  std::uint32_t clients_;
  std::vector<NodeId> corrupt_;
  KeyRing keys_;
  Notary notary_;
  std::vector<Signer> signers_;
  Stream random_;
  Time now_{};
  std::vector<Ref<const Request>> requests_;
  std::map<std::string, Ref<const Request>> named_;
  std::map<Digest, Ref<const Batch>> batches_;
};

/// An `adversary:` section, read as the loader would read it and checked against the toy protocol.
struct Script {
  explicit Script(const std::string& yaml) {
    const auto source = errors.add_source("test.yaml", yaml);
    if (const auto node = parse_yaml(yaml, source, errors)) Setting<AdversarySettings>::read(*node, settings, errors);
    if (errors.ok()) check_adversary(settings, {kinds(), 4, 2, {"a", "b", "c"}, {"request", "status"}}, errors);
  }
  Diagnostics errors;
  AdversarySettings settings;
};

/// A scripted adversary in a fake world.
struct Stage4 {
  explicit Stage4(const std::string& yaml, std::vector<NodeId> corrupt = {0})
      : script(yaml), powers(4, std::move(corrupt)) {
    if (!script.errors.ok()) throw std::runtime_error(script.errors.render());
    adversary = make_adversary(script.settings, powers);
    powers.adversary = adversary.get();
    adversary->on_start();
  }
  /// What reaches the wire of a message that `from` sends to `to`: empty if it was taken off.
  Ref<const Message> send(NodeId from, NodeId to, const Ref<const Message>& message) {
    last = Packet{message, from, to, {}, powers.now()};
    return adversary->outgoing(last) ? last.message : nullptr;
  }
  void happens(RecordKind kind, NodeId node, View view = kNoView, Slot slot = kNoSlot, Digest value = {},
               std::uint64_t id = 0, std::string_view text = {}) {
    Record r;
    r.kind = kind;
    r.node = node;
    r.view = view;
    r.slot = slot;
    r.value = value;
    r.id = id;
    r.count = id;
    r.text = text;
    if ((adversary->wants() & records(kind)) != 0) adversary->on_event(r);
  }
  int happened(const std::string& name) { return powers.happened[name]; }
  bool genuine(const Ref<const Message>& message) { return powers.notary().verify(*message); }

  Script script;
  FakePowers powers;
  std::unique_ptr<Interceptor> adversary;
  Packet last;
};

}  // namespace byzsim::puppet
