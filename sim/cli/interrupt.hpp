// Ctrl-C: the first one asks everything to finish cleanly, the second one ends the process at once.
#pragma once

namespace byzsim {
class World;
}

namespace byzsim::cli {

/// From now on SIGINT and SIGTERM are noted instead of ending the process, and SIGPIPE is an error of write().
void watch_interrupts();
bool interrupted();
/// 130 after SIGINT, 143 after SIGTERM.
int interrupt_code();

/// While this lives, an interrupt stops that world before its next event.
class StopOnInterrupt {
 public:
  explicit StopOnInterrupt(World& world);
  ~StopOnInterrupt();
  StopOnInterrupt(const StopOnInterrupt&) = delete;
  StopOnInterrupt& operator=(const StopOnInterrupt&) = delete;
};

}  // namespace byzsim::cli
