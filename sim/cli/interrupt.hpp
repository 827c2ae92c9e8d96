// Ctrl-C: the first one asks everything to finish cleanly, the second one ends the process at once.
#pragma once

namespace byzsim {
class World;
}

namespace byzsim::cli {

/// From now on SIGINT, SIGTERM, SIGQUIT and SIGHUP are noted instead of ending the process; a second one ends it at
/// once. Whatever other signal ends it, no temporary file stays behind.
void watch_interrupts();
/// A pipe that nobody reads and a limit on the size of files are errors of write(), not the end of the process.
void writes_fail_instead_of_killing();
bool interrupted();
/// 128 and the signal: 130 after SIGINT, 143 after SIGTERM.
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
