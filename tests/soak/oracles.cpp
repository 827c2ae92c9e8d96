#include "tests/soak/oracles.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "analysis/human.hpp"
#include "sim/replica/protocol.hpp"

namespace byzsim::soak {

namespace {

/// No honest client waits so many times longer than the median one where all are alike and nothing is disturbed. With
/// one queue for all, which is first come, first served, waits differ by the length of the queue at most; clients here
/// have ten requests each, and the first may meet a view change that the others do not.
constexpr double kFairness = 12;

class Oracles {
 public:
  Oracles(const Scenario& scenario, const Promises& promises, const Result& result, const Answers& answers)
      : scenario_(scenario), promises_(promises), result_(result), answers_(answers) {}

  std::vector<Finding> all() {
    safety();
    convictions();
    liveness();
    completeness();
    fairness();
    return std::move(findings_);
  }

 private:
  void found(std::string kind, std::string what) { findings_.push_back({std::move(kind), std::move(what)}); }

  // With at most f faults every safety invariant holds, whatever the network does.
  void safety() {
    if (!promises_.safety || result_.safety == Safety::held) return;
    for (const JudgedViolation& violation : result_.violations) {
      if (!violation.safety()) continue;
      found("safety " + violation.invariant, violation.message);
      if (violation.classification != Classification::within_model)
        found("misjudged", "a violation with at most f faults is called outside-model: " + violation.message);
      return;
    }
  }

  // Nobody honest is ever convicted, with however many faults.
  void convictions() {
    for (const NodeId culprit : result_.culprits) {
      if (promises_.faulty.contains(culprit)) continue;
      found("framed", fmt::format("{} is honest and convicted", result_.name(culprit)));
      return;
    }
  }

  // Every request of an honest client is answered within the bound after max(submission, GST).
  void liveness() {
    if (!promises_.answered_within) return;
    const Time gst = at(scenario_.network.gst);
    const auto due = [&](const Answers::Request& r) {
      return later(std::max(r.sent, gst), *promises_.answered_within);
    };
    const Answers::Request* late = nullptr;
    NodeId client = 0;
    for (const auto& [who, request] : answers_.requests()) {
      const bool unanswered = request.answered == kNever;
      const bool never = unanswered && result_.end_reason == EndReason::quiet;
      if (!never && (unanswered ? result_.end : request.answered) <= due(request)) continue;
      if (late != nullptr && late->sent <= request.sent) continue;
      late = &request;
      client = who.first;
    }
    if (late == nullptr) {
      if (result_.liveness == Liveness::violated && result_.classification == Classification::within_model)
        found("misjudged", "the judge misses an answer that came in time: " + first_liveness());
      return;
    }
    const std::string what = fmt::format(
        "{} waits since {} ({}), bound {} after GST at {}", result_.name(client), human(late->sent - kStart),
        late->answered == kNever ? "for ever" : "until " + human(late->answered - kStart),
        human(*promises_.answered_within), human(scenario_.network.gst));
    // Starved, if the others go on being served with what they asked for much later.
    std::uint64_t others = 0;
    for (const auto& [who, request] : answers_.requests())
      others += who.first != client && request.sent > due(*late) && request.answered != kNever ? 1 : 0;
    found(others >= 3 ? "fairness" : "liveness", what);
    if (result_.liveness != Liveness::violated) {
      found("misjudged", "the judge does not see that an answer is missing: " + what);
    } else if (!called_within()) {
      found("excused", fmt::format("the judge calls it outside-model ({}{}): {}", result_.explanation,
                                   result_.beyond ? "; " + result_.beyond_how : "", what));
    }
  }

  // Sheng et al., CCS 2021: where agreement breaks, two quorums of q voted for different values, and who is in both has
  // lied: 2q - n replicas at least can be proved guilty by what honest replicas received, as long as they kept it.
  void completeness() {
    if (!promises_.completeness || !broken("agreement")) return;
    const Protocol& protocol = protocol_named(scenario_.protocol.name);
    if (protocol.keeps_slots && answers_.highest() >= protocol.keeps_slots(scenario_.protocol.options.options.get()))
      return;
    if (result_.culprits.size() >= promises_.named_at_least) return;
    found("incomplete", fmt::format("agreement is violated, {} of {} liars named, {} due", result_.culprits.size(),
                                    promises_.liars, promises_.named_at_least));
  }

  // Where all clients are alike and nothing is disturbed, they are served alike, but for the five delays of a request:
  // each may be as long as the network may take.
  void fairness() {
    if (!promises_.calm) return;
    std::map<NodeId, std::pair<std::int64_t, std::int64_t>> waits;
    for (const auto& [who, request] : answers_.requests()) {
      auto& [total, count] = waits[who.first];
      total += (std::min(request.answered, result_.end) - request.sent).count();
      ++count;
    }
    std::vector<std::int64_t> means;
    for (const auto& [client, wait] : waits) means.push_back(wait.first / wait.second);
    if (means.size() < 2) return;
    std::sort(means.begin(), means.end());
    const auto median = static_cast<double>(means[(means.size() - 1) / 2]);
    const Duration network = product_of(scenario_.network.delta.value_or(Duration{}), 5);
    if (static_cast<double>(means.back()) <= kFairness * median + static_cast<double>(network.count())) return;
    found("fairness", fmt::format("the slowest client waits {} on average, the median one {}",
                                  human(Duration(means.back())), human(Duration(static_cast<std::int64_t>(median)))));
  }

  bool broken(std::string_view invariant) const {
    return std::any_of(result_.violations.begin(), result_.violations.end(),
                       [&](const JudgedViolation& v) { return v.invariant == invariant; });
  }
  bool called_within() const {
    return std::any_of(result_.violations.begin(), result_.violations.end(), [](const JudgedViolation& v) {
      return !v.safety() && v.classification == Classification::within_model;
    });
  }
  std::string first_liveness() const {
    for (const JudgedViolation& v : result_.violations) {
      if (!v.safety()) return v.message;
    }
    return {};
  }

  const Scenario& scenario_;
  const Promises& promises_;
  const Result& result_;
  const Answers& answers_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> judge_run(const Scenario& scenario, const Promises& promises, const Result& result,
                               const Answers& answers) {
  return Oracles(scenario, promises, result, answers).all();
}

std::string mechanism_of(const Result& result) {
  const bool agreement = std::any_of(result.violations.begin(), result.violations.end(),
                                     [](const JudgedViolation& v) { return v.invariant == "agreement"; });
  if (!agreement) return {};
  std::set<std::string> proofs;
  for (const Evidence& evidence : result.evidence) {
    switch (evidence.sort) {
      case Evidence::Sort::conflict:
        proofs.insert("conflicting votes");
        break;
      case Evidence::Sort::unjustified:
        proofs.insert("unjustified messages");
        break;
      case Evidence::Sort::contradiction:
        proofs.insert("contradicted claims");
        break;
    }
  }
  std::string text;
  for (const std::string& proof : proofs) text += (text.empty() ? "" : ", ") + proof;
  return text.empty() ? "nothing proved" : text;
}

}  // namespace byzsim::soak
