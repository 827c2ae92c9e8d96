#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/expectation_check.hpp"
#include "analysis/judge.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/schema.hpp"
#include "sim/world.hpp"
#include "tests/fuzz/rule_writer.hpp"
#include "tests/fuzz/sampler.hpp"
#include "tests/fuzz/targets.hpp"

namespace byzsim::fuzz {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::uint64_t kMostEvents = 4000;

/// A scenario that mostly loads: a frame of sizes that a fuzzer can afford, and in it whatever the schema offers.
class WorldWriter {
 public:
  explicit WorldWriter(Choices& choices)
      : choices_(choices), sampler_(root(), choices), rules_(choices, protocol_named("pbft").kinds) {}

  Json document() {
    const Json& parts = root().at("definitions").at("scenario").at("properties");
    Json made{{"schema", "byzsim/v1"}, {"name", "fuzz"}};
    made["protocol"] = protocol(parts.at("protocol"));
    if (!choices_.one_in(4)) made["network"] = network(parts.at("network"));
    made["clients"] = clients();
    if (choices_.one_in(6)) made["replicas"] = sampler_.sample(parts.at("replicas"), 3);
    if (!choices_.one_in(3)) made["adversary"] = adversary(parts.at("adversary"));
    for (std::uint64_t i = choices_.below(4); i > 0; --i) made["timeline"].push_back(entry());
    made["run"] = Json{{"until", rules_.time()}, {"max_events", kMostEvents}};
    if (choices_.one_in(4)) made["run"]["stop_at_violation"] = true;
    if (choices_.one_in(4)) made["run"]["stop_when_answered"] = false;
    if (choices_.one_in(6)) made["judge"] = sampler_.sample(parts.at("judge"), 3);
    if (choices_.one_in(8)) made["expect"] = sampler_.sample(parts.at("expect"), 4);
    return made;
  }

 private:
  static const Json& root() {
    static const Json schema = json_schema();
    return schema;
  }

  Json protocol(const Json& schema) {
    Json made = choices_.one_in(2) ? sampler_.sample(schema, 8) : Json::object();
    n_ = 1 + choices_.below(choices_.one_in(4) ? 10 : 5);
    made["name"] = "pbft";
    made["n"] = n_;
    made.erase("f");
    if (choices_.one_in(5)) made["f"] = choices_.below(4);
    made["view_timeout"] = fmt::format("{}ms", 20 + choices_.below(500));
    if (choices_.one_in(2)) {
      made["checkpoint_interval"] = 1 + choices_.below(4);
      made["window"] = 2 * made["checkpoint_interval"].get<std::uint64_t>() + choices_.below(8);
    } else {
      made.erase("window");
      made.erase("checkpoint_interval");
    }
    if (choices_.one_in(2)) made["batch"] = 1 + choices_.below(4);
    return made;
  }
  Json network(const Json& schema) {
    Json made = choices_.one_in(2) ? sampler_.sample(schema, 8) : Json::object();
    if (choices_.one_in(2)) made["latency"] = fmt::format("{}ms", choices_.below(40));
    if (choices_.one_in(2)) {
      made["gst"] = fmt::format("{}ms", choices_.below(2000));
      made["delta"] = fmt::format("{}ms", 10 + choices_.below(90));
    }
    return made;
  }
  Json clients() {
    Json made{{"count", 2}, {"requests", choices_.below(6)}};
    if (choices_.one_in(3)) made["mode"] = "open";
    if (choices_.one_in(3)) made["retransmit"] = fmt::format("{}ms", 50 + choices_.below(900));
    made["script"] = Json::array();
    for (const char* name : {"a", "b", "c"}) {
      made["script"].push_back(Json{{"name", name},
                                    {"at", fmt::format("{}ms", choices_.below(300))},
                                    {"client", choices_.below(2)},
                                    {"operation", choices_.pick({"put 1 1", "add 1 1", "get 1", "put 2 9"})}});
    }
    return made;
  }
  Json adversary(const Json& schema) {
    Json made{{"corrupt", Json::array()}};
    const std::uint64_t corrupted = 1 + choices_.below(n_);
    for (std::uint64_t i = 0; i < corrupted; ++i) made["corrupt"].push_back(i);
    if (choices_.one_in(2)) made["corrupt"].push_back("c0");
    const Json& behaviour = schema.at("properties").at("behaviours").at("items");
    for (std::uint64_t i = choices_.below(3); i > 0; --i) made["behaviours"].push_back(sampler_.sample(behaviour, 5));
    for (std::uint64_t i = choices_.below(4); i > 0; --i) made["rules"].push_back(rules_.rule());
    return made;
  }
  Json entry() {
    const auto node = [&] { return choices_.below(n_); };
    Json made{{"at", fmt::format("{}ms", choices_.below(1500))}};
    if (choices_.one_in(2)) made["until"] = fmt::format("{}ms", 1500 + choices_.below(1500));
    switch (choices_.below(3)) {
      case 0:
        made["crash"] = Json::array({node()});
        if (choices_.one_in(2)) made["state"] = choices_.pick({"kept", "lost"});
        break;
      case 1:
        made["cut"] = Json{{"from", Json::array({node()})}, {"to", Json::array({node(), "c0"})}};
        break;
      default:
        made["partition"] = Json::array({Json::array({0}), Json::array({n_ - 1, "c1"})});
        if (choices_.one_in(2)) made["mode"] = choices_.pick({"drop", "hold"});
    }
    return made;
  }

  Choices& choices_;
  Sampler sampler_;
  RuleWriter rules_;
  std::uint64_t n_ = 4;
};

struct Ran {
  std::uint64_t fingerprint = 0;
  bool over = false;  ///< reached the bound of events
};

Ran run(const Scenario& scenario) {
  World world(scenario, scenario.run.seed);
  Judge judge(world.manifest(), scenario.judge, scenario.expect, scenario.run);
  world.observe(judge);
  const Outcome outcome = world.run();
  judge.finish(outcome);
  return {outcome.fingerprint, outcome.events >= scenario.run.max_events};
}

}  // namespace

void world(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const bool twice = choices.one_in(4);
  const std::string text = WorldWriter(choices).document().dump();
  Diagnostics errors;
  LoadOptions options;
  options.files = false;
  options.further = {check_against_protocol, check_expectations};
  for (Scenario& scenario : load_text("fuzz.yaml", text, options, errors)) {
    feasibility(scenario);
    protocol_doubts(scenario);
    scenario.run.max_events = std::min(scenario.run.max_events, kMostEvents);
    const Ran once = run(scenario);
    if (twice && run(scenario).fingerprint != once.fingerprint) throw Broken("two runs, two fingerprints\n" + text);
  }
  if (!errors.ok() && errors.render().empty()) throw Broken("refused without a word\n" + text);
}

}  // namespace byzsim::fuzz
