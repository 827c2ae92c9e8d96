// Fields of random messages, from what every protocol says of its kinds: sorts and roles, nothing else.
#include <fmt/core.h>

#include "adversaries/path.hpp"
#include "tests/soak/plan.hpp"

namespace byzsim::soak {

namespace {

constexpr int kDeepest = 3;

Node any_value(Plan& plan, const FieldFacts& field, bool altering, int depth);

Node a_request(Plan& plan) {
  Draw& draw = plan.draw;
  if (plan.requests.empty()) return text("none");
  if (draw.odds(85)) return text(draw.pick(plan.requests));
  Node list = Node::list();
  for (std::uint64_t i = draw.between(0, 2); i > 0; --i) list.push(text(draw.pick(plan.requests)));
  return list;
}

Node seen(Plan& plan, const MessageKind& kind) {
  Draw& draw = plan.draw;
  Node match = map_of({{"type", text(std::string(kind.traits.name))}});
  if (draw.odds(40)) match.put("view", number(draw.below(3)));
  if (draw.odds(20)) match.put("slot", number(draw.between(1, 4)));
  if (draw.odds(20) && !plan.liars.empty()) match.put("signer", plan.liar());
  return map_of({{"seen", std::move(match)}});
}

Node fields_of(Plan& plan, const std::vector<FieldFacts>& facts, int depth) {
  Node map = Node::map();
  for (const FieldFacts& field : facts) {
    if (plan.draw.odds(80)) map.put(std::string(field.name), any_value(plan, field, false, depth));
  }
  return map;
}

Node any_number(Plan& plan, const FieldFacts& field, bool altering) {
  Draw& draw = plan.draw;
  if (altering && draw.odds(45)) {
    const std::string sign = draw.word({"+", "-"});  // one draw a statement
    return text(sign + std::to_string(draw.between(1, 3)));
  }
  if (draw.odds(15)) return text(field.role == Role::slot ? "event.slot" : "event.view");
  if (draw.odds(6)) return number(draw.odds(50) ? 1'000'000 : (std::uint64_t{1} << draw.between(31, 62)));
  return number(draw.below(field.role == Role::view ? 4 : 8));
}

Node any_one(Plan& plan, const FieldFacts& field, bool altering, int depth) {
  Draw& draw = plan.draw;
  switch (field.sort) {
    case FieldSort::number:
      return any_number(plan, field, altering);
    case FieldSort::boolean:
      return Node::boolean(draw.odds(50));
    case FieldSort::digest:
      if (draw.odds(25)) return text("event.value");
      if (draw.odds(10)) return text(fmt::format("{:016x}", draw.stream().next()));
      return draw.odds(15) ? text("none") : a_request(plan);
    case FieldSort::payload:
      if (draw.odds(8)) return Node();  // nothing where a payload should be
      if (is_batch(field)) {
        if (draw.odds(25)) return text("event.value");
        if (draw.odds(70)) return draw.odds(15) ? Node::list() : a_request(plan);
      }
      return depth == 0 ? Node() : any_value(plan, content_of(field), altering, depth - 1);
    case FieldSort::text:
      return text("x");
    case FieldSort::members:
      return plan.any_nodes(plan.n);
    case FieldSort::message: {
      if (draw.odds(8)) return Node();  // nothing where a message should be
      if (depth == 0 || draw.odds(55)) return seen(plan, *field.message);
      Node inner = fields_of(plan, field.message->fields(), depth - 1);
      if (draw.odds(60)) inner.put("signer", plan.any_nodes(1).items[0]);
      return inner;
    }
    case FieldSort::group:
      return fields_of(plan, field.fields, depth - 1);
  }
  return Node();
}

Node any_value(Plan& plan, const FieldFacts& field, bool altering, int depth) {
  Draw& draw = plan.draw;
  if (!field.list) return any_one(plan, field, altering, depth);
  if (field.sort == FieldSort::message && draw.odds(40)) return seen(plan, *field.message);
  const FieldFacts item = item_of(field);
  const auto items = [&] {
    Node list = Node::list();
    for (std::uint64_t i = depth > 0 ? draw.below(4) : 0; i > 0; --i) list.push(any_one(plan, item, false, depth - 1));
    return list;
  };
  if (!altering || draw.odds(30)) return items();
  // What to do with the list that is there.
  switch (draw.below(5)) {
    case 0:
      return map_of({{"append", items()}});
    case 1:
    case 2:
      return map_of({{"remove", draw.odds(50) ? number(draw.below(3)) : text("last")}});
    case 3:
      return map_of({{"order", number_list({static_cast<std::uint32_t>(draw.below(3)), 0})}});
    default:
      return map_of({{"order", text("reversed")}});
  }
}

/// A path from this field inwards, and what to put at its end. What is nested is the farther reached the deeper it is.
std::pair<std::string, Node> inwards(Plan& plan, const FieldFacts& field) {
  Draw& draw = plan.draw;
  std::string path(field.name);
  FieldFacts reached = field;
  for (int depth = 0; depth < 2 * kDeepest; ++depth) {
    const FieldFacts inside = content_of(reached);
    if (inside.list) {
      if (draw.odds(25)) break;
      path += draw.odds(25) ? ".*" : draw.odds(20) ? ".last" : fmt::format(".{}", draw.below(3));
      reached = item_of(inside);
    } else {
      const std::vector<FieldFacts>& inner = fields_in(inside);
      if (inner.empty() || draw.odds(12)) break;
      reached = FieldFacts(draw.pick(inner));
      path += "." + std::string(reached.name);
    }
  }
  return {path, any_value(plan, reached, true, 1)};
}

}  // namespace

Node random_fields(Plan& plan, const MessageKind& kind, bool altering) {
  const std::vector<FieldFacts> facts = kind.fields();
  Draw& draw = plan.draw;
  if (!altering) return fields_of(plan, facts, kDeepest);
  Node map = Node::map();
  for (std::uint64_t i = draw.odds(70) ? 1 : 2; i > 0; --i) {
    auto [path, value] = inwards(plan, draw.pick(facts));
    map.put(path, std::move(value));
  }
  return map;
}

}  // namespace byzsim::soak
