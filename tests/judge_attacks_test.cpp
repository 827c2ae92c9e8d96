// Attacks on the judge: liars who make it forget, look elsewhere or accuse somebody else. Each was found to work once.
#include <fmt/core.h>

#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

// Rules that double what matches, each copy a little further on: `count` of them make 2^count messages of one.
std::string doublings(const std::string& match, const std::string& key, int count, int first = 0) {
  std::string rules;
  for (int i = 0; i < count; ++i)
    rules += fmt::format("    - {{match: {}, do: [{{duplicate: 1}}, {{alter: {{{}: +{}}}}}]}}\n", match, key,
                         1 << (first + i));
  return rules;
}

/// The liars 0 and 3 of four lead replica 1 to decide `a` and replica 2 to decide `b` in one slot, one after the other.
std::string fork(int slot, const char* early = "2s", const char* late = "4s") {
  std::string rules;
  for (const auto& [value, victim, at] : {std::tuple{"a", 1, early}, std::tuple{"b", 2, late}}) {
    rules += fmt::format(
        "    - on: {3}\n"
        "      do:\n"
        "        - forge: {{type: pre-prepare, from: 0, to: [{1}], fields: {{view: 0, slot: {2}, batch: {0}}}}}\n"
        "        - forge: {{type: prepare, from: 3, to: [{1}], fields: {{view: 0, slot: {2}, value: {0}}}}}\n"
        "    - on: {{event: prepared, replica: {1}, slot: {2}, delay: 50ms}}\n"
        "      do:\n"
        "        - forge: {{type: commit, from: 0, to: [{1}], fields: {{view: 0, slot: {2}, value: {0}}}}}\n"
        "        - forge: {{type: commit, from: 3, to: [{1}], fields: {{view: 0, slot: {2}, value: {0}}}}}\n",
        value, victim, slot, at);
  }
  return rules;
}

/// Four replicas that keep everything, of which 0 and 3 lie; the others hear nothing of each other after half a second.
std::string beyond(const std::string& rules, const std::string& corrupt = "0, 3", const std::string& script = "") {
  return fmt::format(
      "schema: byzsim/v1\n"
      "name: judge\n"
      "protocol: {{name: pbft, n: 4, batch: 1, view_timeout: 500s, window: 16384, checkpoint_interval: 16384, "
      "retransmit: 500s}}\n"
      "network: {{latency: 10ms}}\n"
      "clients:\n"
      "  count: 4\n"
      "  requests: 0\n"
      "  retransmit: 600s\n"
      "  script: [{{name: w, at: 0s, client: 2, to: [0]}}, {{name: a, at: 1s, client: 0, to: [3]}}, {{name: b, at: 1s, "
      "client: 1, to: [3]}}{}]\n"
      "adversary:\n"
      "  corrupt: [{}]\n"
      "  rules:\n"
      "    - {{match: {{type: request, from: 3}}, do: drop}}\n"
      "    - {{match: {{from: [1, 2], to: replicas, after: 500ms}}, do: drop}}\n"
      "    - {{match: {{type: [view-change, new-view, status], from: corrupted}}, do: drop}}\n"
      "{}"
      "run: {{until: 10s, stop_when_answered: false}}\n",
      script, corrupt, rules);
}

bool broken(const Result& result, const char* invariant) {
  return std::any_of(result.violations.begin(), result.violations.end(),
                     [&](const JudgedViolation& violation) { return violation.invariant == invariant; });
}

/// COMMITs of the liars for 1,024 slots and 64 views, more than a shelf holds, between the halves of the fork.
const std::string kFlood =
    doublings("{type: commit, from: corrupted, to: 1, before: 500ms}", "view", 1) +
    doublings("{type: commit, from: corrupted, to: 1, before: 500ms, view: '>= 1'}", "view", 5) +
    doublings("{type: commit, from: corrupted, to: 1, before: 500ms, view: '>= 1'}", "slot", 10) +
    "    - {match: {type: commit, from: corrupted, to: 1, before: 500ms, view: '>= 1'}, do: {delay: 2500ms}}\n";

}  // namespace

