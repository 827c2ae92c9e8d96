// Attacks written on purpose, with everything about them drawn: chance alone seldom gets all of a known attack right.
// Each is told in terms that hold for any protocol: proposals, votes, votes that decide, claims about earlier votes,
// and messages that carry claims. What a protocol does not have is left out.
#include <fmt/core.h>

#include <algorithm>

#include "adversaries/coalition.hpp"
#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

using namespace std::chrono_literals;

/// The kinds of messages that this protocol has of each sort; null where there is none.
struct Cast {
  const MessageKind* proposal = nullptr;
  const MessageKind* decision = nullptr;     ///< a vote that decides
  std::vector<const MessageKind*> votes;     ///< all phases, proposals left out
  const MessageKind* claim = nullptr;        ///< says what its signer voted for
  const MessageKind* carrier = nullptr;      ///< holds a list of claims
  std::string carried;                       ///< that list
  std::vector<std::string> proofs;           ///< lists in a claim that can be left out
  std::vector<std::string> carried_batches;  ///< paths in a carrier to what it proposes
  const MessageKind* news = nullptr;         ///< brings a decision: a proposal and the votes that decided it
  std::string news_of;                       ///< the proposal in it
  std::string news_by;                       ///< the votes
};

std::string name_of(const MessageKind* kind) {
  return std::string(kind->traits.name);
}

Cast cast_of(const Protocol& protocol) {
  Cast cast;
  for (const MessageKind* kind : protocol.kinds) {
    if (proposes(*kind) && !kind->traits.phase.empty() && cast.proposal == nullptr) cast.proposal = kind;
    if (!proposes(*kind) && !kind->traits.phase.empty() && kind->traits.exclusive) cast.votes.push_back(kind);
    if (kind->traits.decides) cast.decision = kind;
    if (kind->traits.claims) cast.claim = kind;
  }
  for (const MessageKind* kind : protocol.kinds) {
    std::string of;
    std::string by;
    for (const FieldFacts& field : kind->fields()) {
      if (field.sort != FieldSort::message) continue;
      if (!field.list && field.message == cast.proposal) of = std::string(field.name);
      if (field.list && field.message == cast.decision) by = std::string(field.name);
    }
    if (of.empty() || by.empty()) continue;
    cast.news = kind;
    cast.news_of = of;
    cast.news_by = by;
  }
  if (cast.claim == nullptr) return cast;
  for (const FieldFacts& field : cast.claim->fields()) {
    if (field.list) cast.proofs.emplace_back(field.name);
  }
  for (const MessageKind* kind : protocol.kinds) {
    for (const FieldFacts& field : kind->fields()) {
      if (field.sort != FieldSort::message || !field.list) continue;
      if (field.message == cast.claim) {
        cast.carrier = kind;
        cast.carried = std::string(field.name);
      } else if (field.message == cast.proposal && cast.carrier == kind) {
        for (const FieldFacts& inner : field.message->fields()) {
          if (inner.role == Role::payload)
            cast.carried_batches.push_back(fmt::format("{}.0.{}", field.name, inner.name));
        }
      }
    }
  }
  return cast;
}

/// What this kind calls the field of this role; empty if it has none.
std::string field_of(const MessageKind& kind, Role role) {
  for (const FieldFacts& field : kind.fields()) {
    if (field.role == role) return std::string(field.name);
  }
  return {};
}

Node rule(Node match, Node action) {
  return map_of({{"match", std::move(match)}, {"do", std::move(action)}});
}

Node until(Duration when) {
  return map_of({{"event", text("at")}, {"at", time_node(when)}});
}

/// When what honest replicas are kept from must have reached them.
Duration end_of_silence(Plan& plan) {
  return plan.live() ? plan.settled() : plan.gst + plan.draw.spread(200ms, 6s);
}

std::string two_requests(Plan& plan, std::string& other) {
  Draw& draw = plan.draw;
  if (plan.requests.size() < 2) return {};
  const std::vector<std::string> chosen = draw.shuffled(plan.requests);
  other = chosen[1];
  return chosen[0];
}

