// The edges of each shape of topology, and what can be wrong with them. Plain lists; the graph is made in topology.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/net/topology.hpp"

namespace byzsim {

/// Sorted, each pair once. `Topology::problem` must have found nothing.
std::vector<Edge> shape_edges(const TopologySpec& spec, std::uint32_t n, const std::vector<std::vector<NodeId>>& given,
                              std::uint64_t seed);

/// A d-regular graph on n vertices, connected: a circulant whose edges are switched at random (10 switches an edge, and
/// more until it is connected). Switching reaches every d-regular graph; the limit is uniform over them.
/// n * d even, 2 <= d < n, or d = 1 and n = 2.
std::vector<Edge> random_regular(std::uint32_t n, std::uint32_t d, std::uint64_t seed);

/// Number of connected components, without a graph.
std::uint32_t count_components(std::uint32_t n, const std::vector<Edge>& edges);

}  // namespace byzsim
