// What the tests, the fuzzer and the benchmark of traces share: two small message types, a run of records that uses
// them, and an observer that keeps what it hears.
#pragma once

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/crypto/keys.hpp"
#include "sim/replica/notary.hpp"
#include "sim/replica/workload.hpp"
#include "sim/trace/header.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim::trace_kit {

struct Vote final : Described<Vote> {
  View view = 0;
  Slot slot = 0;
  Digest value;
  static constexpr MessageTraits traits{.name = "kit-vote", .phase = "vote", .decides = true};
  static constexpr void describe(auto&& field) {
    field("view", &Vote::view, Role::view);
    field("slot", &Vote::slot, Role::slot);
    field("value", &Vote::value, Role::value);
  }
};

struct Proof final : Described<Proof> {
  View view = 0;
  std::vector<Ref<const Vote>> votes;
  Ref<const Vote> best;
  Ref<const Batch> batch;
  ReplicaSet members;
  std::string note;
  bool final_word = false;
  static constexpr MessageTraits traits{.name = "kit-proof", .exclusive = false};
  static constexpr void describe(auto&& field) {
    field("view", &Proof::view, Role::view);
    field("votes", &Proof::votes, Role::certificate);
    field("best", &Proof::best);
    field("batch", &Proof::batch, Role::payload);
    field("members", &Proof::members);
    field("note", &Proof::note);
    field("final", &Proof::final_word);
  }
};

inline const std::vector<const MessageKind*>& kinds() {
  static const std::vector<const MessageKind*> all{&Request::kind_info, &Vote::kind_info, &Proof::kind_info};
  return all;
}

inline TraceHeader header() {
  TraceHeader made;
  made.tool = "test";
  made.scenario = R"({"schema":"byzsim/v1","name":"kit"})";
  Manifest& manifest = made.manifest;
  manifest.scenario = "kit";
  manifest.protocol = "kit";
  manifest.n = 4;
  manifest.f = 1;
  manifest.quorum = 3;
  manifest.clients = 1;
  manifest.seed = 0xfedcba9876543210ULL;
  manifest.scenario_hash = 0x0123456789abcdefULL;
  manifest.faulty = {0};
  manifest.gst = at(Duration(5));
  manifest.delta = Duration(7);
  for (const MessageKind* kind : kinds()) {
    manifest.kinds.push_back({std::string(kind->traits.name), std::string(kind->traits.phase), kind->traits.decides,
                              kind->traits.exclusive});
  }
  return made;
}

/// Keys and a notary for five nodes, and signed messages of each kind.
struct Cast {
  KeyRing ring{42, 5};
  Notary notary{ring};
  std::vector<Signer> signers;
  Ref<const Request> request;
  Ref<const Vote> vote;
  Ref<const Proof> proof;
  Ref<const Message> damaged;

  Cast() {
    for (NodeId node = 0; node < 5; ++node) signers.push_back(ring.issue(node));
    Request ask;
    ask.client = 4;
    ask.number = 1;
    ask.operation = {Operation::put, 7, ~std::uint64_t{0}, 64};
    request = sign(4, ask);
    vote = ballot(1, 3, 9);
    damaged = Draft::damaged(*vote, notary);
    Proof evidence;
    evidence.view = 4;
    evidence.votes = {vote, ballot(2, 3, 9), ballot(0, kNoView, 1)};
    evidence.best = vote;
    evidence.batch = make_ref<const Batch>(std::vector<Ref<const Request>>{request});
    evidence.members = {0, 2, 3};
    evidence.note = "quotes \" and \\ and \n, gr\xc3\xbc\xc3\x9f";
    evidence.final_word = true;
    proof = sign(2, evidence);
  }
  template <class M>
  Ref<const M> sign(NodeId signer, const M& message) {
    auto copy = make_ref<M>(message);
    notary.sign(signers[signer], *copy);
    return copy;
  }
  Ref<const Vote> ballot(NodeId signer, View view, std::uint64_t value) {
    Vote made;
    made.view = view;
    made.slot = 1;
    made.value = Digest{value};
    return sign(signer, made);
  }
};

inline Record at_time(std::int64_t ns, RecordKind kind, NodeId node) {
  Record record;
  record.kind = kind;
  record.time = at(Duration(ns));
  record.node = node;
  return record;
}

inline Record signed_record(std::int64_t ns, const Message& message) {
  Record record = at_time(ns, RecordKind::signed_, message.signer());
  record.id = message.id();
  record.view = message.label().view;
  record.slot = message.label().slot;
  record.value = message.label().value;
  record.message = &message;
  return record;
}

