#include "analysis/report.hpp"
#include "analysis/human.hpp"
#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;
using namespace std::chrono_literals;

namespace {

void send(Story& story, const Message& message, NodeId from, NodeId to, Duration takes) {
  Record sent;
  sent.kind = RecordKind::sent;
  sent.node = from;
  sent.peer = to;
  sent.id = message.id();
  sent.count = 1;
  story.emit(sent);
  const Time now = story.now;
  story.pass(takes);
  Record arrived = sent;
  arrived.kind = RecordKind::delivered;
  arrived.node = to;
  arrived.peer = from;
  story.emit(arrived);
  story.witness(message, to);
  story.now = now;
}

/// Replica 0 proposes one batch to 1 and another to 2 and 3, who decide it.
void equivocation(Story& story) {
  story.pass(10ms);
  const auto a = story.ask(0, 1, "put 7 1");
  const auto b = story.ask(1, 1, "add 9 2");
  const auto first = story.propose(0, 0, 1, a);
  const auto second = story.propose(0, 0, 1, b);
  send(story, *first, 0, 1, 50ms);
  send(story, *second, 0, 2, 51ms);
  send(story, *second, 0, 3, 52ms);
  story.pass(60ms);
  for (NodeId id : {2, 3}) send(story, *story.vote<Prepare>(id, 0, 1, b->digest()), id, 1, 40ms);
  story.pass(60ms);
  story.commits({0, 2, 3}, 0, 1, b->digest());
  for (NodeId id : {2, 3}) story.finish_slot(id, 1, *b);
  story.accept(*b->requests()[0], 1001);
}

}  // namespace

TEST_CASE("quantities for a reader") {
  CHECK(human(0ns) == "0 s");
  CHECK(human(999ns) == "999 ns");
  CHECK(human(1500ns) == "1.5 us");
  CHECK(human(12'345'678ns) == "12.3 ms");
  CHECK(human(999'999'999ns) == "1 s");
  CHECK(human(250ms) == "250 ms");
  CHECK(human(1250ms) == "1.25 s");
  CHECK(human(125s) == "2 min 5 s");
  CHECK(human(3h + 20min) == "3 h 20 min");
  CHECK(human(-2ms) == "-2 ms");
  CHECK(human_bytes(512) == "512 B");
  CHECK(human_bytes(1'210'000) == "1.21 MB");
  CHECK(human_bytes(999'999) == "1 MB");
  CHECK(human_count(1'234'567) == "1,234,567");
  CHECK(human_count(0) == "0");
  CHECK(human_number(12.34) == "12.3");
}

TEST_CASE("a newcomer sees the equivocating primary being caught") {
  Story story(4, 1, {0});
  story.manifest.scenario = "equivocating primary";
  equivocation(story);
  story.suspect(1, 0, "a request was not executed in time");
  Result result = story.end(EndReason::time);
  result.reproduce = "byzsim run scenarios/pbft/equivocating-primary.yaml --seed 1";
  const auto focus = Sequence::focus(result);
  REQUIRE(focus);
  CHECK(focus->slot == 1);
  Sequence sequence(story.manifest, *focus);
  for (const Record& record : story.records) {
    if ((sequence.wants() >> static_cast<unsigned>(record.kind) & 1) != 0) sequence.on_record(record);
  }
  const std::string text = text_report(result, {}, &sequence);
  INFO(text);
  CHECK(text.starts_with("MET  equivocating primary\n"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text_report(result, {.colour = true}, &sequence).find('\x1b') != std::string::npos);
  for (const char* part : {"replica 0 signed two conflicting toy-propose messages in view 0, slot 1",
                           "put 7 1 (client 0)", "0 → 1", "0 → 2, 3", "toy-propose  view 0  A", "arrives 60 ms", "2, 3",
                           "decides B in view 0", "replica 0 by 1: a request was not executed in time", "--seed 1"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  // In the order in which a person asks.
  std::size_t last = 0;
  for (const char* part : {"MET", "safety", "Who did it", "Who is suspected", "Slot 1", "Figures", "Reproduce"}) {
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    CHECK(at >= last);
    last = at;
  }
}

TEST_CASE("the sequence says how much it does not show, and never hides what matters") {
  Story story(4, 1, {0});
  equivocation(story);
  for (View view = 1; view < 200; ++view) send(story, *story.vote<Prepare>(1, view, 1, Digest{5}), 1, 2, 1ms);
  Sequence sequence(story.manifest, {.slot = 1, .until = kNever, .offending = {3, 4}});
  for (const Record& record : story.records) {
    if ((sequence.wants() >> static_cast<unsigned>(record.kind) & 1) != 0) sequence.on_record(record);
  }
  std::size_t hidden = 0;
  const auto lines = sequence.lines(10, hidden);
  CHECK(lines.size() == 10);
  CHECK(hidden > 150);
  CHECK(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.offending; }) == 2);
}

TEST_CASE("the JSON line keeps the contract") {
  Story story(4, 1, {0});
  story.manifest.seed = ~std::uint64_t{0};
  equivocation(story);
  Result result = story.end(EndReason::time);
  result.fingerprint = 0x1f;
  const std::string line = json_line(result);
  CHECK(line.back() == '\n');
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  const Json json = Json::parse(line);
  for (const char* key : {"scenario",       "variant",     "file",     "protocol",   "n",           "f",
                          "quorum",         "seed",        "verdict",  "safety",     "liveness",    "violations",
                          "classification", "culprits",    "suspects", "decisions",  "events",      "messages",
                          "bytes",          "sim_time_ns", "latency",  "throughput", "fingerprint", "scenario_hash",
                          "reproduce",      "happened",    "network",  "end_reason", "unmet",       "evidence"}) {
    CAPTURE(key);
    CHECK(json.contains(key));
  }
  CHECK(json["seed"] == "18446744073709551615");
  CHECK(json["fingerprint"] == "000000000000001f");
  CHECK(json["culprits"] == Json::array({0}));
  CHECK(json["evidence"][0]["messages"][0]["requests"] == "put 7 1 (client 0)");
  CHECK(json["latency"]["mean"] == 120'000'000);
  CHECK(json["happened"]["conflicting-signatures"] == 1);
  Result idle;
  idle.scenario = "bad \xff byte";
  CHECK(Json::parse(json_line(idle))["latency"]["p99"].is_null());
}

TEST_CASE("the same records give the same result") {
  Story story(4, 1, {0});
  equivocation(story);
  for (Slot slot = 2; slot < 150; ++slot) story.slot(slot, story.ask(0, slot));
  Judge again(story.manifest, story.settings, story.expect, story.run);
  for (const Record& record : story.records) again.on_record(record);
  Outcome outcome;
  outcome.reason = EndReason::time;
  outcome.end = story.now;
  Result replayed = again.finish(outcome);
  apply_expectations(story.expect, replayed);
  CHECK(json_line(replayed) == json_line(story.end(EndReason::time)));
}

TEST_CASE("the judge tells of the first safety violation at once") {
  Story story;
  int calls = 0;
  story.judge().on_safety_violation([&](const Violation& violation) {
    ++calls;
    CHECK(violation.invariant == "validity");
  });
  for (Slot slot : {1, 2}) {
    story.commits({0, 1, 2}, 0, slot, Digest{77});
    story.decide(1, 0, slot, Digest{77});
  }
  CHECK(calls == 1);
}
