#include "sim/net/synchrony.hpp"

#include <algorithm>

namespace byzsim {
namespace {

// In bytes, with what keeps them in order.
constexpr std::uint64_t kOpenBytes = 64;
constexpr std::uint64_t kCopyBytes = 64;

}  // namespace

Synchrony::Synchrony(Time gst, Duration delta, const ReplicaSet& faulty) : gst_(gst), delta_(delta) {
  for (const NodeId node : faulty.members()) faulty_since_.emplace(node, kStart);
}

void Synchrony::turned_faulty(NodeId node, Time now) {
  faulty_since_.emplace(node, now);
}
void Synchrony::went_down(NodeId node, Time now) {
  down_[node].begin(now);
}
void Synchrony::came_back(NodeId node, Time now) {
  down_[node].end(now);
}

void Synchrony::lost(const Letter& letter, Time sent, Time now) {
  if (sent < gst_) return;
  const Time due = bound(sent);
  owe({due == kNever ? sent : due, letter}, now);
}

void Synchrony::comes_late(const Letter& letter, Time sent, Time at, Time now) {
  owe({sent < gst_ ? at : bound(sent), letter}, now);
}

void Synchrony::copy_comes(const Letter& letter, Time at) {
  const auto [place, fresh] = came_.try_emplace(letter, at);
  if (fresh) return kept_.grow(kCopyBytes);
  place->second = std::min(place->second, at);
}

void Synchrony::owe(const Missed& missed, Time now) {
  if (missed.when < now) return note(missed);
  if (missed < first_ && open_.insert(missed).second) open_kept_.set(kOpenBytes * open_.size());
}

void Synchrony::settle_open(Time before) {
  while (!open_.empty() && open_.begin()->when < before) {
    note(*open_.begin());
    open_.erase(open_.begin());
    if (!open_.empty() && first_ < *open_.begin()) open_.clear();
  }
  open_kept_.set(kOpenBytes * open_.size());
}

// Its time is over, so what was then is known.
void Synchrony::note(const Missed& missed) {
  if (missed < first_ && counts(missed)) first_ = missed;
}

bool Synchrony::counts(const Missed& missed) const {
  const Letter& letter = missed.letter;
  if (!was_honest(letter.from, missed.when) || !was_honest(letter.to, missed.when)) return false;
  if (!was_up(letter.to, missed.when)) return false;
  const auto came = came_.find(letter);
  return came == came_.end() || came->second > missed.when;
}

void Synchrony::finish(Time end, bool for_good) {
  settle_open(end);
  for (Missed missed : open_) {
    if (missed.when > end && !for_good) break;
    if (!counts(missed)) continue;
    missed.when = std::min(missed.when, end);
    first_ = std::min(first_, missed);
  }
  open_.clear();
  open_kept_.set(0);
}

bool Synchrony::was_honest(NodeId node, Time when) const {
  const auto since = faulty_since_.find(node);
  return since == faulty_since_.end() || since->second > when;
}

bool Synchrony::was_up(NodeId node, Time when) const {
  const auto times = down_.find(node);
  const Downtime* last = times == down_.end() ? nullptr : times->second.last_by(when);
  return last == nullptr || last->until < when;
}

}  // namespace byzsim
