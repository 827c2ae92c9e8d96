// Shrinking: a world that fails, cut down while it fails in the same way.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "sim/core/node.hpp"

namespace byzsim::soak {

/// The kinds of findings that this world gives; run wherever a crash does no harm.
using KindsOf = std::function<std::set<std::string>(const Node& tree)>;

struct Shrunk {
  Node tree;
  std::size_t tried = 0;
};

/// Drops rules, behaviours, faults, requests, clients, settings and replicas, one at a time and several at once, until
/// nothing more can go, or `most` worlds were tried. A pure function of its arguments.
Shrunk shrink(Node tree, const std::string& kind, std::size_t most, const KindsOf& kinds_of);

}  // namespace byzsim::soak
