#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include <rapidcheck.h>

#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;
using namespace std::chrono_literals;

TEST_CASE("two conflicting signed messages convict once honest replicas hold both") {
  for (int seen = 0; seen < 4; ++seen) {
    Story story(4, 1, {0});
    const auto a = story.propose(0, 0, 1, story.ask(0, 1));
    if ((seen & 1) != 0) story.witness(*a, 1);
    const auto b = story.propose(0, 0, 1, story.ask(1, 1));
    if ((seen & 2) != 0) story.witness(*b, 2);
    const Result result = story.end(EndReason::time);
    CHECK(result.culprits == (seen == 3 ? std::vector<NodeId>{0} : std::vector<NodeId>{}));
    if (seen != 3) continue;
    REQUIRE(result.evidence.size() == 1);
    REQUIRE(result.evidence[0].exhibits.size() == 2);
    CHECK(result.evidence[0].exhibits[0].id == a->id());
    CHECK(result.evidence[0].exhibits[1].id == b->id());
    CHECK(result.evidence[0].exhibits[0].requests != result.evidence[0].exhibits[1].requests);
    CHECK(result.evidence[0].reason == "signed two conflicting toy-propose messages in view 0, slot 1");
    CHECK(result.figures.happened.at("conflicting-signatures") == 1);
  }
}

TEST_CASE("a message inside another counts as received") {
  for (bool genuine : {true, false}) {
    Story story(4, 1, {3});
    const auto a = story.vote<Commit>(3, 0, 1, Digest{5});
    const auto b = story.vote<Commit>(3, 0, 1, Digest{7});
    story.witness(*a);
    Certificate certificate;
    certificate.view = 1;
    certificate.commits = {b};
    if (!genuine) {
      Ref<Message> damaged = Draft::damaged(*b, story.notary);
      certificate.commits = {Ref<const Commit>(static_cast<const Commit*>(damaged.get()))};
    }
    const auto carrier = story.sign(1, std::move(certificate));
    story.witness(*carrier, 2);
    CHECK(story.end(EndReason::time).culprits == (genuine ? std::vector<NodeId>{3} : std::vector<NodeId>{}));
  }
}

TEST_CASE("a copy that does not verify proves nothing, whosever number it carries") {
  Story story;
  const auto honest = story.vote<Commit>(2, 0, 1, Digest{5});
  story.witness(*honest);
  const Ref<Message> other = Draft::altered(*honest, Json{{"value", "0000000000000007"}}, story.notary);
  story.witness(*other);
  const Ref<Message> framed = Draft::claiming(*story.vote<Commit>(1, 0, 1, Digest{7}), 2, story.notary);
  story.witness(*framed);
  const Result result = story.end(EndReason::time);
  CHECK(result.culprits.empty());
  CHECK(result.violations.empty());
}

TEST_CASE("signings that only their receivers know of count too") {
  Story story(4, 1, {3});
  const auto a = story.vote<Commit>(3, 0, 1, Digest{5});
  const auto b = story.vote<Commit>(3, 0, 1, Digest{7});
  Judge judge(story.manifest, story.settings, story.expect, story.run);
  for (const Record& record : story.records) {
    if (record.kind != RecordKind::signed_) judge.on_record(record);
  }
  story.witness(*a);
  story.witness(*b);
  for (const Record& record : story.records) {
    if (record.kind == RecordKind::witnessed) judge.on_record(record);
  }
  CHECK(judge.finish({}).culprits == std::vector<NodeId>{3});
}

TEST_CASE("a message that its own content does not justify convicts its signer") {
  for (bool lie : {true, false}) {
    Story story(4, 1, {1});
    Certificate certificate;
    certificate.view = 1;
    certificate.lie = lie;
    story.witness(*story.sign(1, std::move(certificate)), 2);
    const Result result = story.end(EndReason::time);
    CHECK(result.culprits == (lie ? std::vector<NodeId>{1} : std::vector<NodeId>{}));
    if (!lie) continue;
    CHECK(result.evidence[0].sort == Evidence::Sort::unjustified);
    CHECK(result.evidence[0].reason == "signed a toy-certificate that its own content does not justify: it lies");
  }
}

TEST_CASE("a vote is weighed against every claim of its signer, whichever comes first") {
  for (const bool late : {false, true}) {
    Story story(4, 1, {3});
    const auto a = story.vote<Commit>(3, 0, 1, Digest{5});
    const auto b = story.vote<Commit>(3, 2, 1, Digest{7});
    if (!late) story.witness(*a);
    story.witness(*story.claim(3, 2));  // hides a
    story.witness(*b);
    story.witness(*story.claim(3, 3, 0, {b}));  // in order, and of a higher view
    if (late) story.witness(*a);
    const Result result = story.end(EndReason::time);
    REQUIRE(result.culprits == std::vector<NodeId>{3});
    CHECK(result.figures.happened.at("contradicted-claims") == 1);
    CHECK(result.evidence[0].exhibits[0].id == a->id());
  }
}

