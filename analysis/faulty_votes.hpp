// FaultyVotes: what faulty signers signed, remembered signer by signer.
//
// An honest signer votes within its window and for one value; a faulty one votes for whatever place and value it likes,
// and as often as it likes. So each faulty signer has a shelf of its own, and what does not fit there pushes out that
// signer's own things and nobody else's. Signing a thing twice adds nothing: what counts is the content (place, view,
// kind, value), whatever the number of the signing that honest replicas came to hold.
//
// A place is a slot, or a view for messages that have no slot. What no honest replica holds proves nothing and has a
// smaller shelf apart. When a shelf is full and one place takes more than its share of it, that place gives way: first
// what is of a view in which no honest replica has voted there, for nobody is led to decide in such a view. Otherwise
// it is what lies furthest beyond the front, where honest replicas have not been, or the oldest place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/replica/message.hpp"

namespace byzsim {

class FaultyVotes {
 public:
  struct Key {
    std::uint64_t place = 0;
    View view = kNoView;
    std::uint16_t family = 0;
    std::uint16_t kind = 0;
    Digest value{};
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Kept {
    std::uint64_t id = 0;
    std::string requests;  // those in it, as text
    bool decides = false;
  };
  enum class News : std::uint8_t { nothing, content, received };
  /// Where honest replicas have been.
  struct Honest {
    std::uint64_t front = 0;    ///< one past the furthest place
    std::uint64_t settled = 0;  ///< places below are done with
    std::function<bool(std::uint64_t place, View view)> voted;
  };

  /// Of a run with so many replicas.
  explicit FaultyVotes(std::uint32_t n);

  /// `received`: an honest replica holds it. Says what that adds to what was known.
  News add(NodeId signer, const Key& key, const Message& message, bool decides, bool received, const Honest& honest);
  bool empty() const { return shelves_.empty(); }
  /// The number of a signing by this signer for this value, of any kind of the family; 0 if there is none.
  std::uint64_t find(NodeId signer, std::uint64_t place, View view, std::uint16_t family, Digest value) const;
  /// Another value that honest replicas hold from this signer in the same (place, view, kind); null if there is none.
  const std::pair<const Key, Kept>* rival(NodeId signer, const Key& key) const;
  /// Calls `visit(NodeId signer)` for everybody who has a shelf, in increasing order.
  void for_each_signer(auto&& visit) const {
    for (const auto& [signer, shelf] : shelves_) visit(signer);
  }
  /// Calls `visit(const Key&, const Kept&)` for what honest replicas hold of this signer, in places from `from` on.
  void for_each_received(NodeId signer, std::uint64_t from, auto&& visit) const {
    const auto found = shelves_.find(signer);
    if (found == shelves_.end()) return;
    const Map& map = found->second.received.kept;
    for (auto it = map.lower_bound(Key{from, 0, 0, 0, {}}); it != map.end(); ++it) visit(it->first, it->second);
  }
  void retire_below(std::uint64_t place);

  /// What was pushed out of a shelf although honest replicas hold it, settled places apart.
  struct Lost {
    std::uint64_t count = 0;
    std::uint64_t lowest = ~std::uint64_t{0};
    std::uint64_t highest = 0;
    void add(std::uint64_t place, std::uint64_t how_many = 1) {
      count += how_many;
      lowest = std::min(lowest, place);
      highest = std::max(highest, place);
    }
    bool covers(std::uint64_t place) const { return lowest <= place && place <= highest; }
  };
  Lost lost(NodeId signer) const;

 private:
  using Map = std::map<Key, Kept>;
  struct Store {
    Map kept;
    std::map<std::uint64_t, std::size_t> in_place;
    std::set<std::pair<std::size_t, std::uint64_t>> by_size;  // places, by how much is kept of each
    void put(const Key& key, Kept what);
    void take(Map::iterator what);
    void retire_below(std::uint64_t place);

   private:
    void resize(std::uint64_t place, std::size_t from, std::size_t to);
  };
  struct Shelf {
    Store received;
    Store unseen;
    Lost lost;
  };
  bool make_room(Store& store, const Key& key, std::size_t most, const Honest& honest, Lost* lost) const;
  Map::iterator least_wanted(Store& store, std::uint64_t place, const Honest& honest) const;

  std::uint32_t n_;
  std::size_t most_;   // of one signer, received
  std::size_t share_;  // of one place, where a shelf is full
  std::map<NodeId, Shelf> shelves_;
};

}  // namespace byzsim
