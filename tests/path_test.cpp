// Paths of the rule language: into lists, nested messages, batches and snapshots; what is read there and what is put
// there. The toy protocol's STATE has a field of every sort.
#include "tests/fake_powers.hpp"

#include <nlohmann/json.hpp>

#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::puppet;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kWide = (std::uint64_t{1} << 60) + 1;  // a double would round it

/// Client 0 is node 4: executed up to 1, and 3 and 4; client 1 is node 5.
Ref<const Snapshot> snapshot() {
  return Snapshot::of({{{1, 10}, {2, kWide}}, {{4, 1, {3, 4}, {{1, 11}, {3, 13}, {4, 14}}}, {5, 2, {}, {{2, kWide}}}}});
}

Ref<const State> state_from(Stage4& world, NodeId from) {
  State m;
  m.slot = 4;
  m.full = true;
  m.origin = "disk";
  m.witnesses.insert(1);
  m.witnesses.insert(3);
  for (const NodeId signer : {0U, 1U, 2U}) m.proof.push_back(world.powers.commit(signer, 0, 4, Digest{7 + signer}));
  m.state = snapshot();
  return world.powers.signed_by(from, m);
}

/// Whether a STATE of replica 0 meets this condition, as written.
bool meets(const std::string& fields) {
  Stage4 world("{corrupt: [0], rules: [{match: {type: state, fields: " + fields + "}, do: drop}]}");
  return world.send(0, 1, state_from(world, 0)) == nullptr;
}

/// What becomes of a STATE of replica `from` whose fields are changed like this; null if that is impossible.
Ref<const State> changed(const std::string& fields, NodeId from = 0) {
  Stage4 world("{corrupt: [0], rules: [{name: change, match: {type: state}, do: {alter: " + fields + "}}]}");
  const auto before = state_from(world, from);
  const std::string as_it_was = tree_of(*before).dump();
  const auto after = world.send(from, 1, before);
  REQUIRE(tree_of(*before).dump() == as_it_was);  // others hold it, and its snapshot, by reference
  if (world.happened("change: impossible") != 0) {
    CHECK(after == before);
    return nullptr;
  }
  CHECK(after->content().bits != before->content().bits);
  CHECK(world.genuine(after) == (from == 0));
  return Ref<const State>(as<State>(*after));
}

SnapshotForm form_after(const std::string& fields) {
  const auto after = changed(fields);
  REQUIRE(after);
  REQUIRE(after->state);
  return after->state->form();
}

std::string mistakes(const std::string& rule) {
  return Script("corrupt: [0]\nrules:\n  - " + rule + "\n").errors.render();
}

bool mentions(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE(text);
  return found;
}

}  // namespace

TEST_CASE("paths: a condition on what a message holds, by sort") {
  CHECK(meets("{slot: 4, full: true, origin: disk}"));
  CHECK_FALSE(meets("{slot: 4, full: false}"));
  CHECK_FALSE(meets("{origin: tape}"));
  CHECK(meets("{slot: {not: [1, 2]}}"));
  CHECK_FALSE(meets("{slot: \">= 5\"}"));
  CHECK(meets("{witnesses: [1, 3]}"));
  CHECK_FALSE(meets("{witnesses: [3, 1]}"));
  CHECK(meets("{witnesses: {size: 2}, witnesses.*: 3}"));
  CHECK_FALSE(meets("{witnesses.*: 2}"));
  CHECK(meets("{state: {not: none}}"));
  CHECK_FALSE(meets("{state: none}"));
  CHECK(meets("{proof: {size: \">= 3\"}, proof.0: {not: none}}"));
  CHECK_FALSE(meets("{proof: {size: {not: 3}}}"));
}

TEST_CASE("paths: places in a list, from which side one likes; what is not there meets nothing") {
  CHECK(meets("{proof.0.value: 0000000000000007}"));
  CHECK(meets("{proof.last.value: 0000000000000009}"));
  CHECK(meets("{proof.*.value: 0000000000000008}"));
  CHECK_FALSE(meets("{proof.0.value: 0000000000000008}"));
  CHECK(meets("{proof.signer=2.value: 0000000000000009}"));
  CHECK(meets("{proof.value=0000000000000008.signer: 1}"));
  CHECK(meets("{proof.*.signer: corrupted}"));
  CHECK_FALSE(meets("{proof.signer=1.signer: corrupted}"));
  CHECK_FALSE(meets("{proof.3.view: 0}"));
  CHECK_FALSE(meets("{proof.signer=3.view: 0}"));
  CHECK_FALSE(meets("{proof.signer=3.view: {not: 0}}"));
}