TEST_CASE("violations of one invariant push out none of another") {
  // Certificates for two values in 1,024 slots, then decisions for two values in one of them.
  const std::string both = "{type: [pre-prepare, prepare], from: corrupted, to: [1, 2]}";
  std::string decide;
  for (const auto& [value, victim] : {std::pair{"a", 1}, std::pair{"b", 2}}) {
    decide += fmt::format(
        "    - {{on: 5s, do: [{{forge: {{type: commit, from: 0, to: [{1}], fields: {{view: 0, slot: 1010, value: "
        "{0}}}}}}}, "
        "{{forge: {{type: commit, from: 3, to: [{1}], fields: {{view: 0, slot: 1010, value: {0}}}}}}}]}}\n",
        value, victim);
  }
  const auto run = run_kit::run(
      "schema: byzsim/v1\n"
      "name: many\n"
      "protocol: {name: pbft, n: 4, batch: 1, view_timeout: 500s, window: 8192, checkpoint_interval: 8192, retransmit: "
      "500s}\n"
      "network: {latency: 10ms}\n"
      "clients: {count: 2, requests: 0, retransmit: 600s, script: [{name: b, at: 0s, client: 1, to: [3]}, {name: a, "
      "at: 100ms, client: 0, to: [0]}]}\n"
      "adversary:\n"
      "  corrupt: [0, 3]\n"
      "  rules:\n"
      "    - {match: {type: request, from: 3}, do: drop}\n"
      "    - {match: {from: [1, 2], to: [1, 2]}, do: drop}\n"
      "    - {match: {type: commit, from: corrupted}, do: drop}\n"
      "    - {match: {type: pre-prepare, from: 0, to: 2}, do: {alter: {batch: b}}}\n"
      "    - {match: {type: prepare, from: 3, to: 2}, do: {alter: {value: b}}}\n" +
      doublings(both, "slot", 10) + decide +
      "run: {until: 10s, stop_when_answered: false}\n"
      "judge: {liveness_within: 1s}\n");
  CHECK(run.result.violations_dropped > 0);
  CHECK(broken(run.result, "certificate-uniqueness"));
  CHECK(broken(run.result, "agreement"));
  CHECK(run.result.liveness == Liveness::violated);
  CHECK(run.result.culprits == std::vector<NodeId>{0, 3});
}

TEST_CASE("a slot far ahead that honest replicas voted in is no stray: its votes are kept") {
  const auto run = run_kit::run(beyond(kFlood + fork(5000)));
  REQUIRE(broken(run.result, "agreement"));
  CHECK(!run.result.forgotten.empty());
  CHECK(run.result.culprits == std::vector<NodeId>{0, 3});
}

TEST_CASE("clients that convict themselves do not stand in for the replicas that must have lied") {
  const auto padded = [](const std::string& pad) {
    // What honest replicas have voted in reaches slot 1000, so the fork in slot 2 is the oldest that the liars signed.
    const std::string far =
        "    - {on: 1500ms, do: {forge: {type: pre-prepare, from: 0, to: [1], fields: {view: 0, slot: 1500, batch: "
        "w}}}}\n";
    return run_kit::run(beyond(kFlood + far + pad + fork(2), "0, 3, c2, c3")).result;
  };
  const Result alone = padded("");
  const Result with = padded(
      "    - {on: 1600ms, do: [{forge: {type: new-view, from: c2, to: [1], fields: {view: 1}}}, "
      "{forge: {type: new-view, from: c3, to: [1], fields: {view: 1}}}]}\n");
  REQUIRE(broken(with, "agreement"));
  CHECK(with.culprits == std::vector<NodeId>{6, 7});
  CHECK(with.unsure.size() == 1);
  CHECK(alone.unsure == with.unsure);
}

TEST_CASE("proposals of liars take no far slot from a decision") {
  // Honest replicas decide slot 4100 by 2.1 s; at 3 s the primary proposes in 8,192 slots from 4102 on, each of them far.
  const std::string first = fork(4100);
  const std::string decided = first.substr(0, first.find("    - on: 4s"));
  const auto run = run_kit::run(beyond(decided +
                                           "    - {match: {type: pre-prepare, from: 0, to: 1, after: 2500ms}, do: "
                                           "[{duplicate: 1}, {alter: {view: +4, slot: +4100}}]}\n" +
                                           doublings("{type: pre-prepare, from: 0, to: 1, view: 4}", "slot", 13) +
                                           fork(14000, "6s", "8s"),
                                       "0, 3", ", {name: x, at: 3s, client: 3, to: [0]}"));
  CHECK(broken(run.result, "agreement"));
  CHECK(run.result.unsure.empty());
  CHECK(run.result.culprits == std::vector<NodeId>{0, 3});
}

