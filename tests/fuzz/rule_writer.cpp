#include "tests/fuzz/rule_writer.hpp"

#include <fmt/core.h>

#include "adversaries/coalition.hpp"
#include "adversaries/path.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim::fuzz {

using Json = nlohmann::ordered_json;

namespace {
constexpr int kDeepest = 4;
}

std::string RuleWriter::number() {
  if (choices_.one_in(8)) {
    return choices_.pick({"18446744073709551615", "9007199254740993", "4294967295", "4294967296", "65536",
                          "9223372036854775808", "1000000", "-1", "x"});
  }
  return std::to_string(choices_.below(10));
}

std::string RuleWriter::time() {
  return choices_.one_in(12) ? choices_.pick({"0s", "1ns", "100000h", "-5ms", "9223372036s"})
                             : fmt::format("{}ms", choices_.below(4000));
}

std::string RuleWriter::request() {
  return choices_.pick({"a", "b", "c", "a", "b", "none", "zz"});
}

Json RuleWriter::numbers() {
  switch (choices_.below(6)) {
    case 0:
      return number();
    case 1:
      return Json::array({number(), number()});
    case 2:
      return Json{{"not", number()}};
    case 3:
      return fmt::format("{} {}", choices_.pick({">=", "<=", ">", "<"}), number());
    case 4:
      return fmt::format("{}..{}", choices_.below(4), choices_.below(200));
    default:
      return Json{{"not", Json::array({number()})}};
  }
}

Json RuleWriter::nodes() {
  const auto one = [&] {
    return choices_.pick(
        {"0", "1", "2", "3", "c0", "c1", "corrupted", "honest", "primary", "all", "replicas", "clients", "4", "c9"});
  };
  switch (choices_.below(4)) {
    case 0:
      return one();
    case 1:
      return Json::array({one(), one()});
    case 2:
      return Json{{"not", one()}};
    default:
      return choices_.pick({"corrupted", "0", "all"});
  }
}

Json RuleWriter::match(const MessageKind& kind, int depth) {
  Json match = Json::object();
  if (!choices_.one_in(12)) match["type"] = std::string(kind.traits.name);
  if (choices_.one_in(5)) match["view"] = numbers();
  if (choices_.one_in(5)) match["slot"] = numbers();
  if (choices_.one_in(5)) match["value"] = request();
  if (choices_.one_in(5)) match["signer"] = nodes();
  for (int i = 0; i < 3 && choices_.one_in(3); ++i) {
    FieldFacts reached;
    const std::string where = path(facts_of(kind), reached);
    match["fields"][where] = condition(reached);
  }
  if (depth > 0) return match;
  if (choices_.one_in(5)) match["from"] = nodes();
  if (choices_.one_in(5)) match["to"] = nodes();
  if (choices_.one_in(8)) match["after"] = time();
  if (choices_.one_in(8)) match["before"] = time();
  if (choices_.one_in(8)) match["skip"] = choices_.below(4);
  if (choices_.one_in(8)) match["first"] = choices_.below(4);
  if (choices_.one_in(6)) match["contains"] = this->match(this->kind(), 1);
  return match;
}

std::string RuleWriter::place(const FieldFacts& list) {
  const FieldFacts item = item_of(list);
  const auto& inner = fields_in(item);
  if (!inner.empty() && choices_.one_in(3)) {
    const FieldFacts& field = choices_.pick(inner);
    const std::string name = item.sort == FieldSort::message && choices_.one_in(3) ? "signer" : std::string(field.name);
    const std::string value = field.sort == FieldSort::digest
                                  ? choices_.pick({"a", "none", "0000000000000005"})
                                  : choices_.pick({"0", "1", "2", "4", "c0", "true", "disk"});
    return name + "=" + value;
  }
  return choices_.pick({"0", "*", "last", "1", "2", "x"});
}

