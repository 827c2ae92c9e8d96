// When a node was down, as the network and the judge both ask.
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "sim/core/time.hpp"

namespace byzsim {

struct Downtime {
  Time from{};
  Time until = kNever;
};

/// The downtimes of one node, in order; of several that overlap, the first.
class Downtimes {
 public:
  bool now() const { return !times_.empty() && times_.back().until == kNever; }
  void begin(Time when) {
    if (!now()) times_.push_back({when});
  }
  /// Whether it was down: nothing happens unless it was.
  bool end(Time when) {
    if (!now()) return false;
    times_.back().until = when;
    return true;
  }
  /// The last that had begun by `when`; of all these it ended last. Null if there was none. O(log of them).
  const Downtime* last_by(Time when) const {
    const auto later_ones = std::upper_bound(times_.begin(), times_.end(), when,
                                             [](Time at, const Downtime& time) { return at < time.from; });
    return later_ones == times_.begin() ? nullptr : &*std::prev(later_ones);
  }

 private:
  std::vector<Downtime> times_;
};

}  // namespace byzsim
