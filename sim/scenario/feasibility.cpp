// What a scenario probably did not mean to ask for.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "sim/net/latency.hpp"
#include "sim/scenario/checks.hpp"

namespace byzsim {

namespace {

using Warnings = std::vector<std::string>;

bool expects_liveness(const Expectations& e) {
  if (!e.liveness) return e.safety != Safety::violated;
  return e.liveness->verdict.value_or(Liveness::held) == Liveness::held;
}

bool expects_outside_model(const Expectations& e) {
  return e.classification == Classification::outside_model || e.safety == Safety::violated ||
         (e.liveness && e.liveness->verdict == Liveness::violated);
}

void faults(const Scenario& s, Warnings& warnings) {
  const std::uint32_t f = s.protocol.assumed_faults();
  std::set<std::uint32_t> faulty;
  for (const NodeRef& ref : s.adversary.corrupt) {
    if (!ref.client) faulty.insert(ref.index);
  }
  const std::size_t corrupted = faulty.size();
  for (const TimelineEntry& e : s.timeline) {
    if (e.state == RestartState::lost || !e.until) {
      for (const NodeRef& ref : e.crash) faulty.insert(ref.index);
    }
  }
  if (faulty.size() > f && !expects_outside_model(s.expect)) {
    const std::string crashed =
        corrupted == faulty.size() ? "" : fmt::format(" ({} of them crashed)", faulty.size() - corrupted);
    warnings.push_back(fmt::format(
        "{} replicas are faulty{} but the protocol assumes at most f = {}: a violation would be outside the model",
        faulty.size(), crashed, f));
  }
  if (3 * std::uint64_t{f} >= s.protocol.n && f > 0 && !expects_outside_model(s.expect)) {
    warnings.push_back(
        fmt::format("n = {} is not more than 3f = {}: no protocol tolerates {} Byzantine faults without synchrony",
                    s.protocol.n, 3 * std::uint64_t{f}, f));
  }
}

void partitions(const Scenario& s, Warnings& warnings) {
  if (!expects_liveness(s.expect)) return;
  const std::size_t quorum = s.protocol.n - std::min(s.protocol.n, s.protocol.assumed_faults());
  for (const TimelineEntry& e : s.timeline) {
    if (e.partition.empty() || e.mode == PartitionMode::delay) continue;
    if (e.until && *e.until < s.run.until) continue;
    std::size_t largest = 0;
    std::set<NodeRef> cut;
    for (const auto& group : e.partition) {
      const auto replicas = std::count_if(group.begin(), group.end(), [](NodeRef ref) { return !ref.client; });
      largest = std::max(largest, static_cast<std::size_t>(replicas));
      cut.insert(group.begin(), group.end());
    }
    const auto inside = std::count_if(cut.begin(), cut.end(), [](NodeRef ref) { return !ref.client; });
    largest += s.protocol.n - std::min<std::size_t>(s.protocol.n, static_cast<std::size_t>(inside));
    if (largest >= quorum) continue;
    warnings.push_back(
        fmt::format("the partition at {} {} and leaves no side with n - f = {} replicas, yet liveness is expected",
                    to_string(e.at), e.until ? "heals only when the run is over" : "never heals", quorum));
  }
}

void synchrony(const Scenario& s, Warnings& warnings) {
  const NetworkSettings& net = s.network;
  if (net.gst >= s.run.until && net.gst > 0ns && expects_liveness(s.expect)) {
    warnings.push_back(fmt::format("gst is {}, when the run is over: nothing bounds delays, yet liveness is expected",
                                   to_string(net.gst)));
  }
  const Duration typical = Latency(net.jitter()).mean();
  if (net.delta && *net.delta < typical) {
    warnings.push_back(
        fmt::format("delta is {}, less than the mean latency of {}: after GST most messages take exactly delta",
                    to_string(*net.delta), to_string(typical)));
  }
  if (net.loss > 0 && net.delta && expects_liveness(s.expect)) {
    warnings.push_back("messages are lost: delta bounds the delay only of those that arrive");
  }
  if (net.loss == 1 && expects_liveness(s.expect))
    warnings.push_back("every message is lost, yet liveness is expected");
  if (2 * typical >= s.run.until) {
    warnings.push_back(fmt::format("the run ends at {}, before a message and its answer arrive (mean latency {})",
                                   to_string(s.run.until), to_string(typical)));
  }
}

void bounds(const Scenario& s, Warnings& warnings) {
  if (s.expect.liveness && s.expect.liveness->within && *s.expect.liveness->within > s.run.until) {
    warnings.push_back(
        fmt::format("a request may take {}, longer than the run of {}: liveness can only be unknown or held",
                    to_string(*s.expect.liveness->within), to_string(s.run.until)));
  }
  if (s.clients.count == 0 || (s.clients.requests == 0 && s.clients.script.empty())) {
    warnings.push_back("no client sends anything: a protocol without requests decides nothing");
  }
  if (s.clients.start >= s.run.until) warnings.push_back("clients begin after the run is over");
}

}  // namespace

std::vector<std::string> feasibility(const Scenario& scenario) {
  Warnings warnings;
  faults(scenario, warnings);
  partitions(scenario, warnings);
  synchrony(scenario, warnings);
  bounds(scenario, warnings);
  return warnings;
}

}  // namespace byzsim