TEST_CASE("paths: conditions reach into a snapshot, past 2^53 too") {
  CHECK(meets("{state.table.key=1.value: 10}"));
  CHECK(meets("{state.table: {size: 2}}"));
  CHECK(meets("{state.clients.client=c0.beyond: [3, 4]}"));
  CHECK_FALSE(meets("{state.clients.client=c0.beyond: [4, 3]}"));
  CHECK_FALSE(meets("{state.clients.client=c0.beyond: [3]}"));
  CHECK(meets("{state.clients.*.client: c1}"));
  CHECK(meets("{state.clients.client=c1.results.number=2.value: 1152921504606846977}"));
  CHECK_FALSE(meets("{state.clients.client=c1.results.number=2.value: 1152921504606846976}"));
  CHECK(meets("{state.clients.client=c1.results.value=1152921504606846977.number: 2}"));
  CHECK(meets("{state.table.last.value: \"> 1152921504606846976\"}"));
}

TEST_CASE("paths: conditions on batches and on digests go by the requests that are held") {
  Stage4 world(
      "{corrupt: [0], rules: [{match: {type: view-change, fields: {prepared.*.proposal.batch: a}}, do: drop}, "
      "{match: {type: view-change, fields: {prepared.0.votes.0.value: b}}, do: drop}, "
      "{match: {type: view-change, fields: {prepared.*.proposal.batch: none}}, do: drop}, "
      "{match: {type: pre-prepare, fields: {batch.last.operation.key: 1}}, do: drop}]}");
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b");
  const auto c = world.powers.request("c");
  const auto claim = [&](const Ref<const Batch>& batch, Digest vote) {
    Proof proof{world.powers.proposal(0, 0, 1, batch), {world.powers.commit(1, 0, 1, vote)}};
    ViewChange vc;
    vc.prepared = {proof};
    return world.powers.signed_by(2, vc);
  };
  CHECK_FALSE(world.send(2, 1, claim(world.powers.batch_of({c, a}), Digest{5})));
  CHECK_FALSE(world.send(2, 1, claim(world.powers.batch_of({c}), Batch({b}).digest())));
  CHECK_FALSE(world.send(2, 1, claim(world.powers.batch_of({}), Digest{5})));
  CHECK(world.send(2, 1, claim(world.powers.batch_of({c}), Digest{5})));
  CHECK_FALSE(world.send(0, 1, world.powers.proposal(0, 0, 1, world.powers.batch_of({a, b}))));  // b is put 1
  CHECK(world.send(0, 1, world.powers.proposal(0, 0, 1, world.powers.batch_of({b, a}))));
}

TEST_CASE("paths: `contains` and `seen` take conditions, and the copies of a broadcast count once") {
  Stage4 world(
      "{corrupt: [0], rules: [{name: x, match: {type: new-view, contains: {type: view-change, fields: {prepared: "
      "{size: "
      "1}}}, first: 1}, do: drop}]}");
  ViewChange empty, full;
  full.prepared.resize(1);
  NewView without, with;
  without.view_changes = {world.powers.signed_by(2, empty)};
  with.view_changes = {world.powers.signed_by(2, empty), world.powers.signed_by(3, full)};
  CHECK(world.send(1, 0, world.powers.signed_by(1, without)));
  const auto first = world.powers.signed_by(1, with);
  CHECK_FALSE(world.send(1, 0, first));
  CHECK_FALSE(world.send(1, 2, first));
  CHECK(world.send(1, 0, world.powers.signed_by(1, with)));
}

TEST_CASE("paths: a later message in the place of one that is gone is no copy of it") {
  Stage4 world("{corrupt: [0], rules: [{match: {type: commit, first: 1}, do: drop}]}");
  // The first is freed when it was dropped, so the second may get its memory; `first: 1` lets it pass all the same.
  CHECK_FALSE(world.send(0, 1, world.powers.commit(0, 0, 1, Digest{5})));
  world.powers.dropped.clear();
  world.last = {};
  CHECK(world.send(0, 1, world.powers.commit(0, 0, 2, Digest{5})));
}

