// TraceMatcher: takes what a run writes and compares it, line by line, with what a trace holds.
//
//   TraceReader reader(path);
//   reader.begin(...);
//   TraceWriter writer(std::make_unique<TraceMatcher>(reader), header, world.notary());
//   world.observe(writer);
//   writer.finish(world.run());      // throws TraceMismatch at the first line that differs
//
// A line reaches the reader, and whoever listens to it, only after it has been found to be what the run writes: so no
// trace can put more before a judge than its own scenario does, and no line is longer than one of the run's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"

namespace byzsim {

class TraceMatcher final : public TraceSink {
 public:
  /// The first `skip` lines that the run writes are taken as matched already.
  explicit TraceMatcher(TraceReader& reader, std::uint64_t skip = 0) : reader_(reader), skip_(skip) {}

  void write(std::string_view bytes) override;
  /// Throws BadTrace unless the trace has ended, too.
  void finish() override;

 private:
  void line(std::string_view text);

  TraceReader& reader_;
  std::uint64_t skip_;
  std::string begun_;  // a line of which the end is not yet there
};

}  // namespace byzsim
