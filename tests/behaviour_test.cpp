// Every behaviour, on packets of a toy protocol. Oracle: what its first line promises.
#include <fstream>
#include <set>
#include <sstream>
#include <type_traits>

#include "tests/examples/mute.cpp"  // the README's example, linked by being included
#include "tests/fake_powers.hpp"

#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::puppet;
using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<Signer> && !std::is_copy_assignable_v<Signer>, "a key cannot be passed on");
static_assert(!std::is_default_constructible_v<Signer> && !std::is_constructible_v<Signer, NodeId>,
              "nor made from nothing");

TEST_CASE("nobody signs as an honest node") {
  FakePowers powers;
  Coalition coalition(powers);
  CHECK_THROWS_AS(coalition.sign(Commit::kind_info.make(), 1), InternalError);
  CHECK(powers.notary().verify(*coalition.sign(Commit::kind_info.make(), 0)));
  const auto honest = powers.commit(1, 0, 1, Digest{5});
  const auto doctored = coalition.with_value(*honest, Digest{6});
  CHECK(doctored->signer() == 1);
  CHECK(doctored->label().value == Digest{6});
  CHECK_FALSE(powers.notary().verify(*doctored));
}

TEST_CASE("an adversary without behaviours and rules is none") {
  FakePowers powers;
  CHECK(make_adversary({}, powers) == nullptr);
}

TEST_CASE("silence: corrupted nodes send nothing, in its time, honest ones go on") {
  Stage4 world("{corrupt: [0, 1], behaviours: [{silence: {replicas: 0, from: 1s, until: 2s}}]}", {0, 1});
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  CHECK(world.send(0, 2, vote));
  world.powers.move_to(1s);
  CHECK_FALSE(world.send(0, 2, vote));
  CHECK(world.send(1, 2, vote));  // corrupted, but not among its replicas
  CHECK(world.send(2, 0, vote));
  world.powers.move_to(2s);
  CHECK(world.send(0, 2, vote));
  CHECK(world.happened("silence") == 1);
  CHECK(world.powers.dropped.size() == 1);
  CHECK_FALSE(world.adversary->watches_everyone());
}

TEST_CASE("crash: stops, and comes back with its state lost") {
  Stage4 world("{corrupt: [0], behaviours: [{crash: {at: 1s, down: 500ms, state: lost}}]}");
  world.powers.move_to(999ms);
  CHECK(world.powers.stopped.empty());
  world.powers.move_to(2s);
  CHECK(world.powers.stopped == std::vector<std::string>{"crash 0", "restart 0 lost"});
  CHECK(world.happened("crash") == 1);
  CHECK(world.happened("restart") == 1);
}

TEST_CASE("equivocate: two valid proposals, each group with votes for its own") {
  Stage4 world("{corrupt: [0, 3], behaviours: [{equivocate: {split: [[1], [2]]}}]}", {0, 3});
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b", 1);
  const auto batch = world.powers.batch_of({a});
  const auto original = world.powers.proposal(0, 0, 1, batch);
  CHECK(world.send(0, 1, original) == original);
  const auto other = world.send(0, 2, original);
  REQUIRE(other);
  CHECK(world.genuine(other));
  CHECK(other->label().slot == 1);
  const auto shown = batch_in(*other);
  REQUIRE(shown->requests().size() == 1);
  CHECK(shown->requests()[0]->number == b->number);
  CHECK(shown->digest() == other->label().value);
  CHECK(world.genuine(Ref<const Message>(shown->requests()[0])));
  CHECK(world.happened("equivocate") == 1);
  // Both colluders commit a towards 1 and b towards 2.
  std::set<std::pair<NodeId, std::uint64_t>> towards_1, towards_2;
  for (const Packet& packet : world.powers.wire) {
    CHECK(packet.message->name() == "commit");
    CHECK(world.genuine(packet.message));
    (packet.to == 1 ? towards_1 : towards_2).insert({packet.message->signer(), packet.message->label().value.bits});
  }
  CHECK(towards_1 == std::set<std::pair<NodeId, std::uint64_t>>{{0, batch->digest().bits}, {3, batch->digest().bits}});
  CHECK(towards_2 == std::set<std::pair<NodeId, std::uint64_t>>{{0, shown->digest().bits}, {3, shown->digest().bits}});
  // What the cores vote in that slot is kept back; other slots are their own affair.
  CHECK_FALSE(world.send(3, 1, world.powers.commit(3, 0, 1, batch->digest())));
  CHECK(world.send(3, 1, world.powers.commit(3, 0, 2, batch->digest())));
}

TEST_CASE("equivocate: a client in the coalition has no vote to cast") {
  Stage4 world("{corrupt: [0, c0], behaviours: [{equivocate: {split: [[1], [2]]}}]}", {0, 4});
  world.powers.request("b", 1);
  world.send(0, 1, world.powers.proposal(0, 0, 1, world.powers.batch_of({world.powers.request("a", 1)})));
  REQUIRE(!world.powers.wire.empty());
  for (const Packet& packet : world.powers.wire) CHECK(packet.message->signer() == 0);
}

