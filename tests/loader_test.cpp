#include "sim/scenario/loader.hpp"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/yaml.hpp"
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

struct ToyOptions {
  Duration timeout = 500ms;
  std::uint32_t quorum = 3;
  static void describe(auto& row) {
    row("timeout", &ToyOptions::timeout, "a timeout", at_least(1ns));
    row("quorum", &ToyOptions::quorum, "votes", at_least(1));
  }
};
const Registered<ToyOptions> toy_protocol{"protocol", "loader-test", "a protocol for tests of the loader"};
const Registered<ToyOptions> toy_behaviour{"behaviour", "loader-test", "a behaviour for tests of the loader"};

const std::string kHead = "schema: byzsim/v1\nname: x\nprotocol: {name: loader-test, n: 4, f: 1}\n";

struct Loaded {
  std::vector<Scenario> scenarios;
  std::string report;
  bool says(const std::string& sentence) const { return report.find(sentence) != std::string::npos; }
};

Loaded load_plain(const std::string& text, LoadOptions options = {}) {
  Diagnostics errors;
  Loaded loaded;
  loaded.scenarios = load_text("t.yaml", text, options, errors);
  loaded.report = errors.render();
  CHECK(loaded.scenarios.empty() == !errors.ok());
  return loaded;
}
Loaded load_body(const std::string& body) {
  return load_plain(kHead + body);
}

TEST_CASE("a mis-indented tail, a second document and other things yaml-cpp would drop are errors") {
  CHECK(load_plain("- a\nb: 1").says("t.yaml:2:1: error: what begins here does not belong to what stands above it"));
  CHECK(load_plain(kHead + "---\nname: y\n").says("t.yaml:4:1: error: what begins here"));
  CHECK(load_plain(",").says("error"));
  CHECK(load_plain(kHead + "story: 'never closed\n").says("the quotes that open here are never closed"));
  CHECK(load_plain(kHead + "story: \"never closed \\\"\n").says("never closed"));
  CHECK(load_plain(kHead + "story: 'it''s \"closed'  # 'really\n").report.empty());
  CHECK(load_plain(kHead + "run:\n\tuntil: 1s\n").says("indent with spaces, not tabs"));
  CHECK(load_plain(kHead + "run: {until: 1s\n").says("not valid YAML"));
  CHECK(load_plain(kHead + "...\n").report.empty());
}

TEST_CASE("a comma in a flow map needs quotes, and the error says so") {
  const Loaded l = load_body("network: {latency: normal(50ms, 10ms)}\n");
  CHECK(l.says("t.yaml:4:33: error: unknown key '10ms)' in network"));
  CHECK(l.says("inside {...} a value with a comma needs quotes"));
}

TEST_CASE("duplicate keys, merge keys, tags and keys that are not words are errors") {
  const Loaded twice = load_body("run: {until: 1s}\nrun: {until: 2s}\nrnu: {}\n");
  CHECK(twice.says("t.yaml:5:1: error: key 'run' stands twice"));
  CHECK(twice.says("first in line 4"));
  CHECK(twice.says("unknown key 'rnu'"));
  CHECK(load_body("run: {<<: {until: 1s}}\n").says("merge keys (`<<`) are not supported"));
  CHECK(load_body("run: !!map {until: 1s}\n").says("tags (`!...`) are not supported"));
  CHECK(load_body("[a]: 1\n").says("a key must be a word"));
}

TEST_CASE("aliases are followed within bounds") {
  CHECK(load_body("clients: {think: &t 5ms}\nreplicas: {cpu: {sign: *t}}\n").scenarios.at(0).replicas.cpu.sign == 5ms);
  CHECK(load_plain("&a [*a]").says("an alias stands inside what it refers to"));
  CHECK(load_plain("a: *nowhere").says("error"));
  std::string bomb = "x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    bomb += std::string("x-") + c + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i > 0 ? ", *" : "*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  CHECK(load_plain(bomb).says("more than 100000 values"));
  CHECK(load_plain(std::string(65, '[') + std::string(65, ']')).says("nested more than 64 deep"));
  CHECK(load_plain(std::string(5000, '[')).says("error"));
}

