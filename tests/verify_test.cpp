// `byzsim verify` believes nothing: a trace is what its scenario does when it is run again, to the byte, or is refused.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "analysis/expectation_check.hpp"
#include "sim/cli/scenarios.hpp"
#include "tests/doctest.hpp"
#include "tests/run_kit.hpp"
#include "tests/trace_edits.hpp"
#include "tests/verify_kit.hpp"

namespace byzsim {
namespace {

namespace fs = std::filesystem;
using namespace verify_kit;

// Nobody lies: every request is answered.
constexpr const char* kHonest = R"yaml(
schema: byzsim/v1
name: honest
protocol: {name: pbft, n: 4}
network: {latency: "normal(10ms, 2ms)", delta: 50ms}
clients: {count: 2, requests: 2}
run: {until: 10s}
expect: {safety: held, liveness: held}
)yaml";

// The primary shows two batches; its own signatures convict it.
constexpr const char* kEquivocation = R"(
schema: byzsim/v1
name: equivocation
protocol: {name: pbft, n: 4, view_timeout: 300ms}
network: {latency: 10ms, delta: 50ms}
clients: {count: 2, requests: 0, script: [{name: a, at: 0s, client: 0}, {name: b, at: 1ms, client: 1}]}
adversary:
  corrupt: [0]
  behaviours:
    - equivocate: {match: {type: pre-prepare, view: 0, slot: 1}, split: [[1], [2, 3]]}
run: {until: 10s}
expect: {safety: held, culprits: [0]}
)";

// Two primaries in a row are down, so that VIEW-CHANGEs and NEW-VIEWs carry certificates; one comes back.
constexpr const char* kViewChanges = R"(
schema: byzsim/v1
name: view changes
protocol: {name: pbft, n: 7, view_timeout: 200ms}
network: {latency: 10ms, delta: 50ms}
clients: {count: 1, requests: 3, think: 100ms}
timeline:
  - {at: 55ms, crash: [0], until: 900ms, state: kept}
  - {at: 60ms, crash: [1]}
run: {until: 10s}
expect: {safety: held, liveness: held}
)";

Scenario scenario_of(const char* text) {
  return run_kit::parse(text).at(0);
}

bool mentions(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("the text is: ", text);
  return found;
}

std::string judgement(const Result& result) {
  std::string text = fmt::format("{} {} {} {}", to_string(result.verdict), to_string(result.safety),
                                 to_string(result.liveness), to_string(result.classification));
  for (const NodeId culprit : result.culprits) text += fmt::format(" {}", culprit);
  return text;
}

TEST_CASE("the trace of every scenario is verified, plain and compressed, to the result of its run") {
  const fs::path folder = fs::temp_directory_path() / fmt::format("byzsim-verify-test-{}", ::getpid());
  fs::create_directories(folder);
  LoadOptions options;
  options.further = {check_against_protocol, check_expectations};
  // Whole runs take minutes; BYZSIM_EDITS, which asks for long tests, asks for them too.
  const std::uint64_t most_events = std::getenv("BYZSIM_EDITS") == nullptr ? 10'000 : 1'000'000'000;
  std::size_t traces = 0;
  for (const std::string& file : cli::scenario_files({std::string(BYZSIM_SOURCE_DIR) + "/scenarios"})) {
    Diagnostics errors;
    for (const Scenario& loaded : load(file, options, errors)) {
      Scenario whole = loaded;
      whole.run.max_events = std::min(whole.run.max_events, most_events);
      const Scenario scenario = with_seed(whole, loaded.run.seeds ? loaded.run.seeds->first : loaded.run.seed);
      INFO(file, " ", scenario.variant);
      const std::string path = (folder / (traces++ % 2 == 0 ? "t.jsonl" : "t.jsonl.zst")).string();
      const cli::Ending run = cli::run_once(scenario, path, {}, false);
      cli::Ending again;
      REQUIRE_NOTHROW(again = cli::verify_trace([&] { return open_file(path); }, {}).ending);
      CHECK(json_line(again.result) == json_line(run.result));
      cli::VerifyOptions trusting;
      trusting.rerun = false;
      REQUIRE_NOTHROW(again = cli::verify_trace([&] { return open_file(path); }, trusting).ending);
      CHECK(!again.result.taken_on_trust.empty());
      again.result.taken_on_trust.clear();
      CHECK(json_line(again.result) == json_line(run.result));
    }
    CHECK(errors.ok());
  }
  CHECK(traces > 100);
  fs::remove_all(folder);
}

