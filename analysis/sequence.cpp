#include "analysis/sequence.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/human.hpp"
#include "analysis/requests_text.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostEvents = 4096;
constexpr std::size_t kMostNodes = 8;  // named one by one in a line

}  // namespace

Sequence::Sequence(const Manifest& manifest, SequenceFocus focus)
    : NestWalker(manifest, Batches::named), manifest_(manifest), focus_(std::move(focus)), null_value_(Batch::null()) {}

std::optional<SequenceFocus> Sequence::focus(const Result& result) {
  SequenceFocus focus;
  for (const Evidence& evidence : result.evidence) {
    for (const Exhibit& exhibit : evidence.exhibits) focus.offending.push_back(exhibit.id);
  }
  // A fork is the story; what else broke before or with it is part of that.
  const JudgedViolation* told = nullptr;
  for (const JudgedViolation& violation : result.violations) {
    if (!violation.safety() || violation.slot == kNoSlot) continue;
    if (told == nullptr || (told->invariant != "agreement" && violation.invariant == "agreement")) told = &violation;
  }
  if (told != nullptr) {
    focus.slot = told->slot;
    focus.until = told->time;
    return focus;
  }
  for (const Evidence& evidence : result.evidence) {
    if (evidence.exhibits.front().slot == kNoSlot) continue;
    focus.slot = evidence.exhibits.front().slot;
    return focus;
  }
  return std::nullopt;
}

RecordMask Sequence::wants() const {
  using enum RecordKind;
  return records(signed_, sent, delivered, dropped, decided, adopted, view, crashed, restarted, network);
}

void Sequence::on_record(const Record& record) {
  if (record.time > focus_.until) return;
  switch (record.kind) {
    case RecordKind::signed_:
      return on_signed(record);
    case RecordKind::sent:
      return on_sent(record);
    case RecordKind::delivered:
    case RecordKind::dropped:
      return on_arrival(record);
    case RecordKind::decided:
      if (record.slot != focus_.slot) return;
      name_value(record.value);
      return on_other(record, record.view == kNoView
                                  ? fmt::format("decides {}", letter(record.value))
                                  : fmt::format("decides {} in view {}", letter(record.value), record.view));
    case RecordKind::adopted:
      if (record.slot < focus_.slot) return;
      return on_other(record, fmt::format("takes over the state after slot {}", record.slot));
    case RecordKind::view:
      return on_other(record, fmt::format("enters view {}", record.view));
    case RecordKind::crashed:
      return on_other(record, "crashes");
    case RecordKind::restarted:
      return on_other(record, record.count != 0 ? "restarts" : "restarts without its state");
    case RecordKind::network:
      return on_other(record, fmt::format("{} {}", record.count != 0 ? "cut:" : "healed:", record.text));
    default:
      return;
  }
}

void Sequence::on_signed(const Record& record) {
  const Message& message = *record.message;
  const Label& label = message.label();
  const bool about_slot = label.slot == focus_.slot;
  // View changes and the like name no slot; they matter once the slot's story has begun.
  const bool about_view = label.slot == kNoSlot && label.view != kNoView && message.signer() < manifest_.n &&
                          !events_.empty() && as<Reply>(message) == nullptr;
  if (!about_slot && !about_view) return;
  const bool offending =
      std::find(focus_.offending.begin(), focus_.offending.end(), message.id()) != focus_.offending.end();
  messages_[message.id()] = {std::string(message.name()), message.signer(), label, offending, 0};
  if (about_slot && label.value) {
    name_value(label.value);
    walk(message);
  }
}

void Sequence::on_batch(const Message& holder, Digest value, bool) {
  if (!meanings_.contains(value)) meanings_[value] = requests_in(holder, manifest_.n);
}

void Sequence::name_value(Digest value) {
  if (value == null_value_ || std::find(values_.begin(), values_.end(), value) != values_.end()) return;
  if (values_.size() < 26) values_.push_back(value);
}

void Sequence::on_sent(const Record& record) {
  const auto found = messages_.find(record.id);
  if (found == messages_.end()) return;
  Named& message = found->second;
  if (message.last_event != 0) {
    Event& last = events_[message.last_event - 1];
    if (last.time == record.time && last.who.front() == record.node && record.peer != kNobody && !last.to.empty()) {
      last.to.push_back(record.peer);
      return;
    }
  }
  if (events_.size() >= kMostEvents) {
    ++overflow_;
    return;
  }
  Event event;
  event.time = event.last = record.time;
  event.who = {record.node};
  if (record.peer != kNobody) event.to = {record.peer};
  event.id = record.id;
  event.what = message.kind;
  if (message.signer != record.node) event.what += fmt::format(" signed by {}", node(message.signer));
  event.label = message.label;
  event.offending = message.offending;
  events_.push_back(std::move(event));
  message.last_event = events_.size();
}

void Sequence::on_arrival(const Record& record) {
  const auto found = messages_.find(record.id);
  if (found == messages_.end() || found->second.last_event == 0) return;
  Event& event = events_[found->second.last_event - 1];
  if (record.kind == RecordKind::dropped) {
    event.lost.push_back(record.node);
    if (event.why_lost.empty()) event.why_lost = record.text;
    return;
  }
  event.arrives = std::min(event.arrives, record.time);
  event.arrives_last = std::max(event.arrives_last, record.time);
}

