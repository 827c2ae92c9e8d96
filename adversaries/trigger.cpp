#include "adversaries/trigger.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostAwaited = 1 << 16;

std::optional<RecordKind> record_of(TriggerEvent event) {
  switch (event) {
    case TriggerEvent::view:
      return RecordKind::view;
    case TriggerEvent::prepared:
      return RecordKind::prepared;
    case TriggerEvent::decided:
      return RecordKind::decided;
    case TriggerEvent::executed:
      return RecordKind::executed;
    case TriggerEvent::timer:
      return RecordKind::timer;
    case TriggerEvent::submitted:
      return RecordKind::submitted;
    case TriggerEvent::accepted:
      return RecordKind::accepted;
    case TriggerEvent::crashed:
      return RecordKind::crashed;
    case TriggerEvent::restarted:
      return RecordKind::restarted;
    case TriggerEvent::delivered:
      return RecordKind::delivered;
    case TriggerEvent::at:
    case TriggerEvent::start:
    case TriggerEvent::sent:
      return std::nullopt;
  }
  return std::nullopt;
}

bool about_messages(TriggerEvent event) {
  return event == TriggerEvent::sent || event == TriggerEvent::delivered;
}

}  // namespace

void TriggerOptions::check(const Node& where, Diagnostics& errors) const {
  if (event == TriggerEvent::at && !at)
    errors.error(where.position, "which event?", "such as `event: view`, or `at: 3s`");
  if (event != TriggerEvent::at && at)
    errors.error(where.position, "`at` is a time of its own and goes with no other event");
  if (about_messages(event) && !match) errors.error(where.position, "the events sent and delivered need a `match`");
  if (!about_messages(event) && match)
    errors.error(where.position, "`match` goes with the events sent and delivered only");
  if (event != TriggerEvent::timer && !timer.everything())
    errors.error(timer.position(), "`timer` goes with the event timer only");
}

void TriggerOptions::check(const AdversaryFacts& facts, Diagnostics& errors) const {
  check_nodes(replica, facts, errors);
  check_values(value, facts, errors);
  check_timers(timer, facts, errors);
  if (match) match->check(facts, errors);
}

Trigger::Trigger(const TriggerOptions& options) : options_(options) {
  if (options.match) matcher_.emplace(*options.match);
}

RecordMask Trigger::wants() const {
  const auto kind = record_of(options_.event);
  return kind ? records(*kind) : 0;
}

bool Trigger::counted() {
  ++happened_;
  return happened_ > options_.skip && happened_ <= options_.skip + options_.times;
}

bool Trigger::saw(const Record& record, const Powers& powers, Occasion& occasion) {
  if (record_of(options_.event) != record.kind) return false;
  if (!options_.replica.contains(record.node, record.view, powers)) return false;
  if (options_.event == TriggerEvent::delivered) {
    if (awaited_.erase({record.id, record.node}) == 0) return false;
  } else {
    if (!options_.view.everything() && (record.view == kNoView || !options_.view.contains(record.view))) return false;
    if (!options_.slot.everything() && (record.slot == kNoSlot || !options_.slot.contains(record.slot))) return false;
    if (!options_.timer.everything() && !options_.timer.contains(record.text)) return false;
    const bool of_client = record.kind == RecordKind::submitted || record.kind == RecordKind::accepted;
    const bool fits = of_client ? options_.value.selects_request(record.node, record.id, powers)
                                : options_.value.contains(record.value, nullptr, powers);
    if (!fits) return false;
  }
  occasion = {record.view, record.slot, record.value, record.node};
  return counted();
}

bool Trigger::saw(const Packet& packet, const Powers& powers, Occasion& occasion) {
  if (!matcher_ || !matcher_->matches(packet, powers)) return false;
  const Label& label = packet.message->label();
  if (options_.event == TriggerEvent::delivered) {
    if (awaited_.size() < kMostAwaited) awaited_.insert({packet.message->id(), packet.to});
    return false;
  }
  if (!options_.replica.contains(packet.from, label.view, powers)) return false;
  occasion = {label.view, label.slot, label.value, packet.from};
  return counted();
}

}  // namespace byzsim
