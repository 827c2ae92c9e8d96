// What a world is owed, read from the scenario alone, so that it can be asked again of one that was cut down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/core/node.hpp"
#include "sim/core/replica_set.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim::soak {

struct Promises {
  ReplicaSet faulty;        ///< corrupted nodes, and replicas that come back without their state
  std::uint32_t liars = 0;  ///< corrupted replicas
  bool lost_states = false;
  bool safety = false;        ///< at most f faults
  bool liveness = false;      ///< and what fails no more after GST is at most f, on a network that keeps to its word
  bool completeness = false;  ///< more than f liars but fewer than a quorum, nothing lost or forgotten
  bool calm = false;          ///< nobody faulty, nothing disturbed: clients are alike
  std::uint32_t named_at_least = 0;  ///< with completeness: 2q - n
  std::optional<Duration> answered_within;
};

/// `tree` is the file as written: its `x-soak.class` says whether the network was made to keep to GST and delta.
Promises promises_of(const Scenario& scenario, const Node& tree);

/// Loads with every check that the command line makes. Nothing after an error; `why` is then the report.
std::optional<Scenario> load_world(const Node& tree, std::string& why);

/// Whether the protocol can work as it is set at all: a quorum that is in reach and intersects.
bool sound(const Node& tree);

/// Writes into the scenario what follows from the rest: the bound that is owed, a run long enough to miss it, and the
/// expectations that say so to whoever runs the file by hand.
void settle(Node& tree);

}  // namespace byzsim::soak
