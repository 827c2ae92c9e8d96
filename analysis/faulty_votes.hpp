// FaultyVotes: what faulty signers signed, remembered signer by signer.
//
// An honest signer votes within its window and for one value; a faulty one votes for whatever place and value it likes,
// and as often as it likes. So each faulty signer has a shelf of its own, and what does not fit there pushes out that
// signer's own things and nobody else's. Signing a thing twice adds nothing: what counts is the content (place, view,
// kind, value), whatever the number of the signing that honest replicas came to hold.
//
// A place is a slot, or a view for messages that have no slot. Pushed out first is what no honest replica holds, which
// proves nothing; then what lies furthest beyond the front, where honest replicas have not been; then the oldest place.
#pragma once

#include <cstdint>
#include <map>
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
    Ref<const Message> message;
    bool decides = false;
  };
  enum class News : std::uint8_t { nothing, content, received };

  explicit FaultyVotes(std::uint32_t n);

  /// `received`: an honest replica holds it. Says what that adds to what was known; `front` is one past the furthest
  /// place that honest replicas have reached.
  News add(NodeId signer, const Key& key, const Message& message, bool decides, bool received, std::uint64_t front);
  bool empty() const { return shelves_.empty(); }
  /// The number of a signing by this signer for this value, of any kind of the family; 0 if there is none.
  std::uint64_t find(NodeId signer, std::uint64_t place, View view, std::uint16_t family, Digest value) const;
  /// Another value that honest replicas hold from this signer in the same (place, view, kind); null if there is none.
  const std::pair<const Key, Kept>* rival(NodeId signer, const Key& key) const;
  /// Calls `visit(NodeId signer)` for everybody who has a shelf, in increasing order.
  void for_each_signer(auto&& visit) const {
    for (const auto& [signer, shelf] : shelves_) visit(signer);
  }
  /// Calls `visit(const Key&, const Kept&)` for what honest replicas hold of this signer.
  void for_each_received(NodeId signer, auto&& visit) const {
    const auto found = shelves_.find(signer);
    if (found == shelves_.end()) return;
    for (const auto& [key, kept] : found->second.received) visit(key, kept);
  }
  void retire_below(std::uint64_t place);

  /// What was pushed out of a shelf although honest replicas hold it, settled places apart.
  struct Lost {
    std::uint64_t count = 0;
    std::uint64_t lowest = ~std::uint64_t{0};
    std::uint64_t highest = 0;
    bool covers(std::uint64_t place) const { return lowest <= place && place <= highest; }
  };
  Lost lost(NodeId signer) const;

 private:
  using Map = std::map<Key, Kept>;
  struct Shelf {
    Map received;
    Map unseen;
    Lost lost;
  };
  bool make_room(Map& map, const Key& key, std::size_t most, std::uint64_t front, Lost* lost) const;

  std::size_t most_;           // of one signer, received
  std::size_t most_in_place_;  // of one signer in one place
  std::map<NodeId, Shelf> shelves_;
};

}  // namespace byzsim
