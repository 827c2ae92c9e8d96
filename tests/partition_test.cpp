// Oracle: the definition at the top of partition.hpp, spelled out case by case.
#include "sim/net/partition.hpp"

#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

TEST_CASE("groups cannot talk; a node in both is a bridge, a node in none talks to all") {
  Cuts cuts;
  CHECK_FALSE(cuts.any());
  CHECK_FALSE(cuts.between(0, 3));
  const CutId id = cuts.start({.groups = {{0, 1, 2}, {2, 3}}});
  CHECK(cuts.any());
  CHECK(cuts.between(0, 3));
  CHECK(cuts.between(3, 1));
  CHECK_FALSE(cuts.between(0, 1));
  CHECK_FALSE(cuts.between(2, 0));
  CHECK_FALSE(cuts.between(3, 2));
  CHECK_FALSE(cuts.between(4, 0));
  CHECK_FALSE(cuts.between(3, 4));
  CHECK(cuts.heal(id));
  CHECK_FALSE(cuts.between(0, 3));
  CHECK_FALSE(cuts.any());
}

TEST_CASE("a one-way cut stops one direction, also for nodes past 64") {
  Cuts cuts;
  cuts.start({.from = {0, 100}, .to = {1, 200}});
  CHECK(cuts.between(0, 1));
  CHECK(cuts.between(100, 200));
  CHECK_FALSE(cuts.between(1, 0));
  CHECK_FALSE(cuts.between(200, 100));
  CHECK_FALSE(cuts.between(0, 100));
}

TEST_CASE("overlapping cuts: each heals alone, and the strongest mode decides") {
  Cuts cuts;
  const CutId delaying =
      cuts.start({.groups = {{0}, {1}}, .mode = PartitionMode::delay, .delay = LatencySpec::constant(3ms)});
  const CutId more =
      cuts.start({.from = {0}, .to = {1}, .mode = PartitionMode::delay, .delay = LatencySpec::constant(4ms)});
  CHECK(cuts.effect(0, 1, 1).mode == PartitionMode::delay);
  CHECK(cuts.effect(0, 1, 1).delay == 7ms);
  CHECK(cuts.effect(1, 0, 1).delay == 3ms);

  const CutId holding = cuts.start({.groups = {{0, 2}, {1}}, .mode = PartitionMode::hold});
  const CutId second = cuts.start({.groups = {{0}, {1}}, .mode = PartitionMode::hold});
  CHECK(cuts.effect(0, 1, 1).mode == PartitionMode::hold);
  CHECK(cuts.effect(0, 1, 1).holder == holding);
  CHECK(cuts.effect(2, 1, 1).mode == PartitionMode::hold);

  const CutId dropping = cuts.start({.groups = {{0}, {1}}});
  CHECK(cuts.effect(0, 1, 1).mode == PartitionMode::drop);
  CHECK(cuts.heal(dropping));
  CHECK_FALSE(cuts.heal(dropping));
  CHECK(cuts.heal(holding));
  CHECK(cuts.effect(0, 1, 1).holder == second);
  CHECK(cuts.heal(second));
  CHECK(cuts.heal(delaying));
  CHECK(cuts.effect(0, 1, 1).delay == 4ms);
  CHECK(cuts.effect(1, 0, 1).delay == 0ms);
  CHECK(cuts.heal(more));
  CHECK_FALSE(cuts.any());
}
