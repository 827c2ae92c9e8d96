// The command line under attack: hostile files, names, links, limits and signals. Nothing crashes it, nothing is
// overwritten that is read, nothing is left behind.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "sim/cli/scenarios.hpp"
#include "sim/core/sanitized.hpp"
#include "tests/desk.hpp"

namespace byzsim {
namespace {

using namespace desk_kit;

bool clean(const Ran& ran) {
  const std::string all = ran.out + ran.err;
  return all.find('\x1b') == std::string::npos && all.find('\x07') == std::string::npos &&
         all.find("\xc2\x9b") == std::string::npos && all.find('\r') == std::string::npos;
}

TEST_CASE("control characters in files, names and the command line are printed visibly") {
  const Desk desk;
  const std::string name = "evil\x1b[2J\x07";
  desk.file(name + ".yaml",
            "schema: byzsim/v1\nname: \"n\\e[31m\\r\\nMET  all is well\"\nprotocol: {name: pbft, n: 4}\n"
            "clients: {requests: 1}\nadversary: {corrupt: [0], rules: [{name: \"r\\e]0;x\\a\", match: {type: commit}, "
            "do: {delay: 1ms}}]}\nexpect: {safety: violated, happened: {\"h\\e[1m\": \">= 1\"}}\n"
            "variants: {\"v\\e[5m\\u009b\": {}}\n");
  desk.file("key.yaml", "schema: byzsim/v1\nname: x\nprotocol: {name: pbft}\n\"k\\e[2J\\u009b\\nerror\": {}\n");
  desk.file("raw.yaml", "schema: byzsim/v1\nname: x\nprotocol: {name: pbft} \x1b[2J\xc2\x9b\n");
  desk.file("_base\x1b.yaml", "schema: byzsim/v1\nnome: x\n");
  desk.file("child.yaml", "extends: \"_base\\e.yaml\"\n");
  for (const char* command : {"$ run %/evil*.yaml",
                              "$ run %/evil*.yaml --format json",
                              "$ run %/evil*.yaml --trace %/t.jsonl",
                              "$ verify %/t.jsonl",
                              "$ verify %/t.jsonl --format json",
                              "$ test %/evil*.yaml",
                              "$ check %/evil*.yaml",
                              "$ test %/evil*.yaml --report junit=%/r.xml",
                              "cat %/r.xml",
                              "$ run %/key.yaml",
                              "$ run %/raw.yaml",
                              "$ check %/child.yaml",
                              "$ run \"$(printf '%%/none\\033[2J.yaml')\"",
                              "$ verify \"$(printf 'none\\033[2J')\"",
                              "$ run %/good.yaml --set \"$(printf 'x\\033[2J=1')\"",
                              "$ run %/good.yaml --variant \"$(printf '\\033[2J')\"",
                              "$ run %/good.yaml --trace \"$(printf '%%/no\\033/t.jsonl')\"",
                              "$ \"$(printf 'r\\033un')\"",
                              "$ run --\"$(printf 'x\\033[2J')\" %/good.yaml",
                              "$ explain \"$(printf '\\033[2J')\""}) {
    std::string text = command;
    for (std::size_t at = 0; (at = text.find("%%", at)) != std::string::npos;) text.replace(at, 2, "%");
    // A dollar before a bracket is the shell's.
    for (std::size_t at = 0; (at = text.find("$(", at)) != std::string::npos; at += 1) text.replace(at, 2, "`");
    for (std::size_t at = 0; (at = text.find(")\"", at)) != std::string::npos;) text.replace(at, 2, "`\"");
    const Ran ran = desk.shell(text);
    CAPTURE(text);
    CHECK(clean(ran));
    CHECK_MESSAGE((ran.code >= 0 && ran.code <= 4), ran.err);
    CHECK(ran.out.find("\nMET  all is well") == std::string::npos);
  }
  // What is printed to be run again works, and is visible.
  CHECK(cli::shell_quoted("a\x1b'\\") == "$'a\\033\\'\\\\'");
}

TEST_CASE("an output that is an input is refused, by whatever name") {
  const Desk desk;
  fs::create_symlink(desk / "good.yaml", desk / "link.jsonl");
  fs::create_hard_link(desk / "good.yaml", desk / "hard.jsonl");
  const std::string before = content(desk / "good.yaml"), base = content(desk / "set/_base.yaml");
  for (const char* command :
       {"$ run %/good.yaml --trace %/good.yaml", "$ run %/good.yaml --trace %/link.jsonl",
        "$ run %/good.yaml --trace %/hard.jsonl", "cd %; $ run good.yaml --trace ./set/../good.yaml",
        "$ test %/good.yaml --report junit=%/good.yaml", "$ run %/set/b.yaml --trace %/set/_base.yaml",
        "$ test %/set --report junit=%/set/deeper/../_base.yaml"}) {
    CAPTURE(command);
    const Ran ran = desk.shell(command);
    CHECK_RUN(ran, 2);
    CHECK(mentions(ran.err, "would be overwritten"));
    CHECK(ran.out.empty());
  }
  CHECK(content(desk / "good.yaml") == before);
  CHECK(content(desk / "set/_base.yaml") == base);
  CHECK_RUN(desk.shell("$ run %/good.yaml --trace %/unmet.yaml"), 0);  // somebody else's file is the user's to give
}

TEST_CASE("a link to nothing yet is written through, a ring of links refused") {
  const Desk desk;
  fs::create_symlink("deep.jsonl", desk / "set/second");
  fs::create_symlink("set/second", desk / "first.jsonl");
  CHECK_RUN(desk.shell("$ run %/good.yaml --trace %/first.jsonl"), 0);
  CHECK(fs::is_symlink(desk / "first.jsonl"));
  CHECK(fs::is_symlink(desk / "set/second"));
  CHECK(fs::is_regular_file(desk / "set/deep.jsonl"));
  CHECK_RUN(desk.shell("$ verify %/set/deep.jsonl"), 0);
  CHECK_RUN(desk.shell("$ run %/good.yaml --trace %/first.jsonl"), 0);  // and again, now that it is there
  CHECK(fs::is_symlink(desk / "first.jsonl"));
  fs::create_symlink("b", desk / "a");
  fs::create_symlink("a", desk / "b");
  CHECK_RUN(desk.shell("$ run %/good.yaml --trace %/a"), 4);
  fs::create_symlink("nowhere/x", desk / "c");
  CHECK_RUN(desk.shell("$ run %/good.yaml --trace %/c"), 4);
}

TEST_CASE("what cannot be written is exit 4 and a sentence, not a signal") {
  const Desk desk;
  const Ran limited = desk.shell("ulimit -f 1; $ run %/good.yaml --trace %/t.jsonl");
  CHECK_RUN(limited, 4);
  CHECK(mentions(limited.err, "cannot write the trace"));
  CHECK(!desk.has("t.jsonl"));
  for (const auto& entry : fs::directory_iterator(desk.path)) CHECK(entry.path().extension() != ".part");
  CHECK_RUN(desk.shell("ulimit -f 1; $ schema > %/s.json"), 4);
}

#if !BYZSIM_ADDRESS_SANITIZED
TEST_CASE("memory that the machine does not give is exit 4 and a sentence, never a verdict") {
  const Desk desk;
  // Far more is allowed than there is: 3,000 replicas that each send to all others.
  desk.file("big.yaml", Desk::scenario("big", "expect: {safety: violated}", "until: 10s, memory: 64GB"));
  const Ran ran = desk.shell("ulimit -v 180000; $ run %/big.yaml --set protocol.n=3000");
  CHECK_RUN(ran, 4);
  CHECK(mentions(ran.err, "out of memory"));
  CHECK(ran.out.empty());
}

#endif

TEST_CASE("numbers that would be cut to fit are refused") {
  const Desk desk;
  for (const char* set : {"clients.payload=4294967296B",
                          "clients.payload=4294967360B",
                          "clients.payload=16777216TiB",
                          "replicas.wire.header=4294967296B",
                          "replicas.wire.digest=4GiB",
                          "replicas.wire.signature=18446744073709551615B",
                          "protocol.n=4294967300",
                          "protocol.f=4294967297",
                          "clients.count=4294967297",
                          "clients.keys=4294967296",
                          "adversary.corrupt=[4294967296]",
                          "adversary.corrupt=[c4294967296]",
                          "adversary.corrupt=[c4294967295]",
                          "replicas.cpu.cores=4294967297",
                          "run.seed=18446744073709551616",
                          "run.max_events=18446744073709551616",
                          "run.memory=0B",
                          "run.memory=1TB",
                          "network.topology=random-regular(4294967300)",
                          "network.latency=18446744073s"}) {
    CAPTURE(set);
    const Ran ran = desk.shell(fmt::format("$ check %/good.yaml --set '{}'", set));
    CHECK_RUN(ran, 2);
    CHECK(mentions(ran.err, "error"));
  }
  // What a message adds up to is counted in 64 bits: a batch of eight gigabytes is larger than one of a kilobyte.
  desk.file("heavy.yaml", Desk::scenario("heavy", "", "until: 10s", 8));
  const Ran heavy = desk.shell("$ run %/heavy.yaml --format json --set clients.payload=1GB --set clients.count=8");
  CHECK_RUN(heavy, 0);
  CHECK(heavy.lines()[0]["bytes"].get<std::uint64_t>() > 64u * 1'000'000'000u * 4u);
}

TEST_CASE("a path of --set is as deep as a file may be") {
  const Desk desk;
  const auto deep = [&](int steps) {
    std::string key = "x-deep";
    for (int i = 1; i < steps; ++i) key += ".a";
    desk.file("args", "check\n" + (desk / "good.yaml") + "\n--set\n" + key + "=1\n");
    return desk.shell("tr '\\n' '\\0' < %/args | xargs -0 $");
  };
  CHECK_RUN(deep(64), 0);
  for (const int steps : {65, 1000, 40'000}) {
    const Ran ran = deep(steps);
    CHECK(ran.code != 0);
    CHECK(mentions(ran.err, "the path has more than 64 steps"));
  }
}

TEST_CASE("a special file is no scenario, and none of it is shown") {
  const Desk desk;
  ::setenv("BYZSIM_TEST_SECRET", "do-not-show-this", 1);
  CHECK(::mkfifo((desk / "pipe.yaml").c_str(), 0600) == 0);
  for (const char* file : {"/dev/zero", "/dev/random", "/dev/stdin", "/dev/fd/0", "/proc/self/environ", "/proc/version",
                           "/proc/self/mem", "/sys/kernel/uevent_seqnum", "pipe.yaml", "set", "none.yaml"}) {
    CAPTURE(file);
    desk.file("child.yaml", fmt::format("extends: {}\nname: child\n", file));
    const Ran ran = desk.shell("timeout 20 $ check %/child.yaml");
    CHECK_RUN(ran, 2);
    CHECK(mentions(ran.err, "cannot read '"));
    CHECK(ran.err.find("do-not-show-this") == std::string::npos);
    CHECK(ran.err.size() < 1000);
    if (file[0] != '/') continue;
    CHECK_RUN(desk.shell(fmt::format("timeout 20 $ check {}", file)), 2);
  }
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string stat = content(entry.path() / "stat");
    const std::size_t end = stat.rfind(')');
    int theirs = 0;
    if (end == std::string::npos || std::sscanf(stat.c_str() + end, ") %*c %d", &theirs) != 1) continue;
    if (theirs == parent) found.push_back(std::stoi(entry.path().filename()));
  }
  return found;
}

/// Asks again and again, for as long as a busy machine may need.
bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 600; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

/// Starts the program with these arguments, its output in two files of the desk.
pid_t start(const Desk& desk, std::vector<std::string> arguments) {
  const std::string out = desk / "started.out", err = desk / "started.err";
  arguments.insert(arguments.begin(), "byzsim");
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    // Whoever runs the tests under nohup ignores some, which a program rightly takes over.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_DFL);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    ::execv(BYZSIM_BINARY, words.data());
    ::_exit(127);
  }
  REQUIRE(child > 0);
  return child;
}

/// Sends a signal as soon as the program listens to SIGINT, and waits for its end.
Ran interrupted(const Desk& desk, int signal, std::vector<std::string> arguments) {
  const pid_t child = start(desk, std::move(arguments));
  CHECK(eventually([&] {
    const std::string status = content(fmt::format("/proc/{}/status", child));
    const std::size_t caught = status.find("SigCgt:");
    return caught != std::string::npos &&
           (std::stoull(status.substr(caught + 7), nullptr, 16) >> (SIGINT - 1) & 1) != 0;
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // so that it is usually in the middle of its work
  ::kill(child, signal);
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), content(desk / "started.out"),
          content(desk / "started.err")};
}

TEST_CASE("one event that never ends heeds wall_clock and the first Ctrl-C") {
  const Desk desk;
  std::string rules = "adversary: {corrupt: [0], rules: [";
  for (int i = 0; i < 10; ++i) rules += "{match: {from: all}, do: {duplicate: 1000}}, ";
  rules += "]}";
  desk.file("storm.yaml", Desk::scenario("storm", rules, "until: 10s, memory: 64GB, wall_clock: 300ms"));
  const Ran slow = desk.shell("timeout -s KILL 100 $ run %/storm.yaml");
  CHECK_RUN(slow, 3);
  CHECK(mentions(slow.out, "wall-clock"));
  desk.file("storm.yaml", Desk::scenario("storm", rules, "until: 10s, memory: 64GB, wall_clock: 1h"));
  CHECK_RUN(interrupted(desk, SIGINT, {"run", desk / "storm.yaml", "--trace", desk / "t.jsonl"}), 128 + SIGINT);
  CHECK(desk.has("t.jsonl"));
  desk.file("storm.yaml", Desk::scenario("storm", rules));
  const Ran full = desk.shell("timeout -s KILL 500 $ run %/storm.yaml --set run.memory=50MB");
  CHECK_RUN(full, 3);
  CHECK(mentions(full.out, "memory"));
}

TEST_CASE("the exit code after a signal is 128 and its number") {
  const Desk desk;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    CAPTURE(signal);
    fs::remove(desk / "t.jsonl");
    const Ran ran = interrupted(desk, signal, {"run", desk / "long.yaml", "--trace", desk / "t.jsonl"});
    CHECK_RUN(ran, 128 + signal);
    CHECK(mentions(ran.out, "interrupted"));
    CHECK(desk.has("t.jsonl"));
  }
  CHECK_RUN(desk.shell("nohup timeout --preserve-status -s HUP -k 5 0.3 $ run %/good.yaml"), 0);
}

TEST_CASE("a test run leaves no child and no temporary file, whatever ends it") {
  const Desk desk;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGKILL, SIGABRT, SIGSEGV, SIGALRM, SIGUSR1, SIGXCPU}) {
    CAPTURE(signal);
    const std::string scenario = desk / "long.yaml", report = "junit=" + desk / "left.xml";
    const pid_t parent = start(desk, {"test", scenario, "--report", report});
    std::vector<pid_t> children;
    // The child has become byzsim once it has a group of its own.
    CHECK(eventually([&] {
      children = children_of(parent);
      return !children.empty() && ::getpgid(children[0]) == children[0];
    }));
    ::kill(parent, signal);
    int status = 0;
    CHECK(::waitpid(parent, &status, 0) == parent);
    CHECK((WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status)) == 128 + signal);
    for (const pid_t child : children) {
      CHECK(eventually([&] {
        return ::kill(child, 0) != 0 || content(fmt::format("/proc/{}/stat", child)).find(") Z") != std::string::npos;
      }));
    }
    for (const auto& entry : fs::directory_iterator(desk.path)) CHECK(entry.path().extension() != ".part");
  }
}

}  // namespace
}  // namespace byzsim
