// Random rules: whatever the rule language can say, on the messages of honest and of corrupted nodes.
#include <fmt/core.h>

#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

using namespace std::chrono_literals;

std::string name_of(const MessageKind& kind) {
  return std::string(kind.traits.name);
}

Node any_number(Draw& draw, std::uint64_t from) {
  switch (draw.below(4)) {
    case 0:
      return text(fmt::format(">= {}", draw.between(from, 2)));
    case 1:
      return text(fmt::format("{}..{}", from, from + draw.below(4)));
    case 2:
      return map_of({{"not", number(from + draw.below(2))}});
    default:
      return number(from + draw.below(3));
  }
}

Node receivers(Plan& plan) {
  Draw& draw = plan.draw;
  switch (draw.below(5)) {
    case 0:
      return map_of({{"not", plan.any_nodes(plan.n)}});
    case 1:
      return text(draw.word({"replicas", "clients", "primary", "honest", "all"}));
    default:
      return plan.any_nodes(plan.n);
  }
}

/// What is said of the messages beside their sender. `kind` is set if one type alone is meant.
void narrow(Plan& plan, Node& match, const MessageKind* kind) {
  Draw& draw = plan.draw;
  if (kind != nullptr) {
    match.put("type", text(name_of(*kind)));
  } else if (draw.odds(75)) {
    Node types = Node::list();
    for (std::uint64_t i = draw.between(1, 3); i > 0; --i) types.push(text(name_of(plan.any_kind())));
    match.put("type", types.items.size() == 1 ? types.items[0] : types);
  }
  if (draw.odds(25)) match.put("view", any_number(draw, 0));
  if (draw.odds(25)) match.put("slot", any_number(draw, 1));
  if (draw.odds(12) && !plan.requests.empty()) match.put("value", text(draw.pick(plan.requests)));
  if (draw.odds(40)) match.put("to", receivers(plan));
  if (draw.odds(20)) match.put("skip", number(draw.below(6)));
  if (draw.odds(40)) match.put("first", number(draw.between(1, 12)));
  if (draw.odds(6)) match.put("contains", map_of({{"type", text(name_of(plan.any_kind()))}}));
}

Node any_trigger(Plan& plan) {
  Draw& draw = plan.draw;
  const Duration last = plan.gst + 3s;
  if (draw.odds(25)) return map_of({{"event", text("at")}, {"at", time_node(draw.within(0s, last))}});
  const std::string event = draw.word({"start", "view", "view", "prepared", "decided", "executed", "timer", "submitted",
                                       "accepted", "crashed", "restarted", "sent", "delivered"});
  Node trigger = map_of({{"event", text(event)}});
  if (event == "sent" || event == "delivered") {
    Node match = Node::map();
    narrow(plan, match, nullptr);
    match.erase("skip");
    match.erase("first");
    if (match.items.empty()) match.put("type", text(name_of(plan.any_kind())));
    trigger.put("match", std::move(match));
  } else if (event != "start") {
    const bool of_client = event == "submitted" || event == "accepted";
    if (!of_client && draw.odds(50)) trigger.put("replica", plan.any_nodes(2));
    if (event == "view" && draw.odds(60)) trigger.put("view", number(draw.between(1, 3)));
    if ((event == "prepared" || event == "decided" || event == "executed") && draw.odds(50))
      trigger.put("slot", number(draw.between(1, 4)));
    if (event == "timer" && draw.odds(50) && !plan.facts->timers.empty())
      trigger.put("timer", text(draw.pick(plan.facts->timers)));
  }
  if (event != "start") {
    if (draw.odds(25)) trigger.put("skip", number(draw.below(4)));
    if (draw.odds(40)) trigger.put("times", number(draw.between(1, 8)));
  }
  if (draw.odds(40)) trigger.put("delay", time_node(draw.spread(1ms, 800ms)));
  return trigger;
}

Node one(const char* action, Node options) {
  return map_of({{action, std::move(options)}});
}

