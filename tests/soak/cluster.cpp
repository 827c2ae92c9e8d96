// The cluster of a random world: class, size, options, and who is faulty.
#include <tuple>
#include <utility>

#include "sim/core/description.hpp"
#include "sim/core/options.hpp"
#include "sim/scenario/scenario.hpp"
#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

/// Small clusters more often: they are where few replicas matter most, and they cost least.
std::uint32_t draw_size(Draw& draw) {
  const std::uint64_t lot = draw.below(1000);
  if (lot < 380) return 4;
  if (lot < 540) return 7;
  if (lot < 620) return static_cast<std::uint32_t>(draw.between(1, 3));
  if (lot < 740) return static_cast<std::uint32_t>(draw.between(5, 6));
  if (lot < 992) return static_cast<std::uint32_t>(draw.between(8, 13));
  return 31;
}

/// The protocol's settings, those that were drawn and differ from their defaults; and whether a liar may owe its
/// acquittal to what they have everybody forget.
std::pair<Node, bool> options_of(Plan& plan) {
  const CatalogueEntry* entry = Catalogue::find("protocol", plan.protocol);
  const void* chosen = nullptr;
  std::shared_ptr<const void> drawn;
  Node settings = Node::map();
  if (plan.facts->vary) {
    drawn = plan.facts->vary(plan.draw.stream(), plan.n, plan.f);
    chosen = drawn.get();
    const Description* description = entry->options();
    const std::shared_ptr<void> defaults = description->make();
    const Node ours = show_struct(*description, chosen);
    const Node usual = show_struct(*description, defaults.get());
    for (std::size_t i = 0; i < ours.keys.size(); ++i) {
      const std::string& key = ours.keys[i].text;
      const Node* before = usual.find(key);
      if (before == nullptr || !same_content(*before, ours.items[i])) settings.put(key, ours.items[i]);
    }
  }
  const Choice usual = choose("protocol", plan.protocol);
  if (chosen == nullptr) chosen = usual.options.get();
  plan.quorum = plan.facts->quorum(chosen, plan.n, plan.f);
  // Lies beyond f are found out only while nothing is forgotten, so most of those worlds forget nothing.
  const bool forgets =
      plan.kind == WorldClass::beyond && plan.facts->keeps_slots && plan.facts->keeps_slots(chosen) < 1000;
  return {std::move(settings), forgets};
}

std::vector<std::uint32_t> take(Draw& draw, std::vector<std::uint32_t>& from, std::uint64_t count) {
  std::vector<std::uint32_t> taken = draw.some(from, count);
  std::erase_if(from, [&](std::uint32_t id) { return std::find(taken.begin(), taken.end(), id) != taken.end(); });
  return taken;
}

void draw_faults(Plan& plan) {
  Draw& draw = plan.draw;
  std::vector<std::uint32_t> left = plan.replicas();
  // The first primary is nobody special, but attacks begin with it.
  const auto liars = [&](std::uint64_t count) {
    if (count > 0 && draw.odds(plan.kind == WorldClass::beyond ? 80 : 45)) {
      left.erase(left.begin());
      if (count > 1 && draw.odds(40)) {  // nor is the second
        left.erase(left.begin());
        plan.liars = take(draw, left, count - 2);
        plan.liars.insert(plan.liars.begin(), {0, 1});
      } else {
        plan.liars = take(draw, left, count - 1);
        plan.liars.insert(plan.liars.begin(), 0);
      }
    } else {
      plan.liars = take(draw, left, count);
    }
  };
  if (plan.kind != WorldClass::beyond) {
    const std::uint64_t faults = draw.odds(70) ? plan.f : draw.between(0, plan.f);
    const std::uint64_t lying = draw.odds(65) ? faults : draw.between(0, faults);
    liars(lying);
    const std::uint64_t lost = draw.odds(60) ? 0 : draw.between(0, faults - lying);
    plan.forgetful = take(draw, left, lost);
    plan.shaky = take(draw, left, faults - lying - lost);
    return;
  }
  if (draw.odds(88)) {  // liars alone, fewer than a quorum: what completeness speaks of
    // So many share every two quorums; with fewer liars agreement may survive.
    const std::uint64_t least = std::max<std::uint64_t>(plan.f + 1, draw.odds(85) ? 2 * plan.quorum - plan.n : 1);
    const std::uint64_t most = std::max<std::uint64_t>(plan.quorum - 1, least);
    liars(std::min<std::uint64_t>(plan.n, draw.odds(60) ? least : draw.between(least, most)));
    return;
  }
  const std::uint64_t faults = draw.between(plan.f + 1, plan.n);
  const std::uint64_t lying = draw.between(0, faults);
  liars(lying);
  plan.forgetful = take(draw, left, faults - lying);
}

}  // namespace

std::vector<std::uint32_t> Plan::replicas() const {
  std::vector<std::uint32_t> all(n);
  for (std::uint32_t i = 0; i < n; ++i) all[i] = i;
  return all;
}

std::vector<std::uint32_t> Plan::honest() const {
  std::vector<std::uint32_t> rest = replicas();
  std::erase_if(rest, [&](std::uint32_t id) { return std::find(liars.begin(), liars.end(), id) != liars.end(); });
  return rest;
}

Node Plan::corrupted() const {
  Node list = number_list(liars);
  for (const std::uint32_t client : false_clients) list.push(text("c" + std::to_string(client)));
  return list;
}

Node Plan::any_nodes(std::size_t most) {
  return number_list(draw.some(replicas(), draw.between(1, std::max<std::size_t>(1, std::min<std::size_t>(most, n)))));
}

Node Plan::liar() {
  return number(draw.pick(liars));
}

const MessageKind& Plan::any_kind() {
  return *draw.pick(facts->kinds);
}

void draw_cluster(Plan& plan) {
  Draw& draw = plan.draw;
  const std::uint64_t lot = draw.below(100);
  plan.kind = lot < 12 ? WorldClass::beyond : lot < 32 ? WorldClass::wild : WorldClass::live;
  plan.n = draw_size(draw);
  if (plan.kind == WorldClass::beyond && plan.n < 4) plan.n = 4;
  plan.f = (plan.n - 1) / 3;
  if (plan.f > 1 && draw.odds(15)) plan.f = static_cast<std::uint32_t>(draw.between(1, plan.f));
  auto [settings, forgets] = options_of(plan);
  for (int again = 0; forgets && again < 20 && !draw.odds(5); ++again) std::tie(settings, forgets) = options_of(plan);
  Node protocol = map_of({{"name", text(plan.protocol)}, {"n", number(plan.n)}});
  if (plan.f != (plan.n - 1) / 3) protocol.put("f", number(plan.f));
  for (std::size_t i = 0; i < settings.keys.size(); ++i) protocol.put(settings.keys[i].text, settings.items[i]);
  plan.scenario.put("protocol", std::move(protocol));
  draw_faults(plan);
}

}  // namespace byzsim::soak
