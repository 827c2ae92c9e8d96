// PBFT against theory: quorum arithmetic, message counts, delays, timers, state transfer, and the canaries.
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/replica/protocol.hpp"
#include "sim/replica/quorum.hpp"
#include "sim/scenario/yaml.hpp"
#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;
using run_kit::run;

constexpr const char* kFaultFree = R"(
schema: byzsim/v1
name: fault-free
protocol: {{name: pbft, n: {0}, f: {1}}}
network: {{latency: 10ms}}
clients: {{requests: {2}, retransmit: 1h}}
run: {{until: 1h}}
)";

const KindTraffic& traffic(const run_kit::Run& r, std::string_view kind) {
  static const std::vector<std::string> order = {"request", "reply", "pre-prepare", "prepare", "commit"};
  return r.outcome.traffic.at(static_cast<std::size_t>(std::find(order.begin(), order.end(), kind) - order.begin()));
}

// attacks.md's schedule for a property test: the primary splits the honest backups as evenly as can be, proposes `a` to
// one half and `b` to the other, and all f liars vote for both, each half hearing only the votes for its own value.
// With more liars the halves share more voters; this is the strongest split, so it succeeds wherever any does.
std::string split_attack(std::uint32_t n, std::uint32_t f, std::uint32_t q) {
  std::vector<NodeId> liars, left, right;
  for (NodeId id = 0; id < n; ++id) {
    if (id < f) {
      liars.push_back(id);
    } else if ((id - f) % 2 == 0) {
      left.push_back(id);
    } else {
      right.push_back(id);
    }
  }
  return fmt::format(R"(
schema: byzsim/v1
name: split
protocol: {{name: pbft, n: {}, f: {}, quorum: {}, view_timeout: 10s}}
network: {{latency: 10ms}}
clients:
  requests: 0
  retransmit: 1h
  script:
    - {{name: a, at: 0s, operation: "put 1 1", to: [0]}}
    - {{name: b, at: 0s, operation: "put 1 2", to: [0]}}
adversary:
  corrupt: [{}]
  behaviours:
    - equivocate: {{match: {{type: pre-prepare, slot: 1}}, split: [[{}], [{}]]}}
run: {{until: 2s}}
)",
                     n, f, q, fmt::join(liars, ", "), fmt::join(left, ", "), fmt::join(right, ", "));
}

TEST_CASE("a COMMIT convicts whoever leaves it out of a later VIEW-CHANGE") {
  const Protocol& protocol = protocol_named("pbft");
  const auto verdict = [&](const SignedVote& vote, const char* view_change, const char* options = "") {
    Diagnostics errors;
    const auto parsed = parse_yaml(fmt::format("{{{}}}", options), errors.add_source("options", options), errors);
    const Choice choice = choose("protocol", "pbft", *parsed, errors);
    REQUIRE(errors.ok());
    const auto kind = std::find_if(protocol.kinds.begin(), protocol.kinds.end(),
                                   [](const MessageKind* k) { return k->traits.name == "view-change"; });
    REQUIRE(kind != protocol.kinds.end());
    const auto claim = protocol.claimed(choice.options.get(), *Draft::fresh(**kind, Json::parse(view_change)));
    // What judges ask before they ask the protocol.
    if (vote.view >= claim.view || vote.slot <= claim.stable) return std::string();
    return protocol.contradiction(choice.options.get(), vote, claim);
  };
  const SignedVote commit{"commit", 2, 7, Digest{0xa}};
  CHECK(verdict(commit, R"({"view": 5})").find("committed slot 7 in view 2") != std::string::npos);
  CHECK(verdict(commit, R"({"view": 2})").empty());               // the claim came first
  CHECK(verdict(commit, R"({"view": 5, "stable": 7})").empty());  // a checkpoint covers the slot
  CHECK(verdict({"prepare", 2, 7, Digest{0xa}}, R"({"view": 5})").empty());
  CHECK(verdict(commit, R"({"view": 5})", "view_change_certificates: false").empty());  // as the rules have it
  const auto showing = [](int view, int slot, const char* value) {
    return fmt::format(R"({{"view": 5, "prepared": [{{"pre_prepare": {{"kind": "pre-prepare", "signer": 2, "fields":
        {{"view": {}, "slot": {}, "value": "000000000000000{}"}}}}}}]}})",
                       view, slot, value);
  };
  CHECK(verdict(commit, showing(2, 7, "a").c_str()).empty());
  CHECK(verdict(commit, showing(4, 7, "b").c_str()).empty());        // prepared again, in a later view
  CHECK_FALSE(verdict(commit, showing(2, 7, "b").c_str()).empty());  // not what it committed
  CHECK_FALSE(verdict(commit, showing(1, 7, "a").c_str()).empty());
  CHECK_FALSE(verdict(commit, showing(2, 8, "a").c_str()).empty());
}

}  // namespace

