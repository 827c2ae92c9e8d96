// What the corrupted replicas of a random world do: every behaviour of the catalogue that this file knows how to set.
#include <fmt/core.h>

#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

using namespace std::chrono_literals;

Node type_of(Plan& plan) {
  return text(std::string(plan.any_kind().traits.name));
}

/// A `match` of content alone.
Node content(Plan& plan) {
  Draw& draw = plan.draw;
  Node match = Node::map();
  if (draw.odds(75)) match.put("type", type_of(plan));
  if (draw.odds(25)) match.put("view", number(draw.below(3)));
  if (draw.odds(20)) match.put("slot", draw.odds(50) ? number(draw.between(1, 4)) : text(">= 2"));
  if (match.items.empty()) match.put("type", type_of(plan));
  return match;
}

void window_of(Plan& plan, Node& options) {
  Draw& draw = plan.draw;
  const Duration last = plan.gst + 3s;
  if (draw.odds(25)) options.put("from", time_node(draw.within(0s, last)));
  if (draw.odds(25)) {
    const Node* from = options.find("from");
    const Duration begin = from == nullptr ? 0s : parse_duration(from->scalar).value;
    options.put("until", time_node(begin + draw.spread(1ms, 5s)));
  }
}

Node halves(Plan& plan) {
  Draw& draw = plan.draw;
  Node groups = Node::list();
  std::vector<std::vector<std::uint32_t>> parts(draw.odds(85) ? 2 : 3);
  for (const std::uint32_t id : draw.shuffled(plan.honest())) parts[draw.below(parts.size())].push_back(id);
  for (auto& part : parts) {
    if (part.empty()) part.push_back(static_cast<std::uint32_t>(draw.below(plan.n)));
    std::sort(part.begin(), part.end());
    groups.push(number_list(part));
  }
  return groups;
}

/// The options of one behaviour; nothing if this world has no use for it.
std::optional<Node> options_for(Plan& plan, const std::string& name) {
  Draw& draw = plan.draw;
  Node options = Node::map();
  if (plan.liars.size() > 1 && draw.odds(40)) {
    options.put("replicas", number_list(draw.some(plan.liars, draw.between(1, plan.liars.size()))));
  }
  if (name == "crash") {
    options.put("at", time_node(draw.within(0s, plan.gst + 2s)));
    if (draw.odds(75)) options.put("down", time_node(draw.spread(1ms, 3s)));
    if (options.find("down") != nullptr && draw.odds(40)) options.put("state", text("lost"));
    return options;
  }
  if (name == "credulous") return options;
  window_of(plan, options);
  if (name == "silence") return options;
  if (name == "censor") {
    options.put("clients", text(fmt::format("c{}", draw.below(plan.clients))));
  } else if (name == "corrupt") {
    if (draw.odds(60)) options.put("match", content(plan));
    if (draw.odds(40)) options.put("damage", text("signer"));
    if (draw.odds(50)) options.put("chance", Node::plain(fmt::format("0.{}", draw.between(1, 9))));
  } else if (name == "delay") {
    options.put("by", text(fmt::format("uniform(1ms, {}ms)", draw.spread(2ms, 3s) / 1ms)));
    if (draw.odds(50)) options.put("match", content(plan));
    if (draw.odds(50)) options.put("to", plan.any_nodes(plan.n));
  } else if (name == "equivocate") {
    if (draw.odds(30)) options.put("match", map_of({{"view", number(draw.below(3))}}));
    if (draw.odds(60)) options.put("split", halves(plan));
    if (!plan.requests.empty() && draw.odds(40) && options.find("split") != nullptr) {
      Node instead = Node::list();
      for (std::size_t i = 1; i < options.find("split")->items.size(); ++i)
        instead.push(text(draw.pick(plan.requests)));
      options.put("instead", std::move(instead));
    }
    if (draw.odds(30)) options.put("vote", Node::boolean(false));
  } else if (name == "flood") {
    if (draw.odds(60)) options.put("copies", number(draw.between(1, 8)));
    if (draw.odds(60)) options.put("every", time_node(draw.spread(5ms, 500ms)));
    if (draw.odds(50)) options.put("to", plan.any_nodes(plan.n));
    options.put("most", number(draw.between(10, 600)));
  } else if (name == "replay") {
    if (draw.odds(70)) options.put("match", content(plan));
    if (draw.odds(35)) options.put("when", text("next-view"));
    if (draw.odds(60)) options.put("after", time_node(draw.spread(1ms, 2s)));
    if (draw.odds(50)) options.put("times", number(draw.between(1, 6)));
    if (draw.odds(50)) options.put("to", plan.any_nodes(plan.n));
    options.put("most", number(draw.between(10, 600)));
  } else if (name == "selective") {
    options.put("to", draw.odds(60) ? plan.any_nodes(plan.n) : map_of({{"not", plan.any_nodes(plan.n)}}));
    if (draw.odds(50)) options.put("match", content(plan));
  } else if (name == "slow-primary") {
    const Duration period = draw.spread(5ms, 1500ms);
    options.put("period", time_node(period));
    options.put("margin", time_node(draw.within(0s, period)));
  } else {
    return std::nullopt;  // a new behaviour: teach this file to set it; until then the summary says it is never seen
  }
  return options;
}

}  // namespace

void draw_behaviours(Plan& plan) {
  Draw& draw = plan.draw;
  if (plan.liars.empty() || draw.odds(plan.recipe != "none" ? 65 : 20)) return;
  const std::vector<std::string> names = Catalogue::names("behaviour");
  const std::uint64_t count = draw.odds(60) ? 1 : draw.between(2, 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name = draw.pick(names);
    if (auto options = options_for(plan, name)) {
      Node behaviour = Node::map();
      behaviour.put(name, std::move(*options));
      plan.behaviours.push(std::move(behaviour));
    }
  }
}

}  // namespace byzsim::soak
