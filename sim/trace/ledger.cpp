#include "sim/trace/ledger.hpp"

#include <fmt/core.h>

namespace byzsim {

MessageLedger::Entry* MessageLedger::lookup(std::uint64_t id) {
  if (id < entries_.size() && entries_[id].kind != kNoKind) return &entries_[id];
  if (far_entries_.empty()) return nullptr;
  const auto found = far_entries_.find(id);
  return found == far_entries_.end() ? nullptr : &found->second;
}

MessageLedger::Entry& MessageLedger::made(std::uint64_t id) {
  if (Entry* known = lookup(id)) return *known;
  ++count_;
  if (id >= 4 * count_ + 4096) return far_entries_[id];
  if (id >= entries_.size()) entries_.resize(id + 1 + id / 2);
  return entries_[id];
}

void MessageLedger::add(const Ref<const Message>& message, std::size_t kind, bool genuine) {
  Entry& entry = made(message->id());
  // Messages that nobody signed have no number of their own; two kinds may share one.
  entry.mixed = entry.kind != kNoKind && (entry.mixed || entry.kind != kind);
  entry.kind = static_cast<std::uint32_t>(kind);
  if (genuine) entry.message = message;
}

const Ref<const Message>& MessageLedger::find(std::uint64_t id) {
  const Entry* found = lookup(id);
  if (found == nullptr || !found->message) throw BadTrace(fmt::format("no earlier line holds the message {}", id));
  return found->message;
}

MessageLedger::Entry& MessageLedger::known(const Record& record) {
  Entry* found = lookup(record.id);
  if (found == nullptr) {
    throw BadTrace(fmt::format("message {} is {}, but no earlier line holds it", record.id, to_string(record.kind)));
  }
  return *found;
}

void MessageLedger::check_arrival(const Record& record, const Entry& entry) const {
  if (entry.sender == kNobody) {
    throw BadTrace(fmt::format("message {} is {} before anybody has sent it", record.id, to_string(record.kind)));
  }
  if (!entry.several_senders && entry.sender != record.peer) {
    throw BadTrace(fmt::format("message {} comes from node {}, but node {} alone has sent it", record.id, record.peer,
                               entry.sender));
  }
}

void MessageLedger::check(const Record& record) {
  switch (record.kind) {
    case RecordKind::signed_:
      if (record.message->signer() != record.node) {
        throw BadTrace(fmt::format("node {} signs a message of node {}", record.node, record.message->signer()));
      }
      break;
    case RecordKind::sent: {
      Entry& entry = known(record);
      if (entry.sender != kNobody && entry.sender != record.node) entry.several_senders = true;
      entry.sender = record.node;
      break;
    }
    case RecordKind::delivered: {
      const Entry& entry = known(record);
      check_arrival(record, entry);
      if (down_.contains(record.node)) {
        throw BadTrace(fmt::format("message {} is delivered to node {}, which has crashed", record.id, record.node));
      }
      ++delivered_[entry.kind];
      if (entry.mixed) ++unplaced_;
      break;
    }
    case RecordKind::dropped:
      // The adversary may drop what it never put on a link.
      if (record.text != "adversary") static_cast<void>(known(record));
      break;
    case RecordKind::submitted: {
      const auto [last, first] = submitted_.try_emplace(record.node, record.id);
      if (!first && record.id <= last->second) {
        throw BadTrace(
            fmt::format("node {} submits request {} after its request {}", record.node, record.id, last->second));
      }
      last->second = record.id;
      break;
    }
    case RecordKind::crashed:
      down_.insert(record.node);
      break;
    case RecordKind::restarted:
      down_.erase(record.node);
      break;
    default:
      break;
  }
}

void MessageLedger::check_end(const Outcome& outcome, const Manifest& manifest) const {
  std::uint64_t lines = 0;
  std::uint64_t all = 0;
  for (std::size_t k = 0; k < delivered_.size(); ++k) {
    const std::uint64_t counted = k < outcome.traffic.size() ? outcome.traffic[k].delivered : 0;
    lines += delivered_[k];
    all += counted;
    if (delivered_[k] != counted && unplaced_ == 0) {
      throw BadTrace(fmt::format("the run delivered {} messages of kind '{}', but {} lines say so", counted,
                                 manifest.kinds[k].name, delivered_[k]));
    }
  }
  if (lines != all) throw BadTrace(fmt::format("the run delivered {} messages, but {} lines say so", all, lines));
}

}  // namespace byzsim