/// The honest replicas in two groups, each large enough to make a quorum with the liars, where that can be. Chance
/// alone seldom cuts there.
std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> two_sides(Plan& plan) {
  const std::vector<std::uint32_t> honest = plan.draw.shuffled(plan.honest());
  const std::size_t liars = plan.liars.size();
  const std::size_t needed = plan.quorum > liars ? plan.quorum - liars : 0;
  std::size_t cut = honest.size() / 2;
  if (2 * needed <= honest.size()) cut = plan.draw.between(needed, honest.size() - needed);
  const auto middle = honest.begin() + static_cast<std::ptrdiff_t>(cut);
  std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> sides{{honest.begin(), middle},
                                                                          {middle, honest.end()}};
  std::sort(sides.first.begin(), sides.first.end());
  std::sort(sides.second.begin(), sides.second.end());
  return sides;
}

/// Every proposal of a lying primary has a twin for the other half, and the liars vote for both.
void two_faced_primary(Plan& plan, const Cast&) {
  Draw& draw = plan.draw;
  plan.recipe = "equivocate";
  Node options = Node::map();
  const auto [one, other] = two_sides(plan);
  if (draw.odds(85) && !one.empty() && !other.empty()) {
    Node groups = Node::list();
    groups.push(number_list(one));
    groups.push(number_list(other));
    options.put("split", std::move(groups));
  }
  if (draw.odds(15)) options.put("match", map_of({{"view", number(draw.below(3))}}));
  plan.behaviours.push(map_of({{"equivocate", std::move(options)}}));
}

/// The same by hand: half of the replicas are shown another batch, and votes for it are forged in every phase.
void forged_votes(Plan& plan, const Cast& cast) {
  Draw& draw = plan.draw;
  std::string other;
  if (cast.proposal == nullptr || two_requests(plan, other).empty()) return two_faced_primary(plan, cast);
  plan.recipe = "forged-votes";
  const Node some = number_list(two_sides(plan).second);
  const Node slot = number(draw.odds(60) ? 1 : draw.between(1, 3));
  Node actions = Node::list();
  Node twin = Node::map();
  twin.put(field_of(*cast.proposal, Role::payload), text(other));
  actions.push(map_of({{"alter", std::move(twin)}}));
  plan.rules.push(rule(
      map_of({{"type", text(name_of(cast.proposal))}, {"from", number_list(plan.liars)}, {"to", some}, {"slot", slot}}),
      actions));
  for (const MessageKind* kind : cast.votes) {
    Node vote = Node::map();
    if (const std::string view = field_of(*kind, Role::view); !view.empty()) vote.put(view, text("event.view"));
    if (const std::string at = field_of(*kind, Role::slot); !at.empty()) vote.put(at, text("event.slot"));
    vote.put(field_of(*kind, Role::value), text(other));
    for (const std::uint32_t liar : plan.liars) {
      Node on =
          map_of({{"event", text("sent")},
                  {"match", map_of({{"type", text(name_of(cast.proposal))}, {"value", text(other)}, {"slot", slot}})}});
      if (draw.odds(50)) on.put("delay", time_node(draw.spread(1ms, 300ms)));
      plan.rules.push(map_of({{"on", std::move(on)},
                              {"do", map_of({{"forge", map_of({{"type", text(name_of(kind))},
                                                               {"from", number(liar)},
                                                               {"to", some},
                                                               {"fields", vote}})}})}}));
    }
  }
}