// --- edits ---------------------------------------------------------------------------------------------------------

/// What became of the edits of one kind.
struct Tally {
  std::size_t tried = 0;
  std::size_t identical = 0;  // the edit found nothing to change
  std::size_t refused = 0;
  std::size_t accepted = 0;       // with the same judgement
  std::size_t trusted = 0;        // without a second run: accepted with the same judgement
  std::size_t trusted_other = 0;  // with another
};

/// Tries so many edits of one trace; fails where one of them gets through with another judgement.
void try_edits(const char* text, const char* other, std::size_t per_share, std::uint64_t seed,
               std::vector<Tally>& tallies) {
  const Scenario scenario = scenario_of(text);
  const Recorded recorded = record(scenario);
  const std::string expected = judgement(recorded.result);
  REQUIRE(judgement(verified(recorded.bytes).result.value()) == expected);
  trace_edits::Desk desk;
  desk.random.seed(seed);
  desk.original = trace_edits::lines_of(recorded.bytes);
  desk.other = trace_edits::lines_of(record(scenario_of(other)).bytes);
  desk.seed = scenario.run.seed;
  desk.nodes = scenario.protocol.n + scenario.clients.count;
  desk.kinds = recording_of(scenario, scenario.run.seed).kinds;
  cli::VerifyOptions trusting;
  trusting.rerun = false;
  const auto& kinds = trace_edits::kinds();
  tallies.resize(kinds.size());
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    for (std::size_t i = 0; i < per_share * kinds[k].share; ++i) {
      const trace_edits::Lines lines = kinds[k].edit(desk);
      const std::string bytes = trace_edits::joined(lines);
      Tally& tally = tallies[k];
      ++tally.tried;
      if (bytes == recorded.bytes) {
        ++tally.identical;
        continue;
      }
      INFO(scenario.name, ": ", kinds[k].name, ", edit ", i);
      const Checked checked = verified(bytes);
      if (!checked.result) {
        ++tally.refused;
        REQUIRE(!checked.complaint.empty());
      } else {
        ++tally.accepted;
        CHECK(judgement(*checked.result) == expected);
        // What is not compared with anything stands in the header, and is none of these.
        CHECK(trace_edits::Lines(lines.begin() + 1, lines.end()) ==
              trace_edits::Lines(desk.original.begin() + 1, desk.original.end()));
      }
      const Checked trusted = verified(bytes, trusting);
      if (!trusted.result) continue;
      CHECK(!trusted.result->taken_on_trust.empty());
      ++(judgement(*trusted.result) == expected ? tally.trusted : tally.trusted_other);
    }
  }
}

TEST_CASE("an edited trace is refused, or judged as it was") {
  // BYZSIM_EDITS=20 tries twenty times as many, with other draws.
  const char* more = std::getenv("BYZSIM_EDITS");
  const std::size_t times = more == nullptr ? 1 : static_cast<std::size_t>(std::strtoul(more, nullptr, 10));
  const std::size_t per_share = 30 * times;
  std::vector<Tally> tallies;
  try_edits(kHonest, kEquivocation, per_share, times, tallies);
  try_edits(kEquivocation, kHonest, per_share, times + 1, tallies);
  try_edits(kViewChanges, kHonest, per_share, times + 2, tallies);
  std::size_t tried = 0;
  std::size_t other = 0;
  std::string table = fmt::format("{:56} {:>6} {:>9} {:>7} {:>8} | no second run {:>6} {:>6}\n", "edit", "tried",
                                  "identical", "refused", "accepted", "same", "other");
  for (std::size_t k = 0; k < tallies.size(); ++k) {
    const Tally& t = tallies[k];
    table += fmt::format("{:56} {:6} {:9} {:7} {:8} | {:13} {:6} {:6}\n", trace_edits::kinds()[k].name, t.tried,
                         t.identical, t.refused, t.accepted, "", t.trusted, t.trusted_other);
    tried += t.tried - t.identical;
    other += t.trusted_other;
    CHECK(t.tried > 2 * t.identical);  // an edit that finds nothing to change tries nothing
  }
  CHECK(tried >= 2500 * times);
  // Without the second run some of them pass with another verdict: the edits would tell, were it not for it.
  CHECK(other > 0);
  if (more != nullptr) MESSAGE(table);
}

