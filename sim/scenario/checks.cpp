#include "sim/scenario/checks.hpp"

#include <fmt/core.h>

#include <set>

#include "sim/net/topology.hpp"
#include "sim/scenario/places.hpp"

namespace byzsim {

namespace {

class Checker : public Places {
 public:
  using Places::Places;

  void protocol() {
    if (!sound("protocol.n", "protocol.f")) return;
    if (s_.protocol.f && *s_.protocol.f >= s_.protocol.n) {
      error("protocol.f", fmt::format("f = {} of n = {} replicas cannot all be faulty", *s_.protocol.f, s_.protocol.n),
            "f must be less than n");
    }
  }

  void network() {
    const NetworkSettings& net = s_.network;
    // The rest is NetworkSettings' own check; this needs n.
    if (sound("network.topology", "network.edges", "protocol.n")) {
      if (const std::string problem = Topology::problem(net.topology, s_.protocol.n, net.edges); !problem.empty())
        error(net.topology.kind == TopologyKind::edges ? "network.edges" : "network.topology", problem);
    }
    if (net.reorder_by != NetworkSettings().reorder_by && net.reorder == 0)
      warn("network.reorder_by", "reorder_by has no effect while reorder is 0");
  }

  void clients() {
    const ClientSettings& c = s_.clients;
    if (sound("clients.mode", "clients.interval", "clients.think")) modes(c);
    std::set<std::string> names;
    for (std::size_t i = 0; i < c.script.size(); ++i) {
      const ScriptedRequest& request = c.script[i];
      const std::string path = fmt::format("clients.script.{}", i);
      nodes(path + ".to", request.to, Who::replicas);
      if (sound(path + ".name") && !names.insert(request.name).second)
        error(path + ".name", fmt::format("two requests are named '{}'", request.name));
      if (sound(path + ".client", "clients.count") && request.client >= c.count) {
        error(path + ".client", fmt::format("there is no client {}", request.client),
              fmt::format("clients.count is {}", c.count));
      }
      if (sound(path + ".at", "run.until") && request.at >= s_.run.until)
        warn(path + ".at", "the run ends before this request is sent");
    }
  }

  void modes(const ClientSettings& c) {
    if (c.mode == ClientMode::open && c.interval == LatencySpec()) {
      error("clients.mode", "open mode needs an interval between requests", "such as `interval: exponential(10ms)`");
    }
    if (c.mode == ClientMode::closed && c.interval != LatencySpec()) {
      warn("clients.interval", "interval has no effect in closed mode", "write `mode: open`");
    }
    if (c.mode == ClientMode::open && c.think != 0ns) warn("clients.think", "think has no effect in open mode");
  }

  void adversary() {
    nodes("adversary.corrupt", s_.adversary.corrupt, Who::anyone);
    if (sound("adversary") && s_.adversary.corrupt.empty() && !s_.adversary.behaviours.empty()) {
      warn("adversary.behaviours", "behaviours have no effect: the adversary controls no node", "write `corrupt: [0]`");
    }
  }

  void run() {
    const RunSettings& run = s_.run;
    if (!sound("run")) return;
    if (run.seeds && run.seed != RunSettings().seed) warn("run.seed", "seed has no effect beside seeds");
    if (run.seeds && (run.seeds->count() == 0 || run.seeds->count() > 10'000'000)) {
      error("run.seeds", "too many seeds", "at most 10000000 runs");
    }
    if (run.series > 0ns && run.until / run.series >= 100'000) {
      error("run.series", "too short an interval: there would be more than 100000 of them",
            fmt::format("until is {}", to_string(run.until)));
    }
    if (run.warmup >= run.until)
      error("run.warmup", "the warm-up is as long as the run", fmt::format("until is {}", to_string(run.until)));
    if (sound("protocol.n") && run.decisions && run.decisions->replicas && *run.decisions->replicas > s_.protocol.n) {
      error("run.decisions.replicas", fmt::format("there are only {} replicas", s_.protocol.n));
    }
  }

  void expectations() {
    const Expectations& e = s_.expect;
    if (e.culprits) nodes("expect.culprits", *e.culprits, Who::anyone);
    if (e.suspects) nodes("expect.suspects", *e.suspects, Who::anyone);
    if (!sound("expect", "run.seeds", "judge")) return;
    if (!e.aggregate.empty() && !s_.run.seeds) {
      error("expect.aggregate", "an aggregate needs several runs", "write `run: {seeds: 1..100}`");
    }
    const bool breaks = e.safety == Safety::violated || (e.liveness && e.liveness->verdict == Liveness::violated);
    if (breaks && e.classification == Classification::none) {
      error("expect.classification", "`none` contradicts the violation that is expected",
            "within-model or outside-model");
    }
    if (!sound("clients")) return;
    if (e.liveness && e.liveness->requests) {
      const std::uint64_t total = s_.clients.count * s_.clients.requests + s_.clients.script.size();
      if (*e.liveness->requests > total) {
        error("expect.liveness.requests", fmt::format("the clients send only {} requests", total));
      }
    }
    if (s_.judge.fairness && s_.clients.count < 2)
      warn("judge.fairness", "fairness compares clients, and there is only one");
  }
};

}  // namespace

void check(const Scenario& scenario, const Node& root, Diagnostics& errors) {
  Checker checker(scenario, root, errors);
  checker.protocol();
  checker.network();
  checker.clients();
  checker.adversary();
  checker.run();
  checker.expectations();
  check_timeline(scenario, root, errors);
}

}  // namespace byzsim