std::string RuleWriter::path(const std::vector<FieldFacts>& facts, FieldFacts& reached) {
  reached = choices_.pick(facts);
  std::string text(reached.name);
  if (choices_.one_in(40)) text += "x";
  for (int depth = 0; depth < 8 && !choices_.done(); ++depth) {
    const FieldFacts inside = content_of(reached);
    if (inside.list) {
      if (choices_.one_in(3)) break;
      text += "." + place(inside);
      reached = item_of(inside);
    } else {
      const auto& inner = fields_in(inside);
      if (inner.empty() || choices_.one_in(8)) break;
      if (inside.sort == FieldSort::message && choices_.one_in(6)) {
        reached = FieldFacts{.name = "signer"};
        return text + ".signer";
      }
      reached = FieldFacts(choices_.pick(inner));
      text += "." + std::string(reached.name);
    }
  }
  return text;
}

Json RuleWriter::condition(const FieldFacts& facts) {
  if (choices_.one_in(30)) return choices_.pick({"none", "a", "[", "9"});
  if (is_batch(facts)) return request();
  const FieldFacts inside = content_of(facts);
  if (inside.list) {
    if (inside.sort == FieldSort::number && choices_.one_in(3)) return Json::array({number(), number()});
    return Json{{"size", numbers()}};
  }
  switch (inside.sort) {
    case FieldSort::number:
      return choices_.one_in(4) ? nodes() : numbers();
    case FieldSort::boolean:
      return choices_.one_in(2);
    case FieldSort::digest:
      return choices_.one_in(3) ? Json("0000000000000005") : Json(request());
    case FieldSort::text:
      return choices_.pick({"disk", "", "tape"});
    default:
      return choices_.one_in(2) ? Json("none") : Json{{"not", "none"}};
  }
}

Json RuleWriter::value(const FieldFacts& facts, bool altering, int depth) {
  if (choices_.one_in(40)) return choices_.pick({"", "nonsense", "+1"});
  if (!facts.list) return single(facts, altering, depth);
  if (facts.sort == FieldSort::message && choices_.one_in(4)) return Json{{"seen", match(*facts.message, 1)}};
  const FieldFacts item = item_of(facts);
  const auto items = [&] {
    Json list = Json::array();
    for (std::uint64_t i = choices_.below(4); i > 0; --i) list.push_back(single(item, false, depth + 1));
    return list;
  };
  if (!altering || choices_.one_in(3)) return items();
  Json steps = Json::object();
  for (std::uint64_t i = 1 + choices_.below(3); i > 0; --i) {
    const std::string step = choices_.pick({"append", "remove", "order"});
    if (step == "append") {
      steps[step] = choices_.one_in(2) ? items() : single(item, false, depth + 1);
    } else if (step == "order" && choices_.one_in(2)) {
      steps[step] = "reversed";
    } else {
      steps[step] = choices_.one_in(2) ? Json(place(facts)) : Json::array({place(facts), place(facts)});
    }
  }
  return steps;
}

Json RuleWriter::single(const FieldFacts& facts, bool altering, int depth) {
  switch (facts.sort) {
    case FieldSort::number:
      if (altering && choices_.one_in(3)) return choices_.pick({"+1", "-1", "+1000", "+9223372036854775807"});
      if (choices_.one_in(4)) return choices_.pick({"event.view", "event.slot", "event.node", "c0", "c1"});
      return number();
    case FieldSort::boolean:
      return choices_.one_in(2);
    case FieldSort::text:
      return choices_.pick({"disk", "", "\x01\n", "tape"});
    case FieldSort::digest:
      if (choices_.one_in(4)) return choices_.pick({"event.value", "0000000000000005", "ffffffffffffffff"});
      return choices_.one_in(3) ? Json::array({request(), request()}) : Json(request());
    case FieldSort::payload:
      if (choices_.one_in(10)) return nullptr;
      if (is_batch(facts)) {
        if (choices_.one_in(4)) return choices_.pick({"event.value", "none"});
        if (choices_.one_in(2)) return request();
      }
      return value(content_of(facts), altering, depth + 1);
    case FieldSort::members:
      return value(content_of(facts), altering, depth + 1);
    case FieldSort::message: {
      if (choices_.one_in(10)) return nullptr;
      if (choices_.one_in(4)) return Json{{"seen", match(*facts.message, 1)}};
      if (facts.message == &Request::kind_info && choices_.one_in(2)) return request();
      Json made = depth > kDeepest ? Json::object() : fields(fields_in(facts), false, depth + 1);
      if (choices_.one_in(3)) made["signer"] = choices_.pick({"0", "1", "3", "c0", "c1", "9"});
      return made;
    }
    case FieldSort::group:
      return depth > kDeepest ? Json::object() : fields(facts.fields, altering, depth + 1);
  }
  return nullptr;
}

