// What a line of a trace costs to write (plain, compressed, with a message) and to read. Each pass prints its own ns a
// line.
#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/trace_kit.hpp"

namespace {

using namespace byzsim;
using Clock = std::chrono::steady_clock;

double ns_since(Clock::time_point start, std::uint64_t count) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(count);
}

/// Votes of four nodes, each sent to three: one signed, one sent, three delivered.
void write(const std::string& path, std::uint64_t rounds, bool messages) {
  trace_kit::Cast cast;
  std::vector<Ref<const trace_kit::Vote>> votes;
  for (std::uint64_t v = 0; v < 64; ++v) votes.push_back(cast.ballot(static_cast<NodeId>(v % 4), 0, 1 + v / 4));
  const auto start = Clock::now();
  TraceWriter writer(path, trace_kit::header(), cast.notary);
  std::int64_t now = 1'000'000;
  std::uint64_t delivered = 0;
  for (const auto& vote : votes) writer.on_record(trace_kit::signed_record(1, *vote));
  for (const auto& vote : votes) {
    Record sent = trace_kit::at_time(now, RecordKind::sent, vote->signer());
    sent.id = vote->id();
    writer.on_record(sent);
  }
  for (std::uint64_t r = 0; r < rounds; ++r) {
    const auto& vote = votes[r % votes.size()];
    if (messages) writer.on_record(trace_kit::signed_record(now, *vote));
    for (NodeId to = 0; !messages && to < 4; ++to) {
      Record record = trace_kit::at_time(now += 12'345 + static_cast<std::int64_t>(r % 977), RecordKind::delivered, to);
      record.peer = vote->signer();
      record.id = vote->id();
      writer.on_record(record);
      ++delivered;
    }
  }
  Outcome outcome = trace_kit::outcome();
  outcome.traffic[1].delivered = delivered;
  writer.finish(outcome);
  const double ns = ns_since(start, writer.lines());
  fmt::print("{}/{} ns={:.1f} bytes={:.1f} lines={}\n", messages ? "trace.message" : "trace.line",
             path.ends_with(".zst") ? "zst" : "plain", ns,
             static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(writer.lines()),
             writer.lines());
}

void read(const std::string& path) {
  const trace_kit::Cast cast;
  const auto start = Clock::now();
  const TraceFacts facts = TraceReader(path).replay(trace_kit::kinds(), cast.notary, {});
  fmt::print("trace.read/{} ns={:.1f} lines={}\n", path.ends_with(".zst") ? "zst" : "plain",
             ns_since(start, facts.lines), facts.lines);
}

std::string path_of(const char* ending) {
  return (std::filesystem::temp_directory_path() / "byzsim-bench.trace").string() + ending;
}

void line(benchmark::State& state, const char* ending, bool messages) {
  const std::string path = path_of(ending);
  for (auto _ : state) write(path, 200'000, messages);
  std::filesystem::remove(path);
}

void reading(benchmark::State& state, const char* ending) {
  const std::string path = path_of(ending);
  write(path, 200'000, false);
  for (auto _ : state) read(path);
  std::filesystem::remove(path);
}

BENCHMARK_CAPTURE(line, plain, "", false)->Name("trace.line/plain")->Iterations(3);
BENCHMARK_CAPTURE(line, zst, ".zst", false)->Name("trace.line/zst")->Iterations(3);
BENCHMARK_CAPTURE(line, message, "", true)->Name("trace.message/plain")->Iterations(3);
BENCHMARK_CAPTURE(reading, plain, "")->Name("trace.read/plain")->Iterations(3);
BENCHMARK_CAPTURE(reading, zst, ".zst")->Name("trace.read/zst")->Iterations(3);

}  // namespace
