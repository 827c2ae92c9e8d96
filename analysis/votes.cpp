#include "analysis/votes.hpp"

#include <algorithm>

namespace byzsim {

namespace {

// A faulty signer cannot make a slot's scan longer than this by inventing values.
constexpr std::uint32_t kMostInvented = 512;

std::uint64_t pack(const Message& message, const KindFacts& kind) {
  return message.id() << 8 | static_cast<std::uint8_t>(kind.index);
}

}  // namespace

VoteIndex::VoteIndex(const Manifest& manifest, const Roster& roster, const KindTable& kinds, FactSink& facts)
    : manifest_(manifest),
      roster_(roster),
      kinds_(kinds),
      facts_(facts),
      most_live_(std::clamp<Slot>((64u << 20) / (24 * Slot{manifest.n + 8}), 256, 8192)) {}

void VoteIndex::add(const Message& message, const KindFacts& kind, Time now) {
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
  Entry* entry = ring.open(has_slot ? label.slot : label.view);
  if (entry == nullptr) return;

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
    own = new_tally(*entry, message, kind);
    if (own == nullptr) return;
    if (ring.end() - ring.base() > most_live_) ring.retire_below(ring.end() - most_live_ / 2);
  }
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
  if (!roster_.honest(message.signer())) [[unlikely]]
    entry.kept.emplace_back(&message);
  if (++own.count == manifest_.quorum && kind.vote) certify(entry, own, message.label().slot, now);
}

VoteIndex::Tally* VoteIndex::new_tally(Entry& entry, const Message& message, const KindFacts& kind) {
  if (entry.used >= kMostInvented && !roster_.honest(message.signer())) return nullptr;
  if (entry.used == entry.tallies.size()) entry.tallies.emplace_back();
  Tally& tally = entry.tallies[entry.used++];
  tally.value = message.label().value;
  tally.view = message.label().view;
  tally.family = kind.family;
  tally.decides = kind.decides;
  tally.certified = false;
  tally.count = 0;
  tally.signers.clear();
  tally.first.resize(manifest_.n);
  return &tally;
}

// The signer voted for this value before. A primary's PREPARE beside its PRE-PREPARE is remembered on its own, since it
// may conflict with another PREPARE. False if it was known.
bool VoteIndex::repeated(Entry& entry, const Tally& tally, const Message& message, const KindFacts& kind) {
  const std::uint64_t packed = pack(message, kind);
  if ((tally.first[message.signer()] & 0xff) == (packed & 0xff)) return false;
  const auto index = static_cast<std::uint32_t>(&tally - entry.tallies.data());
  for (const Extra& extra : entry.extras) {
    if (extra.tally == index && extra.signer == message.signer() && (extra.packed & 0xff) == (packed & 0xff))
      return false;
  }
  entry.extras.push_back({index, message.signer(), packed});
  if (!roster_.honest(message.signer())) entry.kept.emplace_back(&message);
  return true;
}

void VoteIndex::look_for_conflict(Entry& entry, const Tally& own, const Message& message, const KindFacts& kind,
                                  Time now) {
  const NodeId signer = message.signer();
  const auto same_kind = [&](std::uint64_t packed) { return (packed & 0xff) == (pack(message, kind) & 0xff); };
  for (std::uint32_t i = 0; i < entry.used; ++i) {
    const Tally& rival = entry.tallies[i];
    if (&rival == &own || rival.family != own.family || rival.view != own.view || !rival.signers.contains(signer))
      continue;
    std::uint64_t packed = rival.first[signer];
    if (!same_kind(packed)) {
      packed = 0;
      for (const Extra& extra : entry.extras) {
        if (extra.tally == i && extra.signer == signer && same_kind(extra.packed)) packed = extra.packed;
      }
      if (packed == 0) continue;
    }
    Conflict conflict;
    conflict.first = {packed >> 8, kind.index, signer, own.view, message.label().slot, rival.value, nullptr};
    conflict.second = {message.id(), kind.index, signer, own.view, message.label().slot, own.value, Ref(&message)};
    for (const auto& kept : entry.kept) {
      if (kept->id() == conflict.first.id && kept->signer() == signer) conflict.first.message = kept;
    }
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

std::uint32_t VoteIndex::deciding_votes(View view, Slot slot, Digest value) const {
  const Entry* entry = by_slot_.find(slot);
  if (entry == nullptr) return slot < by_slot_.base() || by_slot_.saturated() ? kNobody : 0;
  std::uint32_t most = 0;
  for (std::uint32_t i = 0; i < entry->used; ++i) {
    const Tally& tally = entry->tallies[i];
    if (tally.decides && tally.view == view && tally.value == value) most = std::max(most, tally.count);
  }
  return most;
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
