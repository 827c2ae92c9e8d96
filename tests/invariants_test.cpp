// Every invariant has a story that breaks it, and a close twin that does not.
#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;
using namespace std::chrono_literals;

namespace {

const Digest kNull = Batch({}).digest();

}  // namespace

TEST_CASE("a run in which nothing goes wrong breaks nothing") {
  Story story;
  for (Slot slot = 1; slot <= 300; ++slot) story.slot(slot, story.ask(slot % 2, slot));
  const Result result = story.end();
  CHECK(result.violations.empty());
  CHECK(result.safety == Safety::held);
  CHECK(result.liveness == Liveness::held);
  CHECK(result.classification == Classification::none);
  CHECK(result.decisions == 300);
  CHECK(result.accepted == 300);
  CHECK(result.verdict == Verdict::met);
}

TEST_CASE("agreement") {
  const auto tell = [](bool fork) {
    Story story(4, 1, {0});
    const auto a = story.ask(0, 1, "put 7 1");
    const auto b = story.ask(1, 1, "put 7 2");
    story.propose(0, 0, 1, a);
    story.propose(0, 0, 1, b);
    story.commits({0, 1, 3}, 0, 1, a->digest());
    story.commits({0, 2, 3}, 1, 1, b->digest());
    story.decide(1, 0, 1, a->digest());
    story.decide(3, 0, 1, a->digest());
    if (fork) {
      story.decide(2, 1, 1, b->digest());
    } else {
      story.decide(2, 0, 1, a->digest());
    }
    return story.end();
  };
  const Result result = tell(true);
  REQUIRE(result.violations.size() == 1);
  const JudgedViolation& violation = result.violations.front();
  CHECK(violation.invariant == "agreement");
  CHECK(violation.slot == 1);
  CHECK(violation.replicas == std::vector<NodeId>{1, 2, 3});
  CHECK(result.safety == Safety::violated);
  CHECK(result.classification == Classification::within_model);
  CHECK(tell(false).violations.empty());
}

TEST_CASE("agreement does not listen to corrupted replicas") {
  Story story(4, 1, {2});
  const auto a = story.ask(0, 1);
  story.proposed_and_voted(1, a);
  for (NodeId id : {0, 1, 3}) story.finish_slot(id, 1, *a);
  story.decide(2, 0, 1, Digest{99});
  CHECK(story.broken(EndReason::time).empty());
}

TEST_CASE("agreement holds far behind the front, where slots have shrunk") {
  const auto tell = [](bool otherwise) {
    Story story;
    for (Slot slot = 1; slot <= 200; ++slot) story.slot(slot, story.ask(0, slot));
    const auto late = story.ask(1, 1);
    story.propose(0, 0, 201, late);
    story.decide(3, 0, 5, otherwise ? late->digest() : make_ref<const Batch>(Batch({story.request(0, 5)}))->digest());
    return story.broken(EndReason::time);
  };
  CHECK(tell(true) == "prefix-order");  // the replica itself had decided that slot
  CHECK(tell(false).empty());
}

TEST_CASE("prefix order: rollback") {
  const auto tell = [](bool rollback) {
    Story story;
    const auto a = story.ask(0, 1);
    const auto b = story.ask(1, 1);
    story.proposed_and_voted(1, a);
    story.propose(1, 1, 1, b);
    story.commits({0, 1, 2}, 2, 1, b->digest());
    story.decide(1, 0, 1, a->digest());
    story.decide(1, rollback ? 2 : 0, 1, rollback ? b->digest() : a->digest());
    return story.broken(EndReason::time);
  };
  CHECK(tell(true) == "prefix-order");
  CHECK(tell(false).empty());
}

