// Changing what is there: following paths, working on lists, signing again what was touched.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adversaries/rewriting.hpp"

namespace byzsim {

namespace {
// What a value holds, itself included, in bytes; see sim/core/limits.hpp.
constexpr std::uint64_t kValueBytes = 64;
std::uint64_t bytes_of(const Json& value) {
  std::uint64_t bytes = kValueBytes;
  if (value.is_structured()) {
    for (const Json& inner : value) bytes += bytes_of(inner);
  }
  return bytes;
}
}  // namespace

void Rewriter::count(const Json& made) const {
  made_.grow(bytes_of(made));
  check_limits();
}

std::vector<Rewriter::Edit> Rewriter::edits_of(const Node& tree) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < tree.keys.size(); ++i) edits.push_back({steps_of(tree.keys[i].text), &tree.items[i]});
  return edits;
}

Json Rewriter::payload(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer) {
  if (wanted.is_null()) return nullptr;
  if (is_batch(facts) && wanted.is_scalar()) return json_of(*batch(wanted), notary());
  return resolved(content_of(facts), wanted, old, signer);
}

Json Rewriter::recalled(const FieldFacts& facts, const Node& match, bool all) const {
  Diagnostics ignored;  // checked when the scenario was loaded
  ContentMatch content;
  Setting<ContentMatch>::read(match, content, ignored);
  Json list = Json::array();
  for (const auto& message : seen(content, true)) {
    if (facts.message == nullptr || &message->kind() == facts.message) list.push_back(tree(*message));
    if (!all && !list.empty()) break;
  }
  if (!all && list.empty()) throw Impossible("no message that was seen matches");
  return list;
}

Json Rewriter::items(const FieldFacts& list, const Node& wanted, NodeId signer) {
  Json made = Json::array();
  const auto add = [&](const Node& item) {
    if (const Node* match = seen_in(item)) {
      for (Json& message : recalled(list, *match, true)) made.push_back(std::move(message));
    } else {
      made.push_back(single(item_of(list), item, nullptr, signer));
      count(made.back());
    }
  };
  if (wanted.is_list()) {
    for (const Node& item : wanted.items) add(item);
  } else {
    add(wanted);
  }
  return made;
}

Json Rewriter::resolved(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer) {
  const Node* match = facts.sort == FieldSort::message ? seen_in(wanted) : nullptr;
  if (!facts.list) return match != nullptr ? recalled(facts, *match, false)[0] : single(facts, wanted, old, signer);
  if (match != nullptr || wanted.is_list()) return items(facts, wanted, signer);
  if (old == nullptr || !old->is_array()) throw Impossible(fmt::format("there is no list '{}' to change", facts.name));
  return reworked(facts, wanted, *old, signer);
}

std::vector<std::size_t> Rewriter::places(const FieldFacts& list, const Node& wanted, const Json& old) const {
  std::vector<std::size_t> all;
  const auto add = [&](const Node& step) {
    const auto some = places_of(list, old, step.scalar, coalition_.powers());
    all.insert(all.end(), some.begin(), some.end());
    made_.grow(sizeof(std::size_t) * some.size());
    check_limits();
  };
  if (wanted.is_list()) {
    for (const Node& step : wanted.items) add(step);
  } else {
    add(wanted);
  }
  return all;
}

Json Rewriter::reworked(const FieldFacts& list, const Node& steps, Json old, NodeId signer) {
  for (std::size_t i = 0; i < steps.keys.size(); ++i) {
    const std::string& step = steps.keys[i].text;
    const Node& wanted = steps.items[i];
    if (step == "append") {
      for (Json& item : items(list, wanted, signer)) old.push_back(std::move(item));
    } else if (step == "remove") {
      std::vector<bool> gone(old.size(), false);
      for (const std::size_t place : places(list, wanted, old)) gone[place] = true;
      Json left = Json::array();
      for (std::size_t k = 0; k < old.size(); ++k) {
        if (!gone[k]) left.push_back(std::move(old[k]));
      }
      old = std::move(left);
    } else if (wanted.is_scalar() && wanted.scalar == "reversed") {
      std::reverse(old.begin(), old.end());
    } else {
      Json chosen = Json::array();
      for (const std::size_t place : places(list, wanted, old)) {
        count(old[place]);
        chosen.push_back(old[place]);
      }
      old = std::move(chosen);
    }
  }
  return old;
}

