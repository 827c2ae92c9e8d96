// What a line of a trace costs: `trace.line/plain`, `trace.line/zst` (with the worker), `trace.message/plain`, and
// reading.
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

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  for (const std::string name : {"/byzsim-bench.trace", "/byzsim-bench.trace.zst"}) {
    const std::string path = folder + name;
    write(path, 200'000, true);
    write(path, 1'000'000, false);
    read(path);
    std::filesystem::remove(path);
  }
}
