// A window of consecutive slots that only moves up: the part of the log that a replica still works on.
//
// Entries live in pages that are made when a slot of theirs is first asked for, so memory follows the slots in use and
// not the width of the window: one vote for a far slot costs one page. A lookup is two masks.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "sim/core/check.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"

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

  /// The entry of `slot`, which must lie above low(); made if it is new. The caller bounds how far above.
  [[gnu::always_inline]] T& at(Slot slot) {
    DCHECK(slot > low_);
    if (page_of(slot) == recent_ && slot <= high_) [[likely]]
      return recent_page_[slot & (kPage - 1)];
    return on_other_page(slot);
  }
  /// The entry of `slot`, if `at` has made it or one on its page; null otherwise.
  T* find(Slot slot) {
    if (slot <= low_ || slot > high_) return nullptr;
    const Page& page = pages_[page_of(slot) & (pages_.size() - 1)];
    return page ? &page[slot & (kPage - 1)] : nullptr;
  }
  /// Calls `visit(Slot, T&)` for every entry that `find` finds, in order; O(high() - low()) only in whole pages.
  void for_each(auto&& visit) {
    for (Slot slot = low_ + 1; slot <= high_; ++slot) {
      if (T* entry = find(slot)) {
        visit(slot, *entry);
      } else {
        slot |= kPage - 1;
      }
    }
  }

  /// Forgets every slot up to `slot`.
  void advance(Slot slot) {
    if (slot <= low_) return;
    for (Slot s = low_ + 1; s <= slot && s <= high_; ++s) {
      Page& page = pages_[page_of(s) & (pages_.size() - 1)];
      const Slot last = s | (kPage - 1);
      if (!page) {
        s = last;
        continue;
      }
      page[s & (kPage - 1)].reset();
      if (s != last) continue;
      spare_.push_back(std::move(page));  // all of it is below the window, and like new
      if (page_of(s) == recent_) recent_ = kNoSlot;
    }
    low_ = slot;
    if (high_ < low_) high_ = low_;
  }

 private:
  using Page = std::unique_ptr<T[]>;
  static constexpr Slot kPage = 32;
  static constexpr Slot page_of(Slot slot) { return slot / kPage; }

  [[gnu::noinline]] T& on_other_page(Slot slot) {
    if (slot > high_) {
      if (page_of(slot) - page_of(low_) >= pages_.size()) grow(page_of(slot) - page_of(low_) + 1);
      high_ = slot;
    }
    Page& page = pages_[page_of(slot) & (pages_.size() - 1)];
    if (!page) page = new_page();
    recent_ = page_of(slot);
    recent_page_ = page.get();
    return page[slot & (kPage - 1)];
  }
  Page new_page() {
    if (spare_.empty()) {
      footprint_.grow(kPage * sizeof(T));
      return std::make_unique<T[]>(kPage);
    }
    Page page = std::move(spare_.back());
    spare_.pop_back();
    return page;
  }
  void grow(Slot pages) {
    std::vector<Page> larger(std::bit_ceil(static_cast<std::size_t>(pages < 2 ? 2 : pages)));
    if (high_ > low_) {
      for (Slot page = page_of(low_ + 1); page <= page_of(high_); ++page) {
        larger[page & (larger.size() - 1)] = std::move(pages_[page & (pages_.size() - 1)]);
      }
    }
    pages_ = std::move(larger);
  }

  Slot low_;
  Slot high_;
  Slot recent_ = kNoSlot;     // the page of the entry asked for last
  T* recent_page_ = nullptr;  // which it is
  std::vector<Page> pages_;
  Footprint footprint_;
  std::vector<Page> spare_;  // given up, so that a window in motion allocates nothing
};

}  // namespace byzsim
