// Oracles: the definitions of the shapes, and path lengths known from graph theory.
#include "sim/net/topology.hpp"

#include "sim/core/options.hpp"
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

namespace {

Topology make(const char* text, std::uint32_t n, std::uint64_t seed = 1, std::vector<std::vector<NodeId>> edges = {}) {
  const auto spec = TopologySpec::parse(text);
  REQUIRE(spec.ok);
  REQUIRE(Topology::problem(spec.value, n, edges) == "");
  return Topology(spec.value, n, edges, seed);
}
std::string problem(const char* text, std::uint32_t n, std::vector<std::vector<NodeId>> edges = {}) {
  return Topology::problem(TopologySpec::parse(text).value, n, edges);
}
std::uint32_t hops(const std::vector<NodeId>& before, NodeId to) {
  std::uint32_t count = 0;
  for (; before[to] != to; to = before[to]) ++count;
  return count;
}
const auto even = [](NodeId, NodeId) { return Duration{}; };

}  // namespace

TEST_CASE("each shape has its edges") {
  CHECK(make("full-mesh", 5).edges().size() == 10);
  CHECK(make("star", 4).edges() == std::vector<Edge>{{0, 1}, {0, 2}, {0, 3}});
  CHECK(make("ring", 4).edges() == std::vector<Edge>{{0, 1}, {0, 3}, {1, 2}, {2, 3}});
  CHECK(make("ring", 2).edges() == std::vector<Edge>{{0, 1}});
  CHECK(make("ring", 1).edges().empty());
  // Clusters {0, 1}, {2, 3}, {4, 5, 6}; their first replicas 0, 2 and 4 are joined.
  CHECK(make("clusters(3)", 7).edges() ==
        std::vector<Edge>{{0, 1}, {0, 2}, {0, 4}, {2, 3}, {2, 4}, {4, 5}, {4, 6}, {5, 6}});
  CHECK(make("edges", 3, 1, {{2, 1}, {0, 1}, {1, 2}}).edges() == std::vector<Edge>{{0, 1}, {1, 2}});
  const Topology ring = make("ring", 5);
  CHECK(ring.linked(4, 0));
  CHECK_FALSE(ring.linked(0, 2));
  CHECK(ring.neighbours(0) == std::vector<NodeId>{1, 4});
}

TEST_CASE("a random regular graph is regular, connected, simple, and a function of the seed") {
  for (auto [n, text, degree] : {std::tuple{20U, "random-regular(3)", 3U}, std::tuple{31U, "random-regular(4)", 4U},
                                 std::tuple{12U, "random-regular(2)", 2U}, std::tuple{6U, "random-regular(5)", 5U},
                                 std::tuple{2U, "random-regular(1)", 1U}}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const Topology graph = make(text, n, seed);
      CHECK(graph.components().size() == 1);
      CHECK(graph.edges().size() == n * degree / 2);
      for (NodeId id = 0; id < n; ++id) {
        const auto near = graph.neighbours(id);
        CHECK(near.size() == degree);
        CHECK(std::adjacent_find(near.begin(), near.end()) == near.end());
        CHECK_FALSE(graph.linked(id, id));
      }
    }
  }
  CHECK(make("random-regular(4)", 50, 1).edges() == make("random-regular(4)", 50, 1).edges());
  CHECK(make("random-regular(4)", 50, 1).edges() != make("random-regular(4)", 50, 2).edges());
}

TEST_CASE("routes are shortest, and ties go to the lowest relay") {
  const auto star = make("star", 6).routes_from(3, even);
  CHECK(star == std::vector<NodeId>{3, 0, 0, 3, 0, 0});
  const auto ring = make("ring", 8).routes_from(0, even);
  for (NodeId to = 0; to < 8; ++to) CHECK(hops(ring, to) == std::min(to, 8 - to));
  CHECK(ring[4] == 3);  // 3 and 5 are equally near
  // A longer way of less base delay wins: 0-1-2-3 costs 3 ms, 0-3 costs 10 ms.
  const auto slow = [](NodeId a, NodeId b) -> Duration { return a + b == 3 && a * b == 0 ? 10ms : 1ms; };
  const auto weighted = make("ring", 4).routes_from(0, slow);
  CHECK(weighted == std::vector<NodeId>{0, 0, 1, 2});
}

TEST_CASE("what cannot be a network is explained") {
  CHECK(problem("edges", 5, {{0, 1}, {3, 4}}).find("[0, 1], [2], [3, 4]") != std::string::npos);
  CHECK(problem("edges", 3, {{0, 3}}).find("only 3 (0 to 2)") != std::string::npos);
  CHECK(problem("edges", 3, {{1, 1}}).find("itself") != std::string::npos);
  CHECK(problem("edges", 3, {{1, 2, 0}}).find("pair") != std::string::npos);
  CHECK(problem("ring", 3, {{1, 2}}).find("topology: edges") != std::string::npos);
  CHECK(problem("random-regular(3)", 5).find("odd") != std::string::npos);
  CHECK(problem("random-regular(5)", 5).find("cannot have 5 links") != std::string::npos);
  CHECK(problem("random-regular(1)", 4).find("not connected") != std::string::npos);
  CHECK(problem("clusters(5)", 4).find("5 clusters") != std::string::npos);
  CHECK(problem("clusters(0)", 4) != "");
}

TEST_CASE("a wrong topology says what would be right") {
  CHECK(TopologySpec::parse("fullmesh").hint.find("full-mesh") != std::string::npos);
  CHECK(TopologySpec::parse("clusters").hint.find("clusters(3)") != std::string::npos);
  CHECK_FALSE(TopologySpec::parse("clusters(x)").ok);
  CHECK_FALSE(TopologySpec::parse("ring(3)").ok);
  CHECK_FALSE(TopologySpec::parse("clusters(3").ok);
  CHECK(to_string(TopologySpec::parse("random-regular(4)").value) == "random-regular(4)");
  CHECK(Catalogue::names("topology").size() == 6);
}
