// SlotRing: entries by slot (or by view), dense near the front of the log and bounded everywhere.
//
// Live slots form a window that moves up: a power-of-two ring, grown on demand, whose entries are reset and used again,
// so a run in the steady state allocates nothing. A slot far beyond the window (only a Byzantine node signs such) goes
// to a small ordered map instead of growing the ring. Entry needs `void reset()`, which should keep its memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "sim/core/ids.hpp"

namespace byzsim {

template <class Entry>
class SlotRing {
 public:
  /// The entry of this slot, made if need be; null if the slot was retired or if too many far slots are open already.
  Entry* open(Slot slot) {
    if (slot - base_ < end_ - base_) [[likely]]
      return &ring_[slot & (ring_.size() - 1)];
    return open_new(slot);
  }
  /// The same for whoever has no right to a far slot: what is far is found if it is open, and not opened.
  Entry* open_near(Slot slot) {
    const bool far = slot == 0 || (slot >= end_ && slot - end_ >= kReach);
    return far ? find(slot) : open(slot);
  }
  /// The entry of this slot if it is open, null otherwise.
  Entry* find(Slot slot) {
    if (slot - base_ < end_ - base_) [[likely]]
      return &ring_[slot & (ring_.size() - 1)];
    if (far_.empty()) return nullptr;
    const auto found = far_.find(slot);
    return found == far_.end() ? nullptr : &found->second;
  }
  const Entry* find(Slot slot) const { return const_cast<SlotRing*>(this)->find(slot); }

  Slot base() const { return base_; }  ///< the lowest slot of the window; those below are retired
  Slot end() const { return end_; }    ///< one past the highest slot of the window
  bool saturated() const { return far_.size() >= kMostFar; }  ///< a further far slot would not be opened
  /// Retires the lowest slot of the window, which must not be empty.
  void retire() {
    ring_[base_ & (ring_.size() - 1)].reset();
    ++base_;
  }
  void retire_below(Slot slot) {
    while (base_ < slot && base_ < end_) retire();
    if (base_ == end_ && base_ < slot) base_ = end_ = slot;
  }
  /// Calls `visit(Slot, Entry&)` for every open slot after `after` and up to `last`, in order.
  void for_each_between(Slot after, Slot last, auto&& visit) {
    if (after >= last) return;
    auto far = far_.upper_bound(after);
    for (; far != far_.end() && far->first < base_ && far->first <= last; ++far) visit(far->first, far->second);
    for (Slot slot = std::max(base_, after + 1); slot < end_ && slot <= last; ++slot)
      visit(slot, ring_[slot & (ring_.size() - 1)]);
    for (; far != far_.end() && far->first <= last; ++far) visit(far->first, far->second);
  }
  /// Calls `visit(Slot, Entry&)` for every open slot, in order.
  void for_each(auto&& visit) {
    auto far = far_.begin();
    for (; far != far_.end() && far->first < base_; ++far) visit(far->first, far->second);
    for (Slot slot = base_; slot < end_; ++slot) visit(slot, ring_[slot & (ring_.size() - 1)]);
    for (; far != far_.end(); ++far) visit(far->first, far->second);
  }

 private:
  static constexpr Slot kReach = 4096;           // further ahead than this is far
  static constexpr std::size_t kMostFar = 4096;  // far slots kept open

  Entry* open_new(Slot slot) {
    if (slot < base_ && slot != 0) return nullptr;
    if (slot == 0 || slot - end_ >= kReach) {
      if (far_.size() >= kMostFar && !far_.contains(slot)) return nullptr;
      return &far_[slot];
    }
    const std::size_t needed = static_cast<std::size_t>(slot + 1 - base_);
    if (needed > ring_.size()) grow(needed);
    const Slot was = end_;
    end_ = slot + 1;
    // A far slot that the window has reached moves in.
    for (auto far = far_.lower_bound(was); far != far_.end() && far->first < end_;) {
      ring_[far->first & (ring_.size() - 1)] = std::move(far->second);
      far = far_.erase(far);
    }
    return &ring_[slot & (ring_.size() - 1)];
  }
  void grow(std::size_t needed) {
    std::size_t size = ring_.empty() ? 8 : ring_.size();
    while (size < needed) size *= 2;
    std::vector<Entry> bigger(size);
    for (Slot slot = base_; slot < end_; ++slot)
      bigger[slot & (size - 1)] = std::move(ring_[slot & (ring_.size() - 1)]);
    ring_ = std::move(bigger);
  }

  std::vector<Entry> ring_;
  Slot base_ = 1;  // the first slot is 1; a protocol that uses slot 0 finds it among the far ones
  Slot end_ = 1;
  std::map<Slot, Entry> far_;
};

}  // namespace byzsim
