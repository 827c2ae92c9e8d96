#include "sim/net/topology_shapes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "sim/core/options.hpp"
#include "sim/core/random.hpp"

namespace byzsim {
namespace {

struct Shape {
  const char* name;
  TopologyKind kind;
  const char* parameter;  ///< what the number in brackets is; null if there is none
};
constexpr std::array<Shape, 6> kShapes{{
    {"full-mesh", TopologyKind::full_mesh, nullptr},
    {"star", TopologyKind::star, nullptr},
    {"ring", TopologyKind::ring, nullptr},
    {"random-regular", TopologyKind::random_regular, "the links of each replica"},
    {"clusters", TopologyKind::clusters, "the number of clusters"},
    {"edges", TopologyKind::edges, nullptr},
}};

const Registered<> full_mesh{"topology", "full-mesh", "every replica linked to every other"};
const Registered<> star{"topology", "star", "replica 0 in the middle, every other linked to it alone"};
const Registered<> ring{"topology", "ring", "each replica linked to the next, the last to the first"};
const Registered<> regular{"topology", "random-regular", "random-regular(4): 4 links each, drawn from the seed"};
const Registered<> clusters{
    "topology", "clusters",
    "clusters(3): full meshes of consecutive replicas, joined by a full mesh of their first ones"};
const Registered<> edge_list{"topology", "edges", "the pairs of replicas listed in `edges`"};

Edge ordered(NodeId a, NodeId b) {
  return {std::min(a, b), std::max(a, b)};
}

/// The first replica of cluster `c` of `count`; sizes differ by at most one.
NodeId cluster_begin(std::uint32_t n, std::uint32_t count, std::uint32_t c) {
  return static_cast<NodeId>(static_cast<std::uint64_t>(n) * c / count);
}

void add_mesh(std::vector<Edge>& edges, const std::vector<NodeId>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = i + 1; j < members.size(); ++j) edges.push_back(ordered(members[i], members[j]));
  }
}

std::vector<NodeId> range(NodeId begin, NodeId end) {
  std::vector<NodeId> list(end - begin);
  std::iota(list.begin(), list.end(), begin);
  return list;
}

