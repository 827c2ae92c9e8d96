// Whose fault it is, on whole runs: what counts as a fault for liveness, and what counts as the network's.
#include "tests/records.hpp"
#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

// Ten requests that must be answered within 10 s, with PBFT's view changes after half a second.
Result judged(const std::string& more) {
  return run_kit::run(
             "schema: byzsim/v1\nname: x\nprotocol: {name: pbft, n: 4, f: 1, view_timeout: 500ms}\n"
             "network: {latency: 10ms, gst: 0s, delta: 50ms}\nclients: {count: 1, requests: 10, think: 50ms}\n"
             "run: {until: 60s}\njudge: {liveness_within: 10s}\n" +
             more)
      .result;
}

TEST_CASE(
    "replicas that are down count as faulty for liveness, while they are down and as long as they could be missed") {
  const Result two = judged("timeline: [{at: 100ms, crash: [1, 2]}]\n");
  CHECK(two.liveness == Liveness::violated);
  CHECK(two.classification == Classification::outside_model);
  CHECK(two.explanation.find("2 of 4 replicas faulty or down") != std::string::npos);
  CHECK(two.culprits.empty());
  // Answered late, but no later than the bound allows from when a quorum was up again.
  const Result back = judged("timeline: [{at: 100ms, crash: [1]}, {at: 100ms, crash: [2], until: 20s}]\n");
  CHECK(back.liveness == Liveness::violated);
  CHECK(back.classification == Classification::outside_model);
  CHECK(judged("timeline: [{at: 100ms, crash: [2]}]\n").liveness == Liveness::held);
}

TEST_CASE("an excuse for one missed bound is none for another, later") {
  // Two are down when the first request is due; nothing is wrong when the second is, which nobody answers all the same.
  const auto told = [](bool second) {
    toy::Story story;
    story.settings.liveness_within = std::chrono::seconds(10);
    story.ask(0, 1);
    for (const NodeId id : {1, 2}) story.crash(id);
    story.pass(std::chrono::seconds(20));
    for (const NodeId id : {1, 2}) story.restart(id, true);
    story.pass(std::chrono::seconds(20));
    if (second) story.ask(1, 1);
    story.pass(std::chrono::seconds(20));
    return story.end(EndReason::time);
  };
  CHECK(told(false).classification == Classification::outside_model);
  const Result result = told(true);
  CHECK(result.classification == Classification::within_model);
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations[0].time == at(std::chrono::seconds(50)));
  CHECK(result.violations[0].message.find("sent at 40 s") != std::string::npos);
}

TEST_CASE("a message kept from honest nodes for good is beyond the model, whoever keeps it") {
  for (const char* how : {
           "timeline: [{at: 0s, partition: [[0, 1], [2, 3]], mode: hold}]\n",
           "timeline: [{at: 0s, partition: [[0, 1], [2, 3]], mode: drop}]\n",
           "adversary: {rules: [{match: {type: commit}, do: hold}]}\n",
           "adversary: {rules: [{match: {type: commit}, do: drop}]}\n",
       }) {
    CAPTURE(how);
    const Result result = judged(how);
    CHECK(result.liveness == Liveness::violated);
    CHECK(result.beyond);
    CHECK(result.classification == Classification::outside_model);
  }
  // What a faulty replica does not send is its own business.
  const Result silent = judged("adversary: {corrupt: [3], rules: [{match: {type: commit, from: 3}, do: drop}]}\n");
  CHECK(silent.liveness == Liveness::held);
  CHECK_FALSE(silent.beyond);
}

}  // namespace
