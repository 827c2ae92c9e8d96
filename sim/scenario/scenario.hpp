// A scenario: everything that one run, or one family of runs, is made from. Plain data, resolved and checked.
//
// Each struct describes its own keys once (see sim/core/options.hpp); the loader, the error messages, the JSON Schema
// and `byzsim explain` all read that description. The values written here are the defaults a user gets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/options.hpp"
#include "sim/core/time.hpp"
#include "sim/net/partition.hpp"
#include "sim/net/settings.hpp"

namespace byzsim {

using namespace std::chrono_literals;

/// `protocol: {name: pbft, n: 4, f: 1, ...}`; the keys beyond these three belong to the protocol's own options.
struct ProtocolSettings {
  std::string name = "pbft";
  std::uint32_t n = 4;
  std::optional<std::uint32_t> f;  ///< faults the protocol assumes; floor((n - 1) / 3) unless given
  Choice options;                  ///< the protocol's own options, of the type its catalogue entry names

  std::uint32_t assumed_faults() const { return f ? *f : (n - 1) / 3; }

  static void describe(auto& row) {
    row("name", &ProtocolSettings::name, "the protocol to run; `byzsim list` names them all",
        from_catalogue("protocol"));
    row("n", &ProtocolSettings::n, "number of replicas", at_least(1), at_most(10'000));
    row("f", &ProtocolSettings::f, "faults that the protocol assumes; floor((n-1)/3) unless given");
    row.rest(&ProtocolSettings::options, "protocol", &ProtocolSettings::name);
  }
};

/// No part of a message may be said to be larger. What a message adds up to is counted in 64 bits.
inline constexpr ByteCount kLargestPart{1'000'000'000};

enum class ClientMode { closed, open };
template <>
struct EnumNames<ClientMode> {
  static constexpr EnumTable<ClientMode, 2> table{{
      {"closed", ClientMode::closed, "a client sends its next request when the last one is answered"},
      {"open", ClientMode::open, "requests arrive at their own pace, answered or not"},
  }};
};

/// A request at a fixed time, with a name that rules and expectations can refer to.
struct ScriptedRequest {
  std::string name;
  Duration at{};
  std::uint32_t client = 0;
  std::string operation;
  std::vector<NodeRef> to;

  static void describe(auto& row) {
    row("name", &ScriptedRequest::name, "what rules call this request, and the value that carries it", required());
    row("at", &ScriptedRequest::at, "when the client first sends it", at_least(0ns));
    row("client", &ScriptedRequest::client, "which client sends it");
    row("operation", &ScriptedRequest::operation,
        "`put KEY NUMBER`, `add KEY NUMBER` or `get KEY`; a put of its own unless given");
    row("to", &ScriptedRequest::to, "the replicas it is first sent to; the primary unless given");
  }
};

struct ClientSettings {
  std::uint32_t count = 1;
  std::uint64_t requests = 10;
  ClientMode mode = ClientMode::closed;
  LatencySpec interval;
  Duration think{};
  Duration start{};
  Duration retransmit = 1s;
  double backoff = 2.0;
  std::uint32_t keys = 1000;
  ByteCount payload{64};
  std::vector<ScriptedRequest> script;

  static void describe(auto& row) {
    row("count", &ClientSettings::count, "number of clients", at_most(100'000));
    row("requests", &ClientSettings::requests, "requests each client sends, beside the scripted ones",
        at_most(100'000'000));
    row("mode", &ClientSettings::mode, "what makes a client send its next request");
    row("interval", &ClientSettings::interval, "open mode: time between two requests of one client, a distribution");
    row("think", &ClientSettings::think, "closed mode: pause between an answer and the next request", at_least(0ns));
    row("start", &ClientSettings::start, "when clients begin", at_least(0ns));
    row("retransmit", &ClientSettings::retransmit, "a request unanswered for so long goes to every replica",
        at_least(1ns));
    row("backoff", &ClientSettings::backoff, "factor by which the retransmission timeout grows", at_least(1));
    row("keys", &ClientSettings::keys, "size of the key space that operations draw from", at_least(1));
    row("payload", &ClientSettings::payload, "size of an operation on the wire", at_most(kLargestPart));
    row("script", &ClientSettings::script, "requests at fixed times, with names that rules refer to");
  }
};

/// What work costs a replica, in simulated time. Everything is free unless said otherwise.
struct CpuSettings {
  std::uint32_t cores = 1;
  Duration receive{};
  Duration send{};
  Duration sign{};
  Duration verify{};
  Duration execute{};

  bool free() const { return receive == 0ns && send == 0ns && sign == 0ns && verify == 0ns && execute == 0ns; }

  static void describe(auto& row) {
    row("cores", &CpuSettings::cores, "messages a replica can work on at once", at_least(1), at_most(1024));
    row("receive", &CpuSettings::receive, "time to take a message from the wire", at_least(0ns));
    row("send", &CpuSettings::send, "time to put a message on the wire, for each receiver", at_least(0ns));
    row("sign", &CpuSettings::sign, "time of one signature (Ed25519: 13us)", at_least(0ns));
    row("verify", &CpuSettings::verify, "time to check one signature, nested ones too (Ed25519: 37us)", at_least(0ns));
    row("execute", &CpuSettings::execute, "time to apply one operation", at_least(0ns));
  }
};

/// Sizes on the wire, in bytes; they matter where bandwidth is limited, and for the count of bytes.
struct WireSizes {
  ByteCount header{40};
  ByteCount digest{32};
  ByteCount signature{64};

  static void describe(auto& row) {
    row("header", &WireSizes::header, "framing of every message", at_most(kLargestPart));
    row("digest", &WireSizes::digest, "one hash", at_most(kLargestPart));
    row("signature", &WireSizes::signature, "one signature", at_most(kLargestPart));
  }
};

struct ReplicaSettings {
  CpuSettings cpu;
  WireSizes wire;

  static void describe(auto& row) {
    row("cpu", &ReplicaSettings::cpu, "what work costs a replica");
    row("wire", &ReplicaSettings::wire, "sizes on the wire");
  }
};

struct AdversarySettings {
  std::vector<NodeRef> corrupt;
  std::vector<Choice> behaviours;
  std::vector<Choice> rules;  ///< options of the catalogue's "rule" entry, one a rule

  static void describe(auto& row) {
    row("corrupt", &AdversarySettings::corrupt,
        "the nodes that the adversary controls, whatever f the protocol assumes");
    row.choices("behaviours", &AdversarySettings::behaviours, "behaviour",
                "what the controlled replicas do; `byzsim list` names them");
    row.each("rules", &AdversarySettings::rules, "rule", "rule", "scripted steps that match and change messages");
  }
};

/// Messages from any of `from` to any of `to` are cut; the other direction is not.
struct OneWayCut {
  std::vector<NodeRef> from;
  std::vector<NodeRef> to;

  static void describe(auto& row) {
    row("from", &OneWayCut::from, "senders", required());
    row("to", &OneWayCut::to, "receivers that no longer hear them", required());
  }
};

enum class RestartState { kept, lost };
template <>
struct EnumNames<RestartState> {
  static constexpr EnumTable<RestartState, 2> table{{
      {"kept", RestartState::kept, "what the replica wrote durably is still there"},
      {"lost", RestartState::lost, "the replica comes back empty, and counts as faulty"},
  }};
};

/// One thing that happens to the system at a stated time.
struct TimelineEntry {
  Duration at{};
  std::optional<Duration> until;
  std::vector<std::vector<NodeRef>> partition;
  std::optional<OneWayCut> cut;
  PartitionMode mode = PartitionMode::drop;
  LatencySpec delay;
  std::vector<NodeRef> crash;
  std::vector<NodeRef> restart;
  RestartState state = RestartState::kept;

  static void describe(auto& row) {
    row("at", &TimelineEntry::at, "when it happens", required(), at_least(0ns));
    row("until", &TimelineEntry::until,
        "when a partition or a cut heals; never unless given. For a crash: when the replica restarts");
    row("partition", &TimelineEntry::partition,
        "groups that cannot talk to each other; a node in two groups talks to both, one in none to all");
    row("cut", &TimelineEntry::cut, "a one-way cut");
    row("mode", &TimelineEntry::mode, "what happens to a message across the cut");
    row("delay", &TimelineEntry::delay, "how late messages across the cut are, with `mode: delay`");
    row("crash", &TimelineEntry::crash, "replicas that stop");
    row("restart", &TimelineEntry::restart, "replicas that come back");
    row("state", &TimelineEntry::state, "what a restarted replica finds on its disk");
  }
};

/// `decisions: {slots: 1, replicas: 3}`: end the run once so many replicas have decided so many slots.
struct DecisionBound {
  std::uint64_t slots = 1;
  std::optional<std::uint32_t> replicas;

  static void describe(auto& row) {
    row("slots", &DecisionBound::slots, "slots that must be decided", at_least(1));
    row("replicas", &DecisionBound::replicas, "by how many replicas; every honest one unless given", at_least(1));
  }
};

/// Below this, 32 bits are enough to number the messages, events and timers of a run.
inline constexpr ByteCount kMostMemory{64'000'000'000};

struct RunSettings {
  Duration until = 60s;
  std::uint64_t seed = 1;
  std::optional<SeedRange> seeds;
  std::uint64_t max_events = 1'000'000'000;
  std::optional<DecisionBound> decisions;
  Duration wall_clock = 600s;
  ByteCount memory{4'000'000'000};
  Duration warmup{};
  Duration series{};
  bool stop_at_violation = false;
  bool stop_when_answered = true;

  static void describe(auto& row) {
    row("until", &RunSettings::until, "simulated time at which the run ends", at_least(1ns));
    row("seed", &RunSettings::seed, "what every random draw derives from");
    row("seeds", &RunSettings::seeds,
        "repeat the run with each of these seeds, such as `1..100`; expectations on the aggregate stand in "
        "`expect.aggregate`");
    row("max_events", &RunSettings::max_events, "the run ends, inconclusive, after so many events", at_least(1));
    row("decisions", &RunSettings::decisions, "end the run once enough replicas have decided enough slots");
    row("wall_clock", &RunSettings::wall_clock, "the run ends, inconclusive, after so much of your time",
        at_least(1ms));
    row("memory", &RunSettings::memory,
        "the run ends, inconclusive, once what it keeps counts more bytes than this. Counted by declared sizes, so "
        "that "
        "it ends at the same event everywhere: messages, pending events, held packets, tables of links",
        at_least(ByteCount{1}), at_most(kMostMemory));
    row("warmup", &RunSettings::warmup, "requests submitted before this are left out of latency and throughput",
        at_least(0ns));
    row("series", &RunSettings::series, "report throughput and latency for every interval of this length; none if 0",
        at_least(0ns));
    row("stop_at_violation", &RunSettings::stop_at_violation, "end the run at the first safety violation");
    row("stop_when_answered", &RunSettings::stop_when_answered,
        "end the run when every request of every honest client is answered, nothing is scripted any more and no "
        "message "
        "is under way");
  }
};

enum class Safety { held, violated };
template <>
struct EnumNames<Safety> {
  static constexpr EnumTable<Safety, 2> table{{
      {"held", Safety::held, "no safety invariant broke"},
      {"violated", Safety::violated, "at least one safety invariant broke"},
  }};
};

enum class Liveness { held, violated, unknown };
template <>
struct EnumNames<Liveness> {
  static constexpr EnumTable<Liveness, 3> table{{
      {"held", Liveness::held, "every request of every honest client was answered in time"},
      {"violated", Liveness::violated, "some request was not answered in time, or never can be"},
      {"unknown", Liveness::unknown, "the run ended before it could be said"},
  }};
};

enum class Classification { none, within_model, outside_model };
template <>
struct EnumNames<Classification> {
  static constexpr EnumTable<Classification, 3> table{{
      {"none", Classification::none, "nothing was violated"},
      {"within-model", Classification::within_model,
       "violated although faults and network kept to the model: a protocol bug"},
      {"outside-model", Classification::outside_model,
       "violated with more than f faults, n <= 3f, or (liveness) a network beyond GST and delta"},
  }};
};

/// `liveness: held`, or `liveness: {verdict: held, requests: 200, within: 60s}`.
struct LivenessExpectation {
  std::optional<Liveness> verdict;
  std::optional<std::uint64_t> requests;
  std::optional<Duration> within;

  static void describe(auto& row) {
    row("verdict", &LivenessExpectation::verdict, "what liveness must come to; held unless given");
    row("requests", &LivenessExpectation::requests, "at least so many requests must have been answered");
    row("within", &LivenessExpectation::within,
        "the bound: a request must be answered so soon after it was sent, or after GST if that is later");
    row.shorthand(&LivenessExpectation::verdict);
  }
};

/// What must come out. A scenario without expectations is met when safety held and liveness was not violated.
struct Expectations {
  std::optional<Safety> safety;
  std::optional<LivenessExpectation> liveness;
  std::optional<Classification> classification;
  std::optional<std::vector<NodeRef>> culprits;
  std::optional<std::vector<NodeRef>> suspects;
  std::vector<std::string> violations;
  std::map<std::string, Condition> happened;
  std::map<std::string, Condition> metrics;
  std::map<std::string, Condition> aggregate;

  static void describe(auto& row) {
    row("safety", &Expectations::safety, "whether the safety invariants held");
    row("liveness", &Expectations::liveness, "whether requests were answered in time");
    row("classification", &Expectations::classification, "whose fault a violation is");
    row("culprits", &Expectations::culprits, "exactly the replicas that evidence convicts");
    row("suspects", &Expectations::suspects, "replicas that must be among the suspects");
    row("violations", &Expectations::violations, "exactly the invariants that break; `byzsim list` names them",
        from_catalogue("invariant"));
    row("happened", &Expectations::happened,
        "counts of what the adversary did and of rare branches reached, such as `equivocate: \">= 1\"`");
    row("metrics", &Expectations::metrics, "conditions on fields of the result, such as `latency.p99: \"<= 400ms\"`");
    row("aggregate", &Expectations::aggregate,
        "with `run.seeds`: conditions such as `mean(latency.mean): \"750ms +- 3%\"` or `fraction(safety=violated): "
        "\">= 0.9\"`");
  }
};

struct JudgeSettings {
  std::vector<std::string> invariants;
  std::optional<Duration> liveness_within;
  std::optional<double> fairness;
  std::optional<Duration> view_sync_within;

  static void describe(auto& row) {
    row("invariants", &JudgeSettings::invariants, "the invariants to judge by; every safety invariant unless given",
        from_catalogue("invariant"));
    row("liveness_within", &JudgeSettings::liveness_within,
        "the liveness bound, if `expect.liveness.within` does not state it", at_least(1ns));
    row("fairness", &JudgeSettings::fairness,
        "no honest client may wait longer on average than this many times the median client", at_least(1));
    row("view_sync_within", &JudgeSettings::view_sync_within,
        "after GST, honest replicas may be in different views for at most so long", at_least(1ns));
  }
};

/// A whole file, one variant of it, all settings resolved.
struct Scenario {
  std::string schema = "byzsim/v1";
  std::string name;
  std::string story;
  std::string reference;
  ProtocolSettings protocol;
  NetworkSettings network;
  ClientSettings clients;
  ReplicaSettings replicas;
  AdversarySettings adversary;
  std::vector<TimelineEntry> timeline;
  RunSettings run;
  JudgeSettings judge;
  Expectations expect;

  // Not keys of the file: where it came from.
  std::string file;                 ///< as the user named it
  std::vector<std::string> inputs;  ///< that file and those it extends
  std::string variant;              ///< empty if the file has none
  std::uint64_t hash = 0;           ///< over the seed and every resolved setting; filled in by the loader

  static void describe(auto& row) {
    row("schema", &Scenario::schema, "the format of this file: byzsim/v1", required(), one_of({"byzsim/v1"}));
    row("name", &Scenario::name, "a few words", required());
    row("story", &Scenario::story, "what happens and why, for a reader who has never seen it");
    row("reference", &Scenario::reference, "where the attack or the figure was published");
    row("protocol", &Scenario::protocol, "which protocol, how many replicas, and its own options", required());
    row("network", &Scenario::network, "latency, bandwidth, loss, topology, synchrony");
    row("clients", &Scenario::clients, "who asks for what, and how often");
    row("replicas", &Scenario::replicas, "what work and messages cost");
    row("adversary", &Scenario::adversary, "which nodes are corrupted and what they do");
    row("timeline", &Scenario::timeline, "partitions, cuts, crashes and restarts at stated times");
    row("run", &Scenario::run, "seed, bounds, warm-up, repeats");
    row("judge", &Scenario::judge, "which invariants, with which bounds");
    row("expect", &Scenario::expect, "what must come out, including that the attack took place");
  }
};

}  // namespace byzsim
