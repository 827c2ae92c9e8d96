// World: one run. Built from a scenario and a seed, it wires replicas, clients, network and adversary to one scheduler,
// runs them, and emits records to whoever listens.
//
//   World world(scenario, seed);
//   world.observe(judge);
//   const Outcome& outcome = world.run();
//
// Same scenario and seed: same events in the same order, same fingerprint, whoever listens. A world is used once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/scenario/scenario.hpp"
#include "sim/trace/manifest.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

class Diagnostics;
class Notary;
struct MessageKind;

/// What a world of this scenario needs before its first event, in bytes as `run.memory` counts them.
std::uint64_t bytes_to_begin(const Scenario& scenario);

class World {
 public:
  /// Throws TooLarge if what it needs to begin is more than `run.memory`.
  World(const Scenario& scenario, std::uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Manifest& manifest() const;
  const Notary& notary() const;
  /// `observer` must outlive the run. Call before run().
  void observe(Observer& observer);
  /// Runs to the end and returns what the world knows of it. Callable once.
  const Outcome& run();
  /// Ends the run before the next event, or within it where that goes on and on. May be called from an observer's owner
  /// or from another thread or a signal handler.
  void stop(EndReason reason);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// What judging a recorded run needs: the manifest its world had, and the means to rebuild and check its messages.
struct Recording {
  Manifest manifest;
  std::vector<const MessageKind*> kinds;  ///< by position in manifest.kinds
  std::shared_ptr<const Notary> notary;   ///< knows the keys of that run
};
Recording recording_of(const Scenario& scenario, std::uint64_t seed);

/// Reports what a scenario gets wrong about its protocol and service: message types, fields, nodes, requests and timers
/// in the adversary's rules that do not exist, operations that are none. A FurtherCheck for the loader.
void check_against_protocol(const Scenario& scenario, const Node& root, Diagnostics& errors);

/// What makes it doubtful that the protocol can work as it is set: a quorum out of reach, or one that does not
/// intersect. A scenario may mean it so; `byzsim check` says it.
std::vector<std::string> protocol_doubts(const Scenario& scenario);

}  // namespace byzsim
