// What an attacker can make the judge forget: its own, and nothing else; and the result says so.
#include <unistd.h>

#include <fstream>
#include <set>

#include "analysis/faulty_votes.hpp"
#include "analysis/report.hpp"
#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;

namespace {

// Replica 0 proposes a to some and b to others, and replica 3 votes for both; honest replicas come to hold it all.
void fork(Story& story, Slot slot, std::uint64_t number) {
  const auto a = story.ask(0, number, "put 7 1");
  const auto b = story.ask(1, number, "put 7 2");
  for (const auto& batch : {a, b}) {
    story.witness(*story.propose(0, 0, slot, batch), batch == a ? 1 : 2);
    for (const NodeId liar : {0, 3}) story.witness(*story.vote<Commit>(liar, 0, slot, batch->digest()), 1);
  }
  story.vote<Commit>(1, 0, slot, a->digest());
  story.vote<Commit>(2, 0, slot, b->digest());
  story.decide(1, 0, slot, a->digest());
  story.decide(2, 0, slot, b->digest());
}

std::set<std::string> names_of_broken(const Result& result) {
  std::set<std::string> names;
  for (const JudgedViolation& violation : result.violations) names.insert(violation.invariant);
  return names;
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("votes for far slots push out no vote for a real one, whatever their stride") {
  for (const Slot stride : {Slot{1}, Slot{7}, Slot{4095}, Slot{1} << 40}) {
    for (const bool seen : {false, true}) {
      CAPTURE(stride);
      Story story(4, 1, {0, 3});
      for (Slot i = 1; i <= 20'000; ++i) {
        const auto stray = story.vote<Commit>(0, 0, 1000 + i * stride, Digest{9});
        if (seen) story.witness(*stray);
      }
      fork(story, 1, 1);
      const Result result = story.end(EndReason::time);
      CHECK(result.culprits == std::vector<NodeId>{0, 3});
      CHECK(names_of_broken(result) == std::set<std::string>{"agreement", "certificate-uniqueness"});
      CHECK(result.unsure.empty());
      // Named, though it did no harm; what nobody received was never evidence.
      CHECK(result.forgotten.size() == (seen ? 1u : 0u));
    }
  }
}

TEST_CASE(
    "votes in views where nobody honest has voted push out none of the view in which the fork is, before it or after") {
  const auto prepare = make_ref<Prepare>();
  const FaultyVotes::Honest honest{10, 0, [](std::uint64_t place, View view) { return place == 1 && view == 100; }};
  const auto key = [](View view, std::uint64_t value) { return FaultyVotes::Key{1, view, 0, 0, Digest{value}}; };
  for (const bool before : {true, false}) {
    CAPTURE(before);
    FaultyVotes votes(64);
    const auto fork = [&] {
      for (const std::uint64_t value : {1, 2})
        CHECK(votes.add(0, key(100, value), *prepare, true, true, honest) == FaultyVotes::News::received);
    };
    if (!before) fork();
    for (View view = 1; view < 5000; ++view) {
      if (view != 100) votes.add(0, key(view, 7), *prepare, false, true, honest);
    }
    if (before) fork();
    for (const std::uint64_t value : {1, 2}) {
      const auto* other = votes.rival(0, key(100, value));
      REQUIRE(other != nullptr);
      CHECK(other->first.value == Digest{3 - value});
    }
    CHECK(votes.lost(0).count >= 2900);  // of 4,998 it keeps 2,048 at most
    // Another place is not made to pay.
    CHECK(votes.add(0, FaultyVotes::Key{2, 0, 0, 0, Digest{1}}, *prepare, true, true, honest) ==
          FaultyVotes::News::received);
    CHECK(votes.rival(0, FaultyVotes::Key{2, 0, 0, 0, Digest{9}}) != nullptr);
  }
}

TEST_CASE("conflicts that nobody honest receives do not crowd out those that somebody does") {
  Story story(4, 1, {0, 3});
  for (std::uint64_t i = 1; i <= 5'000; ++i) {
    story.vote<Commit>(3, i, 1, Digest{5});
    story.vote<Commit>(3, i, 1, Digest{7});
  }
  fork(story, 1, 1);
  const Result result = story.end(EndReason::time);
  CHECK(result.culprits == std::vector<NodeId>{0, 3});
  CHECK(result.unsure.empty());
}

TEST_CASE("signing a thing twice and sending the second copy saves nobody") {
  Story story(4, 1, {0, 3});
  for (const Digest value : {Digest{5}, Digest{7}}) {
    story.vote<Commit>(3, 0, 1, value);
    story.witness(*story.vote<Commit>(3, 0, 1, value));
  }
  CHECK(story.end(EndReason::time).culprits == std::vector<NodeId>{3});
}

TEST_CASE("proposals for far slots take bounded memory") {
  Story story(4, 1, {3});
  story.slot(1, story.ask(0, 1));
  const std::size_t before = resident_bytes();
  const auto batch = make_ref<const Batch>(std::vector<Ref<const Request>>{story.request(1, 1)});
  for (Slot i = 1; i <= 1'500; ++i) story.propose(3, 3, i * 4'000, batch);
  CHECK(resident_bytes() < before + (std::size_t{200} << 20));  // it was 1.3 GB
  story.slot(2, story.ask(0, 2));
  CHECK(story.broken(EndReason::time).empty());
}

TEST_CASE("a liar that shows batches without end makes no correct decision invalid") {
  Story story(4, 1, {3});
  for (std::uint64_t i = 1; i <= 70'000; ++i) {
    Propose made = Story::propose_of(0, kNoSlot, make_ref<const Batch>(std::vector{story.request(1, i)}));
    story.sign(3, std::move(made));
  }
  for (Slot slot = 1; slot <= 100; ++slot) story.slot(slot, story.ask(0, slot));
  const Result result = story.end(EndReason::time);
  CHECK(result.violations.empty());
  CHECK(result.unsure.empty());
  REQUIRE(result.forgotten.size() == 1);
  CHECK(result.forgotten[0].what == "values");
  CHECK(result.forgotten[0].signer == 3);
  CHECK(result.forgotten[0].count == 70'000 - 65'536);
}

TEST_CASE("a value that may have been shown and forgotten is neither valid nor invalid") {
  for (const bool flood : {false, true}) {
    Story story(4, 1, {3});
    const auto early = make_ref<const Batch>(std::vector{story.request(0, 1)});
    if (flood) story.sign(3, Story::propose_of(0, kNoSlot, early));
    for (std::uint64_t i = 2; flood && i <= 70'000; ++i) {
      story.sign(3, Story::propose_of(0, kNoSlot, make_ref<const Batch>(std::vector{story.request(1, i)})));
    }
    story.commits({0, 1, 2}, 0, 1, early->digest());
    story.decide(1, 0, 1, early->digest());
    const Result result = story.end(EndReason::time);
    CHECK(result.violations.empty() == flood);
    CHECK(result.unsure.empty() != flood);
    CHECK(result.verdict == (flood ? Verdict::inconclusive : Verdict::unmet));
  }
}

TEST_CASE("what a culprit's own flood has pushed out makes the verdict inconclusive, and is named") {
  Story story(4, 1, {0, 3});
  story.expect.safety = Safety::violated;
  story.expect.culprits = {NodeRef{false, 0}, NodeRef{false, 3}};
  const auto a = story.ask(0, 1, "put 7 1");
  const auto b = story.ask(1, 1, "put 7 2");
  story.propose(1, 1, 1, a);
  story.propose(2, 2, 1, b);
  // Within what honest replicas reach, so that every place counts: more than one signer's share.
  for (Slot slot = 2; slot <= 400; ++slot) story.vote<Commit>(1, 0, slot, Digest{9});
  for (Slot slot = 1; slot <= 400; ++slot) {
    for (View view = 0; view < 70; ++view) story.witness(*story.vote<Commit>(3, view, slot, Digest{11}));
  }
  story.commits({0, 1, 2}, 1, 1, a->digest());
  story.commits({0, 1, 2}, 2, 1, b->digest());
  story.decide(1, 1, 1, a->digest());
  story.decide(2, 2, 1, b->digest());
  const Result result = story.end(EndReason::time);
  CHECK(names_of_broken(result).contains("agreement"));
  REQUIRE(result.forgotten.size() == 1);
  CHECK(result.forgotten[0].signer == 3);
  CHECK(result.forgotten[0].what == "votes");
  REQUIRE_FALSE(result.unsure.empty());
  CHECK(result.verdict == Verdict::inconclusive);
  CHECK(text_report(result, {}).find("What the judge had to forget") != std::string::npos);
  CHECK(json_line(result).find(R"("forgotten":[{"what":"votes","signer":3)") != std::string::npos);
}

TEST_CASE("a decision whose votes may have been forgotten is not called unbacked") {
  for (const bool flood : {false, true}) {
    Story story(4, 1, {3});
    const auto a = story.ask(0, 1);
    story.propose(0, 0, 1, a);
    for (Slot slot = 1; slot <= 400; ++slot) story.vote<Commit>(1, 9, slot, Digest{9});
    for (Slot slot = 1; flood && slot <= 400; ++slot) {
      for (View view = 0; view < 70; ++view) story.witness(*story.vote<Commit>(3, view, slot, Digest{11}));
    }
    story.commits({0, 1}, 80, 1, a->digest());  // the third, replica 3's, may be among what was forgotten
    story.decide(1, 80, 1, a->digest());
    const Result result = story.end(EndReason::time);
    CHECK(names_of_broken(result).contains("decided-quorum") == !flood);
    CHECK(result.unsure.empty() == !flood);
  }
}

TEST_CASE("of a slot that stays undecided the latest views are kept, and an old one is not called unbacked") {
  const auto decided = [](View view, View last, bool voted) {
    Story story(4, 1, {3});
    const auto a = story.ask(0, 1);
    story.propose(0, 0, 1, a);
    for (View v = 0; v <= last; ++v) story.commits({0, 1}, v, 1, v == view ? a->digest() : Digest{100 + v});
    if (voted) story.vote<Commit>(2, view, 1, a->digest());
    story.decide(1, view, 1, a->digest());
    return story.end(EndReason::time);
  };
  // With a quorum, without, and in a view so long ago that nobody knows.
  CHECK(decided(990, 1000, true).safety == Safety::held);
  CHECK(names_of_broken(decided(990, 1000, false)).contains("decided-quorum"));
  CHECK(decided(5, 20, true).unsure.empty());
  const Result old = decided(5, 1000, true);
  CHECK(old.safety == Safety::held);
  REQUIRE(old.unsure.size() == 2);  // whether it had a quorum, and what the vote that came late conflicts with
  CHECK(old.unsure[0].find("decided-quorum") != std::string::npos);
  CHECK(old.unsure[1].find("vote-once") != std::string::npos);
}

TEST_CASE("a decision takes from the first proposal of its value by the primary of its view") {
  using namespace std::chrono_literals;
  Story story(4, 1, {3});
  story.manifest.primary = [](View view) { return static_cast<NodeId>(view % 4); };
  const auto a = story.ask(0, 1);
  story.propose(3, 0, 1, a);                // no primary
  story.propose(3, 3, 1, a);                // of a view that comes later
  story.propose(3, 3, 1, story.ask(1, 1));  // another value
  story.pass(5s);
  story.proposed_and_voted(1, a);
  story.pass(30ms);
  for (const NodeId id : {0, 1, 2}) story.finish_slot(id, 1, *a);
  const Result result = story.end(EndReason::time);
  CHECK(result.delays.slots == 1);
  CHECK(result.delays.longest == 30ms);
}

TEST_CASE("a quorum of liars hides no certificate behind votes of its own in other views") {
  for (const int flood : {0, 200}) {
    Story story(4, 1, {0, 1, 2});
    for (int view = 1; view <= flood; ++view) story.witness(*story.vote<Commit>(1, view, 1, Digest{9}), 3);
    for (const Digest value : {Digest{5}, Digest{7}}) {
      for (const NodeId liar : {0, 1}) story.witness(*story.vote<Commit>(liar, 0, 1, value), 3);
      story.vote<Commit>(value == Digest{5} ? 3 : 2, 0, 1, value);
    }
    CHECK(names_of_broken(story.end(EndReason::time)).contains("certificate-uniqueness"));
  }
}

TEST_CASE("votes for slots long forgotten: liars are convicted, and of certificates nobody is sure") {
  for (const Slot between : {100, 20'000}) {
    Story story(4, 1, {0, 1});
    for (const NodeId liar : {0, 1}) story.witness(*story.vote<Commit>(liar, 0, 1, Digest{5}), 2);
    story.vote<Commit>(2, 0, 1, Digest{5});
    for (Slot slot = 2; slot <= between; ++slot) story.vote<Commit>(2, 0, slot, Digest{9});
    for (const NodeId liar : {0, 1}) story.witness(*story.vote<Commit>(liar, 0, 1, Digest{7}), 3);
    story.vote<Commit>(3, 0, 1, Digest{7});
    const Result result = story.end(EndReason::time);
    CHECK(result.culprits == std::vector<NodeId>{0, 1});
    CHECK(names_of_broken(result).contains("certificate-uniqueness") == (between == 100));
    CHECK(result.unsure.empty() == (between == 100));
  }
}

TEST_CASE("a quorum of liars pushes no certificate out, whatever else it votes for in the slot") {
  for (const bool other_views : {false, true}) {
    for (const bool honest_last : {false, true}) {
      CAPTURE(other_views);
      CAPTURE(honest_last);
      Story story(4, 1, {0, 1, 2});
      for (const NodeId liar : {0, 1, 2}) story.witness(*story.vote<Commit>(liar, 0, 1, Digest{5}), 3);
      for (std::uint64_t i = 1; i <= 200; ++i) story.vote<Commit>(0, other_views ? i : 0, 1, Digest{1'000 + i});
      for (const NodeId liar : {0, 1}) story.witness(*story.vote<Commit>(liar, 0, 1, Digest{7}), 3);
      story.vote<Commit>(honest_last ? 3 : 2, 0, 1, Digest{7});
      const Result result = story.end(EndReason::time);
      CHECK(names_of_broken(result).contains("certificate-uniqueness"));
      CHECK(result.unsure.empty());
    }
  }
}

TEST_CASE("what was executed too far ahead to be followed breaks no promise to a client, but nobody is sure") {
  Story story(4, 1, {0, 1, 2});
  constexpr Slot kFar = Slot{1} << 30;
  const std::uint64_t requests = 6'000;  // more than there are far slots
  for (std::uint64_t number = 1; number <= requests; ++number) {
    const Ref<const Request> request = story.request(0, number);
    story.submit(*request);
    story.apply(3, kFar + 5'000 * number, *request, 1);
    story.accept(*request, 1);
  }
  const Result result = story.end(EndReason::time);
  CHECK_FALSE(names_of_broken(result).contains("client-safety"));
  CHECK_FALSE(result.unsure.empty());
}
