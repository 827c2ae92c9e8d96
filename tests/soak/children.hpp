// Worlds run in child processes: a crash, a hang or a leak costs one world, and is a finding.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace byzsim::soak {

struct ChildLimits {
  unsigned cpu_seconds = 60;               ///< processor time of one world
  unsigned wall_seconds = 900;             ///< of the whole child, should it sleep
  unsigned long long memory = 3ULL << 30;  ///< address space in bytes; not enforced under sanitizers, which reserve it
};

struct ChildEnd {
  std::string output;
  int code = 0;
  int signal = 0;
  long resident_kb = 0;  ///< at most
  /// Empty if it ended well.
  std::string why() const;
  std::string kind() const;  ///< crash, time, memory
};

/// What a child does: writes to this descriptor.
using ChildWork = std::function<void(int descriptor)>;

/// Runs what `next` hands out, at most `jobs` at once, until it hands out nothing; `done` is called in this process.
void run_children(unsigned jobs, const ChildLimits& limits,
                  const std::function<std::optional<std::size_t>(ChildWork&)>& next,
                  const std::function<void(std::size_t task, const ChildEnd&)>& done);

/// One child, here and now.
ChildEnd run_child(const ChildLimits& limits, const ChildWork& work);

/// In a child: allows so much processor time from now on.
void allow_time(unsigned cpu_seconds);
/// Writes all of it.
void write_line(int descriptor, const std::string& line);

}  // namespace byzsim::soak
