#include "tests/soak/promises.hpp"

#include <algorithm>
#include <map>

#include "analysis/expectation_check.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/replica/retransmission.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world.hpp"
#include "tests/soak/draw.hpp"
#include "tests/soak/world_text.hpp"

namespace byzsim::soak {

namespace {

/// Nobody is waited for longer, whatever the protocol's bound: a worst case that is stated in years would let every
/// stall pass, and no run reaches it. Timeouts that double from milliseconds are past any delta here within minutes.
constexpr Duration kMostAwaited = std::chrono::hours(10);

/// When each replica that the timeline crashes is up for good; Duration::max() if never.
std::map<std::uint32_t, Duration> back_for_good(const Scenario& scenario) {
  std::map<std::uint32_t, Duration> back;
  for (const TimelineEntry& entry : scenario.timeline) {
    for (const NodeRef node : entry.crash) {
      Duration& when = back[node.index];
      when = std::max(when, entry.until.value_or(Duration::max()));
    }
  }
  return back;
}

/// Requests that are served before one's own, at most, where clients are served in turn: those of one's own that are
/// under way, and as many of each other client as of oneself.
std::uint64_t served_before(const Scenario& scenario) {
  const ClientSettings& clients = scenario.clients;
  std::map<std::uint32_t, std::uint64_t> scripted;
  std::uint64_t most = 0;
  for (const ScriptedRequest& request : clients.script) most = std::max(most, ++scripted[request.client]);
  most += clients.mode == ClientMode::closed ? std::min<std::uint64_t>(clients.requests, 1) : clients.requests;
  return most == 0 ? 0 : clients.count * most - 1;
}

/// Slots, at most: one a request, and what liars add, of whom no rule acts often.
std::uint64_t decided_at_most(const Scenario& scenario) {
  const ClientSettings& clients = scenario.clients;
  return clients.count * (clients.requests + clients.script.size()) + 64 * scenario.adversary.rules.size();
}

/// One message's way, its waiting for cores included: what one replica may have to work on at once is bounded by what
/// all others send it in a round, a few times over.
Duration longest_way(const Scenario& scenario) {
  const CpuSettings& cpu = scenario.replicas.cpu;
  Duration each = product_of(cpu.verify, 4);
  for (const Duration work : {cpu.receive, cpu.send, cpu.sign, cpu.execute}) each = sum_of(each, work);
  return sum_of(*scenario.network.delta, product_of(each, static_cast<std::int64_t>(64 * scenario.protocol.n)));
}

}  // namespace

Promises promises_of(const Scenario& scenario, const Node& tree) {
  Promises promises;
  const Protocol& protocol = protocol_named(scenario.protocol.name);
  const void* options = scenario.protocol.options.options.get();
  const std::uint32_t n = scenario.protocol.n;
  const std::uint32_t f = scenario.protocol.assumed_faults();
  ReplicaSet replicas;  // that count as faulty for safety
  for (const NodeRef node : scenario.adversary.corrupt) {
    promises.faulty.insert(node.node(n));
    if (node.client) continue;
    replicas.insert(node.index);
    ++promises.liars;
  }
  for (const TimelineEntry& entry : scenario.timeline) {
    if (entry.state != RestartState::lost) continue;
    for (const auto* list : {&entry.crash, &entry.restart}) {
      for (const NodeRef node : *list) {
        promises.lost_states = true;
        promises.faulty.insert(node.index);
        replicas.insert(node.index);
      }
    }
  }
  promises.safety = replicas.size() <= f && n > 3 * f;
  ReplicaSet failing = replicas;
  for (const auto& [replica, back] : back_for_good(scenario)) {
    if (back >= scenario.network.gst) failing.insert(replica);
  }
  const Node* kind = tree.at_path("x-soak.class");
  promises.liveness = promises.safety && kind != nullptr && kind->scalar == "live" && failing.size() <= f &&
                      scenario.network.delta.has_value();
  if (promises.liveness && protocol.answered_within) {
    LivenessFacts facts;
    facts.n = n;
    facts.f = f;
    facts.delta = longest_way(scenario);
    facts.gst = scenario.network.gst;
    facts.client_pause = product_of(scenario.clients.retransmit, scenario.clients.backoff > 1 ? kLongestPause : 1);
    facts.ahead = served_before(scenario);
    facts.decided = decided_at_most(scenario);
    promises.answered_within = std::min<Duration>(protocol.answered_within(options, facts), kMostAwaited);
  }
  promises.liveness = promises.answered_within.has_value();
  const std::uint32_t q = protocol.quorum(options, n, f);
  const Node* adversary = tree.find("adversary");
  const bool lost_by_liars =
      adversary != nullptr && world_text(map_of({{"adversary", *adversary}})).find("lost") != std::string::npos;
  promises.completeness = n > 3 * f && 2 * q >= n + f + 1 && promises.liars > f && promises.liars < q &&
                          !promises.lost_states && !lost_by_liars;
  promises.named_at_least = 2 * q > n ? 2 * q - n : 0;
  promises.calm = promises.liveness && promises.faulty.size() == 0 && scenario.timeline.empty() &&
                  scenario.adversary.rules.empty() && scenario.clients.mode == ClientMode::closed &&
                  scenario.clients.script.empty() && scenario.clients.count > 1 && !scenario.network.regions;
  return promises;
}

std::optional<Scenario> load_world(const Node& tree, std::string& why) {
  Diagnostics errors;
  LoadOptions options;
  options.files = false;
  options.further = {check_against_protocol, check_expectations};
  std::vector<Scenario> scenarios = load_text("soak.yaml", world_text(tree), options, errors);
  if (errors.errors() > 0 || scenarios.size() != 1) {
    why = errors.render();
    return std::nullopt;
  }
  return std::move(scenarios.front());
}

bool sound(const Node& tree) {
  std::string why;
  const std::optional<Scenario> scenario = load_world(tree, why);
  if (!scenario) return true;  // not for that reason
  const std::uint32_t n = scenario->protocol.n;
  return n <= 3 * scenario->protocol.assumed_faults() || protocol_doubts(*scenario).empty();
}

void settle(Node& tree) {
  std::string why;
  tree.erase("expect");
  tree.erase("judge");
  const std::optional<Scenario> scenario = load_world(tree, why);
  if (!scenario) return;  // whoever runs it will say so
  const Promises promises = promises_of(*scenario, tree);
  if (!promises.safety) return;
  Node expect = map_of({{"safety", text("held")}});
  if (promises.liveness) {
    Duration last = scenario->network.gst;
    for (const ScriptedRequest& request : scenario->clients.script) last = std::max(last, request.at);
    last = std::max(last, scenario->clients.start);
    // Requests that come later than that are cut off by the end of the run; the first that nobody answers is not.
    expect.put("liveness", map_of({{"within", time_node(*promises.answered_within)}}));
    tree.set("run.until", time_node(last + *promises.answered_within + std::chrono::seconds(10)), {});
  }
  tree.put("expect", std::move(expect));
}

}  // namespace byzsim::soak