TEST_CASE("two votes signed with the seed of the header convict nobody") {
  // Two COMMITs from a run with the same seed, in which replica 2 is corrupted, put into an honest run's trace.
  const Recorded honest = record(scenario_of(kHonest));
  trace_edits::Lines lines = trace_edits::lines_of(honest.bytes);
  const auto commit = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("\"kind\":\"commit\",\"signer\":2") != std::string::npos;
  });
  REQUIRE(commit != lines.end());
  const Scenario scenario = scenario_of(kHonest);
  KeyRing ring(scenario.run.seed, 6);
  Notary notary(ring);
  const auto kinds = recording_of(scenario, scenario.run.seed).kinds;
  const auto kind =
      std::find_if(kinds.begin(), kinds.end(), [](const MessageKind* k) { return k->traits.name == "commit"; });
  REQUIRE(kind != kinds.end());
  const auto line = nlohmann::ordered_json::parse(*commit);
  const Ref<Message> other = Draft::read(**kind, line["message"]);
  nlohmann::ordered_json fields = line["message"]["fields"];
  fields["value"] = "0123456789abcdef";
  const Ref<Message> lie = Draft::fresh(**kind, fields);
  for (int i = 0; i < 9999; ++i) notary.number();
  const Signer signer = ring.issue(2);
  notary.sign(signer, *lie);
  std::string text;
  write_json(*lie, notary, text);
  const std::size_t at = static_cast<std::size_t>(commit - lines.begin());
  const auto time = line["t_ns"].get<std::uint64_t>();
  // In place of lines that nobody misses, so that nothing need be numbered again.
  trace_edits::Lines edited(lines.begin(), commit + 1);
  edited.push_back(fmt::format(R"({{"i":{},"t_ns":{},"event":"signed","node":2,"message":{}}})", at, time, text));
  edited.push_back(fmt::format(R"({{"i":{},"t_ns":{},"event":"witnessed","node":1,"message":10000}})", at + 1, time));
  edited.push_back(
      fmt::format(R"({{"i":{},"t_ns":{},"event":"witnessed","node":1,"message":{}}})", at + 2, time, other->id()));
  for (std::size_t i = at + 1; i < lines.size(); ++i) {
    edited.push_back(fmt::format("{{\"i\":{}{}", i + 2, lines[i].substr(lines[i].find(','))));
  }
  cli::VerifyOptions trusting;
  trusting.rerun = false;
  const Checked believed = verified(trace_edits::joined(edited), trusting);
  REQUIRE_MESSAGE(believed.result, believed.complaint);
  CHECK(believed.result->culprits == std::vector<NodeId>{2});  // all the signatures are good
  CHECK(believed.result->taken_on_trust.contains("signed"));
  const Checked checked = verified(trace_edits::joined(edited));
  CHECK(!checked.result);
  CHECK(mentions(checked.complaint, fmt::format("line {}: its scenario, run again, writes another line", at + 2)));
}

// --- runs that were cut short, other versions, bounds --------------------------------------------------------------

TEST_CASE("a run that its user or his clock cut short is compared up to there") {
  for (const char* text : {kHonest, kEquivocation, kViewChanges}) {
    const Scenario scenario = scenario_of(text);
    const std::size_t whole = trace_edits::lines_of(record(scenario).bytes).size();
    for (const EndReason why : {EndReason::interrupted, EndReason::wall_clock}) {
      for (std::uint64_t records = 1; records < whole; records += 1 + whole / 23) {
        INFO(scenario.name, " stopped after ", records, " records");
        const Recorded cut = record(scenario, CutAt{records, why});
        const Checked checked = verified(cut.bytes);
        REQUIRE_MESSAGE(checked.result, checked.complaint);
        CHECK(json_line(*checked.result) == json_line(cut.result));
        // Its last lines are no less compared than any others.
        trace_edits::Lines lines = trace_edits::lines_of(cut.bytes);
        if (lines.size() < 3) continue;
        trace_edits::Lines shorter = lines;
        shorter.erase(shorter.end() - 2);
        const std::size_t comma = shorter.back().find(',');
        shorter.back() = fmt::format("{{\"i\":{}{}", shorter.size() - 2, shorter.back().substr(comma));
        CHECK(!verified(trace_edits::joined(shorter)).result);
        auto end = nlohmann::ordered_json::parse(lines.back());
        end["events"] = end["events"].get<std::uint64_t>() + 1;
        lines.back() = end.dump();
        CHECK(!verified(trace_edits::joined(lines)).result);
      }
    }
  }
}

