// The timeline of a random world: partitions, one-way cuts, crashes. In a live world all of it that concerns honest
// nodes is over by GST, except for the replicas that count as faulty anyway.
#include <fmt/core.h>

#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

using namespace std::chrono_literals;

Duration last_of(const Plan& plan) {
  return plan.live() ? plan.gst : std::max<Duration>(plan.gst, 3s);
}

Node some_nodes(Plan& plan) {
  Draw& draw = plan.draw;
  Node list = number_list(draw.some(plan.replicas(), draw.between(1, plan.n)));
  if (draw.odds(20)) list.push(text(fmt::format("c{}", draw.below(plan.clients))));
  return list;
}

void draw_cut(Plan& plan) {
  Draw& draw = plan.draw;
  const Duration end = last_of(plan);
  if (end < 20ms) return;
  const Duration at = draw.odds(40) ? Duration{} : draw.within(0s, end - 10ms);
  Duration until = draw.odds(50) ? end : draw.within(at + 1ms, end);
  Node entry = Node::map();
  std::string mode = draw.word({"drop", "drop", "hold", "delay"});
  if (mode == "delay" && plan.live() && plan.delayed) mode = "hold";
  if (mode == "delay") {
    plan.delayed = true;
    // What is late by so much and sent before the cut heals is still there by GST.
    const Duration late = draw.spread(5ms, 1s);
    if (plan.live()) until = std::min(until, plan.gst - late);
    if (until <= at) {
      mode = "drop";
      until = end;
    } else {
      entry.put("delay", time_node(late));
    }
  }
  entry.put("at", time_node(at));
  if (plan.live() || draw.odds(85)) entry.put("until", time_node(until));
  entry.put("mode", text(mode));
  if (plan.n > 1 && draw.odds(50)) {
    Node groups = Node::list();
    std::vector<std::vector<std::uint32_t>> parts(draw.odds(80) ? 2 : 3);
    for (const std::uint32_t id : draw.shuffled(plan.replicas())) {
      if (draw.odds(90)) parts[draw.below(parts.size())].push_back(id);
      if (draw.odds(5)) parts[draw.below(parts.size())].push_back(id);
    }
    for (auto& part : parts) {
      if (part.empty()) part.push_back(static_cast<std::uint32_t>(draw.below(plan.n)));
      std::sort(part.begin(), part.end());
      part.erase(std::unique(part.begin(), part.end()), part.end());
      groups.push(number_list(part));
    }
    entry.put("partition", std::move(groups));
  } else {
    entry.put("cut", map_of({{"from", some_nodes(plan)}, {"to", some_nodes(plan)}}));
  }
  plan.timeline.push(std::move(entry));
}

/// One replica's crashes, one after the other, up to `end`. If it is `shaky` the last may be for ever.
void draw_crashes(Plan& plan, std::uint32_t replica, Duration end, bool for_ever, bool lost) {
  Draw& draw = plan.draw;
  Duration at = draw.odds(30) ? Duration{} : draw.within(1ms, end);
  const std::uint64_t times = draw.odds(60) ? 1 : draw.between(2, 4);
  for (std::uint64_t i = 0; i < times && at + 2ms < end; ++i) {
    Node entry = map_of({{"at", time_node(at)}, {"crash", number_list({replica})}});
    if (for_ever && i + 1 == times && draw.odds(60)) {
      plan.timeline.push(std::move(entry));
      return;
    }
    const Duration until = std::min(end - 1ms, at + draw.spread(1ms, std::max<Duration>(2ms, end / 2)));
    if (until <= at) return;
    entry.put("until", time_node(until));
    if (lost && (i == 0 || draw.odds(50))) entry.put("state", text("lost"));
    plan.timeline.push(std::move(entry));
    at = until + draw.spread(1ms, std::max<Duration>(2ms, end / 2));
  }
}

}  // namespace

void draw_timeline(Plan& plan) {
  Draw& draw = plan.draw;
  const std::uint64_t cuts = draw.odds(plan.kind == WorldClass::beyond ? 75 : 50) ? 0 : draw.between(1, 4);
  for (std::uint64_t i = 0; i < cuts; ++i) draw_cut(plan);
  const Duration later = plan.gst + 4s;
  for (const std::uint32_t id : plan.shaky) draw_crashes(plan, id, later, true, false);
  for (const std::uint32_t id : plan.forgetful) draw_crashes(plan, id, later, false, true);
  if (!draw.odds(plan.kind == WorldClass::beyond ? 10 : 35)) return;
  // Anybody may crash before GST and come back with what it had written.
  for (const std::uint32_t id : plan.honest()) {
    const auto in = [&](const std::vector<std::uint32_t>& list) {
      return std::find(list.begin(), list.end(), id) != list.end();
    };
    if (in(plan.shaky) || in(plan.forgetful) || !draw.odds(50)) continue;
    const Duration end = plan.live() ? plan.gst : last_of(plan);
    if (end > 5ms) draw_crashes(plan, id, end, false, false);
  }
}

}  // namespace byzsim::soak
