#include "sim/cli/children.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "sim/cli/interrupt.hpp"

namespace byzsim::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostOutput = std::size_t{16} << 20;

struct Pipe {
  int ours = -1;
  int theirs = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_theirs();
    close_ours();
  }
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    ours = ends[0];
    theirs = ends[1];
    ::fcntl(ours, F_SETFL, O_NONBLOCK);
    return true;
  }
  void close_theirs() {
    if (theirs >= 0) ::close(theirs);
    theirs = -1;
  }
  void close_ours() {
    if (ours >= 0) ::close(ours);
    ours = -1;
  }
  /// Reads what is there, and closes at the end of it.
  void drain(std::string& into) {
    std::array<char, 65536> part;
    while (ours >= 0) {
      const ssize_t got = ::read(ours, part.data(), part.size());
      if (got > 0) {
        into.append(part.data(),
                    std::min(static_cast<std::size_t>(got), kMostOutput - std::min(kMostOutput, into.size())));
      } else if (got == 0) {
        close_ours();
      } else if (errno != EINTR) {
        if (errno != EAGAIN) close_ours();
        return;
      }
    }
  }
};

struct Child {
  std::size_t index = 0;
  pid_t pid = -1;
  Pipe out;
  Pipe err;
  Clock::time_point start;
  Clock::time_point deadline;
  ChildEnd end;

  bool spawn(const ChildTask& task) {
    start = Clock::now();
    deadline = start + task.limit;
    if (!out.open() || !err.open()) return refuse(errno);
    std::vector<std::string> words{"byzsim"};
    words.insert(words.end(), task.arguments.begin(), task.arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    // fork and not posix_spawn, which cannot have a child die with its parent. Closed by exec, the third pipe tells
    // whether that went well.
    Pipe report;
    if (!report.open()) return refuse(errno);
    ::fcntl(report.ours, F_SETFL, 0);
    const pid_t parent = ::getpid();
    pid = ::fork();
    if (pid < 0) return refuse(errno);
    if (pid == 0) become(argv.data(), parent, out.theirs, err.theirs, report.theirs);
    out.close_theirs();
    err.close_theirs();
    report.close_theirs();
    int error = 0;
    ssize_t got = 0;
    while ((got = ::read(report.ours, &error, sizeof error)) < 0 && errno == EINTR) {
    }
    if (got != sizeof error) return true;
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return refuse(error);
  }
  /// The child's side: nothing here may allocate, or return.
  [[noreturn]] static void become(char* const* argv, pid_t parent, int out, int err, int report) {
    const int in = ::open("/dev/null", O_RDONLY);
    const bool ready = in >= 0 && ::dup2(in, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
                       ::dup2(err, STDERR_FILENO) >= 0 && ::setpgid(0, 0) == 0 &&
                       ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
    if (ready && ::getppid() == parent) ::execv("/proc/self/exe", argv);
    const int reason = errno;
    static_cast<void>(!::write(report, &reason, sizeof reason));
    ::_exit(127);
  }
  bool refuse(int error) {
    pid = -1;
    end.started = false;
    end.output = fmt::format("the test could not be started: {}", std::generic_category().message(error));
    return false;
  }
  /// Its group, and itself in case it has not come to have one yet.
  void kill() const {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
  }
  /// True once it has ended; then `end` is complete.
  bool reap() {
    int status = 0;
    const pid_t got = ::waitpid(pid, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    out.drain(end.output);
    err.drain(end.errors);
    end.took = Clock::now() - start;
    if (got < 0) {
      end.started = false;
    } else if (WIFSIGNALED(status)) {
      end.signal = WTERMSIG(status);
    } else {
      end.code = WEXITSTATUS(status);
    }
    return true;
  }
};

/// Waits until some child prints, ends, or a tenth of a second has passed.
void wait_for(const std::vector<std::unique_ptr<Child>>& running) {
  std::vector<pollfd> watched;
  for (const auto& child : running) {
    for (const Pipe* pipe : {&child->out, &child->err}) {
      if (pipe->ours >= 0) watched.push_back({pipe->ours, POLLIN, 0});
    }
  }
  // A child that has closed both pipes is about to end.
  const bool closing = watched.size() < 2 * running.size();
  ::poll(watched.data(), watched.size(), closing ? 2 : 100);
}

}  // namespace

void run_children(const std::vector<ChildTask>& tasks, unsigned jobs,
                  const std::function<void(std::size_t, const ChildEnd&)>& done,
                  const std::function<void(std::size_t finished, std::size_t running)>& tick) {
  std::vector<std::unique_ptr<Child>> running;
  std::size_t next = 0;
  std::size_t finished = 0;
  const auto finish = [&](const Child& child) {
    ++finished;
    done(child.index, child.end);
  };
  while (next < tasks.size() || !running.empty()) {
    if (interrupted()) next = tasks.size();
    while (next < tasks.size() && running.size() < std::max(jobs, 1u)) {
      auto child = std::make_unique<Child>();
      child->index = next++;
      if (child->spawn(tasks[child->index])) {
        running.push_back(std::move(child));
      } else {
        finish(*child);
      }
    }
    tick(finished, running.size());
    if (running.empty()) continue;
    wait_for(running);
    for (std::size_t i = 0; i < running.size();) {
      Child& child = *running[i];
      child.out.drain(child.end.output);
      child.err.drain(child.end.errors);
      if (interrupted() && !child.end.timed_out) {
        child.end.interrupted = true;
        child.kill();
      } else if (Clock::now() > child.deadline) {
        child.end.timed_out = true;
        child.kill();
      }
      if (!child.reap()) {
        ++i;
        continue;
      }
      const std::unique_ptr<Child> ended = std::move(running[i]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      finish(*ended);
    }
  }
}

}  // namespace byzsim::cli
