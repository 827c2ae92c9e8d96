// Children: runs commands as child processes, several at once, and keeps what they print.
//
// A child that crashes, hangs or prints without end costs only itself: it is killed at its time limit, and of its
// output the first megabytes are kept. It dies with the process that started it, whatever ends that. Each child has a
// process group of its own, so Ctrl-C reaches it only through us.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace byzsim::cli {

struct ChildTask {
  std::vector<std::string> arguments;  ///< after the program's name; the program is byzsim itself
  std::chrono::milliseconds limit{};
};

struct ChildEnd {
  bool started = true;  ///< otherwise `output` says why not
  bool timed_out = false;
  bool interrupted = false;  ///< killed because the user asked to stop
  int code = 0;              ///< exit code, unless `signal`
  int signal = 0;            ///< what killed it
  std::string output;
  std::string errors;
  std::chrono::duration<double> took{};
};

/// Runs all tasks, at most `jobs` at once, and calls `done(index, end)` for each as it ends. After an interrupt no
/// further task starts and the running ones are killed; `done` is called for those too.
void run_children(const std::vector<ChildTask>& tasks, unsigned jobs,
                  const std::function<void(std::size_t, const ChildEnd&)>& done,
                  const std::function<void(std::size_t finished, std::size_t running)>& tick);

}  // namespace byzsim::cli
