// What of a scenario can only be checked against its protocol, before a world is built.
#include <fmt/core.h>

#include "sim/core/diagnostics.hpp"
#include "sim/replica/interceptor.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/replica/quorum.hpp"
#include "sim/replica/workload.hpp"
#include "sim/scenario/places.hpp"
#include "sim/world.hpp"

namespace byzsim {

void check_against_protocol(const Scenario& scenario, const Node& root, Diagnostics& errors) {
  Places places(scenario, root, errors);
  for (std::size_t i = 0; i < scenario.clients.script.size(); ++i) {
    const std::string& operation = scenario.clients.script[i].operation;
    const std::string path = fmt::format("clients.script.{}.operation", i);
    if (operation.empty() || parse_operation(operation) || errors.unread(path)) continue;
    places.error(path, fmt::format("'{}' is no operation", operation.substr(0, 60)),
                 "write `put KEY NUMBER`, `add KEY NUMBER` or `get KEY`");
  }
  if (places.sound("protocol", "clients", "network", "run")) {
    if (const std::uint64_t bytes = bytes_to_begin(scenario); bytes > scenario.run.memory.bytes) {
      places.error(
          "run.memory",
          fmt::format("the nodes and links of this scenario need {} before anything happens, and the most is {}",
                      to_string(ByteCount{bytes}), to_string(scenario.run.memory)),
          "fewer nodes, no limit on bandwidth and no fifo order, or more memory");
    }
  }
  if (adversary_check() == nullptr || !places.sound("adversary", "protocol", "clients")) return;
  AdversaryFacts facts;
  facts.kinds = protocol_named(scenario.protocol.name).kinds;
  facts.timers = protocol_named(scenario.protocol.name).timers;
  facts.n = scenario.protocol.n;
  facts.clients = scenario.clients.count;
  for (const ScriptedRequest& request : scenario.clients.script) facts.request_names.push_back(request.name);
  adversary_check()(scenario.adversary, facts, errors);
}

std::vector<std::string> protocol_doubts(const Scenario& scenario) {
  const Protocol& protocol = protocol_named(scenario.protocol.name);
  const void* options = scenario.protocol.options.options.get();
  const std::uint32_t n = scenario.protocol.n;
  const std::uint32_t f = scenario.protocol.assumed_faults();
  const std::uint32_t q = protocol.quorum(options, n, f);
  std::vector<std::string> doubts;
  if (std::string why = protocol.infeasible(options, n, f); !why.empty()) doubts.push_back(std::move(why));
  if (q <= n && q > n - f) {
    doubts.push_back(
        fmt::format("a quorum of {} is more than n - f = {}: f silent replicas stop the protocol", q, n - f));
  }
  if (!quorums_intersect(n, f, q)) {
    doubts.push_back(fmt::format(
        "two quorums of {} among {} may share no more than f = {} replicas, so liars can split agreement", q, n, f));
  }
  return doubts;
}

}  // namespace byzsim
