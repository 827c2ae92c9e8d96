// What the READMEs show is what the files hold, compiles, works, and prints what they say it prints.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/examples/no_runaway.cpp"  // linked by being included
#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;

namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(std::string(BYZSIM_SOURCE_DIR) + path).rdbuf();
  return text.str();
}

bool shows(const std::string& readme, const std::string& file) {
  const std::string example = text_of(file);
  return !example.empty() && text_of(readme).find(example) != std::string::npos;
}

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(("cd '" BYZSIM_SOURCE_DIR "' && " + command).c_str(), "r");
  REQUIRE(pipe != nullptr);
  char buffer[4096];
  for (std::size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
  pclose(pipe);
  return output;
}

}  // namespace

TEST_CASE("the example invariant works, and is what the README shows") {
  const auto tell = [](View view) {
    Story story;
    Record record;
    record.kind = RecordKind::view;
    record.node = 2;
    record.view = view;
    story.emit(record);
    return story.end();
  };
  CHECK(tell(1000).violations.empty());
  const Result result = tell(1001);
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations.front().invariant == "no-runaway");
  CHECK(result.violations.front().replicas == std::vector<NodeId>{2});
  CHECK(shows("/analysis/README.md", "/tests/examples/no_runaway.cpp"));
}

TEST_CASE("the README's protocol is the one that is built outside the tree") {
  CHECK(shows("/README.md", "/tests/outside/naive_broadcast.cpp"));
  CHECK(shows("/README.md", "/tests/outside/CMakeLists.txt"));
}

TEST_CASE("the README's scenario is the file, and its output what the command prints") {
  CHECK(shows("/README.md", "/scenarios/pbft/equivocating-primary.yaml"));
  const std::string output = output_of(BYZSIM_BINARY " run scenarios/pbft/equivocating-primary.yaml");
  REQUIRE(output.size() > 500);
  std::string readme = text_of("/README.md");
  const std::string command = "$ byzsim run scenarios/pbft/equivocating-primary.yaml\n";
  const std::size_t from = readme.find(command) + command.size();
  REQUIRE(from > command.size());
  const std::size_t length = readme.find("```", from) - from;
  if (std::getenv("BYZSIM_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(BYZSIM_SOURCE_DIR "/README.md") << readme.replace(from, length, output);
  } else {
    CHECK(readme.substr(from, length) == output);
  }
}