TEST_CASE("alter reaches into a snapshot: values, and what is beside them stays, past 2^53 too") {
  const auto form = form_after("{state.clients.client=c0.results.number=4.value: 666, state.table.0.value: +5}");
  REQUIRE(form.table.size() == 2);
  CHECK(form.table[0].value == 15);
  CHECK(form.table[1].value == kWide);
  REQUIRE(form.clients.size() == 2);
  REQUIRE(form.clients[0].results.size() == 3);
  for (const auto& result : form.clients[0].results)
    CHECK(result.value == (result.number == 4 ? 666 : 10 + result.number));
  CHECK(form.clients[0].floor == 1);
  CHECK(form.clients[0].beyond == std::vector<std::uint64_t>{3, 4});
  CHECK(form.clients[1].results[0].value == kWide);
  CHECK(form_after("{state.clients.client=c1.results.0.value: +1}").clients[1].results[0].value == kWide + 1);
  CHECK(form_after("{state.table.*.value: 1}").table[1].value == 1);
}

TEST_CASE("alter works on lists: append, remove, order, in the order written") {
  using Numbers = std::vector<std::uint64_t>;
  const auto beyond = [](const std::string& how) {
    return form_after("{state.clients.client=c0.beyond: " + how + "}").clients[0].beyond;
  };
  CHECK(beyond("{order: reversed}") == Numbers{4, 3});
  CHECK(beyond("{order: [1, 0, last]}") == Numbers{4, 3, 4});
  CHECK(beyond("{append: 9}") == Numbers{3, 4, 9});
  CHECK(beyond("{append: [9, 7]}") == Numbers{3, 4, 9, 7});
  CHECK(beyond("{remove: 0}") == Numbers{4});
  CHECK(beyond("{remove: [last, 0]}") == Numbers{});
  CHECK(beyond("{remove: \"*\", append: 5}") == Numbers{5});
  CHECK(beyond("{append: 5, remove: 0, order: reversed}") == Numbers{5, 4});
  CHECK(beyond("[8]") == Numbers{8});
  CHECK(form_after("{state.clients: {remove: client=c0}}").clients.size() == 1);
  const auto more = form_after("{state.clients.client=c1.results: {append: {number: 3, value: 33}}}");
  REQUIRE(more.clients[1].results.size() == 2);
  CHECK(more.clients[1].results[1].value == 33);
  CHECK(form_after("{state: {table: [{key: 9, value: 8}]}}").table[0].key == 9);
  CHECK(form_after("{state: {table: []}}").clients.size() == 2);  // what is not mentioned stays
  const auto witnesses = changed("{witnesses: {append: 2, remove: 0}}");
  CHECK(witnesses->witnesses.members() == std::vector<NodeId>{2, 3});
}

TEST_CASE("alter: sizes and digests are those of what is there now") {
  const Sizes sizes;
  const auto before = snapshot();
  const auto larger = changed("{state.table: {append: [{key: 7, value: 1}, {key: 8, value: 1}]}}");
  CHECK(larger->state->wire_size(sizes) == before->wire_size(sizes) + 2 * 12);
  CHECK(larger->state->digest() != before->digest());
  // Equal content, equal digest, whichever way it came about.
  Service service;
  service.restore(*larger->state);
  CHECK(service.digest() == larger->state->digest());
  const auto twice = changed("{state.table: {append: [{key: 7, value: 1}, {key: 7, value: 2}]}}");
  Service other;
  other.restore(*twice->state);
  CHECK(other.digest() == twice->state->digest());
}

TEST_CASE("alter: a payload may be taken away, and what it then holds cannot be reached") {
  CHECK_FALSE(changed("{state: null}")->state);
  CHECK_FALSE(changed("{state: null, state.table: []}"));
  CHECK_FALSE(changed("{state.clients.client=c0.results.number=2.value: 1}"));
  CHECK_FALSE(changed("{state.table.2.value: 1}"));
  CHECK_FALSE(changed("{state.clients: {append: {client: 4000000000}}}"));  // would ask for terabytes
  CHECK_FALSE(changed("{state.table.0.key: 4294967296}"));                  // a key has 32 bits
}

TEST_CASE("alter: an honest replica's snapshot keeps a signature that no longer fits") {
  CHECK(changed("{state.table.0.value: 1}", 2));
}

TEST_CASE("alter: nested messages are signed again from the inside out, also as somebody else's") {
  const auto m = changed("{proof.signer=0.slot: 9, proof.signer=1.slot: 9, proof.2.signer: 0}");
  REQUIRE(m);
  FakePowers other;  // the same keys
  CHECK(other.notary().verify(*m->proof[0]));
  CHECK_FALSE(other.notary().verify(*m->proof[1]));
  CHECK(m->proof[2]->signer() == 0);
  CHECK(m->proof[2]->slot == 4);
  CHECK(other.notary().verify(*m->proof[2]));
  const auto framed = changed("{proof.0.signer: 3}");
  CHECK(framed->proof[0]->signer() == 3);
  CHECK_FALSE(other.notary().verify(*framed->proof[0]));
  const auto fewer = changed("{proof: {remove: signer=1, append: {slot: 4, value: 0000000000000007}}}");
  REQUIRE(fewer->proof.size() == 3);
  CHECK(fewer->proof[1]->signer() == 2);
  CHECK(fewer->proof[2]->signer() == 0);
  CHECK(other.notary().verify(*fewer->proof[2]));
}