TEST_CASE("a claim contradicts no vote that it does not speak of") {
  Story story(4, 1, {3});
  story.witness(*story.vote<Commit>(3, 5, 9, Digest{5}));
  story.witness(*story.claim(3, 5));                                               // of views below 5
  story.witness(*story.claim(3, 6, 9));                                            // of slots above 9
  story.witness(*story.claim(3, 7, 0, {story.vote<Commit>(3, 5, 9, Digest{5})}));  // shows it
  story.witness(*story.claim(2, 8));                                               // another's
  CHECK(story.end(EndReason::time).culprits.empty());
}

TEST_CASE("claims without end hide none that lies") {
  for (int how = 0; how < 3; ++how) {
    Story story(4, 1, {3});
    story.witness(*story.vote<Commit>(3, 2'000, 900, Digest{5}));
    for (std::uint64_t i = 0; i < 1'000; ++i) {
      // The same over and over; of ever higher views; each saying something else.
      story.witness(*story.claim(3, how == 1 ? i : 0, how == 2 ? i : 0));
    }
    const auto lie = story.claim(3, 2'001, 800);
    story.witness(*lie);
    const Result result = story.end(EndReason::time);
    REQUIRE(result.culprits == std::vector<NodeId>{3});
    CHECK(result.evidence[0].exhibits[1].id == lie->id());
    CHECK(result.forgotten.size() == (how == 2 ? 1u : 0u));
  }
}

TEST_CASE("the second copy of what was signed twice is as good as the first, for claims and votes alike") {
  Story story(4, 1, {3});
  story.vote<Commit>(3, 0, 1, Digest{5});
  story.witness(*story.vote<Commit>(3, 0, 1, Digest{5}));
  story.claim(3, 1);
  story.witness(*story.claim(3, 1));
  CHECK(story.end(EndReason::time).culprits == std::vector<NodeId>{3});
}

TEST_CASE("evidence against a replica that lost its state names both messages") {
  Story story;
  const auto a = story.vote<Commit>(1, 0, 1, Digest{5});
  story.witness(*a);
  story.crash(1);
  story.restart(1, false);
  const auto b = story.vote<Commit>(1, 0, 1, Digest{7});
  story.witness(*b);
  const Result result = story.end(EndReason::time);
  CHECK(result.culprits == std::vector<NodeId>{1});
  CHECK(result.violations.empty());
  CHECK(result.evidence[0].exhibits[0].id == a->id());
  CHECK(result.evidence[0].exhibits[0].value == Digest{5});
}

TEST_CASE("suspects are kept apart from culprits, with reasons and accusers") {
  Story story;
  story.suspect(2, 0, "a request was not executed in time");
  story.suspect(1, 0, "no new view in time");
  story.suspect(1, 0, "no new view in time");
  const Result result = story.end(EndReason::time);
  CHECK(result.culprits.empty());
  REQUIRE(result.suspects.size() == 1);
  CHECK(result.suspects[0].replica == 0);
  CHECK(result.suspects[0].reasons ==
        std::vector<std::string>{"a request was not executed in time", "no new view in time"});
  CHECK(result.suspects[0].accusers == std::vector<NodeId>{1, 2});
}

TEST_CASE("whatever corrupted replicas sign and relay, only they are convicted") {
  CHECK(rc::check("soundness", [] {
    const std::uint32_t n = 4 + *rc::gen::inRange(0u, 4u);
    const ReplicaSet faulty{0, n - 1};
    Story story(n, 1, faulty);
    std::map<std::tuple<NodeId, View, Slot>, Digest> signed_once;  // what honest replicas have signed
    std::set<NodeId> guilty;
    std::map<std::tuple<NodeId, View, Slot>, std::set<std::uint64_t>> received;
    for (int step = *rc::gen::inRange(0, 60); step > 0; --step) {
      const NodeId signer = *rc::gen::inRange(0u, n);
      const View view = *rc::gen::inRange<View>(0, 2);
      const Slot slot = *rc::gen::inRange<Slot>(1, 3);
      Digest value{*rc::gen::inRange<std::uint64_t>(1, 4)};
      if (!faulty.contains(signer)) value = signed_once.insert({{signer, view, slot}, value}).first->second;
      const auto vote = story.vote<Commit>(signer, view, slot, value);
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          break;  // lost
        case 1:
          story.witness(*Draft::damaged(*vote, story.notary));
          break;
        case 2: {
          const NodeId framed = *rc::gen::inRange(0u, n);
          if (framed != signer) story.witness(*Draft::claiming(*vote, framed, story.notary));
          break;
        }
        default:
          story.witness(*vote);
          received[{signer, view, slot}].insert(value.bits);
      }
    }
    const Result result = story.end(EndReason::time);
    for (NodeId culprit : result.culprits) {
      RC_ASSERT(faulty.contains(culprit));
      bool twice = false;
      for (const auto& [key, values] : received) twice = twice || (std::get<0>(key) == culprit && values.size() > 1);
      RC_ASSERT(twice);
    }
    // And all of them are: whichever signing of a value was received.
    for (const auto& [key, values] : received) {
      const NodeId signer = std::get<0>(key);
      RC_ASSERT(values.size() < 2 ||
                std::find(result.culprits.begin(), result.culprits.end(), signer) != result.culprits.end());
    }
    for (const JudgedViolation& violation : result.violations) RC_ASSERT(violation.invariant != "sound-accusation");
  }));
}