TEST_CASE("prefix order: gaps, repetitions, undecided slots, other values") {
  const auto tell = [](auto&& twist) {
    Story story;
    std::vector<Ref<const Batch>> batches;
    for (Slot slot = 1; slot <= 3; ++slot) {
      batches.push_back(story.ask(0, slot));
      story.proposed_and_voted(slot, batches.back());
    }
    for (NodeId id : {0, 2, 3}) {
      for (Slot slot = 1; slot <= 3; ++slot) story.finish_slot(id, slot, *batches[slot - 1]);
    }
    twist(story, batches);
    return story.broken(EndReason::time);
  };
  const auto whole = [](Story& s, auto& b, Slot slot) { s.finish_slot(1, slot, *b[slot - 1]); };
  CHECK(tell([&](Story& s, auto& b) { whole(s, b, 1), whole(s, b, 2), whole(s, b, 3); }).empty());
  CHECK(tell([&](Story& s, auto& b) { whole(s, b, 1), whole(s, b, 3); }) == "prefix-order");
  CHECK(tell([&](Story& s, auto& b) { whole(s, b, 2); }) == "prefix-order");
  CHECK(tell([&](Story& s, auto& b) {
          whole(s, b, 1);
          s.execute(1, 1, b[0]->digest(), Story::state_after(1));
        }) == "prefix-order");
  CHECK(tell([&](Story& s, auto& b) { s.execute(1, 1, b[0]->digest(), Story::state_after(1)); }) == "prefix-order");
  CHECK(tell([&](Story& s, auto& b) {
          s.decide(1, 0, 1, b[0]->digest());
          s.execute(1, 1, b[1]->digest(), Story::state_after(1));
        }) == "prefix-order");
  // A jump by a state that others have, and a replay after a restart.
  CHECK(tell([&](Story& s, auto& b) { s.adopt(1, 2, Story::state_after(2)), whole(s, b, 3); }).empty());
  // Back to an older state, by one slot or by more, without a restart.
  for (const Slot back : {1, 2}) {
    CHECK(tell([&](Story& s, auto& b) {
            whole(s, b, 1), whole(s, b, 2), whole(s, b, 3);
            s.adopt(1, back, Story::state_after(back));
          }) == "prefix-order");
  }
  CHECK(tell([&](Story& s, auto& b) {
          whole(s, b, 1), whole(s, b, 2);
          s.crash(1);
          s.restart(1, true);
          whole(s, b, 1), whole(s, b, 2), whole(s, b, 3);
        }).empty());
}

TEST_CASE("state agreement: executed and adopted states") {
  const auto tell = [](Digest executed, Digest adopted) {
    Story story;
    const auto a = story.ask(0, 1);
    story.proposed_and_voted(1, a);
    story.finish_slot(0, 1, *a);
    story.decide(1, 0, 1, a->digest());
    story.apply(1, 1, *a->requests()[0], Story::result_of(*a->requests()[0]));
    story.execute(1, 1, a->digest(), executed);
    story.adopt(2, 1, adopted);
    return story.broken(EndReason::time);
  };
  CHECK(tell(Story::state_after(1), Story::state_after(1)).empty());
  CHECK(tell(Digest{5}, Story::state_after(1)) == "state-agreement");
  CHECK(tell(Story::state_after(1), Digest{5}) == "state-agreement");
}

TEST_CASE("validity: unknown values, forged requests, null, and a batch shown for another slot") {
  const auto tell = [](auto&& twist) {
    Story story;
    Digest value = twist(story);
    story.commits({0, 1, 2, 3}, 0, 1, value);
    story.decide(1, 0, 1, value);
    return story.broken(EndReason::time);
  };
  CHECK(tell([](Story&) { return Digest{77}; }) == "validity");
  CHECK(tell([](Story&) { return kNull; }).empty());
  CHECK(tell([](Story& s) {
          const auto batch = s.ask(0, 1);
          s.propose(0, 0, 1, batch);
          return batch->digest();
        }).empty());
  CHECK(tell([](Story& s) {
          const auto batch = s.ask(0, 1);
          s.propose(0, 0, 2, batch);
          return batch->digest();
        }).empty());
  CHECK(tell([](Story& s) {  // the request claims client 0 but was never signed by it
          Request invented;
          invented.client = 4;
          invented.number = 9;
          const auto forged = make_ref<const Batch>(std::vector<Ref<const Request>>{make_ref<const Request>(invented)});
          s.propose(0, 0, 1, forged);
          return forged->digest();
        }) == "validity");
  CHECK(tell([](Story& s) {  // signed, but by a replica in a client's place
          Request invented;
          invented.client = 0;
          invented.number = 9;
          const auto forged = make_ref<const Batch>(std::vector<Ref<const Request>>{s.sign(0, std::move(invented))});
          s.propose(0, 0, 1, forged);
          return forged->digest();
        }) == "validity");
}

TEST_CASE("no duplicate execution") {
  const auto tell = [](bool twice) {
    Story story;
    const auto a = story.ask(0, 1);
    const auto again = make_ref<const Batch>(std::vector<Ref<const Request>>{a->requests()[0], story.request(1, 1)});
    story.slot(1, a);
    story.proposed_and_voted(2, again);
    for (NodeId id = 0; id < 4; ++id) {
      story.decide(id, 0, 2, again->digest());
      if (twice) story.apply(id, 2, *again->requests()[0], 1001);
      story.apply(id, 2, *again->requests()[1], 1001);
      story.execute(id, 2, again->digest(), Story::state_after(2));
    }
    return story.broken();
  };
  CHECK(tell(true) == "no-duplicate-execution");
  CHECK(tell(false).empty());
}

