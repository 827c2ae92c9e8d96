// The graph itself, its components and its shortest paths, by Boost.Graph. The shapes are in topology_shapes.cpp.
#include "sim/net/topology.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/connected_components.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <limits>

#include "sim/core/check.hpp"
#include "sim/net/topology_shapes.hpp"

namespace byzsim {

struct Topology::Graph {
  using Links = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                                      boost::property<boost::edge_weight_t, std::int64_t>>;
  Links links;
};

Topology::Topology(const TopologySpec& spec, std::uint32_t n, const std::vector<std::vector<NodeId>>& edges,
                   std::uint64_t seed)
    : graph_(std::make_unique<Graph>()) {
  const std::vector<Edge> list = shape_edges(spec, n, edges, seed);
  graph_->links = Graph::Links(list.begin(), list.end(), n);
}
Topology::~Topology() = default;
Topology::Topology(Topology&&) noexcept = default;
Topology& Topology::operator=(Topology&&) noexcept = default;

std::uint32_t Topology::size() const {
  return static_cast<std::uint32_t>(num_vertices(graph_->links));
}

std::vector<Edge> Topology::edges() const {
  std::vector<Edge> list;
  for (auto [edge, end] = boost::edges(graph_->links); edge != end; ++edge) {
    const auto a = static_cast<NodeId>(source(*edge, graph_->links));
    const auto b = static_cast<NodeId>(target(*edge, graph_->links));
    list.emplace_back(std::min(a, b), std::max(a, b));
  }
  std::sort(list.begin(), list.end());
  return list;
}

bool Topology::linked(NodeId a, NodeId b) const {
  return boost::edge(a, b, graph_->links).second;
}

std::vector<NodeId> Topology::neighbours(NodeId id) const {
  std::vector<NodeId> list;
  for (auto [next, end] = adjacent_vertices(id, graph_->links); next != end; ++next) {
    list.push_back(static_cast<NodeId>(*next));
  }
  std::sort(list.begin(), list.end());
  return list;
}

std::vector<std::vector<NodeId>> Topology::components() const {
  std::vector<int> component(size());
  const int count = boost::connected_components(graph_->links, component.data());
  std::vector<std::vector<NodeId>> list(static_cast<std::size_t>(count));
  for (NodeId id = 0; id < size(); ++id) list[static_cast<std::size_t>(component[id])].push_back(id);
  std::sort(list.begin(), list.end());
  return list;
}

std::vector<NodeId> Topology::routes_from(NodeId source, const std::function<Duration(NodeId, NodeId)>& base) const {
  CHECK_LT(source, size());
  Graph::Links& links = graph_->links;
  // A hop of more than six days counts as six days, so that no route's sum leaves the range of numbers.
  constexpr std::int64_t kLongestHop = std::int64_t{1} << 49;
  // A hop costs a nanosecond more than its base delay: that prefers fewer hops, and leaves no edge without cost.
  for (auto [edge, end] = boost::edges(links); edge != end; ++edge) {
    const auto a = static_cast<NodeId>(boost::source(*edge, links));
    const auto b = static_cast<NodeId>(boost::target(*edge, links));
    const std::int64_t weight = (base(a, b).count() + base(b, a).count()) / 2 + 1;
    put(boost::edge_weight, links, *edge, std::min(weight, kLongestHop));
  }
  constexpr std::int64_t unreachable = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> distance(size(), unreachable);
  boost::dijkstra_shortest_paths(links, source, boost::distance_map(distance.data()).distance_inf(unreachable));
  // Distances are unique, paths are not; which one Boost found depends on its heap. So choose the relay here.
  std::vector<NodeId> before(size(), kNobody);
  before[source] = source;
  const auto improve = [&](NodeId relay, NodeId to, std::int64_t weight) {
    if (to == source || distance[relay] == unreachable) return;
    if (distance[relay] + weight == distance[to]) before[to] = std::min(before[to], relay);
  };
  for (auto [edge, end] = boost::edges(links); edge != end; ++edge) {
    const auto a = static_cast<NodeId>(boost::source(*edge, links));
    const auto b = static_cast<NodeId>(boost::target(*edge, links));
    const std::int64_t weight = get(boost::edge_weight, links, *edge);
    improve(a, b, weight);
    improve(b, a, weight);
  }
  return before;
}

}  // namespace byzsim