Json RuleWriter::fields(const std::vector<FieldFacts>& facts, bool altering, int depth) {
  Json map = Json::object();
  for (std::uint64_t i = choices_.below(4); i > 0; --i) {
    FieldFacts reached;
    if (altering) {
      const std::string where = path(facts, reached);
      map[where] = value(reached, true, depth);
    } else {
      reached = choices_.pick(facts);
      map[std::string(reached.name)] = value(reached, false, depth);
    }
  }
  return map;
}

Json RuleWriter::trigger() {
  if (choices_.one_in(4)) return time();
  Json trigger = Json::object();
  const std::string event = choices_.pick({"view", "prepared", "decided", "executed", "timer", "submitted", "accepted",
                                           "crashed", "restarted", "sent", "delivered", "start"});
  trigger["event"] = event;
  if (event == "sent" || event == "delivered") trigger["match"] = match(kind());
  if (choices_.one_in(4)) trigger["replica"] = nodes();
  if (choices_.one_in(5)) trigger["view"] = numbers();
  if (choices_.one_in(5)) trigger["slot"] = numbers();
  if (choices_.one_in(5)) trigger["value"] = request();
  if (choices_.one_in(5)) trigger["skip"] = choices_.below(3);
  if (choices_.one_in(3)) trigger["times"] = 1 + choices_.below(5);
  if (choices_.one_in(5)) trigger["delay"] = time();
  return trigger;
}

Json RuleWriter::forge() {
  const MessageKind& made = kind();
  Json options{{"type", std::string(made.traits.name)}, {"from", choices_.pick({"0", "0", "3", "c0"})}};
  if (choices_.one_in(2)) options["to"] = nodes();
  const bool like = choices_.one_in(4);
  if (like) options["like"] = match(made, 1);
  options["fields"] = fields(facts_of(made), like, 0);
  if (choices_.one_in(4)) options["after"] = time();
  return options;
}

Json RuleWriter::action(const MessageKind& kind, bool on_packet) {
  switch (choices_.below(on_packet ? 12 : 6)) {
    case 0:
    case 1:
      return Json{{"forge", forge()}};
    case 2: {
      Json replay = Json::object();
      if (!on_packet || choices_.one_in(2)) replay["match"] = match(this->kind(), 1);
      if (choices_.one_in(3)) replay["to"] = nodes();
      if (choices_.one_in(3)) replay["from"] = "0";
      if (choices_.one_in(4)) replay["times"] = 1 + choices_.below(3);
      if (choices_.one_in(4)) replay["after"] = time();
      if (choices_.one_in(4)) replay["most"] = 1 + choices_.below(20);
      return Json{{"replay", replay}};
    }
    case 3:
      return Json{{"release", choices_.pick({"rule 1", "rule 2", "rule 3"})}};
    case 4:
      return Json{{"crash", Json::array({"0"})}};
    case 5:
      return Json{{"restart", Json::array({"0"})}};
    case 6:
      return "hold";
    case 7:
      return Json{{"delay", time()}};
    case 8:
      return Json{{"duplicate", 1 + choices_.below(2)}};
    case 9:
      return Json{{"reorder", 2 + choices_.below(3)}};
    default:
      return choices_.one_in(8) ? Json("drop") : Json{{"alter", fields(facts_of(kind), true, 0)}};
  }
}

Json RuleWriter::rule() {
  Json rule = Json::object();
  const MessageKind& about = kind();
  const bool on_packet = !choices_.one_in(3);
  if (on_packet) {
    rule["match"] = match(about);
    if (choices_.one_in(5)) rule["since"] = trigger();
    if (choices_.one_in(5)) rule["until"] = trigger();
  } else {
    rule["on"] = trigger();
  }
  rule["do"] = Json::array();
  for (std::uint64_t i = 1 + choices_.below(2); i > 0; --i) rule["do"].push_back(action(about, on_packet));
  return rule;
}

}  // namespace byzsim::fuzz
