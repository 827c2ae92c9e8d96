// The network of a random world: how long messages take, and what is promised of it.
#include <fmt/core.h>

#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

using namespace std::chrono_literals;

/// A distribution with about this mean.
std::string latency_around(Draw& draw, Duration mean) {
  const auto us = mean / 1us;
  switch (draw.below(7)) {
    case 0:
      return fmt::format("uniform({}us, {}us)", us / 2, us * 3 / 2);
    case 1:
      return fmt::format("normal({}us, {}us)", us, us * static_cast<long>(draw.between(5, 60)) / 100);
    case 2:
      return fmt::format("exponential({}us)", us);
    case 3:
      return fmt::format("lognormal({}us, 0.{})", us, draw.between(1, 9));
    case 4:
      return fmt::format("empirical({}us@85%, {}us@15%)", us / 2 + 1, us * 3);
    case 5:
      return fmt::format("exponential({}us) + {}us", us / 2 + 1, us / 2 + 1);
    default:
      return fmt::format("{}us", us);
  }
}

void draw_capacity(Plan& plan, Node& network) {
  Draw& draw = plan.draw;
  // Queues are bounded by nothing but the load, so they are for worlds that promise no time.
  if (plan.live()) return;
  if (draw.odds(15)) network.put("bandwidth", text(fmt::format("{}kbit/s", draw.between(200, 5000))));
  if (draw.odds(15)) network.put("uplink", text(fmt::format("{}kbit/s", draw.between(500, 20000))));
  if (draw.odds(plan.kind == WorldClass::beyond ? 10 : 40))
    network.put("loss", Node::plain(fmt::format("0.{:02}", draw.between(1, 40))));
}

void draw_topology(Plan& plan, Node& network) {
  Draw& draw = plan.draw;
  if (plan.n < 4 || !draw.odds(12)) return;
  switch (draw.below(5)) {
    case 0:
      network.put("topology", text("star"));
      break;
    case 1:
      network.put("topology", text("ring"));
      break;
    case 2:
      network.put("topology", text(plan.n % 2 == 0 ? "random-regular(3)" : "random-regular(2)"));
      break;
    case 3: {  // a tree: everybody hangs on somebody before it
      Node edges = Node::list();
      for (std::uint32_t id = 1; id < plan.n; ++id)
        edges.push(number_list({static_cast<std::uint32_t>(draw.below(id)), id}));
      network.put("topology", text("edges"));
      network.put("edges", std::move(edges));
      break;
    }
    default:
      network.put("topology", text(fmt::format("clusters({})", draw.between(1, plan.n / 2))));
  }
}

void draw_cpu(Plan& plan) {
  Draw& draw = plan.draw;
  if (!draw.odds(10)) return;
  plan.working = true;
  Node cpu = Node::map();
  for (const char* work : {"receive", "send", "sign", "verify", "execute"}) {
    if (draw.odds(50)) cpu.put(work, text(fmt::format("{}us", draw.between(1, 20))));
  }
  if (draw.odds(30)) cpu.put("cores", number(draw.between(2, 8)));
  plan.scenario.put("replicas", map_of({{"cpu", std::move(cpu)}}));
}

}  // namespace

void draw_network(Plan& plan) {
  Draw& draw = plan.draw;
  Node network = Node::map();
  const Duration mean = draw.spread(1ms, 60ms);
  if (draw.odds(4)) {
    network.put("regions", text(draw.word({"aws-21", "mysticeti-6"})));
  } else {
    network.put("latency", text(latency_around(draw, mean)));
    if (draw.odds(20)) network.put("base", text(latency_around(draw, draw.spread(1ms, 30ms))));
  }
  if (draw.odds(20)) network.put("client_latency", text(latency_around(draw, draw.spread(1ms, 60ms))));
  if (draw.odds(15)) network.put("order", text("fifo"));
  if (draw.odds(25)) network.put("duplicate", Node::plain(fmt::format("0.{:02}", draw.between(1, 30))));
  if (draw.odds(20)) {
    network.put("reorder", Node::plain(fmt::format("0.{:02}", draw.between(1, 50))));
    if (draw.odds(70)) network.put("reorder_by", text(latency_around(draw, draw.spread(5ms, 300ms))));
  }
  draw_topology(plan, network);
  draw_capacity(plan, network);
  plan.delta = std::max<Duration>(draw.spread(2ms, 250ms), mean);
  // Until GST replicas may do nothing but retransmit, each to all others.
  const Duration most = plan.n > 13 ? 2s : plan.n > 7 ? 6s : 12s;
  plan.gst = draw.odds(25) ? Duration{} : draw.spread(200ms, most);
  if (plan.live() || draw.odds(70)) {
    network.put("delta", time_node(plan.delta));
    if (plan.gst > 0s) network.put("gst", time_node(plan.gst));
  }
  plan.scenario.put("network", std::move(network));
  draw_cpu(plan);
}

void draw_clients(Plan& plan) {
  Draw& draw = plan.draw;
  plan.clients = static_cast<std::uint32_t>(draw.odds(35) ? 1 : draw.between(2, 6));
  // Big clusters cost quadratically; a handful of slots shows as much.
  const std::uint64_t most = plan.n > 13 ? 2 : plan.n > 7 ? 5 : 10;
  Node clients =
      map_of({{"count", number(plan.clients)}, {"requests", number(draw.between(draw.odds(10) ? 0 : 1, most))}});
  const bool open = draw.odds(35);
  if (open) {
    clients.put("mode", text("open"));
    clients.put("interval", text(latency_around(draw, draw.spread(2ms, 1500ms))));
  } else if (draw.odds(40)) {
    clients.put("think", time_node(draw.spread(1ms, 800ms)));
  }
  if (draw.odds(30)) clients.put("start", time_node(draw.within(0s, plan.gst + 1s)));
  clients.put("retransmit", time_node(draw.spread(50ms, 1500ms)));
  if (draw.odds(40)) clients.put("backoff", Node::plain(draw.word({"1", "1.5", "3"})));
  if (draw.odds(15)) clients.put("keys", number(draw.between(1, 4)));
  const std::uint64_t scripted = draw.odds(25) ? 0 : draw.between(1, 5);
  Node script = Node::list();
  for (std::uint64_t i = 0; i < scripted; ++i) {
    plan.requests.push_back(std::string(1, static_cast<char>('a' + i)));
    Node request = map_of({{"name", text(plan.requests.back())},
                           {"at", time_node(draw.odds(50) ? draw.within(0s, 200ms) : draw.within(0s, plan.gst + 1s))},
                           {"client", number(draw.below(plan.clients))}});
    if (draw.odds(60)) {
      const char* code = draw.word({"put", "add"});  // one draw a statement
      const std::uint64_t key = draw.below(3);
      request.put("operation", text(fmt::format("{} {} {}", code, key, draw.below(100))));
    }
    if (draw.odds(35)) request.put("to", plan.any_nodes(plan.n));
    script.push(std::move(request));
  }
  if (scripted > 0) clients.put("script", std::move(script));
  plan.scenario.put("clients", std::move(clients));
  if (plan.clients > 1 && draw.odds(20)) {
    plan.false_clients.push_back(static_cast<std::uint32_t>(draw.below(plan.clients)));
  }
}

}  // namespace byzsim::soak