TEST_CASE("fault-free: 2n(n-1) three-phase messages and three delays a decision") {
  for (const std::uint32_t n : {4u, 7u, 10u, 13u}) {
    CAPTURE(n);
    const std::uint64_t slots = 5;
    const auto r = run(fmt::format(kFaultFree, n, (n - 1) / 3, slots));
    CHECK(r.result.decisions == slots);
    CHECK(traffic(r, "pre-prepare").sent == slots * (n - 1));
    CHECK(traffic(r, "prepare").sent == slots * (n - 1) * (n - 1));
    CHECK(traffic(r, "commit").sent == slots * n * (n - 1));
    // Five delays for the client: request, three phases, reply.
    CHECK(r.result.figures.latency.max == 50'000'000);
    CHECK(r.result.figures.latency.p50 == 50'000'000);
  }
}

TEST_CASE("the quorum rules give the table of quorum arithmetic") {
  // n, f, then 2f+1, ceil(2n/3), ceil((n+f+1)/2), n-f, 2f and whether each keeps agreement: 2q - n >= f + 1.
  struct Row {
    std::uint32_t n, f, q[5];
    bool safe[5];
  };
  const Row table[] = {
      {4, 1, {3, 3, 3, 3, 2}, {true, true, true, true, false}},
      {5, 1, {3, 4, 4, 4, 2}, {false, true, true, true, false}},
      {6, 1, {3, 4, 4, 5, 2}, {false, true, true, true, false}},
      {7, 2, {5, 5, 5, 5, 4}, {true, true, true, true, false}},
      {8, 2, {5, 6, 6, 6, 4}, {false, true, true, true, false}},
      {9, 2, {5, 6, 6, 7, 4}, {false, true, true, true, false}},
      {10, 3, {7, 7, 7, 7, 6}, {true, true, true, true, false}},
  };
  const char* rules[] = {"2f+1", "ceil(2n/3)", "ceil((n+f+1)/2)", "n-f", "2f"};
  for (const Row& row : table) {
    for (int i = 0; i < 5; ++i) {
      CAPTURE(row.n);
      CAPTURE(rules[i]);
      CHECK(QuorumRule::parse(rules[i])->of(row.n, row.f) == row.q[i]);
      CHECK(quorums_intersect(row.n, row.f, row.q[i]) == row.safe[i]);
    }
  }
}

TEST_CASE("an equivocating coalition breaks agreement in exactly the unsafe cells, n = 4..13, every q") {
  for (std::uint32_t n = 4; n <= 13; ++n) {
    const std::uint32_t f = (n - 1) / 3;
    for (std::uint32_t q = 1; q <= n; ++q) {
      CAPTURE(n);
      CAPTURE(q);
      const auto r = run(split_attack(n, f, q));
      const bool split = std::any_of(r.result.violations.begin(), r.result.violations.end(),
                                     [](const Violation& v) { return v.invariant == "agreement"; });
      // Two quorums of q that share only the f liars: f plus each half of the honest, the smaller half decides it.
      CHECK(split == !quorums_intersect(n, f, q));
      CHECK(r.result.figures.happened.at("equivocate") >= 1);
      for (NodeId culprit : r.result.culprits) CHECK(culprit < f);
    }
  }
}

