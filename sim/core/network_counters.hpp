// What the network did to messages, in numbers: counted by the network, shown by every result.
#pragma once

#include <cstdint>

namespace byzsim {

struct NetworkCounters {
  std::uint64_t clamped = 0;     ///< copies whose propagation was cut to the synchrony bound
  std::uint64_t lost = 0;        ///< messages lost at random
  std::uint64_t cut = 0;         ///< messages dropped by a cut
  std::uint64_t held = 0;        ///< times a message began to wait for a cut to heal
  std::uint64_t duplicated = 0;  ///< messages that arrive twice
  std::uint64_t reordered = 0;   ///< messages held back by `reorder_by`
  std::uint64_t relayed = 0;     ///< hops beyond the first

  friend bool operator==(const NetworkCounters&, const NetworkCounters&) = default;
  /// Calls `visit(name, count)` for each count that a result shows, the same for const and other counters.
  static void each(auto& counters, auto&& visit) {
    visit("clamped", counters.clamped);
    visit("lost", counters.lost);
    visit("cut", counters.cut);
    visit("held", counters.held);
    visit("duplicated", counters.duplicated);
    visit("reordered", counters.reordered);
    visit("relayed", counters.relayed);
  }
};

}  // namespace byzsim