TEST_CASE("alter: a batch by its requests, and its digest follows") {
  Stage4 world(
      "{corrupt: [0], rules: [{match: {type: pre-prepare, slot: 1}, do: {alter: {batch: {append: a, order: "
      "reversed}}}}, "
      "{match: {type: pre-prepare, slot: 2}, do: {alter: {batch.0.operation.argument: 99}}}, "
      "{match: {type: pre-prepare, slot: 3}, do: {alter: {batch: null}}}]}");
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b");
  const auto batch = world.powers.batch_of({b});
  const auto both = world.send(0, 1, world.powers.proposal(0, 0, 1, batch));
  CHECK(both->label().value == Batch({a, b}).digest());
  CHECK(batch_in(*both)->digest() == both->label().value);
  CHECK(world.genuine(both));
  const auto other = world.send(0, 1, world.powers.proposal(0, 0, 2, batch));
  const auto held = batch_in(*other);
  CHECK(held->requests()[0]->operation.argument == 99);
  CHECK(other->label().value == held->digest());
  CHECK(held->digest() != batch->digest());
  CHECK(world.genuine(other));
  CHECK_FALSE(world.powers.notary().verify(*held->requests()[0]));  // the client is honest
  CHECK(b->operation.argument == 1);
  CHECK_FALSE(batch_in(*world.send(0, 1, world.powers.proposal(0, 0, 3, batch))));
}

TEST_CASE("forge fills in payloads and lists from nothing") {
  Stage4 world(
      "{corrupt: [0, c1], rules: [{on: 1s, do: [{forge: {type: state, from: 0, to: [1], fields: {slot: 3, witnesses: "
      "[2], "
      "state: {table: [{key: 1, value: 2}], clients: [{client: c1, floor: 3, beyond: [7, 6]}]}}}}, "
      "{forge: {type: pre-prepare, from: 0, to: [1], fields: {slot: 3, batch: [a, {signer: c1, client: c1, number: "
      "5}]}}}, "
      "{forge: {type: state, from: 0, to: [1]}}]}]}",
      {0, 5});
  const auto a = world.powers.request("a");
  world.powers.move_to(1s);
  REQUIRE(world.powers.wire.size() == 3);
  const auto* state = as<State>(*world.powers.wire[0].message);
  const SnapshotForm form = state->state->form();
  CHECK(form.table[0].value == 2);
  REQUIRE(form.clients.size() == 1);
  CHECK(form.clients[0].client == 5);
  CHECK(form.clients[0].beyond == std::vector<std::uint64_t>{7, 6});
  CHECK(world.powers.notary().verify(*state));
  const auto batch = batch_in(*world.powers.wire[1].message);
  REQUIRE(batch->requests().size() == 2);
  CHECK(batch->requests()[1]->client == 5);
  CHECK(world.powers.notary().verify(*batch->requests()[1]));
  CHECK(world.powers.wire[1].message->label().value == batch->digest());
  CHECK_FALSE(as<State>(*world.powers.wire[2].message)->state);
}

TEST_CASE("a message's tree says what its text says, and makes the same message again") {
  Stage4 world("{corrupt: [0], behaviours: [silence]}");
  const auto a = world.powers.request("a");
  Proof proof{world.powers.proposal(0, 0, 1, world.powers.batch_of({a})), {nullptr, world.powers.commit(1, 0, 1, {})}};
  ViewChange vc;
  vc.prepared = {proof, {}};
  for (const Ref<const Message>& message :
       {Ref<const Message>(state_from(world, 2)), Ref<const Message>(world.powers.signed_by(1, vc)),
        Ref<const Message>(world.powers.signed_by(1, State{}))}) {
    std::string text, again;
    write_json(*message, world.powers.notary(), text);
    const auto read = Draft::read(message->kind(), tree_of(*message, world.powers.notary()));
    write_json(*read, world.powers.notary(), again);
    CHECK(text == again);
    CHECK(read->content() == message->content());
    CHECK(world.powers.notary().verify(*read));
    CHECK(Draft::read(message->kind(), Json::parse(text))->content() == message->content());
  }
}

