// Desk: a folder with small scenarios in it, and the built program as a child whose exit code, output and files are
// looked at.
#pragma once

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace byzsim::desk_kit {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
  std::vector<ordered_json> lines() const {
    std::vector<ordered_json> all;
    std::stringstream text(out);
    for (std::string line; std::getline(text, line);) all.push_back(ordered_json::parse(line, nullptr, false));
    return all;
  }
};

inline std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A folder with small scenarios in it, removed at the end.
struct Desk {
  fs::path path = fs::temp_directory_path() / fmt::format("byzsim-cli-test-{}", ::getpid());
  Desk() {
    fs::create_directories(path / "set/deeper");
    file("good.yaml", scenario("good", "expect: {safety: held, liveness: held}"));
    file("unmet.yaml", scenario("unmet", "expect: {safety: violated}"));
    file("cut.yaml", scenario("cut", "expect: {liveness: held}", "max_events: 20"));
    file("bad.yaml", scenario("bad", "expct: {safety: held}"));
    file("many.yaml", scenario("many", "expect: {aggregate: {fraction(verdict=met): '>= 1'}}", "seeds: 1..3"));
    file("long.yaml",
         scenario("long", "expect: {safety: held}", "until: 100000h, stop_when_answered: false", 100'000'000));
    file("legs.yaml", scenario("legs", "variants: {one: {}, two: {expect: {safety: violated}}}"));
    file("set/_base.yaml", scenario("base", "x-note: only there to be extended"));
    file("set/b.yaml", "extends: _base.yaml\nname: b\n");
    file("set/deeper/a.yaml", "extends: ../_base.yaml\nname: a\n");
    file("set/notes.txt", "no scenario");
  }
  ~Desk() { fs::remove_all(path); }
  static std::string scenario(const std::string& name, const std::string& more, const std::string& run = "until: 10s",
                              int requests = 3) {
    return fmt::format(
        "schema: byzsim/v1\nname: {}\nprotocol: {{name: pbft, n: 4}}\nnetwork: {{latency: constant(10ms)}}\n"
        "clients: {{count: 1, requests: {}}}\nrun: {{seed: 3, {}}}\n{}\n",
        name, requests, run, more);
  }
  void file(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  bool has(const std::string& name) const { return fs::exists(path / name); }

  /// `$` stands for the program, and `%` for this folder.
  Ran shell(std::string command) const {
    const auto replace = [&](const std::string& what, const std::string& with) {
      for (std::size_t at = 0; (at = command.find(what, at)) != std::string::npos; at += with.size())
        command.replace(at, what.size(), with);
    };
    replace("$", BYZSIM_BINARY);
    replace("%", path.string());
    const std::string out = *this / ".out";
    const std::string err = *this / ".err";
    const int status = std::system(fmt::format("({}) >'{}' 2>'{}' </dev/null", command, out, err).c_str());
    Ran ran;
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    ran.out = content(out);
    ran.err = content(err);
    fs::remove(out);
    fs::remove(err);
    return ran;
  }
};

/// A reproduce line with the program that is tested in place of `byzsim`.
inline std::string with_binary(const std::string& line) {
  return BYZSIM_BINARY + line.substr(std::string("byzsim").size());
}

inline bool mentions(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("looked for '", part, "' in: ", text);
  return found;
}

#define CHECK_RUN(ran, expected_code)                     \
  do {                                                    \
    INFO("stdout: ", (ran).out, "\nstderr: ", (ran).err); \
    CHECK((ran).code == (expected_code));                 \
  } while (false)

}  // namespace byzsim::desk_kit
