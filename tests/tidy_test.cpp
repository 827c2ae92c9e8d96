// The tidy test: what no compiler checks. Each rule prints the file and line that breaks it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/doctest.hpp"

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = BYZSIM_SOURCE_DIR;

struct Line {
  std::string file;
  std::size_t number;
  std::string text;
};

std::vector<fs::path> files_in(const std::vector<std::string>& folders, const std::set<std::string>& extensions) {
  std::vector<fs::path> files;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (entry.is_regular_file() && extensions.contains(entry.path().extension().string()))
        files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Line> lines_of(const fs::path& file) {
  std::vector<Line> lines;
  std::ifstream in(file);
  for (std::string text; std::getline(in, text);) {
    lines.push_back({fs::relative(file, kRoot).generic_string(), lines.size() + 1, text});
  }
  return lines;
}

std::string without_comment(const std::string& text) {
  return text.substr(0, text.find("//"));
}

const std::set<std::string> kCode = {".cpp", ".hpp"};

// The room that a file or an include belongs to.
std::string room_of(const std::string& path) {
  static const std::regex inside(
      "^(sim/(core|net|crypto|replica|protocols|scenario|trace|cli)|adversaries|analysis)/.*");
  std::smatch match;
  if (std::regex_match(path, match, inside)) return match[1];
  return path.rfind("sim/", 0) == 0 ? "sim" : path.substr(0, path.find('/'));
}

}  // namespace

TEST_CASE("tidy: nothing in the simulation asks the host for time or chance") {
  // Observers may not steer a run and the host may not either; the command line alone looks at clocks.
  const std::regex banned(
      R"(random_device|\brand\(|\btime\(|system_clock|steady_clock|high_resolution_clock|std::[a-z_]+_distribution|mt19937|unordered_)");
  // Hash tables that are looked up by key and never iterated.
  const std::set<std::string> allowed = {"sim/net/network.hpp", "sim/net/network.cpp", "adversaries/coalition.hpp",
                                         "sim/trace/reader.hpp"};
  for (const fs::path& file : files_in({"sim", "adversaries"}, kCode)) {
    for (const Line& line : lines_of(file)) {
      if (line.file.rfind("sim/cli/", 0) == 0 || allowed.contains(line.file)) continue;
      CHECK_MESSAGE(!std::regex_search(without_comment(line.text), banned), line.file, ":", line.number, ": ",
                    line.text);
    }
  }
}

TEST_CASE("tidy: includes follow the arrows") {
  const std::map<std::string, std::set<std::string>> knows = {
      {"sim/core", {}},
      {"sim/net", {"sim/core"}},
      {"sim/crypto", {"sim/core"}},
      {"sim/replica", {"sim/core", "sim/crypto", "sim/trace"}},  // trace: the record type, which names what happened
      {"sim/protocols", {"sim/core", "sim/replica"}},
      {"sim/scenario", {"sim/core", "sim/net"}},
      {"sim/trace", {"sim/core", "sim/crypto", "sim/replica"}},
      {"sim", {"sim/core", "sim/net", "sim/crypto", "sim/replica", "sim/scenario", "sim/trace"}},
      {"adversaries", {"sim/core", "sim/net", "sim/replica", "sim/scenario", "sim/trace"}},
      {"analysis", {"sim/core", "sim/crypto", "sim/replica", "sim/scenario", "sim/trace"}},
  };
  const std::regex include("^#include \"([^\"]+)\"");
  for (const fs::path& file : files_in({"sim", "adversaries", "analysis"}, kCode)) {
    const std::string room = room_of(fs::relative(file, kRoot).generic_string());
    const auto allowed = knows.find(room);
    if (allowed == knows.end()) continue;  // the command line may know everything
    for (const Line& line : lines_of(file)) {
      std::smatch match;
      if (!std::regex_search(line.text, match, include)) continue;
      const std::string target = room_of(match[1]);
      CHECK_MESSAGE((target == room || allowed->second.contains(target)), line.file, ":", line.number, ": ", room,
                    " must not know ", target);
    }
  }
}

TEST_CASE("tidy: files stay short") {
  // A protocol may be longer than other files, and still has its messages and rules in files of their own.
  const std::map<std::string, std::size_t> longer = {{"sim/protocols/pbft.cpp", 700}};
  for (const fs::path& file : files_in({"sim", "adversaries", "analysis", "tests"}, kCode)) {
    const std::vector<Line> lines = lines_of(file);
    const std::string name = fs::relative(file, kRoot).generic_string();
    const auto limit = longer.find(name);
    CHECK_MESSAGE(lines.size() <= (limit == longer.end() ? 500 : limit->second), name, " has ", lines.size(), " lines");
  }
}

TEST_CASE("tidy: every file opens with what it is") {
  for (const fs::path& file : files_in({"sim", "adversaries", "analysis"}, {".hpp"})) {
    const std::vector<Line> lines = lines_of(file);
    REQUIRE(!lines.empty());
    CHECK_MESSAGE(lines[0].text.rfind("// ", 0) == 0, lines[0].file, " does not open with a comment");
  }
}

TEST_CASE("tidy: nobody names a machine") {
  // Spelt so that this file does not match itself.
  const std::regex path(std::string("(^|[^A-Za-z0-9_.])/(") + "work|" + "home|" + "root)/|/tmp/" + "[a-z]");
  for (const fs::path& file : files_in({"sim", "adversaries", "analysis", "scenarios", "tests"},
                                       {".cpp", ".hpp", ".md", ".yaml", ".txt", ".cmake"})) {
    for (const Line& line : lines_of(file)) {
      CHECK_MESSAGE(!std::regex_search(line.text, path), line.file, ":", line.number, ": ", line.text);
    }
  }
}

TEST_CASE("tidy: no scenario is an orphan, and each tells its story and what must come out") {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "scenarios")) {
    if (!entry.is_regular_file() || entry.path().filename() == "README.md") continue;
    const std::string name = fs::relative(entry.path(), kRoot).generic_string();
    CHECK_MESSAGE(entry.path().extension() == ".yaml", name, " is no scenario; `byzsim test` would not run it");
    std::set<std::string> keys;
    for (const Line& line : lines_of(entry.path())) {
      if (!line.text.empty() && line.text[0] != ' ' && line.text[0] != '#')
        keys.insert(line.text.substr(0, line.text.find(':')));
      if (line.text.find("expect:") != std::string::npos) keys.insert("expect");
    }
    for (const char* key : {"schema", "name", "story", "expect"})
      CHECK_MESSAGE(keys.contains(key), name, " has no ", key);
    ++count;
  }
  CHECK(count >= 30);
}

TEST_CASE("tidy: the top level holds what it should and nothing else") {
  const std::set<std::string> allowed = {
      "CMakeLists.txt", "CMakePresets.json", "sim", "scenarios",    "adversaries", "analysis",
      "tests",          "README.md",         "dev", "CHANGELOG.md", "LICENSE",     "build"};
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string name = entry.path().filename().string();
    CHECK_MESSAGE((name[0] == '.' || allowed.contains(name)), name, " does not belong at the top level");
  }
}
