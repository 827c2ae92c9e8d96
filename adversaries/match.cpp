#include "adversaries/match.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace byzsim {

std::string NameSelector::read_names(const Node& node) {
  return read(node, [this](const Node& item) -> std::string {
    named_.push_back(item.scalar);
    return {};
  });
}

bool NameSelector::contains(std::string_view name) const {
  return everything_ || turned(std::find(named_.begin(), named_.end(), name) != named_.end());
}

bool ContentMatch::matches(const Message& message, const Powers& powers) const {
  if (!type.contains(message.name())) return false;
  const Label& label = message.label();
  if (!view.everything() && (label.view == kNoView || !view.contains(label.view))) return false;
  if (!slot.everything() && (label.slot == kNoSlot || !slot.contains(label.slot))) return false;
  if (!signer.contains(message.signer(), label.view, powers)) return false;
  return value.contains(label.value, &message, powers) && fields.matches(message, powers);
}

bool Matcher::content_matches(const Message& message, const Powers& powers) {
  const bool costly = options_.contains || !options_.fields.empty();
  if (costly && looked_at_.get() == &message && looked_time_ == powers.now()) return looked_right_;
  bool right = options_.matches(message, powers);
  if (right && options_.contains) {
    right = false;
    for_each_nested(message,
                    [&](const Message& nested) { right = right || options_.contains->matches(nested, powers); });
  }
  if (costly) {
    looked_at_ = Ref<const Message>(&message);
    looked_time_ = powers.now();
    looked_right_ = right;
  }
  return right;
}

bool Matcher::matches(const Packet& packet, const Powers& powers) {
  const Message& message = *packet.message;
  const View view = message.label().view;
  if (!options_.type.contains(message.name())) return false;
  if (!options_.from.contains(packet.from, view, powers) || !options_.to.contains(packet.to, view, powers))
    return false;
  if (options_.after && powers.now() < at(*options_.after)) return false;
  if (options_.before && powers.now() >= at(*options_.before)) return false;
  if (!content_matches(message, powers)) return false;
  // The copies of one broadcast leave at one time, one after another.
  if (last_.get() != &message || last_time_ != powers.now()) {
    last_ = packet.message;
    last_time_ = powers.now();
    ++counted_;
    last_passed_ = counted_ > options_.skip && (!options_.first || counted_ <= options_.skip + *options_.first);
  }
  return last_passed_;
}

bool Matcher::only_corrupted(const Powers& powers) const {
  if (options_.from.everything()) return false;
  if (options_.from.only_corrupted(powers)) return true;
  for (NodeId node = 0; node < powers.n() + powers.clients(); ++node) {
    // A set that says `primary` depends on the view, so it is asked in every case.
    if (!powers.controls(node) && (options_.from.relative() || options_.from.contains(node, kNoView, powers)))
      return false;
  }
  return true;
}

void check_nodes(const NodeSelector& set, const AdversaryFacts& facts, Diagnostics& errors) {
  for (const NodeRef& ref : set.named()) {
    if (ref.index < (ref.client ? facts.clients : facts.n)) continue;
    const std::string hint = ref.client ? fmt::format("there are {} clients, the first is c0", facts.clients)
                                        : fmt::format("there are {} replicas, the first is 0", facts.n);
    errors.error(set.position(), fmt::format("no node {}", to_string(ref)), hint);
  }
}

void check_values(const ValueSelector& set, const AdversaryFacts& facts, Diagnostics& errors) {
  for (const std::string& name : set.named()) {
    if (std::find(facts.request_names.begin(), facts.request_names.end(), name) != facts.request_names.end()) continue;
    errors.error(set.position(), fmt::format("no scripted request is called '{}'", name),
                 facts.request_names.empty() ? "clients.script gives requests their names"
                                             : did_you_mean(name, facts.request_names));
  }
}

void check_timers(const TimerSelector& set, const AdversaryFacts& facts, Diagnostics& errors) {
  for (const std::string& name : set.named()) {
    if (std::find(facts.timers.begin(), facts.timers.end(), name) != facts.timers.end()) continue;
    errors.error(set.position(), fmt::format("the protocol has no timer '{}'", name), did_you_mean(name, facts.timers));
  }
}

const MessageKind* check_type(const std::string& name, Position where, const AdversaryFacts& facts,
                              Diagnostics& errors) {
  std::vector<std::string> names;
  for (const MessageKind* kind : facts.kinds) {
    if (kind->traits.name == name) return kind;
    names.emplace_back(kind->traits.name);
  }
  errors.error(where, fmt::format("the protocol has no message type '{}'", name), did_you_mean(name, names));
  return nullptr;
}

void ContentMatch::check(const AdversaryFacts& facts, Diagnostics& errors) const {
  for (const std::string& name : type.named()) check_type(name, type.position(), facts, errors);
  check_values(value, facts, errors);
  check_nodes(signer, facts, errors);
  if (fields.empty()) return;
  if (type.everything() || type.written().find("not") != nullptr) {
    errors.error(fields.position(), "which fields there are depends on the type", "add `type` to the match");
  }
  for (const MessageKind* kind : facts.kinds) {
    if (!type.everything() && type.contains(kind->traits.name)) fields.check(*kind, facts, errors);
  }
}

void MatchOptions::check(const AdversaryFacts& facts, Diagnostics& errors) const {
  ContentMatch::check(facts, errors);
  check_nodes(from, facts, errors);
  check_nodes(to, facts, errors);
  if (contains) contains->check(facts, errors);
}

}  // namespace byzsim