TEST_CASE("paths: mistakes are found at load, with their place and a suggestion") {
  const auto match = [](const std::string& fields) {
    return mistakes("{match: {type: state, fields: " + fields + "}, do: drop}");
  };
  const auto alter = [](const std::string& fields) {
    return mistakes("{match: {type: state}, do: {alter: " + fields + "}}");
  };
  CHECK(match("{state.clients.client=c0.floor: 1, proof.*.signer: [0, 1]}").empty());
  CHECK(mentions(match("{stat.table.0: 1}"), "state has no field 'stat'"));
  CHECK(mentions(match("{state.tabel.0: 1}"), "did you mean 'table'?"));
  CHECK(mentions(match("{state.tabel.0: 1}"), "test.yaml:3:36"));
  CHECK(mentions(match("{state.table.0.keys: 1}"), "did you mean 'key'?"));
  CHECK(mentions(match("{state.table.first.key: 1}"), "'table' is a list: a place is needed after it, not 'first'"));
  CHECK(mentions(match("{state.table.kye=1.value: 1}"), "an item of 'table' has no field 'kye'"));
  CHECK(mentions(match("{state.table.key=x.value: 1}"), "'x' is no number and no node"));
  CHECK(mentions(match("{state.clients.beyond=1.floor: 1}"), "no single value"));
  CHECK(mentions(match("{proof.value=z.view: 1}"), "no scripted request is called 'z'"));
  CHECK(mentions(match("{proof.full=1.view: 1}"), "no field 'full'"));
  CHECK(mentions(match("{slot.0: 1}"), "there is nothing inside 'slot'"));
  CHECK(mentions(match("{slot: many}"), "'slot' cannot be compared with"));
  CHECK(mentions(match("{slot: c7}"), "no node c7"));
  CHECK(mentions(match("{full: 1}"), "expected true or false"));
  CHECK(mentions(match("{proof: 3}"), "expected {size: NUMBERS}"));
  CHECK(mentions(match("{proof.0: 3}"), "`none`"));
  CHECK(mentions(match("{proof.0.value: z}"), "no scripted request is called 'z'"));
  CHECK(mentions(match("{state: 3}"), "`none`"));
  CHECK(mentions(mistakes("{match: {fields: {slot: 1}}, do: drop}"), "add `type` to the match"));
  CHECK(mentions(mistakes("{match: {type: [state, commit], fields: {full: true}}, do: drop}"),
                 "commit has no field 'full'"));
  CHECK(mentions(mistakes("{match: {type: new-view, contains: {type: commit, fields: {x: 1}}}, do: drop}"),
                 "commit has no field 'x'"));

  CHECK(alter("{state.clients.client=c0.beyond: {order: reversed, append: [1], remove: last}}").empty());
  CHECK(mentions(alter("{state.clinets.0.floor: 1}"), "did you mean 'clients'?"));
  CHECK(mentions(alter("{state.clients.0.floor: many}"), "'floor' takes a number"));
  CHECK(mentions(alter("{state.clients: 3}"), "'clients' is a list"));
  CHECK(mentions(alter("{state.clients: {appendix: 3}}"), "did you mean 'append'?"));
  CHECK(mentions(alter("{state.clients: {append: {flor: 3}}}"), "did you mean 'floor'?"));
  CHECK(mentions(alter("{state.clients: {remove: first}}"), "a place is needed"));
  CHECK(mentions(alter("{state.clients: {remove: {a: 1}}}"), "'remove' takes places"));
  CHECK(mentions(alter("{state.clients.0.beyond: {append: +1}}"), "is relative"));
  CHECK(mentions(alter("{state: {tabel: []}}"), "did you mean 'table'?"));
  CHECK(mentions(alter("{state: 3}"), "expected a map of fields of state"));
  CHECK(mentions(alter("{proof.0.signer: x}"), "'signer' takes a number"));
  CHECK(mentions(mistakes("{match: {type: pre-prepare}, do: {alter: {batch: [z]}}}"),
                 "no scripted request is called 'z'"));
  CHECK(mentions(mistakes("{match: {type: pre-prepare}, do: {alter: {batch: {append: z}}}}"), "no scripted request"));
  const auto forge = [](const std::string& fields) {
    return mistakes("{on: 1s, do: {forge: {type: state, from: 0, fields: " + fields + "}}}");
  };
  CHECK(forge("{state: {table: [{key: 1, value: 2}]}}").empty());
  CHECK(mentions(forge("{state.table: []}"), "write the fields as nested maps"));
  CHECK(mentions(forge("{state: {table: {append: {key: 1}}}}"), "write the list itself"));
  CHECK(mentions(forge("{proof: [{signer: x}]}"), "names no node"));
}
