// What a run may take of the machine: memory by declared sizes, and time within one event.
#include "sim/core/limits.hpp"

#include <fmt/core.h>

#include <limits>
#include <string>
#include <vector>

#include "analysis/expectation_check.hpp"
#include "sim/core/diagnostics.hpp"
#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

std::string scenario(const std::string& more, const std::string& run = "until: 60s") {
  return fmt::format(
      "schema: byzsim/v1\nname: limits\nprotocol: {{name: pbft, n: 4}}\nnetwork: {{latency: 'uniform(5ms, 15ms)'}}\n"
      "run: {{{}}}\n{}",
      run, more);
}

/// `count` rules of the same text.
std::string rules(int count, const std::string& rule) {
  std::string text = "adversary:\n  corrupt: [0]\n  rules:\n";
  for (int i = 0; i < count; ++i) text += "    - " + rule + "\n";
  return text;
}

/// A VIEW-CHANGE with a list of one, which a rule makes 300 million long.
std::string fifty_times_fifty() {
  std::string order = "'*'";
  for (int i = 1; i < 50; ++i) order += ", '*'";
  const std::string alter = fmt::format("{{alter: {{checkpoint: {{order: [{}]}}}}}}", order);
  return fmt::format(
      "adversary:\n  corrupt: [0, 3]\n  behaviours: [silence: {{replicas: [0]}}]\n  rules:\n"
      "    - {{match: {{type: view-change, from: 3}}, do: [{{alter: {{checkpoint: {{append: [{{slot: 1, signer: "
      "3}}]}}}}}}, "
      "{0}, {0}, {0}, {0}, {0}]}}\n",
      alter);
}

/// Stops the world when it hears the first record of a kind, as an interrupt would.
class StopAt final : public Observer {
 public:
  StopAt(World& world, RecordKind kind) : world_(world), kind_(kind) {}
  RecordMask wants() const override { return records(kind_); }
  void on_record(const Record&) override {
    if (heard_++ == 0) world_.stop(EndReason::wall_clock);
  }
  std::uint64_t heard() const { return heard_; }

 private:
  World& world_;
  RecordKind kind_;
  std::uint64_t heard_ = 0;
};

/// Time never goes back, whatever a scenario asks for.
class Monotone final : public Observer {
 public:
  RecordMask wants() const override { return kAllRecords; }
  void on_record(const Record& record) override {
    CHECK(record.time >= last_);
    last_ = record.time;
  }

 private:
  Time last_{};
};

}  // namespace

TEST_CASE("a footprint counts while it lives, a copy counts again") {
  const std::int64_t before = counted_bytes;
  {
    Footprint one(100);
    Footprint two = one;
    CHECK(counted_bytes == before + 200);
    two.set(30);
    two.grow(5);
    CHECK(counted_bytes == before + 135);
    one = two;
    CHECK(counted_bytes == before + 70);
    // What no machine has saturates instead of wrapping.
    two.grow(std::numeric_limits<std::uint64_t>::max());
    CHECK(counted_bytes > before);
    FootprintOf<std::uint32_t> small(std::uint64_t{1} << 40);
    CHECK(small.bytes() == std::numeric_limits<std::uint32_t>::max());
  }
  CHECK(counted_bytes == before);
}

TEST_CASE("whatever a run does, the count of its thread is as before when it is over") {
  const std::int64_t before = counted_bytes;
  for (const char* more : {"", "adversary: {corrupt: [0], behaviours: [equivocate, flood: {every: 50ms}]}",
                           "timeline: [{at: 0s, until: 50s, mode: hold, partition: [[0], [1, 2, 3]]}]"}) {
    run_kit::run(scenario(more));
    CHECK(counted_bytes == before);
  }
}

