// Who is linked to whom: the graph of replicas, and the routes that messages take through it.
//
//   full-mesh             every replica linked to every other (the default)
//   star                  replica 0 in the middle
//   ring                  replica i linked to i + 1, the last to the first
//   random-regular(4)     every replica has 4 links, drawn from the seed; always connected
//   clusters(3)           3 groups of consecutive replicas, a full mesh inside each; the first replicas of the groups
//                         form a full mesh among themselves
//   edges                 the pairs listed in `edges`
//
// Links go both ways. Clients are linked to every replica directly and are no part of this. A route is a shortest path:
// least total base delay, then fewest hops, then the path whose last relay has the lowest number, then the one before
// it; so it does not depend on the order of anything.
// Costs: building O(n + edges); routes O(edges log n) for each sender that asks, at its first message.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/setting.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

enum class TopologyKind : std::uint8_t { full_mesh, star, ring, random_regular, clusters, edges };

struct TopologySpec {
  TopologyKind kind = TopologyKind::full_mesh;
  std::uint32_t parameter = 0;  ///< random-regular: links of each replica; clusters: their number

  static Parsed<TopologySpec> parse(std::string_view text);
  friend bool operator==(const TopologySpec&, const TopologySpec&) = default;
};
std::string to_string(const TopologySpec& spec);

template <>
struct Setting<TopologySpec> {
  static std::string type();
  static bool read(const Node& node, TopologySpec& out, Diagnostics& errors);
  static Node show(const TopologySpec& spec);
  static Node schema();
};

using Edge = std::pair<NodeId, NodeId>;  ///< the lower number first

class Topology {
 public:
  /// What is wrong with the specification for n replicas, in words a user understands; empty if nothing is. Includes a
  /// graph that is not connected.
  static std::string problem(const TopologySpec& spec, std::uint32_t n, const std::vector<std::vector<NodeId>>& edges);

  /// How many links that makes, at most; `listed` is the number of edges listed. For a full mesh none: that needs no
  /// graph.
  static std::uint64_t most_links(const TopologySpec& spec, std::uint32_t n, std::size_t listed);
  /// More than this is a problem: building and routing would take minutes.
  static constexpr std::uint64_t kMostLinks = 2'000'000;

  /// There must be no problem.
  Topology(const TopologySpec& spec, std::uint32_t n, const std::vector<std::vector<NodeId>>& edges,
           std::uint64_t seed);
  ~Topology();
  Topology(Topology&&) noexcept;
  Topology& operator=(Topology&&) noexcept;

  std::uint32_t size() const;
  std::vector<Edge> edges() const;  ///< sorted
  bool linked(NodeId a, NodeId b) const;
  std::vector<NodeId> neighbours(NodeId id) const;  ///< sorted
  /// The connected components, each sorted, by their least member.
  std::vector<std::vector<NodeId>> components() const;

  /// For each replica the one before it on the route from `source`; `source` for itself, kNobody where there is no
  /// route. `base(a, b)` is the base delay between two linked replicas, not negative.
  std::vector<NodeId> routes_from(NodeId source, const std::function<Duration(NodeId, NodeId)>& base) const;

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

}  // namespace byzsim
