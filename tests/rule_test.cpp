// The rule language: every matcher, trigger and action, on packets of a toy protocol.
#include "tests/fake_powers.hpp"

#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::puppet;
using namespace std::chrono_literals;

namespace {

/// Whether a match, as written, takes a commit of `signer` in (view, slot) from `from` to `to` off the wire.
bool matches(const std::string& match, NodeId from = 0, NodeId to = 1, View view = 0, Slot slot = 1) {
  Stage4 world("{corrupt: [0], rules: [{match: " + match + ", do: drop}]}");
  return world.send(from, to, world.powers.commit(from, view, slot, Digest{5})) == nullptr;
}

std::string mistakes(const std::string& yaml) {
  return Script(yaml).errors.render();
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("match: type, view, slot, in every form") {
  CHECK(matches("{type: commit}"));
  CHECK(matches("{type: [pre-prepare, commit]}"));
  CHECK_FALSE(matches("{type: pre-prepare}"));
  CHECK_FALSE(matches("{type: {not: commit}}"));
  CHECK(matches("{view: 0}"));
  CHECK(matches("{view: 3}", 0, 1, 3));
  CHECK_FALSE(matches("{view: 3}"));
  CHECK(matches("{slot: [1, 4]}", 0, 1, 0, 4));
  CHECK_FALSE(matches("{slot: [1, 4]}", 0, 1, 0, 2));
  CHECK(matches("{slot: 2..5}", 0, 1, 0, 5));
  CHECK_FALSE(matches("{slot: 2..5}", 0, 1, 0, 6));
  CHECK(matches("{slot: \">= 2\"}", 0, 1, 0, 2));
  CHECK_FALSE(matches("{slot: \"> 2\"}", 0, 1, 0, 2));
  CHECK(matches("{slot: \"< 2\"}"));
  CHECK(matches("{slot: \"<= 1\"}"));
  CHECK(matches("{view: {not: 1}}"));
  CHECK_FALSE(matches("{view: {not: [0, 1]}}"));
}

TEST_CASE("match: signer, from, to, by name and by what they are") {
  CHECK(matches("{from: 2, to: [1, 3], signer: 2}", 2, 3));
  CHECK_FALSE(matches("{from: 2, to: [1, 3]}", 2, 0));
  CHECK(matches("{to: {not: 2}}", 0, 3));
  CHECK_FALSE(matches("{to: {not: 2}}", 0, 2));
  CHECK(matches("{from: corrupted, to: honest}", 0, 3));
  CHECK_FALSE(matches("{from: corrupted}", 1, 3));
  CHECK(matches("{from: primary}", 1, 3, 1));
  CHECK_FALSE(matches("{from: primary}", 1, 3, 0));
  CHECK(matches("{to: clients}", 1, 4));
  CHECK(matches("{to: c1}", 1, 5));
  CHECK_FALSE(matches("{to: replicas}", 1, 4));
}

TEST_CASE("match: value by the name of a request, in the message itself or behind its digest") {
  Stage4 world("{corrupt: [0], rules: [{match: {value: a}, do: drop}]}");
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b");
  const auto with_a = world.powers.batch_of({b, a});
  const auto without = world.powers.batch_of({b});
  CHECK_FALSE(world.send(0, 1, world.powers.proposal(0, 0, 1, with_a)));
  CHECK(world.send(0, 1, world.powers.proposal(0, 0, 1, without)));
  CHECK_FALSE(world.send(0, 1, world.powers.commit(0, 0, 1, with_a->digest())));
  CHECK(world.send(0, 1, world.powers.commit(0, 0, 1, without->digest())));
  CHECK_FALSE(world.send(4, 1, a));
  CHECK(world.send(4, 1, b));
  // The batch of exactly that request, though nobody has shown it.
  CHECK_FALSE(world.send(0, 1, world.powers.commit(0, 0, 2, Batch({a}).digest())));
  Stage4 other(
      "{corrupt: [0], rules: [{match: {type: commit, value: {not: a}}, do: drop}, {match: {value: none}, do: drop}]}");
  const auto again = other.powers.batch_of({other.powers.request("a")});
  CHECK(other.send(0, 1, other.powers.commit(0, 0, 1, again->digest())));
  CHECK_FALSE(other.send(0, 1, other.powers.commit(0, 0, 1, Digest{9})));
  CHECK_FALSE(other.send(0, 1, other.powers.proposal(0, 0, 1, other.powers.batch_of({}))));
}

TEST_CASE("match: time, count, nested messages") {
  Stage4 time("{corrupt: [0], rules: [{match: {after: 1s, before: 2s}, do: drop}]}");
  const auto vote = time.powers.commit(0, 0, 1, Digest{5});
  CHECK(time.send(0, 1, vote));
  time.powers.move_to(1s);
  CHECK_FALSE(time.send(0, 1, vote));
  time.powers.move_to(2s);
  CHECK(time.send(0, 1, vote));

  Stage4 count("{corrupt: [0], rules: [{match: {type: commit, skip: 1, first: 1}, do: drop}]}");
  CHECK(count.send(0, 1, count.powers.commit(0, 0, 1, Digest{5})));
  const auto second = count.powers.commit(0, 0, 2, Digest{5});
  CHECK_FALSE(count.send(0, 1, second));
  CHECK_FALSE(count.send(0, 2, second));  // the same broadcast
  CHECK(count.send(0, 1, count.powers.commit(0, 0, 3, Digest{5})));

  Stage4 nested(
      "{corrupt: [0], rules: [{match: {type: new-view, contains: {type: view-change, signer: 2}}, do: drop}]}");
  NewView with;
  with.view_changes = {nested.powers.signed_by(1, ViewChange{}), nested.powers.signed_by(2, ViewChange{})};
  NewView without;
  without.view_changes = {nested.powers.signed_by(1, ViewChange{})};
  CHECK_FALSE(nested.send(1, 0, nested.powers.signed_by(1, with)));
  CHECK(nested.send(1, 0, nested.powers.signed_by(1, without)));
}

TEST_CASE("rules of corrupted senders alone do not look at everybody's messages") {
  CHECK_FALSE(Stage4("{corrupt: [0], rules: [{match: {from: 0}, do: drop}]}").adversary->watches_everyone());
  CHECK_FALSE(Stage4("{corrupt: [0], rules: [{match: {from: corrupted}, do: drop}]}").adversary->watches_everyone());
  CHECK(Stage4("{corrupt: [0], rules: [{match: {from: primary}, do: drop}]}").adversary->watches_everyone());
  CHECK(Stage4("{corrupt: [0], rules: [{match: {to: 1}, do: drop}]}").adversary->watches_everyone());
}

TEST_CASE("a rule is shown the messages that its match or one of its triggers is about") {
  Stage4 world(
      "{corrupt: [0], rules: [{match: {type: commit}, do: {delay: 1ms}}, {match: {type: {not: commit}}, do: {delay: "
      "2ms}}, {match: {type: pre-prepare}, since: {event: sent, match: {type: commit, slot: 2}}, do: drop}]}");
  const auto proposal = world.powers.proposal(0, 0, 1, world.powers.batch_of({}));
  CHECK(world.send(0, 1, proposal));
  CHECK(world.last.delay == 2ms);
  CHECK(world.send(0, 1, world.powers.commit(0, 0, 2, Digest{5})));
  CHECK(world.last.delay == 1ms);
  CHECK_FALSE(world.send(0, 1, proposal));
}

TEST_CASE("drop, delay, duplicate, and what they count as") {
  Stage4 world(
      "{corrupt: [0], rules: [{name: late, match: {to: 1}, do: [{delay: 10ms}, {duplicate: 2}]}, {match: {to: 2}, do: "
      "drop}]}");
  const auto vote = world.powers.commit(3, 0, 1, Digest{5});
  CHECK(world.send(3, 1, vote));
  CHECK(world.last.delay == 10ms);
  CHECK(world.powers.wire.size() == 2);
  CHECK_FALSE(world.send(3, 2, vote));
  CHECK(world.powers.dropped.size() == 1);
  CHECK(world.happened("late") == 1);
  CHECK(world.happened("delay") == 1);
  CHECK(world.happened("duplicate") == 1);
  CHECK(world.happened("rule 2") == 1);
  CHECK(world.happened("drop") == 1);
}

TEST_CASE("hold until an event; a released message passes the rules that follow") {
  Stage4 world(
      "{corrupt: [0], rules: [{name: hide, match: {type: commit}, do: hold, until: {event: view, view: 1, replica: "
      "3}}, "
      "{match: {to: 2}, do: drop}]}");
  const auto vote = world.powers.commit(1, 0, 1, Digest{5});
  CHECK_FALSE(world.send(1, 3, vote));
  CHECK_FALSE(world.send(1, 2, vote));
  world.happens(RecordKind::view, 2, 1);
  world.happens(RecordKind::view, 3, 2);
  CHECK(world.powers.wire.empty());
  world.happens(RecordKind::view, 3, 1);
  REQUIRE(world.powers.wire.size() == 1);
  CHECK(world.powers.wire[0].to == 3);
  CHECK(world.powers.wire[0].message == vote);
  CHECK(world.powers.dropped.size() == 1);
  CHECK(world.send(1, 3, vote));  // the rule is over
}

TEST_CASE("what is still held at the end is dropped") {
  Stage4 world("{corrupt: [0], rules: [{match: {type: commit}, do: hold}]}");
  world.send(1, 3, world.powers.commit(1, 0, 1, Digest{5}));
  world.adversary->on_end();
  CHECK(world.powers.dropped.size() == 1);
  CHECK(world.powers.wire.empty());
}

TEST_CASE("release by another rule; since and until by time") {
  Stage4 world(
      "{corrupt: [0], rules: [{name: hide, match: {to: 1}, do: hold, since: 1s, until: 3s}, {on: 2s, do: {release: "
      "hide}}]}");
  const auto vote = world.powers.commit(2, 0, 1, Digest{5});
  CHECK(world.send(2, 1, vote));
  world.powers.move_to(1s);
  CHECK_FALSE(world.send(2, 1, vote));
  world.powers.move_to(2s);
  CHECK(world.powers.wire.size() == 1);
  CHECK(world.happened("release") == 1);
  CHECK_FALSE(world.send(2, 1, vote));  // let go, not over
  world.powers.move_to(3s);
  CHECK(world.powers.wire.size() == 2);
  CHECK(world.send(2, 1, vote));
}

TEST_CASE("reorder: in threes, the last first") {
  Stage4 world("{corrupt: [0], rules: [{match: {to: 1}, do: {reorder: 3}}]}");
  for (Slot slot = 1; slot <= 3; ++slot) CHECK_FALSE(world.send(2, 1, world.powers.commit(2, 0, slot, Digest{5})));
  REQUIRE(world.powers.wire.size() == 3);
  CHECK(world.powers.wire[0].message->label().slot == 3);
  CHECK(world.powers.wire[2].message->label().slot == 1);
}

TEST_CASE("alter: relative numbers; a corrupted signer signs again, an honest one does not") {
  Stage4 world("{corrupt: [0], rules: [{match: {type: commit}, do: {alter: {slot: +1, view: 7}}}]}");
  const auto mine = world.powers.commit(0, 2, 4, Digest{5});
  const auto altered = world.send(0, 1, mine);
  CHECK(altered->label().slot == 5);
  CHECK(altered->label().view == 7);
  CHECK(altered->signer() == 0);
  CHECK(world.genuine(altered));
  CHECK(world.send(0, 2, mine) == altered);  // one message for all receivers of a broadcast
  CHECK(mine->label().slot == 4);
  const auto theirs = world.send(2, 1, world.powers.commit(2, 2, 4, Digest{5}));
  CHECK(theirs->label().slot == 5);
  CHECK(theirs->signer() == 2);
  CHECK_FALSE(world.genuine(theirs));
  CHECK(world.happened("alter") == 3);
}

TEST_CASE("alter: what cannot be done is counted and the message passes") {
  Stage4 world("{corrupt: [0], rules: [{name: shift, match: {type: commit}, do: {alter: {slot: -3}}}]}");
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  CHECK(world.send(0, 1, vote) == vote);
  CHECK(world.happened("shift: impossible") == 1);
  CHECK(world.happened("alter") == 0);
}

TEST_CASE("alter: batch and digest go together, unless both are set") {
  Stage4 world(
      "{corrupt: [0], rules: [{match: {type: pre-prepare, slot: 1}, do: {alter: {batch: b}}}, {match: {type: "
      "pre-prepare, slot: 2}, do: {alter: {value: "
      "b}}}, "
      "{match: {type: pre-prepare, slot: 3}, do: {alter: {batch: [b, a], value: a}}}, {match: {type: pre-prepare, "
      "slot: 4}, do: {alter: {batch: []}}}]}");
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b");
  const auto only_a = world.powers.batch_of({a});
  const auto only_b = world.powers.batch_of({b});
  for (Slot slot = 1; slot <= 2; ++slot) {
    const auto changed = world.send(0, 1, world.powers.proposal(0, 0, slot, only_a));
    CHECK(changed->label().value == only_b->digest());
    CHECK(batch_in(*changed)->digest() == only_b->digest());
    CHECK(world.genuine(changed));
    CHECK(world.genuine(Ref<const Message>(batch_in(*changed)->requests()[0])));
  }
  const auto split = world.send(0, 1, world.powers.proposal(0, 0, 3, only_a));
  CHECK(split->label().value == only_a->digest());
  CHECK(batch_in(*split)->requests().size() == 2);
  CHECK(world.send(0, 1, world.powers.proposal(0, 0, 4, only_a))->label().value == Batch({}).digest());
}

TEST_CASE("alter reaches into nested messages, and signs again from the inside out") {
  Stage4 world(
      "{corrupt: [0], rules: [{match: {type: new-view}, do: {alter: {pre-prepares.0.batch: b, view_changes.*.prepared: "
      "[]}}}]}");
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b");
  const auto batch = world.powers.batch_of({a});
  Proof proof;
  proof.proposal = world.powers.proposal(0, 0, 1, batch);
  ViewChange own, theirs;
  own.prepared = theirs.prepared = {proof};
  NewView m;
  m.view = 4;
  m.view_changes = {world.powers.signed_by(0, own), world.powers.signed_by(2, theirs)};
  m.pre_prepares = {world.powers.proposal(0, 4, 1, batch)};
  const auto altered = world.send(0, 1, world.powers.signed_by(0, m));
  REQUIRE(altered);
  CHECK(world.genuine(altered));
  const auto* nv = as<NewView>(*altered);
  REQUIRE(nv->pre_prepares.size() == 1);
  CHECK(nv->pre_prepares[0]->batch->requests()[0]->number == b->number);
  CHECK(nv->pre_prepares[0]->value == nv->pre_prepares[0]->batch->digest());
  CHECK(world.powers.notary().verify(*nv->pre_prepares[0]));
  CHECK(nv->view_changes[0]->prepared.empty());
  CHECK(world.powers.notary().verify(*nv->view_changes[0]));
  CHECK(nv->view_changes[1]->prepared.empty());
  CHECK_FALSE(world.powers.notary().verify(*nv->view_changes[1]));  // an honest one's: nobody can sign it again
}

TEST_CASE("forge on an event, in a corrupted name, with fields of the event") {
  Stage4 world(
      "{corrupt: [0], rules: [{name: fake, on: {event: prepared, replica: 2, slot: 3}, do: {forge: {type: commit, "
      "from: 0, "
      "to: [1, 2], fields: {view: event.view, slot: event.slot, value: a}}}}]}");
  const auto only_a = world.powers.batch_of({world.powers.request("a")});
  world.happens(RecordKind::prepared, 2, 1, 2);
  world.happens(RecordKind::prepared, 1, 1, 3);
  CHECK(world.powers.wire.empty());
  world.happens(RecordKind::prepared, 2, 1, 3);
  world.happens(RecordKind::prepared, 2, 1, 3);  // once unless told otherwise
  REQUIRE(world.powers.wire.size() == 2);
  CHECK(world.powers.wire[0].to == 1);
  const auto* vote = as<Commit>(*world.powers.wire[0].message);
  CHECK(vote->view == 1);
  CHECK(vote->slot == 3);
  CHECK(vote->value == only_a->digest());
  CHECK(vote->signer() == 0);
  CHECK(world.genuine(world.powers.wire[0].message));
  CHECK(world.happened("fake") == 1);
  CHECK(world.happened("forge") == 1);
}

TEST_CASE("forge around messages that were seen") {
  Stage4 world(
      "{corrupt: [0], rules: [{on: 1s, do: {forge: {type: new-view, from: 0, to: [1, 0], fields: {view: 1, "
      "view_changes: {seen: {type: view-change, view: 1}}, pre_prepares: [{view: 1, slot: 1, batch: b}]}}}}]}");
  world.powers.request("b");
  ViewChange vc;
  vc.view = 1;
  const auto first = world.powers.signed_by(2, vc);
  world.send(2, 1, first);
  world.send(2, 1, world.powers.signed_by(2, vc));  // a second of the same signer is left out
  world.send(3, 1, world.powers.signed_by(3, vc));
  vc.view = 2;
  world.send(1, 3, world.powers.signed_by(1, vc));
  world.powers.move_to(1s);
  REQUIRE(world.powers.wire.size() == 1);
  REQUIRE(world.powers.fed.size() == 1);  // its own core
  const auto* nv = as<NewView>(*world.powers.wire[0].message);
  REQUIRE(nv->view_changes.size() == 2);
  CHECK(world.powers.notary().verify(*nv->view_changes[0]));
  CHECK(nv->view_changes[0]->signer() == 2);
  CHECK(nv->view_changes[1]->signer() == 3);
  REQUIRE(nv->pre_prepares.size() == 1);
  CHECK(nv->pre_prepares[0]->signer() == 0);
  CHECK(nv->pre_prepares[0]->value == nv->pre_prepares[0]->batch->digest());
  CHECK(world.powers.notary().verify(*nv->pre_prepares[0]));
}

TEST_CASE("forge like one that was seen, and what cannot be made yet") {
  Stage4 world(
      "{corrupt: [0], rules: [{name: echo, on: {event: timer, timer: status, times: 2}, do: {forge: {type: commit, "
      "from: 0, "
      "like: {slot: 6}, fields: {view: +1}}}}]}");
  world.happens(RecordKind::timer, 1, kNoView, kNoSlot, {}, 0, "status");
  CHECK(world.happened("echo: impossible") == 1);
  world.send(2, 3, world.powers.commit(2, 4, 6, Digest{9}));
  world.happens(RecordKind::timer, 1, kNoView, kNoSlot, {}, 0, "request");
  CHECK(world.powers.wire.empty());
  world.happens(RecordKind::timer, 1, kNoView, kNoSlot, {}, 0, "status");
  REQUIRE(world.powers.wire.size() == 3);
  CHECK(world.powers.wire[0].message->label().view == 5);
  CHECK(world.powers.wire[0].message->label().value == Digest{9});
  CHECK(world.powers.wire[0].message->signer() == 0);
}

TEST_CASE("replay: what was matched, or what was seen") {
  Stage4 world(
      "{corrupt: [0], rules: [{match: {type: commit, to: 1}, do: {replay: {after: 20ms, times: 2}}}, "
      "{on: {event: view, view: 1}, do: {replay: {match: {type: commit, view: 0}, from: 0, to: [3]}}}]}");
  const auto vote = world.powers.commit(2, 0, 1, Digest{5});
  CHECK(world.send(2, 1, vote));
  REQUIRE(world.powers.wire.size() == 2);
  CHECK(world.powers.wire[1].delay == 40ms);
  CHECK(world.powers.wire[1].from == 2);
  CHECK(world.powers.wire[1].to == 1);
  world.powers.wire.clear();
  world.send(2, 3, vote);
  world.happens(RecordKind::view, 1, 1);
  REQUIRE(world.powers.wire.size() == 1);
  CHECK(world.powers.wire[0].message == vote);
  CHECK(world.powers.wire[0].from == 0);
  CHECK(world.powers.wire[0].to == 3);
}

TEST_CASE("crash and restart corrupted replicas") {
  Stage4 world(
      "{corrupt: [0, 3], rules: [{on: {event: decided, replica: 1}, do: [{crash: {replicas: [0], down: 1s}}, {crash: "
      "[3]}]}, "
      "{on: {event: crashed, replica: 3}, do: {restart: {replicas: [3], state: lost}}}]}",
      {0, 3});
  world.happens(RecordKind::decided, 1, 0, 1);
  CHECK(world.powers.stopped == std::vector<std::string>{"crash 0", "crash 3"});
  world.happens(RecordKind::crashed, 3);
  world.powers.move_to(1s);
  CHECK(world.powers.stopped == std::vector<std::string>{"crash 0", "crash 3", "restart 3 lost", "restart 0 kept"});
  Stage4 idle("{corrupt: [0], rules: [{name: up, on: 1s, do: {restart: [0]}}]}");
  idle.powers.move_to(1s);
  CHECK(idle.powers.stopped.empty());  // it never crashed
  CHECK(idle.happened("up: impossible") == 1);
  CHECK(idle.happened("restart") == 0);
}

TEST_CASE("every trigger") {
  const auto fires = [](const std::string& trigger, auto&& act) {
    Stage4 world("{corrupt: [0], rules: [{on: " + trigger + ", do: {crash: [0]}}]}");
    act(world);
    return !world.powers.stopped.empty();
  };
  const auto record = [](RecordKind kind, NodeId node) { return [=](Stage4& w) { w.happens(kind, node, 0, 1); }; };
  CHECK(fires("{event: start}", [](Stage4&) {}));
  CHECK(fires("{at: 10ms}", [](Stage4& w) { w.powers.move_to(10ms); }));
  CHECK_FALSE(fires("{at: 10ms}", [](Stage4& w) { w.powers.move_to(9ms); }));
  CHECK(fires("{event: executed, replica: honest}", record(RecordKind::executed, 2)));
  CHECK_FALSE(fires("{event: executed, replica: honest}", record(RecordKind::executed, 0)));
  CHECK(fires("{event: restarted}", record(RecordKind::restarted, 2)));
  CHECK_FALSE(fires("{event: decided, skip: 1}", record(RecordKind::decided, 2)));
  CHECK(fires("{event: decided, skip: 1}", [](Stage4& w) {
    w.happens(RecordKind::decided, 2, 0, 1);
    w.happens(RecordKind::decided, 3, 0, 1);
  }));
  for (const auto& [event, kind] :
       {std::pair{"submitted", RecordKind::submitted}, {"accepted", RecordKind::accepted}}) {
    const auto about = [kind = kind](const std::string& name) {
      return [kind, name](Stage4& w) {
        w.powers.request("a");
        w.powers.request("b");
        const auto request = w.powers.named_request(name);
        w.happens(kind, request->client, kNoView, kNoSlot, {}, request->number);
      };
    };
    CHECK(fires("{event: " + std::string(event) + ", value: b}", about("b")));
    CHECK_FALSE(fires("{event: " + std::string(event) + ", value: b}", about("a")));
  }
  CHECK(fires("{event: decided, delay: 5ms}", [](Stage4& w) {
    w.happens(RecordKind::decided, 2, 0, 1);
    REQUIRE(w.powers.stopped.empty());
    w.powers.move_to(5ms);
  }));
  const auto send = [](Stage4& w, NodeId to) {
    const auto vote = w.powers.commit(1, 0, 1, Digest{5});
    w.send(1, to, vote);
    return vote;
  };
  CHECK(fires("{event: sent, match: {type: commit, to: 3}}", [&](Stage4& w) { send(w, 3); }));
  CHECK_FALSE(fires("{event: sent, match: {type: commit, to: 3}}", [&](Stage4& w) { send(w, 2); }));
  CHECK(fires("{event: delivered, match: {type: commit}}", [&](Stage4& w) {
    const auto vote = send(w, 3);
    w.happens(RecordKind::delivered, 2, kNoView, kNoSlot, {}, vote->id());
    REQUIRE(w.powers.stopped.empty());
    w.happens(RecordKind::delivered, 3, kNoView, kNoSlot, {}, vote->id());
  }));
}

TEST_CASE("mistakes are found at load, with their place") {
  const auto rule = [](const std::string& body) { return mistakes("corrupt: [0]\nrules:\n  - " + body + "\n"); };
  CHECK(mentions(rule("{match: {type: comit}, do: drop}"), "did you mean 'commit'"));
  CHECK(mentions(rule("{match: {type: comit}, do: drop}"), "test.yaml:3:"));
  CHECK(mentions(rule("{match: {type: commit}, do: dorp}"), "did you mean 'drop'"));
  CHECK(mentions(rule("{match: {type: commit, vew: 1}, do: drop}"), "'view'"));
  CHECK(mentions(rule("{match: {view: x}, do: drop}"), "no set of numbers"));
  CHECK(mentions(rule("{match: {view: 5..2}, do: drop}"), "is empty"));
  CHECK(mentions(rule("{match: {to: 9}, do: drop}"), "no node 9"));
  CHECK(mentions(rule("{match: {to: nobody}, do: drop}"), "names no node"));
  CHECK(mentions(rule("{match: {value: z}, do: drop}"), "no scripted request"));
  CHECK(mentions(rule("{on: {event: veiw}, do: {crash: [0]}}"), "'view'"));
  CHECK(mentions(rule("{on: {event: timer, timer: stauts}, do: {crash: [0]}}"), "did you mean 'status'"));
  CHECK(mentions(rule("{on: {event: view, timer: status}, do: {crash: [0]}}"), "goes with the event timer"));
  CHECK(mentions(rule("{on: {event: view}, do: hold}"), "needs a `match`"));
  CHECK(mentions(rule("{do: drop}"), "needs `match`"));
  CHECK(mentions(rule("{match: {to: 1}, on: 1s, do: drop}"), "either"));
  CHECK(mentions(rule("{match: {to: 1}}"), "do"));
  CHECK(mentions(rule("{on: {event: sent}, do: {crash: [0]}}"), "need a `match`"));
  CHECK(mentions(rule("{on: 1s, do: {crash: [1]}}"), "not corrupted"));
  CHECK(mentions(rule("{on: 1s, do: {release: nothing}}"), "no rule is called"));
  CHECK(rule("{match: {type: commit}, do: hold}\n  - {on: 1s, do: {release: rule 1}}").empty());
  CHECK(mentions(rule("{name: x, match: {to: 1}, do: hold}\n  - {name: x, match: {to: 2}, do: hold}"),
                 "test.yaml:4:5: error: two rules are called 'x'"));
  CHECK(mentions(mistakes("corrupt: [0]\nbehaviours:\n  - equivocate: {instead: [zz]}\n"),
                 "test.yaml:3:5: error: no scripted request is called 'zz'"));
  CHECK(mentions(rule("{on: 1s, do: {forge: {type: commit, from: 1}}}"), "nobody can sign"));
  CHECK(mentions(rule("{on: 1s, do: {forge: {type: commit, from: 0, fields: {vew: 1}}}}"), "no field 'vew'"));
  CHECK(mentions(rule("{on: 1s, do: {forge: {type: commit, from: 0, fields: {view: +1}}}}"), "relative"));
  CHECK(mentions(rule("{on: 1s, do: {forge: {type: commit, from: 0, fields: {value: z}}}}"), "no scripted request"));
  CHECK(mentions(rule("{on: 1s, do: replay}"), "needs to know what"));
  CHECK(mentions(rule("{match: {type: commit}, do: {alter: {slto: 1}}}"), "no field 'slto'"));
  CHECK(mentions(rule("{match: {to: 1}, do: {alter: {slot: 1}}}"), "add `type`"));
  CHECK(mentions(rule("{match: {type: new-view}, do: {alter: {view_changes.x.view: 1}}}"), "is a list"));
  CHECK(mentions(rule("{match: {type: new-view}, do: {alter: {view_changes.0.veiw: 1}}}"), "no field 'veiw'"));
  CHECK(mentions(rule("{match: {type: new-view}, do: {alter: {pre_prepares: 3}}}"), "is a list"));
  CHECK(rule("{match: {type: new-view}, do: {alter: {view_changes.0.prepared: []}}}").empty());
}

TEST_CASE("a resolved adversary reads back to the same") {
  const Script script(
      "{corrupt: [0], behaviours: [silence, {equivocate: {split: [[1], [2]], match: {type: pre-prepare}}}], rules: ["
      "{name: x, match: {type: commit, view: {not: 0}, to: [1, c1], slot: 1..5}, do: hold, until: {event: view, view: "
      "1}}, "
      "{match: {type: commit}, do: [{alter: {slot: +1, view: \"7\"}}, duplicate, {delay: 5ms}], since: 1s}, "
      "{on: {event: sent, match: {type: commit}}, do: {forge: {type: commit, from: 0, fields: {value: a}, like: {view: "
      "1}}}}]}");
  REQUIRE(script.errors.ok());
  const Node shown = Setting<AdversarySettings>::show(script.settings);
  Diagnostics errors;
  AdversarySettings again;
  Setting<AdversarySettings>::read(from_json(to_json(shown)), again, errors);
  CHECK(errors.render() == "");
  CHECK(to_json(Setting<AdversarySettings>::show(again)) == to_json(shown));
  check_adversary(again, {kinds(), 4, 2, {"a"}, {}}, errors);
  CHECK(errors.render() == "");
}
