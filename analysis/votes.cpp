#include "analysis/votes.hpp"

#include <algorithm>

#include "analysis/requests_text.hpp"

namespace byzsim {

namespace {

// Where faulty signers are a quorum among themselves, they open so many slots ahead and values in a slot, and no more.
constexpr std::uint32_t kAlone = 512;
// Values of one slot, over all phases and views. A slot in which views come and go without a decision gives up what the
// older half of its views has voted when it has more, votes that decide last.
constexpr std::uint32_t kMostTallies = 128;

std::uint64_t pack(const Message& message, const KindFacts& kind) {
  return message.id() << 8 | static_cast<std::uint8_t>(kind.index);
}

}  // namespace

VoteIndex::VoteIndex(const Manifest& manifest, const Roster& roster, const KindTable& kinds, FactSink& facts)
    : manifest_(manifest),
      roster_(roster),
      corrupted_(roster.faulty()),
      kinds_(kinds),
      facts_(facts),
      most_live_(std::clamp<Slot>((64u << 20) / (24 * Slot{manifest.n + 8}), 256, 8192)),
      faulty_by_slot_(manifest.n),
      faulty_by_view_(manifest.n) {
  for (std::uint16_t i = 0; i < manifest.kinds.size(); ++i) {
    const KindFacts& kind = kinds.at(i);
    if (kind.decides && kind.family != kNoFamily) deciding_.emplace_back(kind.family, i);
  }
}

void VoteIndex::add_honest(const Message& message, const KindFacts& kind, Time now) {
  const Label& label = message.label();
  const NodeId signer = message.signer();
  if (signer >= manifest_.n) return;
  // Votes for one value come in bursts, and while nobody votes for another there is nothing to look for.
  if (latest_ != nullptr && label.slot == latest_slot_ && label.value == latest_->value &&
      label.view == latest_->view && kind.family == latest_->family && latest_->signers.insert(signer)) [[likely]] {
    return count(message, kind, *latest_entry_, *latest_, now);
  }
  latest_ = nullptr;
  const bool has_slot = label.slot != kNoSlot;
  if (!has_slot && label.view == kNoView) return;
  SlotRing<Entry>& ring = has_slot ? by_slot_ : by_view_;
  const std::uint64_t place = has_slot ? label.slot : label.view;
  std::uint64_t& front = has_slot ? front_of_slots_ : front_of_views_;
  front = std::max(front, place + 1);
  Entry* entry = ring.open(place);
  if (entry == nullptr) {
    untallied_ += has_slot && place >= settled_ ? 1 : 0;
    return;
  }
  if (label.view < entry->complete_from) {
    untallied_ += has_slot ? 1 : 0;
    return;
  }

  Tally* own = nullptr;
  bool rivals = false;
  for (std::uint32_t i = 0; i < entry->used; ++i) {
    Tally& tally = entry->tallies[i];
    if (tally.family != kind.family || tally.view != label.view) continue;
    if (tally.value == label.value) {
      own = &tally;
    } else {
      rivals = true;
    }
  }
  if (own == nullptr) {
    own = new_tally(*entry, label, kind);
    join(*entry, *own, place, has_slot ? faulty_by_slot_ : faulty_by_view_, now);
    if (ring.end() - ring.base() > most_live_) ring.retire_below(ring.end() - most_live_ / 2);
  }
  own->honest = true;
  if (!own->signers.insert(signer)) {
    if (repeated(*entry, *own, message, kind) && rivals && kind.exclusive) {
      look_for_conflict(*entry, *own, message, kind, now);
    }
    return;
  }
  if (rivals && kind.exclusive) [[unlikely]]
    look_for_conflict(*entry, *own, message, kind, now);
  if (!rivals && has_slot) {
    latest_ = own;
    latest_entry_ = entry;
    latest_slot_ = label.slot;
  }
  count(message, kind, *entry, *own, now);
}

// A first vote of this signer for this value, whose bit is set.
inline void VoteIndex::count(const Message& message, const KindFacts& kind, Entry& entry, Tally& own, Time now) {
  own.first[message.signer()] = pack(message, kind);
  own.decides |= kind.decides;
  if (++own.count == manifest_.quorum && kind.vote) certify(entry, own, message.label().slot, now);
}

// What the faulty alone have voted for goes first: it stands on their shelves. Votes of honest days that are forgotten
// here can prove nothing any more, should their signer turn out faulty later.
void VoteIndex::forget_old_views(Entry& entry, std::uint64_t place) {
  const auto theirs = std::count_if(entry.tallies.begin(), entry.tallies.begin() + entry.used,
                                    [](const Tally& tally) { return !tally.honest; });
  if (theirs > static_cast<std::ptrdiff_t>(entry.used / 4)) {
    return forget_tallies(entry, place, [](const Tally& tally) { return !tally.honest; });
  }
  std::vector<View> views;
  for (std::uint32_t i = 0; i < entry.used; ++i) views.push_back(entry.tallies[i].view);
  std::nth_element(views.begin(), views.begin() + entry.used / 2, views.end());
  entry.complete_from = std::max(entry.complete_from, views[entry.used / 2]);
  const auto deciding = std::count_if(entry.tallies.begin(), entry.tallies.begin() + entry.used,
                                      [&](const Tally& t) { return t.decides && t.view < entry.complete_from; });
  const bool all = deciding > static_cast<std::ptrdiff_t>(entry.used / 4);
  forget_tallies(entry, place,
                 [&](const Tally& tally) { return tally.view < entry.complete_from && (all || !tally.decides); });
}

void VoteIndex::forget_tallies(Entry& entry, std::uint64_t place, auto&& goes) {
  std::vector<std::uint32_t> now(entry.used);
  std::uint32_t kept = 0;
  std::uint64_t lost = 0;
  for (std::uint32_t i = 0; i < entry.used; ++i) {
    bool gone = goes(entry.tallies[i]);
    // What is certified may meet its rival yet.
    if (gone && entry.tallies[i].certified) {
      gone = kept >= kMostTallies / 2;
      certificates_lost_ += gone ? 1 : 0;
    }
    lost += gone && entry.tallies[i].honest ? 1 : 0;
    now[i] = gone ? entry.used : kept;
    if (!gone) std::swap(entry.tallies[kept++], entry.tallies[i]);
  }
  std::erase_if(entry.extras, [&](const Extra& extra) { return now[extra.tally] == entry.used; });
  for (Extra& extra : entry.extras) extra.tally = now[extra.tally];
  if (lost > 0 && place != kNoSlot) values_lost_.add(place, lost);
  entry.used = kept;
}

VoteIndex::Tally* VoteIndex::new_tally(Entry& entry, const Label& label, const KindFacts& kind) {
  if (entry.used >= kMostTallies) forget_old_views(entry, label.slot);
  if (entry.used == entry.tallies.size()) entry.tallies.emplace_back();
  Tally& tally = entry.tallies[entry.used++];
  tally.value = label.value;
  tally.view = label.view;
  tally.family = kind.family;
  tally.decides = kind.decides;
  tally.certified = tally.honest = false;
  tally.count = 0;
  tally.signers.clear();
  tally.first.resize(manifest_.n);
  return &tally;
}

VoteIndex::Tally* VoteIndex::find(Entry& entry, const Label& label, const KindFacts& kind) const {
  for (std::uint32_t i = 0; i < entry.used; ++i) {
    Tally& tally = entry.tallies[i];
    if (tally.family == kind.family && tally.view == label.view && tally.value == label.value) return &tally;
  }
  return nullptr;
}

// Counts the faulty signers that had voted for a value before anybody honest did.
void VoteIndex::join(Entry& entry, Tally& tally, std::uint64_t place, const FaultyVotes& faulty, Time now) {
  if (faulty.empty()) return;
  faulty.for_each_signer([&](NodeId signer) {
    const std::uint64_t packed = faulty.find(signer, place, tally.view, tally.family, tally.value);
    if (packed == 0 || !tally.signers.insert(signer)) return;
    tally.first[signer] = packed;
    const KindFacts& kind = kinds_.at(static_cast<std::uint16_t>(packed & 0xff));
    tally.decides |= kind.decides;
    if (++tally.count == manifest_.quorum && kind.vote) {
      certify(entry, tally, &faulty == &faulty_by_slot_ ? place : kNoSlot, now);
    }
  });
}

void VoteIndex::add_faulty(const Message& message, const KindFacts& kind, Time now, bool received) {
  const Label& label = message.label();
  if (message.signer() >= manifest_.n) return;
  const bool has_slot = label.slot != kNoSlot;
  if (!has_slot && label.view == kNoView) return;
  const std::uint64_t place = has_slot ? label.slot : label.view;
  const SlotRing<Entry>& ring = has_slot ? by_slot_ : by_view_;
  // A slot may be settled, or its honest votes forgotten: what its signer can be convicted by is on its shelf.
  const std::uint64_t done = has_slot ? settled_ - std::min(settled_, kStillProved) : ring.base();
  if (place < done && place != 0) return;
  FaultyVotes& shelves = has_slot ? faulty_by_slot_ : faulty_by_view_;
  const FaultyVotes::Key key{place, label.view, kind.family, kind.index, label.value};
  const FaultyVotes::Honest honest{
      has_slot ? front_of_slots_ : front_of_views_, done, [&](std::uint64_t where, View view) {
        const Entry* entry = ring.find(where);
        return entry != nullptr && std::any_of(entry->tallies.begin(), entry->tallies.begin() + entry->used,
                                               [&](const Tally& t) { return t.view == view && t.count > 0; });
      }};
  const FaultyVotes::News news = shelves.add(message.signer(), key, message, kind.decides, received, honest);
  if (news == FaultyVotes::News::nothing) return;
  count_faulty(message, kind, place, now);
  if (news == FaultyVotes::News::received && kind.exclusive) look_for_conflict(shelves, key, message);
}

void VoteIndex::count_faulty(const Message& message, const KindFacts& kind, std::uint64_t place, Time now) {
  const Label& label = message.label();
  const bool has_slot = label.slot != kNoSlot;
  SlotRing<Entry>& ring = has_slot ? by_slot_ : by_view_;
  Entry* entry = ring.find(place);
  // Faulty signers that are a quorum among themselves certify without anybody honest, in slots within reach.
  const bool alone = roster_.faulty_replicas() >= manifest_.quorum;
  if (entry == nullptr && alone && place < ring.end() + kAlone) {
    latest_ = nullptr;  // entries may move
    entry = ring.open(place);
  }
  if (entry == nullptr) return;
  Tally* tally = find(*entry, label, kind);
  if (tally == nullptr) {
    if (!alone || entry->used >= kAlone) return;
    latest_ = nullptr;  // tallies may move, and it gets a rival
    tally = new_tally(*entry, label, kind);
    return join(*entry, *tally, place, has_slot ? faulty_by_slot_ : faulty_by_view_, now);
  }
  if (tally->signers.insert(message.signer())) {
    count(message, kind, *entry, *tally, now);
  } else {
    tally->first[message.signer()] = pack(message, kind);  // the signing that honest replicas hold
  }
}

// The signer voted for this value before. A primary's PREPARE beside its PRE-PREPARE is remembered on its own, since it
// may conflict with another PREPARE. False if it was known.
bool VoteIndex::repeated(Entry& entry, const Tally& tally, const Message& message, const KindFacts& kind) {
  const auto index = static_cast<std::uint32_t>(&tally - entry.tallies.data());
  if (signing_of(entry, index, message.signer(), kind.index) != 0) return false;
  entry.extras.push_back({index, message.signer(), pack(message, kind)});
  return true;
}

// The number of a signing of this kind by a signer who is counted for this tally; 0 if it was of another kind.
std::uint64_t VoteIndex::signing_of(const Entry& entry, std::uint32_t tally, NodeId signer, std::uint16_t kind) const {
  const auto of_kind = [&](std::uint64_t packed) { return (packed & 0xff) == (kind & 0xff); };
  const std::uint64_t first = entry.tallies[tally].first[signer];
  if (of_kind(first)) return first >> 8;
  for (const Extra& extra : entry.extras) {
    if (extra.tally == tally && extra.signer == signer && of_kind(extra.packed)) return extra.packed >> 8;
  }
  return 0;
}

void VoteIndex::look_for_conflict(Entry& entry, const Tally& own, const Message& message, const KindFacts& kind,
                                  Time now) {
  const NodeId signer = message.signer();
  for (std::uint32_t i = 0; i < entry.used; ++i) {
    const Tally& rival = entry.tallies[i];
    if (&rival == &own || rival.family != own.family || rival.view != own.view || !rival.signers.contains(signer))
      continue;
    const std::uint64_t other = signing_of(entry, i, signer, kind.index);
    if (other == 0) continue;
    Conflict conflict;
    conflict.first = {other, kind.index, signer, own.view, message.label().slot, rival.value, {}};
    conflict.second = {
        message.id(), kind.index, signer, own.view, message.label().slot, own.value, requests_in(message, manifest_.n)};
    if (conflicts_ != nullptr) conflicts_->on_conflict(conflict);
    Fact fact;
    fact.kind = FactKind::votes_conflict;
    fact.time = now;
    fact.node = signer;
    fact.view = own.view;
    fact.slot = message.label().slot;
    fact.value = own.value;
    fact.other = rival.value;
    fact.replicas = {signer};
    fact.messages = {conflict.first.id, conflict.second.id};
    fact.detail = kinds_.name(kind.index);
    facts_.raise(fact);
    return;  // one proof is enough; a third value adds nothing
  }
}

// A faulty signer's value that honest replicas now hold, against another that they hold, or that it signed in its
// honest days.
void VoteIndex::look_for_conflict(const FaultyVotes& faulty, const FaultyVotes::Key& key, const Message& message) {
  if (conflicts_ == nullptr) return;
  const NodeId signer = message.signer();
  const Slot slot = message.label().slot;
  Conflict conflict;
  conflict.second = {message.id(), key.kind, signer, key.view, slot, key.value, requests_in(message, manifest_.n)};
  conflict.second_received = true;
  if (const auto* rival = faulty.rival(signer, key)) {
    conflict.first = {rival->second.id, key.kind, signer, key.view, slot, rival->first.value, rival->second.requests};
    conflict.first_received = true;
    return conflicts_->on_conflict(conflict);
  }
  if (corrupted_.contains(signer)) return;
  const Entry* entry = (slot != kNoSlot ? by_slot_ : by_view_).find(key.place);
  for (std::uint32_t i = 0; entry != nullptr && i < entry->used; ++i) {
    const Tally& tally = entry->tallies[i];
    if (tally.family != key.family || tally.view != key.view || tally.value == key.value) continue;
    if (!tally.signers.contains(signer)) continue;
    const std::uint64_t other = signing_of(*entry, i, signer, key.kind);
    if (other == 0) continue;
    conflict.first = {other, key.kind, signer, key.view, slot, tally.value, {}};
    return conflicts_->on_conflict(conflict);
  }
}

void VoteIndex::certify(Entry& entry, Tally& tally, Slot slot, Time now) {
  tally.certified = true;
  for (std::uint32_t i = 0; i < entry.used; ++i) {
    const Tally& rival = entry.tallies[i];
    if (&rival == &tally || !rival.certified || rival.family != tally.family || rival.view != tally.view) continue;
    Fact fact;
    fact.kind = FactKind::certificates_conflict;
    fact.time = now;
    fact.view = tally.view;
    fact.slot = slot;
    fact.value = tally.value;
    fact.other = rival.value;
    fact.count = manifest_.quorum;
    for (NodeId id = 0; id < manifest_.n; ++id) {
      const bool here = tally.signers.contains(id);
      const bool there = rival.signers.contains(id);
      if (here && there) fact.replicas.push_back(id);
      if (here) fact.messages.push_back(tally.first[id] >> 8);
      if (there) fact.messages.push_back(rival.first[id] >> 8);
    }
    fact.detail = kinds_.phase(tally.family);
    facts_.raise(fact);
    return;
  }
}

Backing VoteIndex::backing(View view, Slot slot, Digest value) const {
  if (slot < by_slot_.base() && slot != 0) return {0, manifest_.quorum};
  Backing backing;
  const Entry* entry = by_slot_.find(slot);
  if (entry == nullptr && by_slot_.saturated()) return {0, manifest_.quorum};
  if (entry != nullptr && view < entry->complete_from) return {0, manifest_.quorum};
  const Tally* found = nullptr;
  for (std::uint32_t i = 0; entry != nullptr && i < entry->used; ++i) {
    const Tally& tally = entry->tallies[i];
    if (!tally.decides || tally.view != view || tally.value != value) continue;
    if (found == nullptr || tally.count > found->count) found = &tally;
  }
  if (found != nullptr) backing.votes = found->count;
  faulty_by_slot_.for_each_signer([&](NodeId signer) {
    if (found != nullptr && found->signers.contains(signer)) return;
    // Nobody honest voted for this value: those who did stand on their shelves alone.
    bool voted = false;
    for (const auto& [family, kind] : deciding_) {
      voted = voted || (found == nullptr && faulty_by_slot_.find(signer, slot, view, family, value) != 0);
    }
    backing.votes += voted ? 1 : 0;
    backing.forgotten += !voted && faulty_by_slot_.lost(signer).covers(slot) ? 1 : 0;
  });
  return backing;
}

std::vector<std::uint64_t> VoteIndex::votes_for(View view, Slot slot, Digest value) const {
  std::vector<std::uint64_t> numbers;
  const Entry* entry = by_slot_.find(slot);
  if (entry == nullptr) return numbers;
  for (std::uint32_t i = 0; i < entry->used; ++i) {
    const Tally& tally = entry->tallies[i];
    if (!tally.decides || tally.view != view || tally.value != value) continue;
    tally.signers.for_each([&](NodeId id) { numbers.push_back(tally.first[id] >> 8); });
  }
  return numbers;
}

}  // namespace byzsim