TEST_CASE("no duplicate execution: numbers out of order and with gaps are no duplicates") {
  Story story;
  Slot slot = 0;
  for (std::uint64_t number : {5, 3, 4, 9, 1, 2, 7, 8, 6, 100, 50}) story.slot(++slot, story.ask(0, number));
  CHECK(story.broken().empty());
}

TEST_CASE("certificate uniqueness") {
  const auto tell = [](NodeId third) {
    Story story(4, 1, {0, 3});
    const auto a = story.ask(0, 1);
    const auto b = story.ask(1, 1);
    story.propose(0, 0, 1, a);
    story.propose(0, 0, 1, b);
    story.commits({0, 3, 1}, 0, 1, a->digest());
    story.commits({0, third, 2}, 0, 1, b->digest());
    return story.end(EndReason::time);
  };
  const Result result = tell(3);
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations[0].invariant == "certificate-uniqueness");
  CHECK(result.violations[0].replicas == std::vector<NodeId>{0, 3});
  CHECK(result.violations[0].messages.size() == 6);
  CHECK(result.classification == Classification::outside_model);
  CHECK(tell(0).violations.empty());  // two signers are no quorum, however often they sign
}

TEST_CASE("certificate uniqueness: a proposal counts as a vote of its phase, another view is another certificate") {
  Story story(4, 1, {0});
  const auto a = story.ask(0, 1);
  const auto b = story.ask(1, 1);
  story.propose(0, 0, 1, a);
  for (NodeId id : {1, 2}) story.vote<Prepare>(id, 0, 1, a->digest());
  story.propose(1, 1, 1, b);
  for (NodeId id : {2, 3}) story.vote<Prepare>(id, 1, 1, b->digest());
  CHECK(story.broken(EndReason::time).empty());
  Story fork(4, 1, {0, 1, 2});
  fork.propose(0, 0, 1, a);
  fork.propose(0, 0, 1, b);
  for (NodeId id : {1, 2}) fork.vote<Prepare>(id, 0, 1, a->digest());
  for (NodeId id : {1, 2}) fork.vote<Prepare>(id, 0, 1, b->digest());
  CHECK(fork.broken(EndReason::time) == "certificate-uniqueness");
}

TEST_CASE("vote once") {
  const auto tell = [](const ReplicaSet& faulty, View second_view) {
    Story story(4, 1, faulty);
    const auto a = story.ask(0, 1);
    const auto b = story.ask(1, 1);
    story.vote<Commit>(1, 0, 1, a->digest());
    story.vote<Prepare>(1, 0, 1, b->digest());  // another kind
    story.vote<Commit>(1, second_view, 1, b->digest());
    return story.broken(EndReason::time);
  };
  CHECK(tell({}, 0) == "vote-once");
  CHECK(tell({}, 1).empty());
  CHECK(tell({1}, 0).empty());
}

TEST_CASE("vote once: a primary that proposes one value and prepares two") {
  Story story;
  story.propose(0, 0, 1, story.ask(0, 1));
  const Digest own = story.ask(0, 1)->digest();
  story.vote<Prepare>(0, 0, 1, own);
  CHECK(story.broken(EndReason::time).empty());
  Story liar;
  const auto a = liar.ask(0, 1);
  liar.propose(0, 0, 1, a);
  liar.vote<Prepare>(0, 0, 1, a->digest());
  liar.vote<Prepare>(0, 0, 1, Digest{5});
  CHECK(liar.broken(EndReason::time) == "vote-once");
}

TEST_CASE("vote once: across a crash, with its state and without") {
  const auto tell = [](bool kept) {
    Story story;
    story.vote<Commit>(1, 0, 1, Digest{5});
    story.crash(1);
    story.restart(1, kept);
    story.vote<Commit>(1, 0, 1, Digest{7});
    return story.end(EndReason::time);
  };
  CHECK(tell(true).violations.size() == 1);
  const Result lost = tell(false);
  CHECK(lost.violations.empty());
  CHECK(lost.faulty == std::vector<NodeId>{1});
}

TEST_CASE("decided quorum counts identities, not messages, and only deciding votes of that view") {
  const auto tell = [](auto&& votes) {
    Story story;
    const auto a = story.ask(0, 1);
    story.propose(0, 0, 1, a);
    votes(story, a->digest());
    story.decide(1, 0, 1, a->digest());
    return story.broken(EndReason::time);
  };
  CHECK(tell([](Story& s, Digest v) { s.commits({0, 1, 2}, 0, 1, v); }).empty());
  CHECK(tell([](Story& s, Digest v) { s.commits({0, 1, 1, 1}, 0, 1, v); }) == "decided-quorum");
  CHECK(tell([](Story& s, Digest v) { s.commits({0, 1}, 0, 1, v), s.commits({2, 3}, 1, 1, v); }) == "decided-quorum");
  CHECK(tell([](Story& s, Digest v) {
          for (NodeId id : {1, 2, 3}) s.vote<Prepare>(id, 0, 1, v);
        }) == "decided-quorum");
}