/// A few honest replicas decide with the liars, unheard by the others; the liars then claim that nothing had been
/// prepared. With `by_carrier`, a lying primary of a later view says it for others, too, and proposes something else.
void hidden_decision(Plan& plan, const Cast& cast, bool by_carrier) {
  Draw& draw = plan.draw;
  auto [informed, others] = two_sides(plan);
  if (cast.decision == nullptr || cast.claim == nullptr || cast.proofs.empty() || informed.empty() || others.empty()) {
    return two_faced_primary(plan, cast);
  }
  plan.recipe = by_carrier && cast.carrier != nullptr ? "rewritten-claims" : "hidden-decision";
  const Duration end = end_of_silence(plan);
  if (end > 20ms) {
    Node kinds = Node::list();
    if (cast.proposal != nullptr && draw.odds(80)) kinds.push(text(name_of(cast.proposal)));
    for (const MessageKind* kind : cast.votes) {
      if (kind == cast.decision || draw.odds(80)) kinds.push(text(name_of(kind)));
    }
    const auto keep = [&](Node match) {
      if (plan.live()) match.put("before", time_node(end));
      Node kept = rule(std::move(match), text(draw.odds(80) ? "hold" : "drop"));
      if (kept.find("do")->scalar == "hold") kept.put("until", until(end));
      return kept;
    };
    plan.rules.push(keep(map_of({{"type", std::move(kinds)}, {"view", number(0)}, {"to", number_list(others)}})));
    for (const bool inwards : {false, true}) {
      Node apart = keep(inwards ? map_of({{"from", text("replicas")}, {"to", number_list(informed)}})
                                : map_of({{"from", number_list(informed)}, {"to", text("replicas")}}));
      apart.put("since", map_of({{"event", text("decided")}, {"replica", number_list(informed)}}));
      plan.rules.push(std::move(apart));
    }
  }
  Node hide = Node::map();
  for (const std::string& proof : cast.proofs) {
    if (draw.odds(80) || hide.items.empty()) hide.put(proof, Node::list());
  }
  // Of these lists the last is what was prepared; left out alone, it is the surest lie.
  if (draw.odds(60)) {
    hide = Node::map();
    hide.put(cast.proofs.back(), Node::list());
  }
  plan.rules.push(rule(
      map_of({{"type", text(name_of(cast.claim))}, {"from", number_list(plan.liars)}, {"signer", text("corrupted")}}),
      map_of({{"alter", std::move(hide)}})));
  if (plan.recipe != "rewritten-claims") return;
  Node rewrite = Node::map();
  for (std::uint64_t i = 0; i < plan.quorum; ++i) {
    if (draw.odds(50)) rewrite.put(fmt::format("{}.{}.{}", cast.carried, i, cast.proofs.back()), Node::list());
  }
  if (!plan.requests.empty()) {
    for (const std::string& path : cast.carried_batches) rewrite.put(path, text(draw.pick(plan.requests)));
  }
  if (!rewrite.items.empty()) {
    plan.rules.push(rule(map_of({{"type", text(name_of(cast.carrier))}, {"from", number_list(plan.liars)}}),
                         map_of({{"alter", std::move(rewrite)}})));
  }
}

/// The first primary says nothing, a later one lies: the same attack one view on.
void later_view(Plan& plan, const Cast& cast) {
  if (plan.liars.size() < 2 || plan.liars[0] != 0) return two_faced_primary(plan, cast);
  Node quiet = map_of({{"match", map_of({{"from", number(0)},
                                         {"type", text(cast.proposal ? name_of(cast.proposal) : "request")},
                                         {"view", number(0)}})},
                       {"do", text("drop")}});
  plan.rules.push(std::move(quiet));
  two_faced_primary(plan, cast);
  plan.recipe = "equivocate-later";
}

/// Liars forget by crashing what they have voted for, and vote again.
void amnesia(Plan& plan, const Cast& cast) {
  Draw& draw = plan.draw;
  hidden_decision(plan, cast, false);
  Node on = map_of({{"event", text(draw.word({"decided", "prepared", "executed"}))},
                    {"slot", number(draw.between(1, 2))},
                    {"delay", time_node(draw.spread(1ms, 300ms))}});
  plan.rules.push(map_of({{"on", std::move(on)},
                          {"do", map_of({{"crash", map_of({{"replicas", number_list(plan.liars)},
                                                           {"down", time_node(draw.spread(1ms, 300ms))},
                                                           {"state", text("lost")}})}})}}));
  plan.recipe = "amnesia";
}

