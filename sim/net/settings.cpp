#include "sim/net/settings.hpp"

#include <fmt/format.h>

#include "sim/net/regions.hpp"

namespace byzsim {

void NetworkSettings::check(const Node& where, Diagnostics& errors) const {
  const auto place = [&](std::string_view key) {
    const Node* node = where.find(key);
    return node != nullptr ? node->position : where.position;
  };
  if (base && regions) {
    errors.error(place("base"), "base and regions both say what the fixed delay of a link is", "keep one of the two");
  }
  if (!placement.empty() && !regions) {
    errors.error(place("placement"), "placement names regions, but no table of regions is chosen",
                 "add `regions: aws-21` or `regions: mysticeti-6`");
  }
  const RegionTable* table = regions ? find_regions(*regions) : nullptr;
  if (table != nullptr) {
    const std::vector<std::string> names(table->names.begin(), table->names.end());
    for (const std::string& region : placement) {
      if (table->find(region)) continue;
      errors.error(place("placement"), fmt::format("{} has no region '{}'", table->name, region),
                   did_you_mean(region, names));
    }
  }
  if (!edges.empty() && topology.kind != TopologyKind::edges) {
    errors.error(place("edges"), fmt::format("edges are listed, but the topology is {}", to_string(topology)),
                 "write `topology: edges`");
  }
}

}  // namespace byzsim
