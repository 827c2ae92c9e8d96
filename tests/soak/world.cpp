// A random world from its parts, and what follows from them: the bound that is owed and the time that it takes to see.
#include <fmt/core.h>

#include "sim/scenario/loader.hpp"
#include "tests/soak/plan.hpp"
#include "tests/soak/promises.hpp"
#include "tests/soak/world_text.hpp"

namespace byzsim::soak {

using namespace std::chrono_literals;

const char* word_of(WorldClass kind) {
  return kind == WorldClass::live ? "live" : kind == WorldClass::wild ? "wild" : "beyond";
}

Node make_world(std::uint64_t seed, std::uint64_t world, const std::string& protocol,
                const std::vector<std::string>& overrides) {
  Plan plan(seed, world);
  plan.protocol = protocol;
  plan.facts = &protocol_named(protocol);
  plan.scenario.put("schema", text("byzsim/v1"));
  plan.scenario.put("name", text(fmt::format("soak {} of seed {}", world, seed)));
  draw_cluster(plan);
  draw_network(plan);
  draw_clients(plan);
  draw_timeline(plan);
  draw_recipe(plan);
  draw_behaviours(plan);
  draw_rules(plan);
  Node adversary = Node::map();
  if (plan.can_corrupt()) adversary.put("corrupt", plan.corrupted());
  if (!plan.behaviours.items.empty()) adversary.put("behaviours", std::move(plan.behaviours));
  if (!plan.rules.items.empty()) adversary.put("rules", std::move(plan.rules));
  if (!adversary.items.empty()) plan.scenario.put("adversary", std::move(adversary));
  if (!plan.timeline.items.empty()) plan.scenario.put("timeline", std::move(plan.timeline));
  const Duration last = plan.gst + std::chrono::seconds(plan.draw.between(5, 60));
  plan.scenario.put("run", map_of({{"until", time_node(last)},
                                   {"seed", number(plan.draw.below(1'000'000))},
                                   {"max_events", number(1'000'000)}}));
  if (plan.draw.odds(5)) plan.scenario.set("run.warmup", time_node(plan.draw.spread(1ms, 2s)), {});
  if (plan.draw.odds(5)) plan.scenario.set("run.series", time_node(plan.draw.spread(1s, 20s)), {});
  if (plan.draw.odds(5)) plan.scenario.set("run.stop_at_violation", Node::boolean(true), {});
  plan.scenario.put("x-soak", map_of({{"class", text(word_of(plan.kind))}, {"recipe", text(plan.recipe)}}));
  for (const std::string& setting : overrides) {
    const std::size_t equals = setting.find('=');
    plan.scenario.set(setting.substr(0, equals), Node::plain(setting.substr(equals + 1)), {});
  }
  settle(plan.scenario);
  return std::move(plan.scenario);
}

}  // namespace byzsim::soak