/// Two halves that hear the liars alone, each with its own story.
void divided(Plan& plan, const Cast& cast) {
  Draw& draw = plan.draw;
  two_faced_primary(plan, cast);
  const Duration end = end_of_silence(plan);
  const Node* split = plan.behaviours.items.back().items[0].find("split");
  if (end <= 1ms || split == nullptr) return;
  Node groups = Node::list();
  for (const Node& half : split->items) {
    Node group = half;
    for (const std::uint32_t liar : plan.liars) group.push(number(liar));
    groups.push(std::move(group));
  }
  plan.timeline.push(map_of({{"at", time_node(Duration{})},
                             {"until", time_node(end)},
                             {"mode", text(draw.word({"drop", "hold"}))},
                             {"partition", std::move(groups)}}));
  plan.recipe = "divided";
}

/// A client that lies has some wait for a high number and the others for low ones.
void two_tongued_client(Plan& plan) {
  Draw& draw = plan.draw;
  if (plan.false_clients.empty()) return;
  const std::uint32_t client = draw.pick(plan.false_clients);
  const Node name = text(fmt::format("c{}", client));
  const auto request = [&](std::uint64_t wanted, Node to) {
    return map_of({{"forge", map_of({{"type", text("request")},
                                     {"from", name},
                                     {"to", std::move(to)},
                                     {"fields", map_of({{"client", name}, {"number", number(wanted)}})}})}});
  };
  Node actions = Node::list();
  const std::uint64_t high = draw.between(50, 5000);
  actions.push(request(high, number_list(draw.some(plan.honest(), draw.between(1, plan.f + 1)))));
  const std::uint64_t low = draw.between(3, 30);
  for (std::uint64_t wanted = 1; wanted <= low; ++wanted) actions.push(request(wanted, number_list(plan.replicas())));
  plan.rules.push(map_of({{"on", time_node(draw.spread(0ms, 500ms))}, {"do", std::move(actions)}}));
}

/// A liar brings others the news of each decision, before the votes are there or long after.
void racing_news(Plan& plan, const Cast& cast) {
  Draw& draw = plan.draw;
  if (cast.news == nullptr) return two_faced_primary(plan, cast);
  plan.recipe = "racing-news";
  two_tongued_client(plan);
  const std::uint32_t liar = draw.pick(plan.liars);
  const Node victims = number_list(draw.some(plan.honest(), draw.between(1, plan.f + 1)));
  const Duration late = draw.odds(60) ? Duration{} : draw.spread(1ms, 500ms);
  for (std::uint64_t slot = 1; slot <= 12; ++slot) {
    const auto seen = [&](const MessageKind* kind) {
      return map_of({{"seen", map_of({{"type", text(name_of(kind))}, {"slot", number(slot)}})}});
    };
    Node on = map_of({{"event", text("decided")}, {"replica", number(liar)}, {"slot", number(slot)}});
    if (late > Duration{}) on.put("delay", time_node(product_of(late, static_cast<std::int64_t>(slot))));
    Node fields = Node::map();
    fields.put(cast.news_of, seen(cast.proposal));
    fields.put(cast.news_by, seen(cast.decision));
    Node forgery = map_of(
        {{"type", text(name_of(cast.news))}, {"from", number(liar)}, {"to", victims}, {"fields", std::move(fields)}});
    plan.rules.push(map_of({{"on", std::move(on)}, {"do", map_of({{"forge", std::move(forgery)}})}}));
  }
}

}  // namespace

void draw_recipe(Plan& plan) {
  Draw& draw = plan.draw;
  if (plan.liars.empty() || !draw.odds(plan.kind == WorldClass::beyond ? 85 : 35)) return;
  const Cast cast = cast_of(*plan.facts);
  switch (draw.below(9)) {
    case 0:
      return two_faced_primary(plan, cast);
    case 1:
      return forged_votes(plan, cast);
    case 2:
    case 3:
      return hidden_decision(plan, cast, false);
    case 4:
      return hidden_decision(plan, cast, true);
    case 5:
      return later_view(plan, cast);
    case 6:
      return amnesia(plan, cast);
    case 7:
      return racing_news(plan, cast);
    default:
      return divided(plan, cast);
  }
}

}  // namespace byzsim::soak