Node random_replay(Plan& plan, bool needs_match) {
  Draw& draw = plan.draw;
  Node replay = Node::map();
  if (needs_match || draw.odds(40)) {
    Node match = map_of({{"type", text(name_of(plan.any_kind()))}});
    if (draw.odds(40)) match.put("view", number(draw.below(3)));
    replay.put("match", std::move(match));
    replay.put("most", number(draw.between(1, 20)));
  }
  if (!plan.liars.empty() && draw.odds(70)) replay.put("from", plan.liar());
  if (draw.odds(60)) replay.put("to", receivers(plan));
  if (draw.odds(50)) replay.put("times", number(draw.between(1, 5)));
  if (draw.odds(50)) replay.put("after", time_node(draw.spread(1ms, 1s)));
  return one("replay", std::move(replay));
}

Node stop_or_start(Plan& plan) {
  Draw& draw = plan.draw;
  if (draw.odds(25)) return one("restart", number_list({plan.draw.pick(plan.liars)}));
  Node crash = map_of({{"replicas", number_list({plan.draw.pick(plan.liars)})}});
  if (draw.odds(70)) crash.put("down", time_node(draw.spread(1ms, 2s)));
  if (draw.odds(40)) crash.put("state", text("lost"));
  return one("crash", std::move(crash));
}

/// Whether the first of the actions of a rule keeps packets back.
bool keeps(const Node& action) {
  return (action.is_scalar() && action.scalar == "hold") || action.find("reorder") != nullptr;
}

Node on_the_wire(Plan& plan) {
  Draw& draw = plan.draw;
  switch (draw.below(6)) {
    case 0:
      return one("delay", text(fmt::format("uniform(1ms, {}ms)", draw.spread(2ms, 1s) / 1ms)));
    case 1:
      return one("duplicate", number(draw.between(1, 4)));
    case 2:
      return one("reorder", number(draw.between(2, 8)));
    case 3:
      return text("hold");
    default:
      return text("drop");
  }
}

/// The network's doings among honest nodes; over by GST in a live world.
void network_rule(Plan& plan) {
  Draw& draw = plan.draw;
  const Duration last = plan.live() ? plan.gst : std::max<Duration>(plan.gst, 4s);
  if (last < 30ms) return;
  Node match = Node::map();
  const MessageKind* kind = draw.odds(75) ? &plan.any_kind() : nullptr;
  narrow(plan, match, kind);
  if (draw.odds(45)) match.put("from", plan.any_nodes(plan.n));
  Node action = on_the_wire(plan);
  if (action.find("delay") != nullptr && plan.live() && std::exchange(plan.delayed, true)) action = text("drop");
  if (draw.odds(8) && kind != nullptr) action = one("alter", random_fields(plan, *kind, true));
  const Duration end = draw.odds(60) ? last : draw.within(10ms, last);
  Node rule = Node::map();
  if (draw.odds(25)) match.put("after", time_node(draw.within(0s, end)));
  const bool late = action.find("delay") != nullptr;
  const Duration before = late && plan.live() ? end - std::min<Duration>(end, 1s) : end;
  if (plan.live() || draw.odds(80)) {
    if (before <= 0s) return;
    match.put("before", time_node(before));
  }
  rule.put("match", std::move(match));
  if (draw.odds(15)) rule.put("since", any_trigger(plan));
  if (keeps(action) && (plan.live() || draw.odds(80))) {
    rule.put("until", map_of({{"event", text("at")}, {"at", time_node(end)}}));
  }
  rule.put("do", std::move(action));
  plan.rules.push(std::move(rule));
}

