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

TEST_CASE("without delta nothing is late, but what never arrives is lost") {
  for (const char* how : {"timeline: [{at: 0s, partition: [[0, 1], [2, 3]], mode: hold}]\n",
                          "adversary: {rules: [{match: {type: commit}, do: hold}]}\n",
                          "adversary: {rules: [{match: {type: commit}, do: drop}]}\n"}) {
    CAPTURE(how);
    const Result result =
        run_kit::run(std::string("schema: byzsim/v1\nname: x\nprotocol: {name: pbft, n: 4, view_timeout: 500ms}\n"
                                 "network: {latency: 10ms, gst: 0s}\nclients: {count: 1, requests: 5}\n"
                                 "run: {until: 60s}\njudge: {liveness_within: 10s}\n") +
                     how)
            .result;
    CHECK(result.liveness == Liveness::violated);
    CHECK(result.classification == Classification::outside_model);
  }
}

// Every request takes 50 ms where 20 are allowed: the protocol's own doing, whatever else happens.
TEST_CASE("what has nothing to do with a missed bound does not excuse it") {
  const auto judged_late = [&](const std::string& more) {
    const std::string text =
        "schema: byzsim/v1\nname: x\nprotocol: {name: pbft, n: 4, view_timeout: 500ms}\n"
        "network: {latency: 10ms, gst: 0s, delta: 50ms}\nclients: {count: 1, requests: 10, start: 5s}\n"
        "run: {until: 60s}\njudge: {liveness_within: 20ms, view_sync_within: 1h}\n" +
        more;
    const Result result = run_kit::run(text).result;
    CHECK(result.liveness == Liveness::violated);
    return result;
  };
  CHECK(judged_late("").classification == Classification::within_model);
  // Two are down for a moment five seconds before; the bound that allows an hour is another.
  CHECK(judged_late("timeline: [{at: 50ms, crash: [1, 2], until: 60ms}]\n").classification ==
        Classification::within_model);
  // A late copy of what arrived in time.
  const Result replay = judged_late(
      "adversary: {rules: [{match: {type: prepare, from: 1, to: 2, first: 1}, do: {replay: {after: 1s}}}]}\n");
  CHECK(replay.figures.happened.at("replay") == 1);
  CHECK_FALSE(replay.beyond);
  CHECK(replay.classification == Classification::within_model);
  // Who has lost its state is faulty, and what is kept from it is no fault of the network's.
  const Result lost = judged_late(
      "timeline: [{at: 50ms, crash: [3], until: 60ms, state: lost}]\n"
      "adversary: {rules: [{match: {from: 3, after: 1s}, do: drop}]}\n");
  CHECK(lost.figures.happened.at("drop") > 0);
  CHECK_FALSE(lost.beyond);
  CHECK(lost.classification == Classification::within_model);
}

TEST_CASE("a client that believed a lie did so when it did, whenever that shows") {
  const auto believed = [](const char* timeline, const char* more) {
    return run_kit::run(
               std::string("schema: byzsim/v1\nname: x\n"
                           "protocol: {name: pbft, n: 4, reply_quorum: 1, view_timeout: 100s, retransmit: 500s}\n"
                           "network: {latency: 10ms, gst: 0s, delta: 100ms}\n"
                           "clients: {count: 1, requests: 0, script: [{name: a, at: 0s, client: 0, operation: put 1 7, "
                           "to: [0]}]}\n"
                           "run: {until: 10s, stop_when_answered: false}\n") +
               timeline +
               "adversary:\n  corrupt: [0]\n  rules:\n"
               "    - {match: {type: pre-prepare, from: 0, before: 7s}, do: drop}\n"
               "    - {on: 15ms, do: {forge: {type: reply, from: 0, to: [c0], fields: {view: 0, client: c0, number: 1, "
               "result: 666}}}}\n" +
               more)
        .result;
  };
  // Executed long after, or never; a second fault in between.
  for (const char* more : {"",
                           "    - {on: 8s, do: {forge: {type: pre-prepare, from: 0, to: [1, 2, 3], fields: {view: 0, "
                           "slot: 1, batch: a}}}}\n"}) {
    for (const char* timeline : {"", "timeline: [{at: 5s, crash: [1], until: 6s, state: lost}]\n"}) {
      const Result result = believed(timeline, more);
      REQUIRE(result.violations.size() == 1);
      CHECK(result.violations[0].invariant == "client-safety");
      CHECK(result.violations[0].time == at(std::chrono::milliseconds(25)));
      CHECK(result.classification == Classification::within_model);
    }
  }
}

TEST_CASE("a client is treated unfairly from when its wait passes the limit, not from the end") {
  for (const char* more : {"", "timeline: [{at: 19990ms, crash: [1, 2]}]\n"}) {
    const Result result =
        run_kit::run(std::string("schema: byzsim/v1\nname: x\n"
                                 "protocol: {name: pbft, n: 4, view_timeout: 500ms, timer: any-progress}\n"
                                 "network: {latency: 10ms, gst: 0s, delta: 100ms}\n"
                                 "clients: {count: 3, requests: 400, think: 50ms}\n"
                                 "adversary: {corrupt: [0], behaviours: [censor: {clients: [c2]}]}\n"
                                 "run: {until: 20s}\njudge: {fairness: 3.0}\n") +
                     more)
            .result;
    REQUIRE(result.violations.size() == 1);
    CHECK(result.violations[0].invariant == "client-fairness");
    // Three times the 50 ms that the others wait, give or take what a batch of two adds to some of them.
    CHECK(result.violations[0].time >= at(std::chrono::milliseconds(140)));
    CHECK(result.violations[0].time <= at(std::chrono::milliseconds(200)));
    CHECK(result.classification == Classification::within_model);
  }
}

// Copies that the script makes of what honest replicas sent: 24,000 over uplinks that take a few hundred a second, and
// 80,000 for cores that take a thousand.
TEST_CASE("copies in honest names take neither an honest uplink nor an honest core") {
  const std::string replay = "do: {replay: {match: {type: prepare, signer: [1, 2]}, to: [3], times: 1000}}";
  for (const char* scarce :
       {"network: {latency: 10ms, gst: 0s, delta: 50ms, uplink: 1Mbit/s}\n",
        "network: {latency: 10ms, gst: 0s, delta: 50ms}\nreplicas: {cpu: {cores: 1, send: 1ms}}\n"}) {
    const auto answered = [&](const std::string& rules) {
      const Result result =
          run_kit::run(std::string("schema: byzsim/v1\nname: x\nprotocol: {name: pbft, n: 4, view_timeout: 500ms}\n") +
                       scarce +
                       "clients: {count: 1, requests: 10, think: 50ms}\nrun: {until: 60s}\n"
                       "judge: {liveness_within: 10s}\n" +
                       rules)
              .result;
      CHECK(result.liveness == Liveness::held);
      return result;
    };
    const Result calm = answered("");
    const Result copied =
        answered("adversary: {rules: [{on: {event: decided, replica: [1, 2], times: 20}, " + replay + "}]}\n");
    CHECK(copied.figures.happened.at("replay") >= 10);
    CHECK(copied.figures.latency.max == calm.figures.latency.max);
    CHECK_FALSE(copied.beyond);
  }
}

}  // namespace
