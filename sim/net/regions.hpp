// Tables of measured delays between regions, for `network.regions`.
//
// A table holds round trips; the delay one way is taken to be half of it, which measurements from one end cannot
// refine. Everything is a multiple of 10 us (round trips) or 5 us (one way), exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sim/core/time.hpp"

namespace byzsim {

struct RegionTable {
  std::string_view name;
  std::string_view source;
  std::span<const std::string_view> names;          ///< of the regions
  std::span<const std::uint16_t> round_trips_10us;  ///< row by row: sender, then receiver

  std::size_t size() const { return names.size(); }
  Duration round_trip(std::size_t from, std::size_t to) const {
    return std::chrono::microseconds(10) * round_trips_10us[from * size() + to];
  }
  Duration one_way(std::size_t from, std::size_t to) const { return round_trip(from, to) / 2; }
  std::optional<std::size_t> find(std::string_view region) const;
};

/// The table of this name, or null; the catalogue lists them under "regions".
const RegionTable* find_regions(std::string_view name);

}  // namespace byzsim