// Each of these grows something else without end; all of it is counted.
TEST_CASE("run.memory: every way to grow ends the run, inconclusive, at the same event whoever listens") {
  const std::string open = "clients: {count: 1, mode: open, interval: 10us, requests: 100000000}\n";
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"copies in one event", rules(10, "{match: {from: all}, do: {duplicate: 1000}}")},
      {"copies kept by a chain of rules", rules(2000, "{match: {from: all}, do: {duplicate: 1000}}")},
      {"packets that rules hold", open + rules(200, "{match: {from: all}, do: [duplicate, hold]}")},
      {"messages that a cut holds", open + "timeline: [{at: 0s, mode: hold, partition: [[0, c0], [1, 2, 3]]}]\n"},
      {"requests without an answer", open + "timeline: [{at: 0s, crash: [0, 1, 2, 3]}]\n"},
      {"timers and requests that are lost", open + "timeline: [{at: 0s, partition: [[c0], [0, 1, 2, 3]]}]\n"},
      {"a list that one rule makes fifty times as long, five times over", fifty_times_fifty()},
      {"events of a flood", "adversary: {corrupt: [0], behaviours: [flood: {every: 1ns}]}\n"},
  };
  for (const auto& [name, more] : cases) {
    CAPTURE(name);
    const Scenario one = run_kit::parse(scenario(more, "until: 100h, memory: 3MB"))[0];
    const auto judged = run_kit::run(one, 1);
    CHECK(judged.outcome.reason == EndReason::memory);
    World bare(one, 1);
    const Outcome& outcome = bare.run();
    CHECK(outcome.reason == EndReason::memory);
    CHECK(outcome.events == judged.outcome.events);
    CHECK(outcome.fingerprint == judged.outcome.fingerprint);
  }
}

// A replica keeps clients in a row: the first and the last of them are enough to make it long.
TEST_CASE("run.memory: what replicas keep of clients counts, of those in between as well") {
  const auto heard = [](const char* last) {
    return run_kit::run(scenario(fmt::format("clients: {{count: 100000, requests: 0, script: [{{name: a, at: 0s, "
                                             "client: 0}}, {{name: b, at: 1s, client: {}}}]}}\n",
                                             last),
                                 "until: 60s, memory: 130MB"));
  };
  CHECK(heard("1").outcome.reason == EndReason::answered);
  CHECK(heard("99999").outcome.reason == EndReason::memory);
}

TEST_CASE("run.memory: more memory goes further, and enough of it changes nothing") {
  const auto run_with = [](const char* memory) {
    return run_kit::run(scenario("clients: {count: 4, requests: 200}", fmt::format("until: 60s, memory: {}", memory)));
  };
  const auto tight = run_with("20KB"), wide = run_with("4GB"), wider = run_with("64GB");
  CHECK(tight.outcome.reason == EndReason::memory);
  CHECK(wide.outcome.reason == EndReason::answered);
  CHECK(tight.outcome.events < wide.outcome.events);
  CHECK(wide.outcome.fingerprint == wider.outcome.fingerprint);
}

TEST_CASE("what needs too much before anything happens is refused, and not built") {
  // (n + 2 clients) n links of 8 bytes, twice: 33 GB.
  const std::string text =
      scenario("clients: {count: 100000, requests: 1}\nnetwork: {order: fifo, bandwidth: 1Gbit/s}\n", "until: 1s");
  const std::string big = text.substr(0, text.find("network: {latency")) + text.substr(text.find("run:"));
  Scenario scenario = run_kit::parse(big, {"protocol.n=10000"})[0];
  CHECK_THROWS_AS(World(scenario, 1), TooLarge);
  Diagnostics errors;
  LoadOptions options;
  options.sets = {"protocol.n=10000"};
  options.further = {check_against_protocol};
  CHECK(load_text("test.yaml", big, options, errors).empty());
  CHECK(errors.render().find("the nodes and links of this scenario need 3") != std::string::npos);
  options.sets.push_back("run.memory=64GB");
  Diagnostics fine;
  CHECK(load_text("test.yaml", big, options, fine).size() == 1);
}

TEST_CASE("one event does not outlast a stop: it has a number of steps to end in, and no more") {
  for (const auto& [count, copies] : {std::pair{10, 1000}, {3000, 1}}) {
    const std::string rule = fmt::format("{{match: {{from: all}}, do: {{duplicate: {}}}}}", copies);
    const Scenario one = run_kit::parse(scenario(rules(count, rule), "until: 60s, memory: 64GB"))[0];
    World world(one, 1);
    StopAt stop(world, RecordKind::sent);
    world.observe(stop);
    CHECK(world.run().reason == EndReason::wall_clock);
    CHECK(stop.heard() <= Limits::kGrace + 1000);
  }
}

TEST_CASE("a stop between two events cuts no ordinary event short") {
  const Scenario one = run_kit::parse(scenario("clients: {requests: 50}"))[0];
  World stopped(one, 1);
  StopAt stop(stopped, RecordKind::decided);
  stopped.observe(stop);
  const Outcome cut = stopped.run();
  Scenario bounded = one;
  bounded.run.max_events = cut.events;
  World whole(bounded, 1);
  const Outcome& outcome = whole.run();
  CHECK(outcome.reason == EndReason::events);
  CHECK(outcome.fingerprint == cut.fingerprint);
  CHECK(outcome.traffic == cut.traffic);
}

