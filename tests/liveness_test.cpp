#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;
using namespace std::chrono_literals;

namespace {

/// Client 0 asks at 1 s and, if `after` is stated, is answered so much later; the run ends at 10 s.
Result wait_for(std::optional<Duration> bound, std::optional<Duration> after, EndReason reason, Time gst = {}) {
  Story story;
  story.settings.liveness_within = bound;
  story.manifest.gst = gst;
  story.pass(1s);
  const auto batch = story.ask(0, 1);
  if (after) {
    story.pass(*after);
    story.slot(1, batch);
  }
  story.now = at(10s);
  return story.end(reason);
}

/// Three clients ask; two wait 1 s each and the third `slow`, or for ever. Five times what the median waits is fair.
void one_waits_longer(Story& story, Duration slow, bool answered) {
  story.settings.fairness = 5.0;
  const auto a = story.ask(0, 1);
  const auto b = story.ask(1, 1);
  const auto c = story.ask(2, 1);
  story.pass(1s);
  story.slot(1, a);
  story.slot(2, b);
  story.pass(slow - 1s);
  if (answered) story.slot(3, c);
}

}  // namespace

TEST_CASE("bounded liveness without a bound") {
  CHECK(wait_for({}, 1s, EndReason::time).liveness == Liveness::held);
  CHECK(wait_for({}, {}, EndReason::time).liveness == Liveness::unknown);
  CHECK(wait_for({}, {}, EndReason::events).liveness == Liveness::unknown);
  CHECK(wait_for({}, {}, EndReason::quiet).liveness == Liveness::violated);
}

TEST_CASE("bounded liveness with a bound, counted from submission or GST") {
  CHECK(wait_for(2s, 2s, EndReason::time).liveness == Liveness::held);
  CHECK(wait_for(2s, 2s + 1ns, EndReason::time).liveness == Liveness::violated);
  CHECK(wait_for(2s, {}, EndReason::time).liveness == Liveness::violated);
  CHECK(wait_for(20s, {}, EndReason::time).liveness == Liveness::unknown);
  CHECK(wait_for(20s, {}, EndReason::quiet).liveness == Liveness::violated);
  CHECK(wait_for(2s, 5s, EndReason::time, at(4s)).liveness == Liveness::held);
  CHECK(wait_for(2s, 5s + 1ns, EndReason::time, at(4s)).liveness == Liveness::violated);
  CHECK(wait_for(2s, {}, EndReason::time, at(9s)).liveness == Liveness::unknown);
  const Result late = wait_for(2s, {}, EndReason::time);
  REQUIRE(late.violations.size() == 1);
  CHECK(late.violations[0].invariant == "bounded-liveness");
  CHECK(late.violations[0].time == at(3s));
  CHECK(late.violations[0].message == "request 1 of client 0, sent at 1 s, was not answered within 2 s");
  CHECK(late.safety == Safety::held);
}

TEST_CASE("requests of corrupted clients need no answer") {
  Story story(4, 1, {4});
  story.ask(0, 1);
  CHECK(story.end(EndReason::quiet).liveness == Liveness::held);
}

TEST_CASE("client fairness") {
  const auto tell = [](Duration slow, bool answered) {
    Story story(4, 1, {}, 3);
    one_waits_longer(story, slow, answered);
    return story.broken(EndReason::time);
  };
  CHECK(tell(5s, true).empty());
  CHECK(tell(6s, true) == "client-fairness");
  CHECK(tell(6s, false) == "client-fairness");  // censored, and still waiting
}

// By definition: two wait 1 s each, so the limit is 5 s, and the third has waited for so long 5 s after its submission.
TEST_CASE("client fairness is broken as soon as the wait is too long, not when the answer comes") {
  Story story(4, 1, {}, 3);
  story.pass(1s);
  one_waits_longer(story, 20s, true);
  const Result result = story.end(EndReason::time);
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations[0].time == at(6s));
}

TEST_CASE("view synchronisation") {
  const auto tell = [](Duration apart, Time gst, bool down) {
    Story story;
    story.settings.view_sync_within = 2s;
    story.manifest.gst = gst;
    story.pass(1s);
    for (NodeId id : {0, 1, 2}) story.enter(id, 1);
    if (down) story.crash(3);
    story.pass(apart);
    if (!down) story.enter(3, 1);
    return story.end(EndReason::time);
  };
  CHECK(tell(2s, {}, false).violations.empty());
  CHECK(tell(3s, {}, true).violations.empty());
  CHECK(tell(3s, at(2s), false).violations.empty());
  const Result result = tell(3s, {}, false);
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations[0].invariant == "view-synchronisation");
  CHECK(result.violations[0].replicas == std::vector<NodeId>{3});
  CHECK(result.violations[0].time == at(3s));
  CHECK(result.liveness == Liveness::violated);
}
