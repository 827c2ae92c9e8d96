// What a PBFT replica knows of the views that others are in, and the VIEW-CHANGEs that may still count; and the
// messages that came too early.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sim/core/limits.hpp"
#include "sim/protocols/pbft_messages.hpp"
#include "sim/replica/by_replica.hpp"

namespace byzsim::pbft {

/// The highest view in which each replica is known to have been, by whatever it signed there, and of each replica its
/// latest VIEW-CHANGEs. Bounded by signer, so that no liar crowds out anybody else's.
class ViewLog {
 public:
  explicit ViewLog(std::uint32_t n) : n_(n), seen_(n), kept_(n) {}

  /// Enters that `replica` signed something in `view`; true if that is higher than what was known.
  bool saw(NodeId replica, View view) {
    if (view <= std::as_const(seen_)[replica]) return false;
    seen_[replica] = view;
    highest_ = std::max(highest_, view);
    return true;
  }
  View highest() const { return highest_; }
  std::uint32_t at_or_above(View view) const {
    const std::vector<View>& seen = seen_.row();
    if (seen.empty()) return view == 0 ? n_ : 0;
    return static_cast<std::uint32_t>(std::count_if(seen.begin(), seen.end(), [=](View v) { return v >= view; }));
  }
  /// The highest view that `count` replicas have reached or passed.
  View reached_by(std::uint32_t count) const {
    std::vector<View> views = seen_.row();
    if (views.empty()) return 0;
    std::nth_element(views.begin(), views.begin() + count - 1, views.end(), std::greater<>{});
    return views[count - 1];
  }

  bool has(NodeId signer, View view) const { return find(signer, view) != nullptr; }
  /// Keeps a VIEW-CHANGE beside the last few of its signer.
  void keep(const Ref<const ViewChange>& m) {
    std::vector<Ref<const ViewChange>>& own = kept_[m->signer()];
    own.push_back(m);
    std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a->view > b->view; });
    if (own.size() > kKept) own.pop_back();
  }
  /// Those for exactly this view, by signer.
  std::vector<Ref<const ViewChange>> all_of(View view) const {
    std::vector<Ref<const ViewChange>> found;
    for (NodeId signer = 0; signer < kept_.row().size(); ++signer) {
      if (const Ref<const ViewChange>* m = find(signer, view)) found.push_back(*m);
    }
    return found;
  }
  void forget_up_to(View view) {
    for (auto& own : kept_.row()) std::erase_if(own, [=](const auto& m) { return m->view <= view; });
  }

 private:
  static constexpr std::size_t kKept = 4;

  const Ref<const ViewChange>* find(NodeId signer, View view) const {
    for (const auto& m : kept_[signer]) {
      if (m->view == view) return &m;
    }
    return nullptr;
  }

  std::uint32_t n_;
  ByReplica<View> seen_;
  View highest_ = 0;
  ByReplica<std::vector<Ref<const ViewChange>>> kept_;  // by signer, highest view first
};

/// Messages of a view not yet entered, or of a slot just above the window: kept until their time comes. Of each signer
/// one a kind, view and slot, and so many in all: repeating them, or signing many, costs nobody else his place.
class EarlyMessages {
 public:
  explicit EarlyMessages(std::size_t most_of_one) : most_of_one_(most_of_one) {}

  /// False if its signer has used up its share.
  bool keep(const Message& m) {
    const Key key{m.label().view, m.label().slot, m.kind().index, m.signer()};
    if (kept_.contains(key)) return true;
    std::size_t& count = count_[m.signer()];
    if (count >= most_of_one_) return false;
    ++count;
    kept_.emplace(key, &m);
    by_slot_.insert({key.slot, key});
    weigh();
    check_limits();
    return true;
  }
  /// Forgets those of views before `view` and of slots up to `low`.
  void forget(View view, Slot low) {
    while (!kept_.empty() && kept_.begin()->first.view < view) erase(kept_.begin());
    while (!by_slot_.empty() && by_slot_.begin()->first <= low) erase(kept_.find(by_slot_.begin()->second));
  }
  /// Takes out the first of this view and a slot up to `high`, and hands it on; false if there is none.
  bool next(View view, Slot high, auto&& handle) {
    const auto found = kept_.lower_bound(Key{view, 0, 0, 0});
    if (found == kept_.end() || found->first.view != view || found->first.slot > high) return false;
    const Ref<const Message> m = found->second;
    erase(found);
    handle(*m);
    return true;
  }
  bool empty() const { return kept_.empty(); }

 private:
  struct Key {
    View view;
    Slot slot;
    std::uint16_t kind;
    NodeId signer;
    auto operator<=>(const Key&) const = default;
  };
  using Kept = std::map<Key, Ref<const Message>>;
  static constexpr std::uint64_t kBytes = 160;  // what one counts in memory, beside the message

  void erase(Kept::iterator place) {
    --count_[place->first.signer];
    by_slot_.erase({place->first.slot, place->first});
    kept_.erase(place);
    weigh();
  }
  void weigh() { bytes_.set(kBytes * kept_.size()); }

  std::size_t most_of_one_;
  Kept kept_;  // in the order in which they will be due
  std::set<std::pair<Slot, Key>> by_slot_;
  std::map<NodeId, std::size_t> count_;
  Footprint bytes_;
};

}  // namespace byzsim::pbft