TEST_CASE("bytes that are no text, and files too large, are errors") {
  CHECK(load_plain("a: \xff").says("t.yaml:1:4: error: not valid UTF-8"));
  CHECK(load_plain("a: \xed\xa0\x80").says("not valid UTF-8"));
  CHECK(load_plain(std::string("a: 1\n\0", 6)).says("t.yaml:2:1: error: a NUL byte"));
  CHECK(load_plain(std::string(kMaxYamlBytes + 1, '#')).says("the most is 1048576"));
  CHECK(load_plain("").says("the file is empty"));
  CHECK(load_plain("# nothing\n").says("the file is empty"));
  CHECK(load_plain("- a").says("a scenario is a map of keys, found a list"));
}

TEST_CASE("a key without a value is reported at the key") {
  CHECK(load_body("run:\n\n\nclients: {count: 1}\n").says("t.yaml:4:1: error: 'run' has no value"));
}

TEST_CASE("variants lay over the file; lists replace, null takes away") {
  const Loaded l = load_body(
      "adversary: {corrupt: [0, 1]}\nnetwork: {delta: 1s}\n"
      "variants:\n  plain:\n  other: {adversary: {corrupt: [2]}, protocol: {n: 7, quorum: 5}, network: {delta: "
      "null}}\n");
  CAPTURE(l.report);
  REQUIRE(l.scenarios.size() == 2);
  CHECK(l.scenarios[0].variant == "plain");
  CHECK(l.scenarios[0].network.delta == 1s);
  CHECK(l.scenarios[1].variant == "other");
  CHECK(l.scenarios[1].adversary.corrupt == std::vector<NodeRef>{{false, 2}});
  CHECK(l.scenarios[1].protocol.options.as<ToyOptions>().quorum == 5);
  CHECK(l.scenarios[1].protocol.f == 1);
  CHECK_FALSE(l.scenarios[1].network.delta);
  CHECK(scenario_hash(l.scenarios[0]) != scenario_hash(l.scenarios[1]));
}

TEST_CASE("an error of the file is reported once, an error of a variant at its place") {
  const Loaded l = load_body("network: {los: 1}\nvariants:\n  a: {run: {until: 0s}}\n  b: {variants: {}}\n  c: 5\n");
  CHECK(l.says("t.yaml:7:6: error") == false);
  CHECK(l.says("a variant cannot have 'variants'"));
  CHECK(l.says("expected what the variant changes, a map in variants, found '5'"));
  CHECK(l.says("unknown key 'los' in network"));
  const Loaded m = load_body("network: {los: 1}\nvariants:\n  a: {run: {until: 0s}}\n  b:\n");
  CHECK(m.says("t.yaml:6:20: error: '0s' in run.until is too small"));
  CHECK(m.report.find("'los'") == m.report.rfind("'los'"));
}

TEST_CASE("overrides come last and show their own place") {
  LoadOptions options;
  options.sets = {"network.latency=normal(50ms, 10ms)", "adversary.corrupt=[1, 2]", "adversary.corrupt.0=3",
                  "protocol.timeout=7ms"};
  options.seed = 99;
  const Loaded l = load_plain(kHead + "run: {seeds: 1..5}\nexpect: {aggregate: {\"mean(x)\": 3}}\n", options);
  CAPTURE(l.report);
  REQUIRE(l.scenarios.size() == 1);
  CHECK(l.scenarios[0].adversary.corrupt == std::vector<NodeRef>{{false, 3}, {false, 2}});
  CHECK(l.scenarios[0].protocol.options.as<ToyOptions>().timeout == 7ms);
  CHECK(l.scenarios[0].run.seed == 99);
  CHECK_FALSE(l.scenarios[0].run.seeds);
  options.sets = {"network.gst=10", "network.dealy=1s", "nonsense", "adversary.corrupt.9=1", "run.until=["};
  const Loaded bad = load_plain(kHead + "adversary: {corrupt: [0]}\n", options);
  CHECK(
      bad.says("command line:1:13: error: '10' in network.gst is not a duration: the unit is missing\n  "
               "network.gst=10\n              ^ did you mean '10ms'?"));
  CHECK(bad.says("unknown key 'dealy' in network"));
  CHECK(bad.says("expected KEY=VALUE"));
  CHECK(bad.says("cannot set 'adversary.corrupt.9'"));
}

