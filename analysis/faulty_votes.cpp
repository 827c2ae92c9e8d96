#include "analysis/faulty_votes.hpp"

#include <algorithm>

#include "analysis/requests_text.hpp"

namespace byzsim {

namespace {

// About 40 MB for everybody together, at 300 bytes each.
constexpr std::size_t kMostOfAll = 131'072;
// Places beyond the front that honest replicas may well reach: the window of a protocol, as a rule.
constexpr std::uint64_t kReach = 256;

}  // namespace

FaultyVotes::FaultyVotes(std::uint32_t n)
    : n_(n),
      most_(std::clamp<std::size_t>(kMostOfAll / std::max(n, 1u), 1024, 16'384)),
      share_(std::max<std::size_t>(most_ / kReach, 8)) {}

void FaultyVotes::Store::resize(std::uint64_t place, std::size_t from, std::size_t to) {
  by_size.erase({from, place});
  if (to > 0) by_size.insert({to, place});
}
void FaultyVotes::Store::put(const Key& key, Kept what) {
  kept.emplace(key, std::move(what));
  std::size_t& size = in_place[key.place];
  resize(key.place, size, size + 1);
  ++size;
}
void FaultyVotes::Store::take(Map::iterator what) {
  const std::uint64_t place = what->first.place;
  kept.erase(what);
  const auto size = in_place.find(place);
  resize(place, size->second, size->second - 1);
  if (--size->second == 0) in_place.erase(size);
}
void FaultyVotes::Store::retire_below(std::uint64_t place) {
  kept.erase(kept.begin(), kept.lower_bound(Key{place, 0, 0, 0, {}}));
  const auto end = in_place.lower_bound(place);
  for (auto it = in_place.begin(); it != end; ++it) by_size.erase({it->second, it->first});
  in_place.erase(in_place.begin(), end);
}

FaultyVotes::News FaultyVotes::add(NodeId signer, const Key& key, const Message& message, bool decides, bool received,
                                   const Honest& honest) {
  Shelf& shelf = shelves_[signer];
  if (shelf.received.kept.contains(key)) return News::nothing;
  const auto known = shelf.unseen.kept.find(key);
  const bool was_known = known != shelf.unseen.kept.end();
  if (!received) {
    if (was_known || !make_room(shelf.unseen, key, most_ / 4, honest, nullptr)) return News::nothing;
    shelf.unseen.put(key, Kept{message.id(), requests_in(message, n_), decides});
    return News::content;
  }
  if (was_known) shelf.unseen.take(known);
  if (!make_room(shelf.received, key, most_, honest, &shelf.lost)) return was_known ? News::nothing : News::content;
  shelf.received.put(key, Kept{message.id(), requests_in(message, n_), decides});
  return News::received;
}

// False if the new one itself is the first that must go.
bool FaultyVotes::make_room(Store& store, const Key& key, std::size_t most, const Honest& honest, Lost* lost) const {
  if (store.kept.size() < most) return true;
  const auto forget = [&](const Key& gone) {
    if (lost != nullptr && gone.place >= honest.settled) lost->add(gone.place);
  };
  Map::iterator victim;
  bool itself = false;
  if (const auto& [size, place] = *store.by_size.rbegin(); size >= share_) {
    victim = least_wanted(store, place, honest);
    itself = key.place == place && !honest.voted(place, key.view) && key > victim->first;
  } else {
    const auto furthest = std::prev(store.kept.end());
    const std::uint64_t far = std::max(furthest->first, key).place;
    const bool stray = far > honest.front && far - honest.front > kReach;
    victim = stray ? furthest : store.kept.begin();
    itself = stray ? key > furthest->first : key < victim->first;
  }
  forget(itself ? key : victim->first);
  if (itself) return false;
  store.take(victim);
  return true;
}

// Of one place: what is of a view without honest votes there, the highest first; if there is none, or it is not found
// at either end, what is of the lowest view.
FaultyVotes::Map::iterator FaultyVotes::least_wanted(Store& store, std::uint64_t place, const Honest& honest) const {
  constexpr int kLookedAt = 64;
  const auto begin = store.kept.lower_bound(Key{place, 0, 0, 0, {}});
  const auto end = place == ~std::uint64_t{0} ? store.kept.end() : store.kept.lower_bound(Key{place + 1, 0, 0, 0, {}});
  auto it = end;
  for (int i = 0; i < kLookedAt && it != begin; ++i) {
    if (!honest.voted(place, (--it)->first.view)) return it;
  }
  it = begin;
  for (int i = 0; i < kLookedAt && it != end; ++i, ++it) {
    if (!honest.voted(place, it->first.view)) return it;
  }
  return begin;
}

std::uint64_t FaultyVotes::find(NodeId signer, std::uint64_t place, View view, std::uint16_t family,
                                Digest value) const {
  const auto shelf = shelves_.find(signer);
  if (shelf == shelves_.end()) return 0;
  for (const Store* store : {&shelf->second.received, &shelf->second.unseen}) {
    const Map* map = &store->kept;
    for (auto it = map->lower_bound(Key{place, view, family, 0, {}});
         it != map->end() && it->first.place == place && it->first.view == view && it->first.family == family; ++it) {
      if (it->first.value == value) return it->second.id << 8 | static_cast<std::uint8_t>(it->first.kind);
    }
  }
  return 0;
}

const std::pair<const FaultyVotes::Key, FaultyVotes::Kept>* FaultyVotes::rival(NodeId signer, const Key& key) const {
  const auto shelf = shelves_.find(signer);
  if (shelf == shelves_.end()) return nullptr;
  const Map& map = shelf->second.received.kept;
  for (auto it = map.lower_bound(Key{key.place, key.view, key.family, key.kind, {}});
       it != map.end() && it->first.place == key.place && it->first.view == key.view &&
       it->first.family == key.family && it->first.kind == key.kind;
       ++it) {
    if (it->first.value != key.value) return &*it;
  }
  return nullptr;
}

void FaultyVotes::retire_below(std::uint64_t place) {
  for (auto& [signer, shelf] : shelves_) {
    shelf.received.retire_below(place);
    shelf.unseen.retire_below(place);
  }
}

FaultyVotes::Lost FaultyVotes::lost(NodeId signer) const {
  const auto shelf = shelves_.find(signer);
  return shelf == shelves_.end() ? Lost{} : shelf->second.lost;
}

}  // namespace byzsim
