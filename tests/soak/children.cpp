#include "tests/soak/children.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "sim/core/sanitized.hpp"

namespace byzsim::soak {

namespace {

constexpr bool kSanitized = BYZSIM_ADDRESS_SANITIZED;

using Clock = std::chrono::steady_clock;

struct Running {
  std::size_t task = 0;
  pid_t pid = 0;
  int descriptor = -1;
  Clock::time_point begun;
  ChildEnd end;
};

Running start(std::size_t task, const ChildLimits& limits, const ChildWork& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe to be had");
  Running child;
  child.task = task;
  child.begun = Clock::now();
  child.pid = ::fork();
  if (child.pid < 0) throw std::runtime_error("no process to be had");
  if (child.pid == 0) {
    ::close(ends[0]);
    // Ctrl-C is for the parent, which waits for what has begun; nobody else would wait for it.
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!kSanitized) {
      const rlimit memory{limits.memory, limits.memory};
      ::setrlimit(RLIMIT_AS, &memory);
    }
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    allow_time(limits.cpu_seconds);
    work(ends[1]);
    ::_exit(0);  // nothing of the parent's is flushed or destroyed twice
  }
  ::close(ends[1]);
  child.descriptor = ends[0];
  return child;
}

void reap(Running& child) {
  ::close(child.descriptor);
  int status = 0;
  rusage used{};
  while (::wait4(child.pid, &status, 0, &used) < 0 && errno == EINTR) {
  }
  child.end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  child.end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  child.end.resident_kb = used.ru_maxrss;
}

/// Reads what there is; false at the end of the output.
bool drain(Running& child) {
  char buffer[65536];
  const ssize_t size = ::read(child.descriptor, buffer, sizeof buffer);
  if (size < 0 && errno == EINTR) return true;
  if (size <= 0) return false;
  child.end.output.append(buffer, static_cast<std::size_t>(size));
  return true;
}

}  // namespace

std::string ChildEnd::kind() const {
  return signal == SIGXCPU || signal == SIGKILL ? "time" : "crash";
}

std::string ChildEnd::why() const {
  if (signal == SIGXCPU) return "took too much processor time";
  if (signal == SIGKILL) return "was killed: it took too long, or the machine ran out of memory";
  if (signal != 0) return fmt::format("crashed: {}", ::strsignal(signal));
  if (code != 0) return fmt::format("ended with {}", code);
  return {};
}

void run_children(unsigned jobs, const ChildLimits& limits,
                  const std::function<std::optional<std::size_t>(ChildWork&)>& next,
                  const std::function<void(std::size_t, const ChildEnd&)>& done) {
  std::vector<Running> running;
  bool more = true;
  while (more || !running.empty()) {
    while (more && running.size() < jobs) {
      ChildWork work;
      const std::optional<std::size_t> task = next(work);
      more = task.has_value();
      if (more) running.push_back(start(*task, limits, work));
    }
    if (running.empty()) return;
    std::vector<pollfd> polled;
    for (const Running& child : running) polled.push_back({child.descriptor, POLLIN, 0});
    ::poll(polled.data(), polled.size(), 1000);
    for (std::size_t i = polled.size(); i-- > 0;) {
      Running& child = running[i];
      if (Clock::now() - child.begun > std::chrono::seconds(limits.wall_seconds)) ::kill(child.pid, SIGKILL);
      if (polled[i].revents == 0 || drain(child)) continue;
      reap(child);
      const Running ended = std::move(child);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      done(ended.task, ended.end);
      more = true;  // a task that died may have left others to be done
    }
  }
}

ChildEnd run_child(const ChildLimits& limits, const ChildWork& work) {
  ChildEnd result;
  bool given = false;
  run_children(
      1, limits,
      [&](ChildWork& task) -> std::optional<std::size_t> {
        if (std::exchange(given, true)) return std::nullopt;
        task = work;
        return 0;
      },
      [&](std::size_t, const ChildEnd& end) { result = end; });
  return result;
}

void allow_time(unsigned cpu_seconds) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto so_far = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
  rlimit time{};
  ::getrlimit(RLIMIT_CPU, &time);
  time.rlim_cur = so_far + cpu_seconds;
  ::setrlimit(RLIMIT_CPU, &time);
}

void write_line(int descriptor, const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t size = ::write(descriptor, text.data() + at, text.size() - at);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) ::_exit(5);
    at += static_cast<std::size_t>(size);
  }
}

}  // namespace byzsim::soak
