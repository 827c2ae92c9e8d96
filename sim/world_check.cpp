// What of a scenario can only be checked against its protocol, before a world is built.
#include "sim/core/diagnostics.hpp"
#include "sim/replica/interceptor.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/world.hpp"

namespace byzsim {

void check_against_protocol(const Scenario& scenario, Diagnostics& errors) {
  if (adversary_check() == nullptr) return;
  AdversaryFacts facts;
  facts.kinds = protocol_named(scenario.protocol.name).kinds;
  facts.n = scenario.protocol.n;
  facts.clients = scenario.clients.count;
  for (const ScriptedRequest& request : scenario.clients.script) facts.request_names.push_back(request.name);
  adversary_check()(scenario.adversary, facts, errors);
}

}  // namespace byzsim