TEST_CASE("a liar's far proposal makes nobody else's votes old") {
  for (const char* help : {"",
                           "    - {on: 1s, do: {forge: {type: pre-prepare, from: 5, to: [c0], fields: {view: 5, slot: "
                           "4000, batch: x}}}}\n"}) {
    const auto run = run_kit::run(
        std::string("schema: byzsim/v1\n"
                    "name: slack\n"
                    "protocol: {name: pbft, n: 7, f: 2, view_timeout: 500ms}\n"
                    "network: {latency: 10ms}\n"
                    "clients: {count: 2, requests: 30, think: 100ms, script: [{name: x, at: 0s, client: 1}]}\n"
                    "adversary:\n"
                    "  corrupt: [5, 6]\n"
                    "  rules:\n") +
        help +
        "    - {on: 2s, do: {forge: {type: prepare, from: 6, to: [1], fields: {view: 0, slot: 2, value: "
        "00000000000000aa}}}}\n"
        "run: {until: 60s}\n");
    CHECK(run.result.culprits == std::vector<NodeId>{6});
  }
}

// Nobody is corrupted; commits never arrive, so a view change follows the other and every slot is voted on in each.
TEST_CASE(
    "a slot that view after view leaves undecided takes bounded room, and what is forgotten is not called unbacked") {
  const auto run = run_kit::run(
      "schema: byzsim/v1\n"
      "name: views\n"
      "protocol: {name: pbft, n: 4, batch: 1, view_timeout: 60ms, backoff: none, retransmit: 500s, status: false}\n"
      "network: {latency: 5ms}\n"
      "clients: {count: 3, requests: 1, retransmit: 600s}\n"
      "adversary: {rules: [{match: {type: commit, before: 20s}, do: drop}]}\n"
      "run: {until: 60s}\n");
  CHECK(run.result.figures.highest_view > 200);
  CHECK(run.result.accepted == 3);
  CHECK(run.result.safety == Safety::held);
  CHECK(run.result.unsure.empty());
}

TEST_CASE("whoever believes what it should check is no liar: one liar convicts nobody else") {
  const auto culprits = [](const char* switches, NodeId liar, const std::string& rule) {
    return run_kit::run(
               fmt::format("schema: byzsim/v1\n"
                           "name: believers\n"
                           "protocol: {{name: pbft, n: 4, batch: 1, view_timeout: 500ms, {}}}\n"
                           "network: {{latency: 10ms}}\n"
                           "clients: {{count: 2, requests: 0, script: [{{name: b, at: 0s, client: 1, to: [{}]}}, "
                           "{{name: a, at: 5ms, client: 0, to: [0]}}]}}\n"
                           "adversary:\n"
                           "  corrupt: [{}]\n"
                           "  rules:\n"
                           "    - {{match: {{type: commit, view: 0}}, do: hold, until: 5s}}\n"
                           "    - {}\n"
                           "run: {{until: 10s}}\n",
                           switches, liar, liar, rule))
        .result.culprits;
  };
  CHECK(
      culprits("check_certificates: false", 3,
               "{match: {type: view-change, from: 3}, do: {alter: {prepared: [{pre_prepare: {view: 7, slot: 1, batch: "
               "[a, b]}, prepares: []}]}}}") == std::vector<NodeId>{3});
  CHECK(
      culprits("verify_new_view: false", 1,
               "{match: {type: new-view, from: 1, view: 1}, do: {alter: {pre_prepares: [{view: 1, slot: 1, batch: b}, "
               "{view: 1, slot: 1, batch: a}]}}}") == std::vector<NodeId>{1});
  // Nobody lies at all, but votes of any view count: the primary's own PREPARE from an earlier one must not.
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Scenario scenario = run_kit::parse(
        "schema: byzsim/v1\n"
        "name: any-view\n"
        "protocol: {name: pbft, n: 4, view_timeout: 25ms, bind_view: false}\n"
        "network: {latency: 'uniform(1ms, 30ms)', gst: 0s, delta: 50ms}\n"
        "clients: {count: 2, requests: 40, think: 5ms}\n"
        "run: {until: 60s}\n")[0];
    CHECK(run_kit::run(scenario, seed).result.culprits.empty());
  }
}
