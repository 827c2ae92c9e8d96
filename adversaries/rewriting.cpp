#include "adversaries/rewriting.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "sim/core/limits.hpp"

namespace byzsim {

namespace {

bool recalls_in(const Node& node) {
  return seen_in(node) != nullptr || std::any_of(node.items.begin(), node.items.end(), recalls_in);
}

std::optional<std::int64_t> relative(const std::string& text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const Parsed<std::uint64_t> parsed = parse_unsigned(std::string_view(text).substr(1));
  if (!parsed || parsed.value > (std::uint64_t{1} << 62)) return std::nullopt;
  return text[0] == '+' ? static_cast<std::int64_t>(parsed.value) : -static_cast<std::int64_t>(parsed.value);
}

}  // namespace

const Node* seen_in(const Node& node) {
  return node.is_map() && node.items.size() == 1 ? node.find("seen") : nullptr;
}

bool Setting<FieldTree>::read(const Node& node, FieldTree& out, Diagnostics& errors) {
  if (!node.is_map()) return detail::mismatch(node, type(), errors);
  out.node = node;
  return true;
}

bool FieldTree::recalls() const {
  return recalls_in(node);
}

Node Setting<FieldTree>::schema() {
  return Node::map().put("type", Node::text("object"));
}

Json Rewriter::tree(const Message& message) const {
  Json made = tree_of(message, notary());
  count(made);
  return made;
}

Json Rewriter::number(const Node& wanted, const Json* old) const {
  const std::string& text = wanted.scalar;
  const auto of_event = [&](std::uint64_t value, std::uint64_t nothing) -> Json {
    if (value == nothing) throw Impossible(fmt::format("the event has no {}", text.substr(6)));
    return value;
  };
  if (text == "event.view") return of_event(occasion_.view, kNoView);
  if (text == "event.slot") return of_event(occasion_.slot, kNoSlot);
  if (text == "event.node") return of_event(occasion_.node, kNobody);
  if (const auto step = relative(text)) {
    std::uint64_t now = 0;
    if (old == nullptr)
      throw Impossible(fmt::format("'{}' is relative, and there is nothing it could be relative to", text));
    take(*old, now);
    const std::uint64_t then = now + static_cast<std::uint64_t>(*step);
    if ((*step < 0) != (then < now) && *step != 0)
      throw Impossible(fmt::format("{} {} leaves the range of numbers", now, text));
    return then;
  }
  const auto word = number_word(text, coalition_.powers().n());
  if (!word) throw Impossible(fmt::format("'{}' is no number and no node", text));
  return *word;
}

Ref<const Batch> Rewriter::batch(const Node& wanted) const {
  const Powers& powers = coalition_.powers();
  if (wanted.is_scalar() && wanted.scalar == "event.value") {
    Ref<const Batch> known = powers.batch(occasion_.value);
    if (!known) throw Impossible("the event's batch was never seen");
    return known;
  }
  std::vector<Ref<const Request>> requests;
  const auto add = [&](const Node& name) {
    Ref<const Request> request = powers.sent_request(name.scalar);
    if (!request) throw Impossible(fmt::format("request '{}' has not been sent yet", name.scalar));
    requests.push_back(std::move(request));
  };
  if (wanted.is_list()) {
    for (const Node& name : wanted.items) add(name);
  } else if (wanted.is_scalar() && wanted.scalar != "none") {
    add(wanted);
  }
  return make_ref<const Batch>(std::move(requests));
}

std::vector<Ref<const Message>> Rewriter::seen(const ContentMatch& match, bool one_each) const {
  std::vector<Ref<const Message>> found;
  std::set<NodeId> signers;
  for (const auto& message : coalition_.memory()) {
    check_limits();
    if (!match.matches(*message, coalition_.powers())) continue;
    if (!signers.insert(message->signer()).second && one_each) continue;
    found.push_back(message);
  }
  return found;
}

Json Rewriter::nested(const FieldFacts& facts, const Node& wanted, NodeId signer) {
  if (wanted.is_null()) return nullptr;
  if (wanted.is_scalar() && as<Request>(*facts.message->make()) != nullptr) {
    const auto request = coalition_.powers().sent_request(wanted.scalar);
    if (!request) throw Impossible(fmt::format("request '{}' has not been sent yet", wanted.scalar));
    return tree(*request);
  }
  FieldTree fields{wanted};
  if (const Node* whose = wanted.find("signer")) {
    const Parsed<NodeRef> ref = parse_node_ref(whose->scalar);
    if (!ref) throw Impossible(fmt::format("'{}' {}", whose->scalar, ref.error));
    signer = ref.value.node(coalition_.powers().n());
    fields.node.erase("signer");
  }
  return tree(*forged(*facts.message, signer, fields));
}

Json Rewriter::single(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer) {
  switch (facts.sort) {
    case FieldSort::number:
      return number(wanted, old);
    case FieldSort::boolean:
      return wanted.scalar == "true";
    case FieldSort::text:
      return wanted.scalar;
    case FieldSort::members:
      return resolved(content_of(facts), wanted, old, signer);
    case FieldSort::digest: {
      if (wanted.is_scalar() && wanted.scalar == "event.value") return json_of(occasion_.value);
      if (wanted.is_list() || wanted.scalar == "none" || coalition_.powers().is_request_name(wanted.scalar)) {
        return json_of(batch(wanted)->digest());
      }
      return wanted.scalar;
    }
    case FieldSort::payload:
      return payload(facts, wanted, old, signer);
    case FieldSort::message:
      return nested(facts, wanted, signer);
    case FieldSort::group:
      return edited(facts.fields, old != nullptr && old->is_object() ? *old : Json::object(), edits_of(wanted), signer);
  }
  return nullptr;
}

}  // namespace byzsim
