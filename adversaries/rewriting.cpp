#include "adversaries/rewriting.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "sim/core/limits.hpp"

namespace byzsim {

namespace {

/// `view-changes` and `view_changes` are one field.
std::string plain_name(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  return plain;
}

std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  while (true) {
    const std::size_t dot = path.find('.');
    steps.push_back(plain_name(path.substr(0, dot)));
    if (dot == std::string_view::npos) return steps;
    path.remove_prefix(dot + 1);
  }
}

const FieldFacts* find_field(const std::vector<FieldFacts>& fields, const std::string& step) {
  for (const FieldFacts& field : fields) {
    if (plain_name(field.name) == step) return &field;
  }
  return nullptr;
}

/// The match under `seen`, if that is what the node says.
const Node* seen_in(const Node& node) {
  return node.is_map() && node.items.size() == 1 ? node.find("seen") : nullptr;
}

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

std::vector<Rewriter::Edit> Rewriter::edits_of(const Node& tree) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < tree.keys.size(); ++i) edits.push_back({steps_of(tree.keys[i].text), &tree.items[i]});
  return edits;
}

Json Rewriter::text_of(const Message& message) const {
  std::string text;
  write_json(message, notary(), text);
  return Json::parse(text);
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
  const Parsed<std::uint64_t> parsed = parse_unsigned(text);
  if (!parsed) throw Impossible(fmt::format("'{}' {}", text, parsed.error));
  return parsed.value;
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
    Ref<const Request> request = powers.named_request(name.scalar);
    if (!request) throw Impossible(fmt::format("request '{}' has not been signed yet", name.scalar));
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
  std::set<std::pair<std::uint64_t, Digest>> known;  // by number and content
  const auto add = [&](const Message& message) {
    check_limits();
    if (!match.matches(message, coalition_.powers())) return;
    if (one_each && signers.contains(message.signer())) return;
    if (!known.emplace(message.id(), message.content()).second) return;
    signers.insert(message.signer());
    found.emplace_back(&message);
  };
  for (const auto& message : coalition_.memory()) {
    add(*message);
    for_each_nested(*message, add);
  }
  return found;
}

Json Rewriter::nested(const FieldFacts& facts, const Node& wanted, NodeId signer) {
  if (wanted.is_null()) return nullptr;
  if (wanted.is_scalar() && as<Request>(*facts.message->make()) != nullptr) {
    const auto request = coalition_.powers().named_request(wanted.scalar);
    if (!request) throw Impossible(fmt::format("request '{}' has not been signed yet", wanted.scalar));
    return text_of(*request);
  }
  FieldTree fields{wanted};
  if (const Node* whose = wanted.find("signer")) {
    const Parsed<NodeRef> ref = parse_node_ref(whose->scalar);
    if (!ref) throw Impossible(fmt::format("'{}' {}", whose->scalar, ref.error));
    signer = ref.value.node(coalition_.powers().n());
    fields.node.erase("signer");
  }
  return text_of(*forged(*facts.message, signer, fields));
}

Json Rewriter::single(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer) {
  switch (facts.sort) {
    case FieldSort::number:
      return number(wanted, old);
    case FieldSort::boolean:
      return wanted.scalar == "true";
    case FieldSort::text:
      return wanted.scalar;
    case FieldSort::members: {
      Json list = Json::array();
      for (const Node& item : wanted.items) list.push_back(number(item, nullptr));
      return list;
    }
    case FieldSort::digest: {
      if (wanted.is_scalar() && wanted.scalar == "event.value") return json_of(occasion_.value);
      if (wanted.is_list() || wanted.scalar == "none" || coalition_.powers().is_request_name(wanted.scalar)) {
        return json_of(batch(wanted)->digest());
      }
      return wanted.scalar;
    }
    case FieldSort::payload:
      return json_of(*batch(wanted), notary());
    case FieldSort::message:
      return nested(facts, wanted, signer);
    case FieldSort::group:
      return edited(facts.fields, old != nullptr ? *old : Json::object(), edits_of(wanted), signer);
  }
  return nullptr;
}

Json Rewriter::resolved(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer) {
  const auto recall = [&](const Node& match, bool all) {
    Diagnostics ignored;  // checked when the scenario was loaded
    ContentMatch content;
    Setting<ContentMatch>::read(match, content, ignored);
    Json list = Json::array();
    for (const auto& message : seen(content, true)) {
      if (facts.message == nullptr || &message->kind() == facts.message) list.push_back(text_of(*message));
      if (!all && !list.empty()) break;
    }
    if (!all && list.empty()) throw Impossible("no message that was seen matches");
    return list;
  };
  if (!facts.list) {
    if (const Node* match = seen_in(wanted)) return recall(*match, false)[0];
    return single(facts, wanted, old, signer);
  }
  if (const Node* match = seen_in(wanted)) return recall(*match, true);
  Json list = Json::array();
  for (const Node& item : wanted.items) {
    if (const Node* match = seen_in(item)) {
      for (Json& message : recall(*match, true)) list.push_back(std::move(message));
    } else {
      list.push_back(single(facts, item, nullptr, signer));
    }
  }
  return list;
}