TEST_CASE("canary: a protocol whose quorum is too small is caught, and so is an adversary of f+1") {
  const auto small = run(split_attack(4, 1, 2));
  CHECK(small.result.safety == Safety::violated);
  CHECK(small.result.classification == Classification::within_model);
  CHECK(small.result.culprits == std::vector<NodeId>{0});
  std::string strong = split_attack(7, 3, 5);
  strong.replace(strong.find("f: 3"), 4, "f: 2");
  const auto beyond = run(strong);
  CHECK(beyond.result.safety == Safety::violated);
  CHECK(beyond.result.classification == Classification::outside_model);
}

TEST_CASE("f crashed primaries cost T 2^(f-1), or T (2^f - 1) where the request's own timer doubles") {
  for (const auto& [n, osdi, doubling] : {std::tuple{4u, 1, 1}, std::tuple{7u, 2, 3}, std::tuple{10u, 4, 7}}) {
    for (const bool osdi99 : {true, false}) {
      const std::uint32_t f = (n - 1) / 3;
      std::vector<NodeId> crashed;
      for (NodeId id = 0; id < f; ++id) crashed.push_back(id);
      std::vector<NodeId> everyone;
      for (NodeId id = 0; id < n; ++id) everyone.push_back(id);
      const auto r =
          run(fmt::format(R"(
schema: byzsim/v1
name: storm
protocol: {{name: pbft, n: {}, view_timeout: 1s, timer_convention: {}}}
network: {{latency: 1ms}}
clients: {{requests: 0, retransmit: 1h, script: [{{name: a, at: 1ms, to: [{}]}}]}}
timeline: [{{at: 0s, crash: [{}]}}]
run: {{until: 60s}}
)",
                          n, osdi99 ? "osdi99" : "doubling", fmt::join(everyone, ", "), fmt::join(crashed, ", ")));
      CAPTURE(n);
      CAPTURE(osdi99);
      // The delays of messages come on top: a few milliseconds a view.
      const double seconds = static_cast<double>(r.result.figures.latency.max) / 1e9;
      CHECK(seconds >= (osdi99 ? osdi : doubling));
      CHECK(seconds <= (osdi99 ? osdi : doubling) + 0.01 * (f + 1));
    }
  }
}

TEST_CASE("one replica alone decides at once; none honest is no liveness") {
  const auto alone = run(fmt::format(kFaultFree, 1, 0, 3));
  CHECK(alone.result.decisions == 3);
  CHECK(alone.result.figures.latency.max == 20'000'000);  // request and reply
}

namespace {

/// The bound that PBFT states for this scenario, with a client that pauses `pause` at most and nobody served before it.
Duration stated_bound(const char* options, std::uint32_t n, std::uint32_t f, Duration d, Duration pause) {
  Diagnostics errors;
  const auto parsed = parse_yaml(fmt::format("{{{}}}", options), errors.add_source("options", options), errors);
  const Choice choice = choose("protocol", "pbft", *parsed, errors);
  REQUIRE(errors.ok());
  return protocol_named("pbft").answered_within(choice.options.get(), {n, f, d, Duration{}, pause, 0, 0});
}

run_kit::Run first_primaries_down(const char* options, std::uint32_t n, std::uint32_t f) {
  std::vector<NodeId> down;
  for (NodeId id = 0; id < f; ++id) down.push_back(id);
  return run(fmt::format(R"(
schema: byzsim/v1
name: the first primaries are down
protocol: {{name: pbft, n: {}, f: {}, {}}}
network: {{latency: 10ms, gst: 0s, delta: 10ms}}
clients: {{requests: 1, retransmit: 100ms, backoff: 1}}
adversary: {{corrupt: [{}], behaviours: [crash: {{at: 0s}}]}}
run: {{until: 60s}}
)",
                         n, f, options, fmt::join(down, ", ")));
}

}  // namespace

