// Result: everything that is said of one run. What `--format json` prints, expectations address and reports show.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/forensics.hpp"
#include "analysis/invariant.hpp"
#include "analysis/ledger.hpp"
#include "analysis/metrics.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/trace/outcome.hpp"

namespace byzsim {

enum class Verdict { met, unmet, inconclusive };
std::string_view to_string(Verdict verdict);
std::string_view to_string(Safety safety);
std::string_view to_string(Liveness liveness);
std::string_view to_string(Classification classification);

struct JudgedViolation : Violation {
  Promise promise = Promise::safety;
  bool safety() const { return promise != Promise::liveness; }
  Classification classification = Classification::none;
};

struct NamedTraffic {
  std::string kind;
  KindTraffic traffic;
};

/// Something that the judge could not keep, since its memory is bounded.
struct Forgotten {
  std::string what;         ///< votes, claims or values of one signer; slots, that is, all votes in them
  NodeId signer = kNobody;  ///< whose; nobody's in particular if it is slots
  std::uint64_t count = 0;
};

struct Result {
  // Which run it was.
  std::string scenario;
  std::string variant;
  std::string file;  ///< filled in by the caller, who knows it
  std::string protocol;
  std::uint32_t n = 0;
  std::uint32_t f = 0;
  std::uint32_t quorum = 0;
  std::uint64_t seed = 0;
  std::uint64_t scenario_hash = 0;
  std::uint64_t fingerprint = 0;
  std::vector<NodeId> faulty;  ///< corrupted nodes, and replicas that came back without their state

  // What came out.
  Safety safety = Safety::held;
  Liveness liveness = Liveness::held;
  Classification classification = Classification::none;
  std::string explanation;                  ///< of the classification, a sentence; empty if nothing was violated
  std::vector<JudgedViolation> violations;  ///< in the order in which they were noticed
  std::uint64_t violations_dropped = 0;     ///< further ones, past the thousand that are kept
  std::vector<NodeId> culprits;
  std::vector<Evidence> evidence;
  std::vector<Suspect> suspects;
  std::vector<Forgotten> forgotten;
  std::vector<std::string> unsure;  ///< a sentence for each thing that what was forgotten leaves open

  // How it went.
  EndReason end_reason = EndReason::quiet;
  Time end{};
  std::uint64_t events = 0;
  std::uint64_t decisions = 0;  ///< slots that every honest replica decided, or adopted by state transfer
  DecisionDelays delays;
  std::uint64_t submitted = 0;  ///< requests of honest clients
  std::uint64_t accepted = 0;
  Figures figures;
  std::vector<NamedTraffic> traffic;  ///< kinds as in the manifest
  NetworkCounters network;
  bool beyond = false;  ///< the network went beyond GST and delta
  Time beyond_at{};
  std::string beyond_how;

  // What the scenario made of it; see verdict.hpp.
  Verdict verdict = Verdict::met;
  std::vector<std::string> unmet;  ///< a sentence for each expectation that was not met, or could not be judged
  std::string reproduce;           ///< a command line; filled in by the caller
  /// Lines of a trace by kind, where this was judged from a trace and nothing but the trace speaks for them.
  std::map<std::string, std::uint64_t> taken_on_trust{};

  KindTraffic total() const {
    KindTraffic sum;
    for (const NamedTraffic& kind : traffic) {
      sum.sent += kind.traffic.sent;
      sum.delivered += kind.traffic.delivered;
      sum.dropped += kind.traffic.dropped;
      sum.bytes += kind.traffic.bytes;
    }
    return sum;
  }
  /// `2` for replica 2, `c0` for client 0.
  std::string name(NodeId node) const;
};

}  // namespace byzsim