TEST_CASE("a run that came to its end was not cut short, whatever its trace says") {
  const Recorded recorded = record(scenario_of(kHonest));
  trace_edits::Lines lines = trace_edits::lines_of(recorded.bytes);
  for (const char* why : {"interrupted", "wall-clock"}) {
    auto end = nlohmann::ordered_json::parse(lines.back());
    end["why"] = why;
    trace_edits::Lines edited = lines;
    edited.back() = end.dump();
    CHECK(!verified(trace_edits::joined(edited)).result);
  }
}

TEST_CASE("a run that ends at its first violation is verified, and ends there alone") {
  const Scenario scenario = run_kit::parse(R"(
schema: byzsim/v1
name: broken
protocol: {name: pbft, n: 4, quorum: 2f}
network: {latency: 10ms}
clients: {count: 2, requests: 0, script: [{name: a, at: 0s, client: 0}, {name: b, at: 1ms, client: 1}]}
adversary:
  corrupt: [0]
  behaviours:
    - equivocate: {match: {type: pre-prepare, view: 0, slot: 1}, split: [[1], [2, 3]]}
run: {until: 10s, stop_at_violation: true}
expect: {safety: violated}
)")
                                .at(0);
  const Recorded recorded = record(scenario);
  REQUIRE(recorded.result.end_reason == EndReason::violation);
  const Checked checked = verified(recorded.bytes);
  REQUIRE_MESSAGE(checked.result, checked.complaint);
  CHECK(json_line(*checked.result) == json_line(recorded.result));
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t where = text.find(from);
  REQUIRE(where != std::string::npos);
  return text.replace(where, from.size(), to);
}

TEST_CASE("a trace of another version is named as one if it differs, and verified if it does not") {
  const Recorded recorded = record(scenario_of(kHonest));
  const std::string tool = fmt::format("\"tool\":\"{}\"", cli::kVersion);
  const std::string older = with(recorded.bytes, tool, "\"tool\":\"0.0.1\"");
  CHECK(verified(older).result);
  const Checked checked = verified(with(older, "\"event\":\"decided\"", "\"event\":\"prepared\""));
  CHECK(!checked.result);
  CHECK(mentions(checked.complaint, "byzsim 0.0.1 wrote this trace"));
}

TEST_CASE("a header whose scenario the loader would refuse is refused") {
  const Recorded recorded = record(scenario_of(kEquivocation));
  CHECK(mentions(verified(with(recorded.bytes, "\"corrupt\":[0]", "\"corrupt\":[9]")).complaint,
                 "the scenario in the header is not valid"));
  CHECK(mentions(verified(with(recorded.bytes, "\"type\":\"pre-prepare\"", "\"type\":\"pre-propose\"")).complaint,
                 "the scenario in the header is not valid"));
}

TEST_CASE("verification gives up when it takes too long, or too much to remember") {
  const Recorded recorded = record(scenario_of(kHonest));
  cli::VerifyOptions options;
  options.patience = std::chrono::nanoseconds(0);
  CHECK_THROWS_AS(verified(recorded.bytes, options), cli::Unfinished);
  options.rerun = false;
  CHECK_THROWS_AS(verified(recorded.bytes, options), cli::Unfinished);
  options = {};
  options.memory = 64 * 1024;  // the header is longer than a 64th
  CHECK_THROWS_AS(verified(recorded.bytes, options), cli::Unfinished);
}

}  // namespace
}  // namespace byzsim
