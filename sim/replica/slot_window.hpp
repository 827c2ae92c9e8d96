// A window of consecutive slots that only moves up: the part of the log that a replica still works on.
//
// Entries live in a ring that grows with the span in use, so a small run pays for few slots and a lookup is a mask.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/core/check.hpp"
#include "sim/core/ids.hpp"

namespace byzsim {

/// `T` has `void reset()`, which makes it like new but keeps its memory.
template <class T>
class SlotWindow {
 public:
  explicit SlotWindow(Slot low = 0) : low_(low), high_(low) {}

  /// Slots at or below this are gone.
  Slot low() const { return low_; }
  /// The highest slot ever asked for by `at`.
  Slot high() const { return high_; }

  /// The entry of `slot`, which must lie above low(); made if it is new.
  T& at(Slot slot) {
    DCHECK(slot > low_);
    if (slot > high_) {
      if (slot - low_ > ring_.size()) grow(slot - low_);
      high_ = slot;
    }
    return ring_[slot & (ring_.size() - 1)];
  }
  /// The entry of `slot` if it has been made, null otherwise.
  T* find(Slot slot) { return slot > low_ && slot <= high_ ? &ring_[slot & (ring_.size() - 1)] : nullptr; }

  /// Forgets every slot up to `slot`.
  void advance(Slot slot) {
    if (slot <= low_) return;
    for (Slot s = low_ + 1; s <= slot && s <= high_; ++s) ring_[s & (ring_.size() - 1)].reset();
    low_ = slot;
    if (high_ < low_) high_ = low_;
  }

 private:
  void grow(Slot span) {
    std::vector<T> larger(std::bit_ceil(static_cast<std::size_t>(span < 4 ? 4 : span)));
    for (Slot s = low_ + 1; s <= high_; ++s) larger[s & (larger.size() - 1)] = std::move(ring_[s & (ring_.size() - 1)]);
    ring_ = std::move(larger);
  }

  Slot low_;
  Slot high_;
  std::vector<T> ring_;
};

}  // namespace byzsim