void Rewriter::edit_inside(const FieldFacts& facts, Json& old, const Edit& edit, std::size_t step, NodeId signer) {
  if (old.is_array() && facts.list) {
    FieldFacts item = facts;
    item.list = false;
    const auto visit = [&](Json& element) {
      if (step + 1 == edit.path.size()) {
        element = single(item, *edit.to, &element, signer);
      } else {
        edit_inside(item, element, edit, step + 1, signer);
      }
    };
    if (edit.path[step] == "*") {
      for (Json& element : old) visit(element);
      return;
    }
    const Parsed<std::uint64_t> index = parse_unsigned(edit.path[step]);
    if (!index || index.value >= old.size())
      throw Impossible(fmt::format("'{}' has no item {}", facts.name, edit.path[step]));
    visit(old[index.value]);
    return;
  }
  const Edit rest{{edit.path.begin() + static_cast<std::ptrdiff_t>(step), edit.path.end()}, edit.to};
  if (facts.sort == FieldSort::group) {
    old = edited(facts.fields, old, {rest}, signer);
    return;
  }
  if (facts.sort != FieldSort::message || !old.is_object()) {
    throw Impossible(fmt::format("there is nothing inside '{}'", facts.name));
  }
  // Keeps the old signature unless the coalition can make a new one.
  const auto inner_signer = old.at("signer").get<NodeId>();
  old["fields"] = edited(facts_of(*facts.message), old.at("fields"), {rest}, inner_signer);
  if (coalition_.powers().controls(inner_signer)) {
    old = text_of(*coalition_.sign(Draft::read(*facts.message, old), inner_signer));
  }
}

Json Rewriter::edited(const std::vector<FieldFacts>& facts, Json fields, const std::vector<Edit>& edits,
                      NodeId signer) {
  const FieldFacts* payload = field_with(facts, Role::payload, FieldSort::payload);
  const FieldFacts* value = field_with(facts, Role::value, FieldSort::digest);
  const Node* new_value = nullptr;
  bool new_payload = false;
  for (const Edit& edit : edits) {
    const FieldFacts* field = find_field(facts, edit.path.front());
    if (field == nullptr) throw Impossible(fmt::format("no field '{}'", edit.path.front()));
    const std::string name(field->name);
    if (edit.path.size() == 1) {
      const auto old = fields.find(name);
      fields[name] = resolved(*field, *edit.to, old == fields.end() ? nullptr : &*old, signer);
      if (field == value) new_value = edit.to;
      new_payload = new_payload || field == payload;
    } else {
      if (!fields.contains(name)) throw Impossible(fmt::format("there is nothing inside '{}'", name));
      edit_inside(*field, fields[name], edit, 1, signer);
      new_payload = new_payload || field == payload;
    }
  }
  if (payload != nullptr && value != nullptr) {
    const std::string payload_name(payload->name);
    if (new_payload && new_value == nullptr) {
      fields[std::string(value->name)] = json_of(Batch::take(fields.at(payload_name))->digest());
    } else if (new_value != nullptr && !new_payload) {
      const bool hexadecimal = new_value->is_scalar() && new_value->scalar != "none" &&
                               new_value->scalar != "event.value" &&
                               !coalition_.powers().is_request_name(new_value->scalar);
      if (!hexadecimal) fields[payload_name] = json_of(*batch(*new_value), notary());
    }
  }
  return fields;
}

Ref<const Message> Rewriter::altered(const Message& message, const FieldTree& changes) {
  try {
    const Json fields =
        edited(facts_of(message.kind()), text_of(message).at("fields"), edits_of(changes.node), message.signer());
    return coalition_.sign_if_able(Draft::altered(message, fields, notary()));
  } catch (const FieldError& error) {
    throw Impossible(error.what());
  }
}

Ref<const Message> Rewriter::forged(const MessageKind& kind, NodeId signer, const FieldTree& fields) {
  return forged_like(*kind.make(), signer, fields);
}

Ref<const Message> Rewriter::forged_like(const Message& message, NodeId signer, const FieldTree& changes) {
  try {
    const Json fields = edited(facts_of(message.kind()), text_of(message).at("fields"), edits_of(changes.node), signer);
    Ref<Message> draft = Draft::altered(message, fields, notary());
    if (coalition_.powers().controls(signer)) return coalition_.sign(std::move(draft), signer);
    return Draft::claiming(*draft, signer, notary());
  } catch (const FieldError& error) {
    throw Impossible(error.what());
  }
}

}  // namespace byzsim