void Rewriter::edit_inside(const FieldFacts& outer, Json& old, const Edit& edit, std::size_t step, NodeId signer) {
  const FieldFacts facts = content_of(outer);
  const auto nothing = [&] { return Impossible(fmt::format("there is nothing inside '{}'", facts.name)); };
  const bool last = step + 1 == edit.path.size();
  if (facts.list) {
    if (!old.is_array()) throw nothing();
    const FieldFacts item = item_of(facts);
    for (const std::size_t place : places_of(facts, old, edit.path[step], coalition_.powers())) {
      if (last) {
        old[place] = resolved(item, *edit.to, &old[place], signer);
      } else {
        edit_inside(item, old[place], edit, step + 1, signer);
      }
    }
    return;
  }
  if (!old.is_object()) throw nothing();
  const Edit rest{{edit.path.begin() + static_cast<std::ptrdiff_t>(step), edit.path.end()}, edit.to};
  if (facts.sort == FieldSort::group) {
    old = edited(facts.fields, old, {rest}, signer);
    return;
  }
  if (facts.sort != FieldSort::message) throw nothing();
  // Keeps the old signature unless the coalition can make a new one.
  if (last && find_field(fields_in(facts), edit.path[step]) == nullptr && edit.path[step] == "signer") {
    old["signer"] = number(*edit.to, &old.at("signer"));
  } else {
    old["fields"] =
        edited(fields_in(facts), old.at("fields"), {rest}, static_cast<NodeId>(number_in_tree(old["signer"])));
  }
  const std::uint64_t inner_signer = number_in_tree(old.at("signer"));
  if (inner_signer <= kNobody && coalition_.powers().controls(static_cast<NodeId>(inner_signer))) {
    const auto whose = static_cast<NodeId>(inner_signer);
    old = tree(*coalition_.sign(Draft::read(*facts.message, old), whose));
  }
}

Json Rewriter::edited(const std::vector<FieldFacts>& facts, Json fields, const std::vector<Edit>& edits,
                      NodeId signer) {
  const FieldFacts* payload = field_with(facts, Role::payload, FieldSort::payload);
  if (payload != nullptr && !is_batch(*payload)) payload = nullptr;
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
      Ref<const Batch> made;
      take(fields.at(payload_name), made);
      if (made) fields[std::string(value->name)] = json_of(made->digest());
    } else if (new_value != nullptr && !new_payload) {
      const bool hexadecimal = new_value->is_scalar() && new_value->scalar != "none" &&
                               new_value->scalar != "event.value" &&
                               !coalition_.powers().is_request_name(new_value->scalar);
      if (!hexadecimal) fields[payload_name] = json_of(*batch(*new_value), notary());
    }
  }
  return fields;
}

// A number that no node bears signs nothing: neither a run nor its trace can name it.
Ref<Message> Rewriter::drafted(const Message& message, const Json& fields) const {
  const NodeId nodes = coalition_.powers().n() + coalition_.powers().clients();
  Ref<Message> draft = Draft::altered(message, fields, notary());
  for_each_nested(*draft, [nodes](const Message& nested) {
    if (nested.signer() >= nodes && nested.signer() != kNobody)
      throw Impossible(fmt::format("there is no node {} to be a signer", nested.signer()));
  });
  return draft;
}

Ref<const Message> Rewriter::altered(const Message& message, const FieldTree& changes) {
  try {
    const Json fields =
        edited(facts_of(message.kind()), tree(message).at("fields"), edits_of(changes.node), message.signer());
    return coalition_.sign_if_able(drafted(message, fields));
  } catch (const FieldError& error) {
    throw Impossible(error.what());
  }
}

Ref<const Message> Rewriter::forged(const MessageKind& kind, NodeId signer, const FieldTree& fields) {
  return forged_like(*kind.make(), signer, fields);
}

Ref<const Message> Rewriter::forged_like(const Message& message, NodeId signer, const FieldTree& changes) {
  try {
    const Json fields = edited(facts_of(message.kind()), tree(message).at("fields"), edits_of(changes.node), signer);
    Ref<Message> draft = drafted(message, fields);
    if (coalition_.powers().controls(signer)) return coalition_.sign(std::move(draft), signer);
    return Draft::claiming(*draft, signer, notary());
  } catch (const FieldError& error) {
    throw Impossible(error.what());
  }
}

}  // namespace byzsim