TEST_CASE("an override of null takes a key away") {
  LoadOptions options;
  options.sets = {"adversary.corrupt=null", "network.latency=null"};
  const Loaded l = load_plain(kHead + "network: {latency: 7ms}\nadversary: {corrupt: [0]}\n", options);
  CAPTURE(l.report);
  REQUIRE(l.scenarios.size() == 1);
  CHECK(l.scenarios[0].adversary.corrupt.empty());
  CHECK(l.scenarios[0].network.latency == NetworkSettings().latency);
  options.sets = {"network.latency="};
  CHECK(load_plain(kHead, options).says("command line:1:17: error: there is no value"));
}

TEST_CASE("a chosen variant is the only one read") {
  const std::string text = kHead + "variants:\n  small: {}\n  large: {protocol: {n: 9}}\n";
  LoadOptions options;
  options.sets = {"adversary.corrupt=[8]"};
  CHECK(load_plain(text, options).says("there is no replica 8"));
  options.variant = "large";
  const Loaded l = load_plain(text, options);
  REQUIRE(l.scenarios.size() == 1);
  CHECK(l.scenarios[0].variant == "large");
}

TEST_CASE("every error at once, whatever else is wrong, and none that only follows from another") {
  const std::string body =
      "network: {latency: 5, dealy: 1ms}\n"
      "clients: {script: [{name: a, at: 1ms, client: 7}, {name: a, at: soon}]}\n"
      "adversary: {corupt: [1], corrupt: [6]}\n"
      "timeline:\n- {at: 1, crash: [5]}\n- {at: 1s, crahs: [0]}\n- {at: 2s}\n";
  const Loaded l = load_body(body);
  CAPTURE(l.report);
  for (const char* sentence :
       {"'5' in network.latency is not", "unknown key 'dealy' in network", "there is no client 7",
        "two requests are named 'a'", "'soon' in clients.script.1.at is not", "unknown key 'corupt' in adversary",
        "there is no replica 6", "'1' in timeline.0.at is not", "there is no replica 5",
        "unknown key 'crahs' in timeline.1", "t.yaml:10:3: error: nothing happens at this time"}) {
    CHECK_MESSAGE(l.says(sentence), sentence);
  }
  CHECK_FALSE(l.says("t.yaml:9:3: error: nothing happens"));  // what happens is only misspelt
  const Loaded unsized = load_plain("schema: byzsim/v1\nname: x\nprotocol: {name: loader-test, n: many}\n" + body);
  CHECK(unsized.says("'many' in protocol.n"));
  CHECK_FALSE(unsized.says("there is no replica"));  // nobody knows
}