/// A short run in which every kind of record occurs. Two votes are delivered.
inline std::vector<Record> story(const Cast& cast) {
  std::vector<Record> all;
  const auto add = [&](Record record, auto&&... set) {
    (set(record), ...);
    all.push_back(record);
  };
  add(at_time(0, RecordKind::submitted, 4), [&](Record& r) {
    r.id = 1;
    r.value = cast.request->content();
    r.message = cast.request.get();
  });
  add(signed_record(10, *cast.vote));
  add(at_time(10, RecordKind::sent, 1), [&](Record& r) {
    r.id = cast.vote->id();
    r.count = 3;
    r.bytes = 120;
  });
  add(at_time(15, RecordKind::delivered, 2), [&](Record& r) {
    r.peer = 1;
    r.id = cast.vote->id();
  });
  add(at_time(15, RecordKind::witnessed, 2), [&](Record& r) {
    r.peer = 1;
    r.id = cast.vote->id();
    r.message = cast.vote.get();
  });
  add(at_time(16, RecordKind::sent, 0), [&](Record& r) {
    r.peer = 3;
    r.id = cast.damaged->id();
    r.count = 1;
    r.message = cast.damaged.get();
  });
  add(at_time(17, RecordKind::delivered, 3), [&](Record& r) {
    r.peer = 0;
    r.id = cast.damaged->id();
  });
  add(at_time(17, RecordKind::witnessed, 3), [&](Record& r) {
    r.peer = 0;
    r.id = cast.damaged->id();
    r.message = cast.damaged.get();
  });
  add(at_time(18, RecordKind::dropped, 2), [&](Record& r) {
    r.peer = 1;
    r.id = cast.vote->id();
    r.text = "loss";
  });
  add(signed_record(20, *cast.proof));
  add(at_time(21, RecordKind::timer, 1), [](Record& r) { r.count = 0; });
  add(at_time(22, RecordKind::view, 1), [](Record& r) { r.view = 1; });
  add(at_time(23, RecordKind::prepared, 1), [](Record& r) { r.view = 1, r.slot = 2, r.value = Digest{3}; });
  add(at_time(24, RecordKind::decided, 1), [](Record& r) { r.view = 1, r.slot = 2, r.count = 3; });
  add(at_time(25, RecordKind::adopted, 2), [](Record& r) { r.slot = 2, r.value = Digest{~std::uint64_t{0}}; });
  add(at_time(26, RecordKind::applied, 1),
      [](Record& r) { r.peer = 4, r.id = 1, r.slot = 2, r.count = ~std::uint64_t{0}; });
  add(at_time(27, RecordKind::executed, 1), [](Record& r) { r.slot = 2, r.value = Digest{3}, r.extra = Digest{4}; });
  add(at_time(28, RecordKind::accepted, 4), [](Record& r) { r.id = 1, r.count = 5, r.bytes = 2; });
  add(at_time(29, RecordKind::crashed, 3));
  add(at_time(30, RecordKind::restarted, 3), [](Record& r) { r.count = 1; });
  add(at_time(31, RecordKind::network, kNobody), [](Record& r) { r.count = 1, r.text = "{0,1} | {2,3}"; });
  add(at_time(32, RecordKind::beyond, 2), [](Record& r) { r.peer = 1, r.id = 2, r.text = "12ms late"; });
  add(at_time(33, RecordKind::attack, kNobody), [](Record& r) { r.text = "equivo\"cate", r.count = 2; });
  add(at_time(34, RecordKind::mark, 1), [](Record& r) { r.text = "gr\xc3\xbc\xc3\x9f"; });
  add(at_time(std::int64_t{1} << 60, RecordKind::suspect, 1), [](Record& r) { r.peer = 0, r.text = ""; });
  return all;
}

inline Outcome outcome() {
  Outcome made;
  made.reason = EndReason::quiet;
  made.end = at(Duration((std::int64_t{1} << 60) + 1));
  made.events = 25;
  made.fingerprint = 0xdeadbeefcafef00dULL;
  made.traffic = {{}, {4, 2, 1, 480}, {}};
  std::uint64_t count = 3;
  NetworkCounters::each(made.network, [&](const char*, std::uint64_t& value) { value = count++; });
  return made;
}

/// A record as text, its message in full: equal texts, equal records.
inline std::string described(const Record& record, const Notary& notary) {
  std::string message = "-";
  if (record.message != nullptr) {
    message.clear();
    write_json(*record.message, notary, message);
    message += fmt::format(" from {} {}", record.message->from(), notary.verify(*record.message));
  }
  return fmt::format(
      "{} node {} peer {} bytes {} time {} view {} slot {} value {} extra {} id {} count {} text '{}' {}",
      to_string(record.kind), record.node, record.peer, record.bytes, nanoseconds(record.time), record.view,
      record.slot, record.value.bits, record.extra.bits, record.id, record.count, record.text, message);
}

class Keeper final : public Observer {
 public:
  explicit Keeper(const Notary& notary, RecordMask mask = kAllRecords) : notary_(notary), mask_(mask) {}
  RecordMask wants() const override { return mask_; }
  void on_record(const Record& record) override { heard.push_back(described(record, notary_)); }
  std::vector<std::string> heard;

 private:
  const Notary& notary_;
  RecordMask mask_;
};

}  // namespace byzsim::trace_kit