TEST_CASE("client safety") {
  const auto tell = [](std::uint64_t accepted, bool before, bool executed) {
    Story story;
    const auto a = story.ask(0, 1);
    story.proposed_and_voted(1, a);
    if (before) story.accept(*a->requests()[0], accepted);
    if (executed) {
      for (NodeId id = 0; id < 4; ++id) story.finish_slot(id, 1, *a);
    }
    if (!before) story.accept(*a->requests()[0], accepted);
    return story.broken();
  };
  CHECK(tell(1001, false, true).empty());
  CHECK(tell(1001, true, true).empty());
  CHECK(tell(5, false, true) == "client-safety");
  CHECK(tell(5, true, true) == "client-safety");
  CHECK(tell(1001, true, false) == "client-safety");  // nobody ever executed it
}

TEST_CASE("a fork is a violation of agreement alone; each branch is followed on its own") {
  Story story(4, 1, {0});
  const auto a = story.ask(0, 1, "put 7 1");
  const auto b = story.ask(1, 1, "put 7 2");
  story.propose(0, 0, 1, a);
  story.propose(0, 0, 1, b);
  story.propose(0, 0, 2, b);
  story.propose(0, 0, 2, a);
  story.commits({0, 1, 3}, 0, 1, a->digest());
  story.commits({0, 2, 3}, 1, 1, b->digest());
  story.commits({0, 1, 3}, 0, 2, b->digest());
  story.finish_slot(1, 1, *a);
  story.decide(2, 1, 1, b->digest());
  story.apply(2, 1, *b->requests()[0], 1001);
  story.execute(2, 1, b->digest(), Digest{42});
  story.finish_slot(1, 2, *b);  // on its own branch no request is applied twice
  story.accept(*b->requests()[0], 1001);
  CHECK(story.broken(EndReason::time) == "agreement,state-agreement");
}

TEST_CASE("in a fork, too, a request is applied once; a log that is applied again after a restart is none twice") {
  const auto twice = [](bool shared, bool own, bool restart) {
    Story story(4, 1, {0});
    const auto a = story.ask(0, 1, "put 7 1");
    const auto b = story.ask(0, 2, "put 7 2");
    const auto c = story.ask(1, 1, "put 7 3");
    story.slot(1, a);
    story.finish_slot(1, 2, *b);
    const auto apply = [&](Slot slot, const Ref<const Batch>& batch) {
      story.apply(2, slot, *batch->requests()[0], 1001);
      story.execute(2, slot, batch->digest(), Digest{42});
    };
    apply(2, c);
    if (restart) {
      story.crash(2);
      story.restart(2, true);
      apply(1, a);
      apply(2, c);
    }
    if (shared) apply(3, a);
    if (own) apply(3, c);
    std::size_t found = 0;
    for (const JudgedViolation& violation : story.end(EndReason::time).violations) {
      found += violation.invariant == "no-duplicate-execution" ? 1 : 0;
    }
    return found;
  };
  CHECK(twice(false, false, false) == 0);
  CHECK(twice(false, false, true) == 0);
  for (const bool restart : {false, true}) {
    CHECK(twice(true, false, restart) == 1);  // applied before the fork
    CHECK(twice(false, true, restart) == 1);  // applied in it
  }
}

TEST_CASE("sound accusation: an honest replica that signs twice is convicted, and that is reported") {
  const auto tell = [](const ReplicaSet& faulty) {
    Story story(4, 1, faulty);
    const auto a = story.vote<Commit>(2, 0, 1, Digest{5});
    const auto b = story.vote<Commit>(2, 0, 1, Digest{7});
    story.witness(*a);
    story.witness(*b);
    return story.broken(EndReason::time);
  };
  CHECK(tell({}) == "vote-once,sound-accusation");
  CHECK(tell({2}).empty());
}

TEST_CASE("only the invariants that the scenario names are judged") {
  Story story;
  story.settings.invariants = {"agreement"};
  story.commits({0, 1, 2}, 0, 1, Digest{77});
  story.decide(1, 0, 1, Digest{77});  // breaks validity
  CHECK(story.broken(EndReason::time).empty());
}

TEST_CASE("a slot that only a liar names costs nothing and hides nothing") {
  Story story(4, 1, {0});
  for (Slot slot = 1; slot < 20'000; ++slot) story.vote<Commit>(0, 0, slot * 1'000'003, Digest{slot});
  for (Slot slot = 1; slot <= 50; ++slot) story.slot(slot, story.ask(0, slot));
  const Result result = story.end();
  CHECK(result.violations.empty());
  CHECK(result.decisions == 50);
}
