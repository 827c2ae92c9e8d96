// What rules know of requests that the script names, and of requests that have not left their clients.
#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

TEST_CASE("a rule that waits for a named request to be submitted hears of that one and no other") {
  const auto r = run_kit::run(R"(
schema: byzsim/v1
name: named
protocol: {name: pbft, n: 4}
network: {latency: 10ms}
clients:
  count: 2
  requests: 0
  script: [{name: a, at: 10ms, client: 0}, {name: b, at: 20ms, client: 1}]
adversary:
  corrupt: [3]
  rules:
    - {name: on b, on: {event: submitted, value: b, times: 10}, do: {crash: [3]}}
    - {name: on others, on: {event: submitted, value: {not: b}, times: 10}, do: {crash: [3]}}
run: {until: 1s}
)");
  CHECK(r.result.figures.happened.at("on b") == 1);
  CHECK(r.result.figures.happened.at("on others") == 1);
}

TEST_CASE("an adversary cannot propose what has not left its client") {
  // Nine requests a window of two: seven wait at the client. A primary that equivocates knows two at the most.
  const auto r = run_kit::run(R"(
schema: byzsim/v1
name: unsent
protocol: {name: pbft, n: 4, client_window: 2, view_timeout: 500ms}
network: {latency: 10ms, gst: 0s, delta: 10ms}
clients: {count: 1, requests: 9, mode: open, interval: 1ms}
adversary: {corrupt: [0], behaviours: [equivocate: {split: [[1], [2, 3]]}]}
run: {until: 60s}
)");
  CHECK(r.result.figures.happened.at("equivocate") >= 1);
  CHECK(r.result.safety == Safety::held);
  CHECK(r.result.accepted == 9);
}

TEST_CASE("a name gives an adversary nothing that has not left its client") {
  // Proposed before the others, request 9 would end them all: a client that is a window ahead has moved on from them.
  const auto r = run_kit::run(R"(
schema: byzsim/v1
name: unsent
protocol: {name: pbft, n: 4, client_window: 2, view_timeout: 500ms}
network: {latency: 10ms, gst: 0s, delta: 10ms}
clients: {count: 1, requests: 8, mode: open, interval: 1ms, script: [{name: last, at: 15ms}]}
adversary:
  corrupt: [0]
  behaviours: [equivocate: {split: [[1], [2, 3]], instead: [last]}]
  rules:
    - {name: at once, on: {event: submitted, value: last}, do: {forge: {type: pre-prepare, from: 0, to: [1, 2, 3], fields: {batch: last}}}}
    - {name: later, on: 30s, do: {forge: {type: pre-prepare, from: 0, to: [1, 2, 3], fields: {batch: last}}}}
run: {until: 60s, stop_when_answered: false}
)");
  CHECK(r.result.safety == Safety::held);
  CHECK(r.result.accepted == 9);
  CHECK(r.result.figures.happened.at("equivocate") >= 1);
  CHECK(r.result.figures.happened.at("at once: impossible") == 1);
  CHECK(r.result.figures.happened.at("later") == 1);
  CHECK(!r.result.figures.happened.contains("later: impossible"));
}

}  // namespace