std::string shape_names() {
  std::vector<std::string> names;
  for (const Shape& shape : kShapes)
    names.push_back(fmt::format("{}{}", shape.name, shape.parameter != nullptr ? "(NUMBER)" : ""));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::uint32_t count_components(std::uint32_t n, const std::vector<Edge>& edges) {
  std::vector<NodeId> parent = range(0, n);
  const auto root = [&](NodeId id) {
    while (parent[id] != id) id = parent[id] = parent[parent[id]];
    return id;
  };
  std::uint32_t count = n;
  for (const auto& [a, b] : edges) {
    const NodeId x = root(a), y = root(b);
    if (x == y) continue;
    parent[x] = y;
    --count;
  }
  return count;
}

std::vector<Edge> random_regular(std::uint32_t n, std::uint32_t d, std::uint64_t seed) {
  std::vector<Edge> edges;
  for (NodeId i = 0; i < n; ++i) {
    for (std::uint32_t step = 1; step <= d / 2; ++step) edges.push_back(ordered(i, (i + step) % n));
    if (d % 2 == 1 && i < n / 2) edges.push_back(ordered(i, i + n / 2));  // n is even if d is odd
  }
  std::set<Edge> present(edges.begin(), edges.end());
  Stream stream(seed, Purpose::topology);
  const auto switch_two = [&] {
    Edge& first = edges[stream.below(edges.size())];
    Edge& second = edges[stream.below(edges.size())];
    auto [a, b] = first;
    auto [c, e] = second;
    if ((stream.next() & 1) != 0) std::swap(c, e);
    const Edge one = ordered(a, c), other = ordered(b, e);
    if (a == c || b == e || one == other || present.contains(one) || present.contains(other)) return;
    present.erase(first);
    present.erase(second);
    present.insert(one);
    present.insert(other);
    first = one;
    second = other;
  };
  for (std::size_t i = 0; i < 10 * edges.size(); ++i) switch_two();
  while (count_components(n, edges) > 1) switch_two();
  std::sort(edges.begin(), edges.end());
  return edges;
}

std::vector<Edge> shape_edges(const TopologySpec& spec, std::uint32_t n, const std::vector<std::vector<NodeId>>& given,
                              std::uint64_t seed) {
  std::vector<Edge> edges;
  switch (spec.kind) {
    case TopologyKind::full_mesh:
      add_mesh(edges, range(0, n));
      break;
    case TopologyKind::star:
      for (NodeId i = 1; i < n; ++i) edges.emplace_back(0, i);
      break;
    case TopologyKind::ring:
      for (NodeId i = 0; n > 1 && i < n; ++i) edges.push_back(ordered(i, (i + 1) % n));
      break;
    case TopologyKind::random_regular:
      return random_regular(n, spec.parameter, seed);
    case TopologyKind::clusters: {
      std::vector<NodeId> gateways;
      for (std::uint32_t c = 0; c < spec.parameter; ++c) {
        const NodeId begin = cluster_begin(n, spec.parameter, c);
        add_mesh(edges, range(begin, cluster_begin(n, spec.parameter, c + 1)));
        gateways.push_back(begin);
      }
      add_mesh(edges, gateways);
      break;
    }
    case TopologyKind::edges:
      for (const auto& pair : given) edges.push_back(ordered(pair.at(0), pair.at(1)));
      break;
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

std::uint64_t Topology::most_links(const TopologySpec& spec, std::uint32_t n, std::size_t listed) {
  const auto mesh = [](std::uint64_t members) { return members * (members + 1) / 2; };
  switch (spec.kind) {
    case TopologyKind::full_mesh:
      return 0;
    case TopologyKind::star:
    case TopologyKind::ring:
      return n;
    case TopologyKind::random_regular:
      return std::uint64_t{n} * spec.parameter / 2;
    case TopologyKind::clusters: {
      const std::uint64_t clusters = std::clamp(spec.parameter, 1u, std::max(n, 1u));
      return mesh(clusters) + clusters * mesh(n / clusters + 1);
    }
    case TopologyKind::edges:
      return listed;
  }
  return 0;
}

std::string Topology::problem(const TopologySpec& spec, std::uint32_t n,
                              const std::vector<std::vector<NodeId>>& edges) {
  if (!edges.empty() && spec.kind != TopologyKind::edges) {
    return fmt::format("edges are listed, but the topology is {}; write `topology: edges`", to_string(spec));
  }
  if (spec.kind == TopologyKind::clusters && (spec.parameter == 0 || spec.parameter > n)) {
    return fmt::format("{} replicas do not make {} clusters", n, spec.parameter);
  }
  if (spec.kind == TopologyKind::random_regular) {
    const std::uint32_t d = spec.parameter;
    if (d >= n && !(n == 1 && d == 0)) return fmt::format("{} replicas cannot have {} links each", n, d);
    if (static_cast<std::uint64_t>(n) * d % 2 != 0) {
      return fmt::format("{} replicas cannot have {} links each: the number of ends, {}, is odd", n, d,
                         n * std::uint64_t{d});
    }
    if ((d == 0 && n > 1) || (d == 1 && n > 2))
      return fmt::format("{} replicas with {} links each are not connected", n, d);
  }
  // A random graph is made by ten switches a link, which takes longer than a list.
  const std::uint64_t most = spec.kind == TopologyKind::random_regular ? kMostLinks / 8 : kMostLinks;
  if (const std::uint64_t links = most_links(spec, n, edges.size()); links > most) {
    return fmt::format("{} of {} replicas has about {} links, more than {}; a full-mesh needs no table of them",
                       to_string(spec), n, links, most);
  }
  if (spec.kind != TopologyKind::edges) return {};
  for (const auto& pair : edges) {
    if (pair.size() != 2)
      return fmt::format("[{}] is not an edge: an edge is a pair of replicas", fmt::join(pair, ", "));
    if (pair[0] >= n || pair[1] >= n) {
      return fmt::format("edge [{}, {}] names replica {}, but there are only {} (0 to {})", pair[0], pair[1],
                         std::max(pair[0], pair[1]), n, n - 1);
    }
    if (pair[0] == pair[1]) return fmt::format("edge [{}, {}] links replica {} to itself", pair[0], pair[1], pair[0]);
  }
  const auto parts = Topology(spec, n, edges, 0).components();
  if (parts.size() <= 1) return {};
  std::string text =
      fmt::format("the edges leave the replicas in {} parts that cannot reach each other:", parts.size());
  for (std::size_t i = 0; i < parts.size() && i < 4; ++i)
    text += fmt::format("{} [{}]", i == 0 ? "" : ",", fmt::join(parts[i], ", "));
  return parts.size() > 4 ? text + ", ..." : text;
}

Parsed<TopologySpec> TopologySpec::parse(std::string_view text) {
  using Result = Parsed<TopologySpec>;
  const std::size_t open = text.find('(');
  const std::string_view name = text.substr(0, open);
  for (const Shape& shape : kShapes) {
    if (name != shape.name) continue;
    if (open == std::string_view::npos) {
      if (shape.parameter == nullptr) return Result::of({shape.kind, 0});
      return Result::fail(fmt::format("lacks {}", shape.parameter), fmt::format("such as {}(3)", name));
    }
    if (shape.parameter == nullptr) return Result::fail("takes no parameter", fmt::format("just {}", name));
    if (!text.ends_with(')')) return Result::fail("lacks a closing ')'", fmt::format("such as {}(3)", name));
    const Parsed<std::uint64_t> number = parse_unsigned(text.substr(open + 1, text.size() - open - 2));
    if (!number || number.value > 1'000'000) {
      return Result::fail(fmt::format("does not give {} as a whole number", shape.parameter),
                          fmt::format("such as {}(3)", name));
    }
    return Result::of({shape.kind, static_cast<std::uint32_t>(number.value)});
  }
  std::vector<std::string> names;
  for (const Shape& shape : kShapes) names.emplace_back(shape.name);
  const std::string near = closest(name, names);
  return Result::fail("is not a topology",
                      near.empty() ? "one of " + shape_names() : fmt::format("did you mean '{}'?", near));
}

std::string to_string(const TopologySpec& spec) {
  for (const Shape& shape : kShapes) {
    if (shape.kind != spec.kind) continue;
    return shape.parameter != nullptr ? fmt::format("{}({})", shape.name, spec.parameter) : shape.name;
  }
  return "?";
}

std::string Setting<TopologySpec>::type() {
  return "a topology (" + shape_names() + ")";
}

bool Setting<TopologySpec>::read(const Node& node, TopologySpec& out, Diagnostics& errors) {
  if (!node.is_scalar()) return detail::mismatch(node, type(), errors);
  const Parsed<TopologySpec> parsed = TopologySpec::parse(node.scalar);
  if (!parsed) return detail::unparsed(node, parsed.error, parsed.hint, errors);
  out = parsed.value;
  return true;
}

Node Setting<TopologySpec>::show(const TopologySpec& spec) {
  return Node::text(to_string(spec));
}

Node Setting<TopologySpec>::schema() {
  return detail::string_schema(R"(^(full-mesh|star|ring|edges|(random-regular|clusters)\([0-9]+\))$)");
}

}  // namespace byzsim
