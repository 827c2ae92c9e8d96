#include "analysis/faulty_votes.hpp"

#include <algorithm>

namespace byzsim {

namespace {

// About 40 MB for everybody together, at 300 bytes each.
constexpr std::size_t kMostOfAll = 131'072;
// Places beyond the front that honest replicas may well reach: the window of a protocol, as a rule.
constexpr std::uint64_t kReach = 256;

}  // namespace

FaultyVotes::FaultyVotes(std::uint32_t n)
    : most_(std::clamp<std::size_t>(kMostOfAll / std::max(n, 1u), 1024, 16'384)),
      most_in_place_(std::max<std::size_t>(most_ / kReach, 8)) {}

FaultyVotes::News FaultyVotes::add(NodeId signer, const Key& key, const Message& message, bool decides, bool received,
                                   std::uint64_t front) {
  Shelf& shelf = shelves_[signer];
  if (shelf.received.contains(key)) return News::nothing;
  const bool known = shelf.unseen.contains(key);
  if (!received) {
    if (known || !make_room(shelf.unseen, key, most_ / 4, front, nullptr)) return News::nothing;
    shelf.unseen.emplace(key, Kept{message.id(), Ref(&message), decides});
    return News::content;
  }
  if (known) shelf.unseen.erase(key);
  if (!make_room(shelf.received, key, most_, front, &shelf.lost)) return known ? News::nothing : News::content;
  shelf.received.emplace(key, Kept{message.id(), Ref(&message), decides});
  return News::received;
}

// False if the new one itself is the first that must go.
bool FaultyVotes::make_room(Map& map, const Key& key, std::size_t most, std::uint64_t front, Lost* lost) const {
  const auto forget = [&](const Key& gone) {
    if (lost == nullptr) return;
    ++lost->count;
    lost->lowest = std::min(lost->lowest, gone.place);
    lost->highest = std::max(lost->highest, gone.place);
  };
  const auto first_after = [&](std::uint64_t place) {
    return place == ~std::uint64_t{0} ? map.end() : map.lower_bound(Key{place + 1, 0, 0, 0, {}});
  };
  // In one place views begin with the lowest, so those of high views go first.
  const auto begin = map.lower_bound(Key{key.place, 0, 0, 0, {}});
  const auto end = first_after(key.place);
  if (static_cast<std::size_t>(std::distance(begin, end)) >= most_in_place_) {
    const auto last = std::prev(end);
    forget(std::max(key, last->first));
    if (key > last->first) return false;
    map.erase(last);
    return true;
  }
  if (map.size() < most) return true;
  const auto furthest = std::prev(map.end());
  const bool stray =
      std::max(furthest->first, key).place > front && std::max(furthest->first, key).place - front > kReach;
  const auto victim = stray ? furthest : map.begin();
  const bool itself = stray ? key > furthest->first : key < victim->first;
  forget(itself ? key : victim->first);
  if (itself) return false;
  map.erase(victim);
  return true;
}

std::uint64_t FaultyVotes::find(NodeId signer, std::uint64_t place, View view, std::uint16_t family,
                                Digest value) const {
  const auto shelf = shelves_.find(signer);
  if (shelf == shelves_.end()) return 0;
  for (const Map* map : {&shelf->second.received, &shelf->second.unseen}) {
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
  const Map& map = shelf->second.received;
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
    for (Map* map : {&shelf.received, &shelf.unseen})
      map->erase(map->begin(), map->lower_bound(Key{place, 0, 0, 0, {}}));
  }
}

FaultyVotes::Lost FaultyVotes::lost(NodeId signer) const {
  const auto shelf = shelves_.find(signer);
  return shelf == shelves_.end() ? Lost{} : shelf->second.lost;
}

}  // namespace byzsim