/// What the adversary does with what its own nodes send; at any time.
void liars_rule(Plan& plan) {
  Draw& draw = plan.draw;
  Node rule = Node::map();
  Node match = match_of_liars(plan);
  const MessageKind& kind = plan.any_kind();
  narrow(plan, match, draw.odds(85) ? &kind : nullptr);
  Node action;
  const bool typed =
      match.find("type") != nullptr && match.find("type")->is_scalar() && match.find("type")->scalar == name_of(kind);
  if (typed && draw.odds(50)) {
    action = one("alter", random_fields(plan, kind, true));
  } else if (draw.odds(20)) {
    match.put("first", number(draw.between(1, 6)));
    action = draw.odds(50) ? random_forgery(plan) : random_replay(plan, false);
  } else {
    action = on_the_wire(plan);
  }
  rule.put("match", std::move(match));
  if (draw.odds(20)) rule.put("since", any_trigger(plan));
  if (draw.odds(keeps(action) ? 60 : 15)) rule.put("until", any_trigger(plan));
  if (draw.odds(15)) {
    Node list = Node::list();
    list.push(std::move(action));
    list.push(on_the_wire(plan));
    action = std::move(list);
  }
  rule.put("do", std::move(action));
  plan.rules.push(std::move(rule));
}

void event_rule(Plan& plan) {
  Draw& draw = plan.draw;
  Node rule = map_of({{"on", any_trigger(plan)}});
  Node actions = Node::list();
  for (std::uint64_t i = draw.odds(75) ? 1 : 2; i > 0; --i) {
    const std::uint64_t lot = draw.below(100);
    if (lot < 55 && plan.can_corrupt()) {
      actions.push(random_forgery(plan));
    } else if (lot < 80 || plan.liars.empty()) {
      actions.push(random_replay(plan, true));
    } else {
      actions.push(stop_or_start(plan));
    }
  }
  rule.put("do", actions.items.size() == 1 ? actions.items[0] : actions);
  plan.rules.push(std::move(rule));
}

/// Two rules: one keeps back, the other lets go on an event.
void release_rules(Plan& plan) {
  const std::string name = fmt::format("kept {}", plan.rules.items.size());
  Node match = match_of_liars(plan);
  narrow(plan, match, nullptr);
  plan.rules.push(map_of({{"name", text(name)}, {"match", std::move(match)}, {"do", text("hold")}}));
  plan.rules.push(map_of({{"on", any_trigger(plan)}, {"do", one("release", text(name))}}));
}

}  // namespace

Node match_of_liars(Plan& plan) {
  Draw& draw = plan.draw;
  Node from = plan.corrupted();
  if (from.items.size() > 1 && draw.odds(40)) {
    const Node only = from.items[draw.below(from.items.size())];
    from = only;
  }
  return map_of({{"from", std::move(from)}});
}

Node random_forgery(Plan& plan) {
  Draw& draw = plan.draw;
  const bool client = plan.liars.empty() || (!plan.false_clients.empty() && draw.odds(25));
  const MessageKind& kind = client ? *plan.facts->kinds.front() : plan.any_kind();
  Node forge = map_of({{"type", text(name_of(kind))}});
  forge.put("from", client ? text(fmt::format("c{}", plan.false_clients.front())) : plan.liar());
  if (draw.odds(60)) forge.put("to", receivers(plan));
  if (draw.odds(30)) {
    Node like = map_of({{"type", text(name_of(kind))}});
    forge.put("like", std::move(like));
    forge.put("fields", random_fields(plan, kind, true));
  } else {
    forge.put("fields", random_fields(plan, kind, false));
  }
  if (draw.odds(20)) forge.put("after", time_node(draw.spread(1ms, 500ms)));
  return one("forge", std::move(forge));
}

void draw_rules(Plan& plan) {
  Draw& draw = plan.draw;
  const std::uint64_t count = draw.odds(plan.recipe != "none" ? 60 : 30) ? 0 : draw.between(1, 5);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t lot = draw.below(100);
    if (lot < 35 || !plan.can_corrupt()) {
      network_rule(plan);
    } else if (lot < 65) {
      liars_rule(plan);
    } else if (lot < 93) {
      event_rule(plan);
    } else {
      release_rules(plan);
    }
  }
}

}  // namespace byzsim::soak
