#include "sim/cli/children.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
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
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out.theirs, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err.theirs, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int error = ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    out.close_theirs();
    err.close_theirs();
    return error == 0 || refuse(error);
  }
  bool refuse(int error) {
    pid = -1;
    end.started = false;
    end.output = fmt::format("the test could not be started: {}", std::generic_category().message(error));
    return false;
  }
  void kill() const { ::kill(-pid, SIGKILL); }
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