TEST_CASE("the stated liveness bound is kept, half of it is needed, and without back-off it is exceeded") {
  using namespace std::chrono_literals;
  // f crashed primaries in a row, the worst case of OSDI'99: T 2^(f-1) of timers.
  for (const std::uint32_t f : {2u, 3u, 4u}) {
    CAPTURE(f);
    const char* options = "view_timeout: 500ms, retransmit: 20ms";
    const Duration bound = stated_bound(options, 3 * f + 1, f, 10ms, 100ms);
    const auto r = first_primaries_down(options, 3 * f + 1, f);
    REQUIRE(r.result.accepted == 1);
    CHECK(r.result.figures.latency.max <= bound.count());
    CHECK(2 * r.result.figures.latency.max >= bound.count());
  }
  // T = 5 ms is far too short for four delays of 10 ms, so the timeout must grow first.
  const char* options = "view_timeout: 5ms, retransmit: 5ms";
  const Duration bound = stated_bound(options, 4, 1, 10ms, 100ms);
  const auto grows = first_primaries_down(options, 4, 1);
  REQUIRE(grows.result.accepted == 1);
  CHECK(grows.result.figures.latency.max <= bound.count());
  const auto stays = first_primaries_down("view_timeout: 5ms, retransmit: 5ms, backoff: none", 4, 1);
  CHECK((stays.result.accepted == 0 || stays.result.figures.latency.max > bound.count()));
}

// A quorum of one decides what it proposes before `propose` returns. Whatever that leads to must not lead back into it:
// with 50,000 requests pending, one call inside the other needs more stack than there is.
TEST_CASE("a primary that is a quorum by itself works off any backlog, and signs one proposal a slot") {
  const auto backlog = run(R"(
schema: byzsim/v1
name: backlog
protocol: {name: pbft, n: 4, quorum: 1, batch: 1, view_timeout: 3s, window: 100000, checkpoint_interval: 100000}
network: {latency: 1ms}
clients: {requests: 50000, mode: open, interval: 30us}
adversary: {corrupt: [0], behaviours: [silence]}
run: {until: 60s}
)");
  CHECK(backlog.result.accepted == 50'000);
  // A NEW-VIEW with a proposal for slot 2 and requests pending beside it: those must come after slot 2.
  const auto new_view = run(R"(
schema: byzsim/v1
name: new-view
protocol: {name: pbft, n: 4, f: 0, quorum: 2f+1, batch: 1, view_timeout: 500ms, status: false}
network: {latency: 1ms}
clients:
  count: 5
  requests: 0
  script:
    - {name: a, at: 0s, client: 0, to: [0]}
    - {name: b, at: 2ms, client: 1, to: [0]}
    - {name: c, at: 4ms, client: 2, to: [0]}
    - {name: e, at: 5ms, client: 3, to: [2]}
    - {name: d, at: 12ms, client: 4, to: [1]}
adversary:
  rules:
    - {match: {from: 0, to: 1, type: {not: new-view}, before: 1s}, do: drop}
    - {match: {from: [2, 3], to: 1, type: [prepare, commit], before: 400ms}, do: drop}
    - {match: {from: [1, 2, 3], to: 0, type: request, before: 600ms}, do: drop}
    - {match: {from: clients, to: [0, 3], value: [d, e], before: 600ms}, do: drop}
run: {until: 10s}
)");
  CHECK(new_view.result.figures.happened.at("new-view") >= 1);
  CHECK(new_view.result.culprits.empty());
  CHECK(new_view.result.violations.empty());
}