TEST_CASE("equivocate without votes: the core's own vote is changed to the group's value") {
  Stage4 world("{corrupt: [0], behaviours: [{equivocate: {split: [[1], [2, 3]], vote: false, instead: [c]}}]}");
  const auto batch = world.powers.batch_of({world.powers.request("a")});
  world.powers.request("b");
  world.powers.request("c");
  const auto original = world.powers.proposal(0, 0, 1, batch);
  world.send(0, 1, original);
  const auto other = world.send(0, 3, original);
  CHECK(batch_in(*other)->requests()[0]->content() == world.powers.named_request("c")->content());
  CHECK(world.powers.wire.empty());
  const auto vote = world.powers.commit(0, 0, 1, batch->digest());
  CHECK(world.send(0, 1, vote) == vote);
  const auto changed = world.send(0, 2, vote);
  CHECK(changed->label().value == other->label().value);
  CHECK(world.genuine(changed));
  CHECK(world.send(0, 3, vote) == changed);
}

TEST_CASE("equivocate with nothing pending: the other order, then the empty batch") {
  Stage4 world("{corrupt: [0], behaviours: [{equivocate: {split: [[1], [2], [3]]}}]}");
  const auto a = world.powers.request("a");
  const auto b = world.powers.request("b");
  const auto original = world.powers.proposal(0, 0, 1, world.powers.batch_of({a, b}));
  world.send(0, 1, original);
  const auto second = batch_in(*world.send(0, 2, original));
  REQUIRE(second->requests().size() == 2);
  CHECK(second->requests()[0]->number == b->number);
  CHECK(batch_in(*world.send(0, 3, original))->requests().empty());
}

TEST_CASE("replay: later, and of earlier views in the next") {
  Stage4 world("{corrupt: [0], behaviours: [{replay: {match: {type: commit}, after: 50ms, times: 2, to: [2]}}]}");
  const auto vote = world.powers.commit(1, 0, 1, Digest{5});
  CHECK(world.adversary->incoming({vote, 1, 0, {}, {}}));
  REQUIRE(world.powers.wire.size() == 2);
  CHECK(world.powers.wire[0].message == vote);
  CHECK(world.powers.wire[0].from == 0);
  CHECK(world.powers.wire[0].to == 2);
  CHECK(world.powers.wire[0].delay == 50ms);
  CHECK(world.powers.wire[1].delay == 100ms);
  CHECK(world.happened("replay") == 2);

  Stage4 next("{corrupt: [0], behaviours: [{replay: {match: {type: commit}, when: next-view}}]}");
  next.adversary->incoming({vote, 1, 0, {}, {}});
  CHECK(next.powers.wire.empty());
  next.happens(RecordKind::view, 0, 1);
  CHECK(next.powers.wire.size() == 3);  // to 1, 2 and 3
}

TEST_CASE("delay: late by the distribution") {
  Stage4 world("{corrupt: [0], behaviours: [{delay: {by: 30ms, match: {type: commit}, to: [2]}}]}");
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  CHECK(world.send(0, 2, vote));
  CHECK(world.last.delay == 30ms);
  CHECK(world.send(0, 1, vote));
  CHECK(world.last.delay == 0ms);
  CHECK(world.happened("delay") == 1);
}

TEST_CASE("selective: only to some") {
  Stage4 world("{corrupt: [0], behaviours: [{selective: {to: {not: [2, 3]}}}]}");
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  CHECK(world.send(0, 1, vote));
  CHECK_FALSE(world.send(0, 2, vote));
  CHECK(world.happened("selective") == 1);
}

TEST_CASE("corrupt: a bad signature, or the wrong signer; neither verifies") {
  Stage4 world("{corrupt: [0], behaviours: [corrupt]}");
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  const auto bad = world.send(0, 1, vote);
  CHECK_FALSE(world.genuine(bad));
  CHECK(bad->signer() == 0);
  CHECK(world.send(0, 2, vote) == bad);
  Stage4 other("{corrupt: [0], behaviours: [{corrupt: {damage: signer}}]}");
  const auto claimed = other.send(0, 1, other.powers.commit(0, 0, 1, Digest{5}));
  CHECK(claimed->signer() == 1);
  CHECK_FALSE(other.genuine(claimed));
  Stage4 never("{corrupt: [0], behaviours: [{corrupt: {chance: 0}}]}");
  CHECK(never.send(0, 1, vote) == vote);
}

TEST_CASE("flood: copies of what it sends, and junk at a rate, up to a bound") {
  Stage4 copies("{corrupt: [0], behaviours: [{flood: {copies: 3, most: 4}}]}");
  const auto vote = copies.powers.commit(0, 0, 1, Digest{5});
  copies.send(0, 1, vote);
  CHECK(copies.powers.wire.size() == 3);
  copies.send(0, 2, vote);
  CHECK(copies.powers.wire.size() == 4);
  CHECK(copies.happened("flood: full") == 1);
  Stage4 junk("{corrupt: [0], behaviours: [{flood: {every: 10ms, to: [1, 2]}}]}");
  junk.powers.move_to(25ms);
  REQUIRE(junk.powers.wire.size() == 4);
  CHECK_FALSE(junk.genuine(junk.powers.wire[0].message));
}

