// Shrinking: a world that fails, cut down while it fails in the same way.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "sim/core/node.hpp"

namespace byzsim::soak {

/// The kinds of findings that this world gives; run wherever a crash does no harm.
using KindsOf = std::function<std::set<std::string>(const Node& tree)>;

/// When cutting down ends, should there still be something to drop.
struct ShrinkLimits {
  std::size_t worlds = 500;
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

struct Shrunk {
  Node tree;
  std::size_t tried = 0;
};

/// Drops rules, behaviours, faults, requests, clients, settings and replicas, one at a time and several at once, until
/// nothing more can go or a limit is reached.
Shrunk shrink(Node tree, const std::string& kind, const ShrinkLimits& limits, const KindsOf& kinds_of);

}  // namespace byzsim::soak
