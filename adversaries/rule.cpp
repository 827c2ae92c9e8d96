#include "adversaries/rule.hpp"

#include <fmt/core.h>

#include <set>
#include <string>

#include "adversaries/adversary.hpp"

namespace byzsim {

bool Setting<Actions>::read(const Node& node, Actions& out, Diagnostics& errors) {
  out.written = node;
  out.list.clear();
  if (node.is_list()) {
    bool good = true;
    for (const Node& item : node.items) {
      Actions one;
      good = (item.is_list() ? detail::mismatch(item, "an action", errors) : read(item, one, errors)) && good;
      out.list.insert(out.list.end(), one.list.begin(), one.list.end());
    }
    out.written = node;
    if (node.items.empty()) errors.error(node.position, "an empty list does nothing");
    return good;
  }
  const bool bare = node.is_scalar();
  if (!bare && !(node.is_map() && node.items.size() == 1)) return detail::mismatch(node, type(), errors);
  const std::string& name = bare ? node.scalar : node.keys[0].text;
  const Position where = bare ? node.position : node.keys[0].position;
  const CatalogueEntry* entry = Catalogue::find("action", name);
  if (entry == nullptr) {
    errors.error(where, fmt::format("unknown action '{}'", name), did_you_mean(name, Catalogue::names("action")));
    return false;
  }
  Node options = bare ? Node::map() : node.items[0];
  if (bare) options.position = where;
  if (entry->payload<ActionFactory>().takes_fields) options = Node(where).put("fields", options, where);
  if (options.is_null()) options = Node::map();
  const std::size_t before = errors.errors();
  Choice choice = choose("action", name, options, errors);
  choice.position = where;
  out.list.push_back(std::move(choice));
  return errors.errors() == before;
}

void RuleOptions::check(const Node& where, Diagnostics& errors) const {
  if (!match && !on)
    errors.error(where.position, "a rule needs `match` (messages to act on) or `on` (an event to act on)");
  if (match && on) {
    errors.error(where.position, "a rule has either `match` or `on`",
                 "to match messages from an event on, use `since`");
  }
  if (on && (since || until)) errors.error(where.position, "`since` and `until` go with `match`");
  for (const Choice& action : actions.list) {
    if (!match && action.entry->payload<ActionFactory>().needs_packet) {
      errors.error(action.position, fmt::format("'{}' acts on messages, so its rule needs a `match`", action.name));
    }
  }
}

std::string rule_name(const RuleOptions& options, std::size_t number) {
  return options.name.empty() ? fmt::format("rule {}", number) : options.name;
}

Rule::Rule(const RuleOptions& options, std::size_t number) : options_(options), name_(rule_name(options, number)) {
  if (options.match) matcher_.emplace(*options.match);
  if (options.on) on_.emplace(*options.on);
  if (options.since) since_.emplace(*options.since);
  if (options.until) until_.emplace(*options.until);
  active_ = !options.since;
  for_each_trigger([this](const Trigger& trigger) { awaits_packets_ = awaits_packets_ || trigger.watches_packets(); });
  for (const Choice& choice : options.actions.list) {
    auto action = choice.entry->payload<ActionFactory>().make(choice);
    action->rule_ = this;
    action->name_ = choice.name;
    needs_memory_ = needs_memory_ || action->needs_memory();
    actions_.push_back(std::move(action));
  }
}

void Rule::for_each_trigger(auto&& visit) {
  if (on_) visit(*on_);
  if (since_) visit(*since_);
  if (until_) visit(*until_);
}

bool Rule::acts_on(const MessageKind& kind) const {
  const auto about = [&](const std::optional<MatchOptions>& match) {
    return match && match->type.contains(kind.traits.name);
  };
  const auto awaited = [&](const std::optional<TriggerOptions>& trigger) { return trigger && about(trigger->match); };
  return about(options_.match) || awaited(options_.on) || awaited(options_.since) || awaited(options_.until);
}

RecordMask Rule::wants() const {
  RecordMask mask = 0;
  for (const auto* trigger : {&on_, &since_, &until_}) {
    if (*trigger) mask |= (*trigger)->wants();
  }
  return mask;
}

bool Rule::watches_everyone() const {
  if (matcher_ && !matcher_->only_corrupted(powers())) return true;
  return awaits_packets_ || needs_memory_;
}

void Rule::start() {
  for_each_trigger([this](Trigger& trigger) {
    if (trigger.start()) fired(trigger, {});
    if (!trigger.options().at) return;
    later(*trigger.options().at, [this, &trigger] {
      if (trigger.time_came()) fired(trigger, {});
    });
  });
}

void Rule::later(Duration after, std::function<void()> what) {
  pending_.emplace(next_token_, std::move(what));
  wake(after, next_token_++);
}

void Rule::on_wakeup(std::uint64_t token) {
  const auto found = pending_.find(static_cast<std::uint32_t>(token));
  if (found == pending_.end()) return;
  const std::function<void()> what = std::move(found->second);
  pending_.erase(found);
  what();
}

void Rule::on_event(const Record& record) {
  for_each_trigger([&](Trigger& trigger) {
    Occasion occasion;
    if (trigger.saw(record, powers(), occasion)) fired(trigger, occasion);
  });
}

void Rule::fired(Trigger& trigger, const Occasion& occasion) {
  if (trigger.options().delay == Duration(0)) {
    react(trigger, occasion);
  } else {
    later(trigger.options().delay, [this, &trigger, occasion] { react(trigger, occasion); });
  }
}

void Rule::react(const Trigger& trigger, const Occasion& occasion) {
  if (since_ && &trigger == &*since_) active_ = true;
  if (until_ && &trigger == &*until_) {
    ended_ = true;
    release();
  }
  if (!on_ || &trigger != &*on_) return;
  note(name_, occasion.node);
  for (const auto& action : actions_) action->on_event(occasion);
}

bool Rule::outgoing(Packet& packet) {
  if (awaits_packets_) {
    for_each_trigger([&](Trigger& trigger) {
      Occasion occasion;
      if (trigger.saw(packet, powers(), occasion)) fired(trigger, occasion);
    });
  }
  if (!matcher_ || !active_ || ended_ || !matcher_->matches(packet, powers())) return true;
  note(name_, packet.from, packet.message->id());
  const Label& label = packet.message->label();
  const Occasion occasion{label.view, label.slot, label.value, packet.from};
  for (const auto& action : actions_) {
    if (!action->on_packet(packet, occasion)) return false;
  }
  return true;
}

void Rule::release() {
  for (const auto& action : actions_) action->release();
}

void Rule::end() {
  for (const auto& action : actions_) action->end();
}

void Rule::note_impossible(std::string_view why) {
  note(fmt::format("{}: impossible", name_)), note(why);
}

void Rule::release_rule(std::string_view name) {
  release_others(name);
}

void check_adversary(const AdversarySettings& settings, const AdversaryFacts& facts, Diagnostics& errors) {
  for (const Choice& choice : settings.behaviours) {
    const Diagnostics::Around around(errors, choice.position);
    choice.entry->payload<BehaviourFactory>().check(choice, facts, errors);
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    const Choice& choice = settings.rules[i];
    const auto& rule = choice.as<RuleOptions>();
    const Diagnostics::Around around(errors, choice.position);
    if (const std::string name = rule_name(rule, i + 1); !names.insert(name).second) {
      errors.error(choice.position, fmt::format("two rules are called '{}'", name),
                   "`happened` and `release` go by name");
    }
    if (rule.match) rule.match->check(facts, errors);
    for (const auto* trigger : {&rule.on, &rule.since, &rule.until}) {
      if (*trigger) (*trigger)->check(facts, errors);
    }
    for (const Choice& action : rule.actions.list) {
      action.entry->payload<ActionFactory>().check(
          action, {settings, facts, rule.match ? &rule.match->type : nullptr, action.position, errors});
    }
  }
}

namespace {
const Registered<RuleOptions> entry{"rule", "rule",
                                    "a scripted step: messages to match or an event to await, and what to do"};
}  // namespace

}  // namespace byzsim