TEST_CASE("a chain of rules as long as a file allows is no chain of calls") {
  // Each copies what all before it sent; a call within a call for each would need more stack than there is.
  const Scenario one =
      run_kit::parse(scenario(rules(9000, "{match: {from: all}, do: duplicate}"), "until: 60s, memory: 20MB"))[0];
  World world(one, 1);
  CHECK(world.run().reason == EndReason::memory);
}

TEST_CASE("clients have no links to each other: what one sends another is lost") {
  const char* const ways[] = {"rules: [{match: {type: reply, to: c1}, do: {replay: {from: c0}}}]",
                              "rules: [{match: {type: request, from: c0}, do: {replay: {to: c1}}}]",
                              "behaviours: [flood: {copies: 3, every: 5ms, to: clients}]",
                              "behaviours: [replay: {to: all}]",
                              "rules: [{on: {event: start}, do: {forge: {type: reply, from: c0, to: [c1, c2]}}}]"};
  const char* const networks[] = {"{}", "{order: fifo, bandwidth: 1Mbit/s}", "{topology: ring, uplink: 1Mbit/s}",
                                  "{regions: aws-21, loss: 0.1, duplicate: 0.1}"};
  for (const char* way : ways) {
    for (const char* network : networks) {
      CAPTURE(way);
      CAPTURE(network);
      const auto run = run_kit::run(fmt::format(
          "schema: byzsim/v1\nname: clients\nprotocol: {{name: pbft, n: 4}}\nnetwork: {}\nrun: {{until: 5s}}\n"
          "clients: {{count: 40, requests: 3}}\nadversary: {{corrupt: [c0], {}}}\n",
          network, way));
      KindTraffic total;
      for (const KindTraffic& kind : run.outcome.traffic) {
        total.sent += kind.sent;
        total.dropped += kind.dropped;
      }
      CHECK(total.dropped > 0);
      CHECK(run.result.safety == Safety::held);
    }
  }
}

TEST_CASE("times that no clock holds are the longest, and time never goes back") {
  const char* const hostile[] = {
      "clients: {retransmit: 2562047h, backoff: 1e300}",
      "clients: {retransmit: 1ns, backoff: 1e308}",
      "clients: {start: 2562047h, mode: open, interval: 2501h}",
      "replicas: {cpu: {receive: 2562047h, send: 2562047h, sign: 2562047h, verify: 2562047h, execute: 2562047h}}",
      "replicas: {cpu: {receive: 1ns, verify: 2562047h}}",
      "adversary: {corrupt: [0], rules: [{match: {from: all}, do: {replay: {after: 2562047h, times: 1000}}}]}",
      "adversary: {corrupt: [0], behaviours: [replay: {after: 2501h, times: 1000}]}",
      "adversary: {corrupt: [0], behaviours: [silence: {from: -1h, until: -30min}]}",
      "adversary: {corrupt: [0], rules: [{on: {event: view, delay: -5s}, do: {forge: {type: commit, from: 0}}}]}",
      "adversary: {corrupt: [0], rules: [{on: {at: -5s}, do: {forge: {type: commit, from: 0}}}]}",
      "timeline: [{at: 1ms, mode: delay, delay: 2501h, partition: [[0, 1], [2, 3]]}]",
  };
  for (const char* more : hostile) {
    CAPTURE(more);
    Diagnostics errors;
    LoadOptions options;
    options.further = {check_against_protocol};
    const auto scenarios =
        load_text("test.yaml", scenario(more, "until: 2562047h, max_events: 20000"), options, errors);
    if (scenarios.empty()) continue;  // refused, which is as good
    World world(scenarios[0], 1);
    Monotone monotone;
    world.observe(monotone);
    world.run();
  }
}

TEST_CASE("variants multiply a file, and only so far") {
  std::string text = scenario(rules(3000, "{match: {from: all}, do: duplicate}")) + "variants:\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("  v{}: {{}}\n", i);
  Diagnostics errors;
  CHECK(load_text("test.yaml", text, {}, errors).empty());
  CHECK(errors.render().find("the variants come to more than 2000000 values") != std::string::npos);
  Diagnostics fine;
  LoadOptions one;
  one.variant = "v7";
  CHECK(load_text("test.yaml", text, one, fine).size() == 1);
}
