// ./dev bench: what a simulated delivery costs, beside a bare event loop measured in the same run.
//
//   pbft.delivery/n=64 ns=… bare=… ratio=…   a message delivered by PBFT, with every safety invariant, the fingerprint
//                                            and the latency draws on; the bare loop on the same traffic; their ratio
//   world.small/n=4 per_second=…             worlds of 7 decisions, built from scratch and judged, a second on one core
//   pbft.large/n=1000 …                      PBFT to 3 decisions
//   trace.plain, trace.zst ratio=…           a run that writes its full trace, beside one that writes none
//
// The two sides of a ratio take turns, and the median of the pairs is printed: this machine's speed may drift, their
// ratio should not. The micro-benchmarks that follow are Google Benchmark's.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include "analysis/judge.hpp"
#include "sim/trace/writer.hpp"
#include "sim/world.hpp"
#include "tests/bench/bare.hpp"

namespace byzsim::bench {
namespace {

double cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

double wall_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

Scenario pbft(std::uint32_t n, std::uint64_t requests) {
  Scenario s;
  s.name = "bench";
  s.protocol.n = n;
  s.protocol.options = choose("protocol", "pbft");
  s.network.latency = LatencySpec::parse("normal(50ms, 10ms)").value;
  s.clients.count = 1;
  s.clients.requests = requests;
  s.run.until = std::chrono::hours(24 * 365);
  s.clients.retransmit = std::chrono::hours(1);
  return s;
}

std::uint64_t deliveries_of(const Outcome& outcome) {
  std::uint64_t total = 0;
  for (const KindTraffic& traffic : outcome.traffic) total += traffic.delivered;
  return total;
}

struct Cost {
  double ns = 0;
  std::uint64_t deliveries = 0;
};

Cost simulate(const Scenario& s) {
  const double begin = cpu_ns();
  World world(s, s.run.seed);
  Judge judge(world.manifest(), s.judge, s.expect, s.run);
  world.observe(judge);
  const Outcome& outcome = world.run();
  const Result result = judge.finish(outcome);
  const double ns = cpu_ns() - begin;
  CHECK(result.safety == Safety::held);
  return {ns, deliveries_of(outcome)};
}

void delivery(std::uint32_t n, bool quick) {
  const std::uint64_t per_slot = std::uint64_t{2} * n * (n - 1);
  const std::uint64_t slots = std::max<std::uint64_t>(3, (quick ? 400'000 : 3'000'000) / per_slot);
  const Scenario s = pbft(n, slots);
  std::vector<double> full, bare, ratio;
  for (int round = 0; round < (quick ? 3 : 7); ++round) {
    const Cost cost = simulate(s);
    BareLoop loop(s.network, n, s.run.seed);
    const double begin = cpu_ns();
    const std::uint64_t deliveries = loop.run(slots);
    const double bare_ns = (cpu_ns() - begin) / static_cast<double>(deliveries);
    const double full_ns = cost.ns / static_cast<double>(cost.deliveries);
    full.push_back(full_ns);
    bare.push_back(bare_ns);
    ratio.push_back(full_ns / bare_ns);
  }
  fmt::print("pbft.delivery/n={} ns={:.1f} bare={:.1f} ratio={:.2f}\n", n, median(full), median(bare), median(ratio));
  std::fflush(stdout);
}

void small_worlds(bool quick) {
  const Scenario s = pbft(4, 7);
  const int worlds = quick ? 2'000 : 20'000;
  const double begin = cpu_ns();
  for (int i = 0; i < worlds; ++i) {
    World world(s, static_cast<std::uint64_t>(i) + 1);
    Judge judge(world.manifest(), s.judge, s.expect, s.run);
    world.observe(judge);
    const Outcome& outcome = world.run();
    CHECK(judge.finish(outcome).decisions == 7);
  }
  fmt::print("world.small/n=4 per_second={:.0f}\n", worlds / ((cpu_ns() - begin) / 1e9));
  std::fflush(stdout);
}

void large_world() {
  const Scenario s = pbft(1000, 3);
  const double begin = wall_ns();
  const Cost cost = simulate(s);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("pbft.large/n=1000 decisions=3 ns={:.1f} seconds={:.1f} peak_mb={}\n",
             cost.ns / static_cast<double>(cost.deliveries), (wall_ns() - begin) / 1e9, usage.ru_maxrss / 1024);
  std::fflush(stdout);
}

// Wall clock, since compression has a thread of its own.
void trace(const char* name, const char* suffix, bool quick) {
  const Scenario s = pbft(16, quick ? 400 : 2'000);
  const auto file = std::filesystem::temp_directory_path() / fmt::format("byzsim-bench{}", suffix);
  std::vector<double> ratios, costs;
  for (int round = 0; round < 5; ++round) {
    double begin = wall_ns();
    const Cost untraced = simulate(s);
    const double plain = wall_ns() - begin;
    begin = wall_ns();
    World world(s, s.run.seed);
    Judge judge(world.manifest(), s.judge, s.expect, s.run);
    TraceWriter writer(file.string(), {"bench", "{}", world.manifest()}, world.notary());
    world.observe(judge);
    world.observe(writer);
    const Outcome& outcome = world.run();
    writer.finish(outcome);
    const double traced = wall_ns() - begin;
    ratios.push_back(traced / plain);
    costs.push_back((traced - plain) / static_cast<double>(untraced.deliveries));
  }
  fmt::print("trace.{}/n=16 bytes={} extra_ns={:.1f} ratio={:.2f}\n", name, std::filesystem::file_size(file),
             median(costs), median(ratios));
  std::fflush(stdout);
  std::filesystem::remove(file);
}

void queue_hold(benchmark::State& state) {
  RadixHeap heap;
  std::uint64_t counter = 0;
  const std::uint64_t key = stream_key(1, Purpose::test);
  const auto pending = static_cast<std::uint32_t>(state.range(0));
  for (std::uint32_t i = 0; i < pending; ++i) heap.push({scale_to(draw(key, counter++), 100'000'000), i, 0});
  for (auto _ : state) {
    QueueEntry entry = heap.pop();
    entry.key += scale_to(draw(key, counter++), 100'000'000);
    heap.push(entry);
  }
}
BENCHMARK(queue_hold)->Name("queue.hold/pending")->Arg(1'000)->Arg(1'000'000);

void latency_draw(benchmark::State& state, const char* spec) {
  const Latency latency(LatencySpec::parse(spec).value);
  const std::uint64_t key = stream_key(1, Purpose::test);
  std::uint64_t counter = 0;
  for (auto _ : state) benchmark::DoNotOptimize(latency.sample(draw(key, counter++)));
}
BENCHMARK_CAPTURE(latency_draw, normal, "normal(50ms, 10ms)")->Name("latency.draw/model=normal");
BENCHMARK_CAPTURE(latency_draw, lognormal, "lognormal(50ms, 0.4)")->Name("latency.draw/model=lognormal");

}  // namespace
}  // namespace byzsim::bench

int main(int argc, char** argv) {
  using namespace byzsim::bench;
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  if (argc > 2 && std::strcmp(argv[1], "--only") == 0) {  // one row, for profiling
    delivery(static_cast<std::uint32_t>(std::atoi(argv[2])), false);
    return 0;
  }
  for (std::uint32_t n : {4, 16, 64, 128, 256, 512}) delivery(n, quick);
  small_worlds(quick);
  trace("plain", ".ndjson", quick);
  trace("zst", ".ndjson.zst", quick);
  if (quick) return 0;
  large_world();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
