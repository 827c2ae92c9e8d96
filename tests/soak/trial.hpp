// Trial: one world, run and held to everything it is owed.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/core/node.hpp"
#include "tests/soak/oracles.hpp"

namespace byzsim::soak {

/// What is looked at beyond the run itself; each costs about a run more.
struct TrialChecks {
  bool again = false;    ///< the same fingerprint and result a second time
  bool verify = false;   ///< the trace, judged again, gives the same result
  bool command = false;  ///< the command line ends with 0 to 3
  std::string scratch;   ///< prefix of temporary files
};

struct Trial {
  std::vector<Finding> findings;
  std::string kind = "beyond";  ///< live, wild, beyond: what was owed, not what the generator had in mind
  std::string recipe;
  std::string mechanism;  ///< of a violated agreement
  std::string ended;
  std::uint32_t n = 0;
  bool complete = false;  ///< completeness was owed
  std::uint64_t events = 0;
  std::map<std::string, std::uint64_t> happened;
  std::map<std::string, std::uint64_t> written;  ///< what the scenario asked for, by name
};

/// Never throws; what goes wrong inside is a finding. Does not survive a crash: run it in a process of its own.
Trial try_world(const Node& tree, const TrialChecks& checks);

nlohmann::json to_json(const Trial& trial);
Trial trial_from(const nlohmann::json& json);

}  // namespace byzsim::soak