TEST_CASE("extends: relative, one after the other, never in a circle") {
  const auto folder = std::filesystem::temp_directory_path() / "byzsim-loader-test";
  std::filesystem::create_directories(folder / "sub");
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("base.yaml", kHead + "network: {loss: 0.1}\nclients: {count: 3}\n");
  write("sub/child.yaml", "extends: ../base.yaml\nname: child\nnetwork: {loss: 0.2}\n");
  write("a.yaml", "extends: b.yaml\n");
  write("b.yaml", "extends: ./sub/../a.yaml\n");
  write("bad.yaml", kHead + "netwrok: {}\n");
  write("of_bad.yaml", "extends: bad.yaml\nrnu: {}\n");
  write("missing.yaml", "extends: nowhere.yaml\n");
  const auto load_file = [&](const char* name) {
    Diagnostics errors;
    Loaded loaded;
    loaded.scenarios = load((folder / name).string(), {}, errors);
    loaded.report = errors.render();
    return loaded;
  };
  const Loaded child = load_file("sub/child.yaml");
  CAPTURE(child.report);
  REQUIRE(child.scenarios.size() == 1);
  CHECK(child.scenarios[0].name == "child");
  CHECK(child.scenarios[0].network.loss == 0.2);
  CHECK(child.scenarios[0].clients.count == 3);
  CHECK(load_file("a.yaml").says("extends itself"));
  CHECK(load_file("of_bad.yaml").says("bad.yaml:4:1: error: unknown key 'netwrok'"));
  CHECK(load_file("of_bad.yaml").says("of_bad.yaml:2:1: error: unknown key 'rnu'"));
  CHECK(load_file("missing.yaml").says("missing.yaml:1:10: error: cannot read"));
  CHECK(load_file("nowhere.yaml").says("no such file"));
  CHECK(load_file("sub").says("not a file"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("settings that contradict each other are found without running") {
  const std::pair<const char*, const char*> kCases[] = {
      {"adversary: {corrupt: [4]}", "there is no replica 4 in adversary.corrupt"},
      {"adversary: {corrupt: [0, 0]}", "'0' stands twice in adversary.corrupt"},
      {"adversary: {corrupt: [c1]}", "there is no client 1 in adversary.corrupt"},
      {"clients: {mode: open}", "open mode needs an interval"},
      {"clients: {script: [{name: a, client: 1}]}", "there is no client 1"},
      {"clients: {script: [{name: a}, {name: a}]}", "two requests are named 'a'"},
      {"timeline: [{at: 1s}]", "nothing happens at this time"},
      {"timeline: [{at: 2s, until: 1s, crash: [0]}]", "it ends at 1s but begins at 2s"},
      {"timeline: [{at: 1s, restart: [0]}]", "replica 0 is not down at 1s"},
      {"timeline: [{at: 1s, crash: [0]}, {at: 2s, crash: [0]}]", "replica 0 is already down at 2s"},
      {"timeline: [{at: 1s, crash: [c0]}]", "'c0' is a client; only replicas can stand in timeline.0.crash"},
      {"timeline: [{at: 1s, partition: [[0, 1]]}]", "one group is no partition"},
      {"timeline: [{at: 1s, partition: [[0], []]}]", "a group has no members"},
      {"timeline: [{at: 1s, partition: [[0], [7]]}]", "there is no replica 7 in timeline.0.partition.1"},
      {"timeline: [{at: 1s, partition: [[0], [1]], mode: delay}]", "`mode: delay` needs a delay"},
      {"timeline: [{at: 1s, crash: [0], state: lost}]", "state belongs to a restart"},
      {"expect: {aggregate: {x: 1}}", "an aggregate needs several runs"},
      {"expect: {culprits: [9]}", "there is no replica 9 in expect.culprits"},
      {"expect: {safety: violated, classification: none}", "`none` contradicts"},
      {"expect: {liveness: {requests: 11}}", "the clients send only 10 requests"},
      {"run: {until: 1s, warmup: 1s}", "the warm-up is as long as the run"},
      {"run: {until: 1s, series: 1ns}", "too short an interval"},
      {"run: {seeds: 0..18446744073709551615}", "too many seeds"},
      {"network: {topology: edges, edges: [[0, 9]]}", "network.edges"},
      {"network: {edges: [[0, 1]]}", "edges are listed, but the topology is full-mesh"},
      {"network: {regions: aws-12}", "did you mean 'aws-21'?"},
      {"network: {placement: [x]}", "placement names regions, but no table of regions is chosen"},
      {"protocol: {name: loader-test, n: 3, f: 3}", "f = 3 of n = 3"},
  };
  for (const auto& [body, sentence] : kCases) {
    CAPTURE(body);
    const std::string head = std::string(body).starts_with("protocol") ? "schema: byzsim/v1\nname: x\n" : kHead;
    const Loaded l = load_plain(head + body + "\n");
    CAPTURE(l.report);
    CHECK(l.scenarios.empty());
    if (std::string(sentence) != "network.edges") CHECK(l.says(sentence));
  }
  CHECK(load_body(
            "timeline: [{at: 1s, until: 2s, crash: [0]}, {at: 3s, crash: [0]}, {at: 4s, restart: [0], state: lost}]\n")
            .report.empty());
}

TEST_CASE("feasibility warns about what was probably not meant") {
  const auto warns = [](const std::string& body, const std::string& sentence) {
    const Loaded l = load_body(body);
    CAPTURE(l.report);
    REQUIRE(l.scenarios.size() == 1);
    for (const std::string& warning : feasibility(l.scenarios[0])) {
      if (warning.find(sentence) != std::string::npos) return true;
    }
    return false;
  };
  CHECK(warns("adversary: {corrupt: [0, 1]}\n", "outside the model"));
  CHECK_FALSE(warns("adversary: {corrupt: [0, 1]}\nexpect: {safety: violated}\n", "outside the model"));
  CHECK(warns("timeline: [{at: 1s, partition: [[0, 1], [2, 3]]}]\n", "never heals"));
  CHECK_FALSE(warns("timeline: [{at: 1s, partition: [[0], [1, 2, 3]]}]\n", "never heals"));
  CHECK(warns("network: {gst: 60s}\n", "nothing bounds delays"));
  CHECK(warns("network: {latency: 300ms, delta: 200ms}\n", "less than the mean latency"));
  CHECK(warns("network: {latency: 40s}\n", "before a message and its answer"));
  const Loaded plain = load_body("");
  CHECK(feasibility(plain.scenarios.at(0)).empty());
}

TEST_CASE("a resolved scenario loads back to the same, hash included") {
  std::ifstream stream(std::string(BYZSIM_SOURCE_DIR) + "/tests/fuzz/corpus/loader/everything.yaml");
  std::string text((std::istreambuf_iterator<char>(stream)), {});
  for (std::size_t at = 0; (at = text.find("plain, toy", at)) != std::string::npos;)
    text.replace(at, 10, "loader-test");
  for (std::size_t at = 0; (at = text.find("name: toy", at)) != std::string::npos;)
    text.replace(at, 9, "name: loader-test");
  text.erase(text.find(", rules:"), std::string(", rules: [{quorum: 2}]").size());
  const Loaded first = load_plain(text);
  CAPTURE(first.report);
  REQUIRE(first.scenarios.size() == 1);
  const auto json = resolved(first.scenarios[0]);
  Diagnostics errors;
  const auto again = from_resolved(json, errors);
  CHECK(errors.render().empty());
  REQUIRE(again);
  CHECK(resolved(*again).dump() == json.dump());
  const Loaded as_file = load_plain(json.dump());  // JSON is YAML
  CAPTURE(as_file.report);
  REQUIRE(as_file.scenarios.size() == 1);
  CHECK(scenario_hash(as_file.scenarios[0]) == scenario_hash(first.scenarios[0]));
  CHECK_FALSE(from_resolved(nlohmann::ordered_json::parse("[1]"), errors));
  CHECK_FALSE(from_resolved(nlohmann::ordered_json::parse("{\"schema\":1}"), errors));
}

TEST_CASE("the hash covers every setting and the seed, and neither file nor x- keys") {
  const std::uint64_t base = scenario_hash(load_body("").scenarios.at(0));
  CHECK(scenario_hash(load_body("x-note: 1\n").scenarios.at(0)) == base);
  CHECK(scenario_hash(load_body("network: {loss: 0, order: independent}\n").scenarios.at(0)) == base);
  CHECK(scenario_hash(load_body("run: {seed: 2}\n").scenarios.at(0)) != base);
  CHECK(scenario_hash(load_body("replicas: {wire: {digest: 33B}}\n").scenarios.at(0)) != base);
  CHECK(scenario_hash(load_body("expect: {safety: held}\n").scenarios.at(0)) != base);
  CHECK(hash_text(0x2a) == "000000000000002a");
}

}  // namespace
}  // namespace byzsim