TEST_CASE("slow-primary: one proposal a period, the same for every receiver") {
  Stage4 world("{corrupt: [0], behaviours: [{slow-primary: {period: 500ms, margin: 100ms}}]}");
  const auto batch = world.powers.batch_of({world.powers.request("a")});
  const auto first = world.powers.proposal(0, 0, 1, batch);
  const auto second = world.powers.proposal(0, 0, 2, batch);
  world.send(0, 1, first);
  CHECK(world.last.delay == 400ms);
  world.send(0, 2, first);
  CHECK(world.last.delay == 400ms);
  world.send(0, 1, second);
  CHECK(world.last.delay == 800ms);
  world.send(0, 1, world.powers.commit(0, 0, 1, Digest{5}));
  CHECK(world.last.delay == 0ms);
  world.powers.move_to(2s);
  world.send(0, 1, world.powers.proposal(0, 0, 3, batch));
  CHECK(world.last.delay == 400ms);
  CHECK(world.happened("slow-primary") == 3);
}

TEST_CASE("slow-primary: a proposal that is asked for again before it leaves is dropped, however many there are") {
  Stage4 world("{corrupt: [0], behaviours: [{slow-primary: {period: 500ms, margin: 100ms}}]}");
  const auto batch = world.powers.batch_of({world.powers.request("a")});
  const auto first = world.powers.proposal(0, 0, 1, batch);
  world.send(0, 1, first);
  world.powers.move_to(100ms);
  const auto second = world.powers.proposal(0, 0, 2, batch);
  world.send(0, 1, second);
  CHECK(world.powers.dropped.empty());
  world.send(0, 1, first);
  CHECK(world.powers.dropped.size() == 1);
  for (Slot slot = 3; slot < 5000; ++slot) world.send(0, 1, world.powers.proposal(0, 0, slot, batch));
  CHECK(world.happened("slow-primary") == 4999);
  world.send(0, 1, first);  // more than it remembers ago: no new proposal
  CHECK(world.last.delay == 0ms);
  CHECK(world.happened("slow-primary") == 4999);
}

TEST_CASE("censor: the core never hears the client, forwarded or not") {
  Stage4 world("{corrupt: [0], behaviours: [{censor: {clients: c1}}]}");
  CHECK(world.adversary->incoming({world.powers.request("a", 0), 4, 0, {}, {}}));
  CHECK_FALSE(world.adversary->incoming({world.powers.request("b", 1), 2, 0, {}, {}}));
  CHECK(world.happened("censor") == 1);
}

TEST_CASE("credulous: the core believes every signature") {
  Stage4 world("{corrupt: [0], behaviours: [credulous]}");
  CHECK(world.powers.credulous == std::vector<NodeId>{0});
}

TEST_CASE("behaviours act one after another") {
  Stage4 world("{corrupt: [0], behaviours: [{delay: {by: 5ms}}, {delay: {by: 7ms}}, {selective: {to: 1}}]}");
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  CHECK(world.send(0, 1, vote));
  CHECK(world.last.delay == 12ms);
  CHECK_FALSE(world.send(0, 2, vote));
}

TEST_CASE("mistakes in behaviours are found at load") {
  CHECK_FALSE(Script("{corrupt: [0], behaviours: [{delay: {match: {type: comit}}}]}").errors.ok());
  CHECK_FALSE(Script("{corrupt: [0], behaviours: [{censor: {clients: c9}}]}").errors.ok());
  CHECK_FALSE(Script("{corrupt: [0], behaviours: [{silence: {replicas: 9}}]}").errors.ok());
  CHECK_FALSE(Script("{corrupt: [0], behaviours: [{equivocate: {instead: [z]}}]}").errors.ok());
  CHECK_FALSE(Script("{corrupt: [0], behaviours: [{equivocate: {split: [[7]]}}]}").errors.ok());
}

TEST_CASE("the README's example works, and is what the README shows") {
  Stage4 world("{corrupt: [0], behaviours: [{mute: {to: [1, 2]}}]}");
  const auto vote = world.powers.commit(0, 0, 1, Digest{5});
  CHECK_FALSE(world.send(0, 1, vote));
  CHECK(world.send(0, 3, vote));
  CHECK(world.happened("mute") == 1);
  const auto text_of = [](const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(std::string(BYZSIM_SOURCE_DIR) + path).rdbuf();
    return text.str();
  };
  const std::string example = text_of("/tests/examples/mute.cpp");
  REQUIRE_FALSE(example.empty());
  CHECK(text_of("/adversaries/README.md").find(example) != std::string::npos);
}