void Sequence::on_other(const Record& record, std::string what) {
  if (events_.empty() && record.kind != RecordKind::decided) return;
  if (events_.size() >= kMostEvents) {
    ++overflow_;
    return;
  }
  Event event;
  event.time = event.last = record.time;
  if (record.node != kNobody) event.who = {record.node};
  event.what = std::move(what);
  events_.push_back(std::move(event));
}

std::string Sequence::node(NodeId id) const {
  return id < manifest_.n ? fmt::format("{}", id) : fmt::format("c{}", id - manifest_.n);
}

std::string Sequence::nodes(const std::vector<NodeId>& list) const {
  std::string text;
  for (std::size_t i = 0; i < list.size() && i < kMostNodes; ++i) text += (i == 0 ? "" : ", ") + node(list[i]);
  if (list.size() > kMostNodes) text += fmt::format(" and {} more", list.size() - kMostNodes);
  return text;
}

std::string Sequence::letter(Digest value) const {
  if (value == null_value_) return "null";
  const auto found = std::find(values_.begin(), values_.end(), value);
  if (found == values_.end()) return fmt::format("{:016x}", value.bits);
  return std::string(1, static_cast<char>('A' + (found - values_.begin())));
}

std::vector<Sequence::Legend> Sequence::legend() const {
  std::vector<Legend> list;
  for (Digest value : values_) {
    const auto meaning = meanings_.find(value);
    list.push_back({letter(value), value, meaning == meanings_.end() ? "" : meaning->second});
  }
  return list;
}

bool Sequence::same_said(const Event& a, const Event& b) {
  return (a.id == 0) == (b.id == 0) && a.what == b.what && a.to.empty() && b.to.empty() && !a.offending &&
         !b.offending && a.lost.empty() && b.lost.empty() && a.label.view == b.label.view &&
         a.label.slot == b.label.slot && a.label.value == b.label.value && !b.who.empty() &&
         std::find(a.who.begin(), a.who.end(), b.who.front()) == a.who.end();
}

// Neighbours, or events of one instant, that say the same of several nodes become one event.
std::vector<Sequence::Event> Sequence::merged() const {
  std::vector<Event> list;
  for (Event event : events_) {
    if (event.to.size() + 1 == manifest_.n && std::all_of(event.to.begin(), event.to.end(), [&](NodeId id) {
          return id < manifest_.n && id != event.who.front();
        })) {
      event.to.clear();
    }
    Event* into = nullptr;
    for (std::size_t back = list.size(); back-- > 0 && into == nullptr;) {
      if (back + 1 != list.size() && list[back].last != event.time) break;
      if (same_said(list[back], event)) into = &list[back];
    }
    if (into == nullptr) {
      list.push_back(std::move(event));
      continue;
    }
    into->last = event.last;
    into->who.push_back(event.who.front());
    into->arrives = std::min(into->arrives, event.arrives);
    into->arrives_last = std::max(into->arrives_last, event.arrives_last);
  }
  for (Event& event : list) std::sort(event.who.begin(), event.who.end());
  return list;
}

Sequence::Line Sequence::line(const Event& event) const {
  Line line;
  line.when = human(event.time - kStart);
  if (event.last != event.time && human(event.last - kStart) != line.when) {
    line.when += fmt::format(" .. {}", human(event.last - kStart));
  }
  line.who = nodes(event.who);
  line.what = event.what;
  line.offending = event.offending;
  if (event.id == 0) return line;
  line.who += fmt::format(" → {}", event.to.empty() ? "all" : nodes(event.to));
  if (event.label.view != kNoView) line.what += fmt::format("  view {}", event.label.view);
  if (event.label.value) line.what += fmt::format("  {}", letter(event.label.value));
  if (event.arrives != kNever) {
    line.note = fmt::format("arrives {}", human(event.arrives - kStart));
    const std::string last = human(event.arrives_last - kStart);
    if (last != human(event.arrives - kStart)) line.note += fmt::format(" .. {}", last);
  }
  if (!event.lost.empty()) {
    line.note +=
        fmt::format("{}never reaches {} ({})", line.note.empty() ? "" : "; ", nodes(event.lost), event.why_lost);
  }
  return line;
}

std::vector<Sequence::Line> Sequence::lines(std::size_t most, std::size_t& hidden) const {
  const std::vector<Event> events = merged();
  // The offending messages and the decisions first, then the rest from the beginning on.
  std::vector<bool> shown(events.size(), false);
  std::size_t left = most;
  const auto take = [&](auto&& wanted) {
    for (std::size_t i = 0; i < events.size() && left > 0; ++i) {
      if (shown[i] || !wanted(events[i])) continue;
      shown[i] = true;
      --left;
    }
  };
  take([](const Event& event) { return event.offending; });
  take([](const Event& event) { return event.id == 0; });
  take([](const Event&) { return true; });
  std::vector<Line> list;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (shown[i]) list.push_back(line(events[i]));
  }
  hidden = events.size() - list.size() + overflow_;
  return list;
}

}  // namespace byzsim
