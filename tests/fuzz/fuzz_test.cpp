// The fuzz targets on a few hundred inputs and on their corpora: so that they build and run in every build, and what
// they once found stays found. `./dev fuzz` runs them for as long as one likes.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/core/random.hpp"
#include "tests/doctest.hpp"
#include "tests/fuzz/targets.hpp"

using namespace byzsim;

namespace {

using Target = void (*)(const std::uint8_t*, std::size_t);

void check(Target target, const std::vector<std::uint8_t>& bytes, const std::string& what) {
  try {
    target(bytes.data(), bytes.size());
  } catch (const std::exception& error) {
    FAIL_CHECK(what << ": " << std::string(error.what()));
  }
}

/// Random inputs of up to `longest` bytes, the same everywhere.
void check_random(Target target, std::uint64_t inputs, std::uint64_t longest) {
  for (std::uint64_t input = 1; input <= inputs; ++input) {
    std::vector<std::uint8_t> bytes(mix64(input) % longest);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(mix64(input * 4096 + i));
    check(target, bytes, "input " + std::to_string(input));
  }
}

void check_corpus(Target target, const std::string& name) {
  const auto folder = std::filesystem::path(BYZSIM_SOURCE_DIR) / "tests/fuzz/corpus" / name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    check(target, {text.begin(), text.end()}, entry.path().filename().string());
  }
}

}  // namespace

TEST_CASE("fuzz: rules on messages") {
  check_corpus(fuzz::rules, "rules");
  check_random(fuzz::rules, 300, 400);
}

TEST_CASE("fuzz: --set") {
  check_corpus(fuzz::sets, "sets");
  check_random(fuzz::sets, 300, 60);
}

TEST_CASE("fuzz: schema and loader") {
  check_corpus(fuzz::schema, "schema");
  check_random(fuzz::schema, 300, 600);
}

TEST_CASE("fuzz: worlds") {
  check_corpus(fuzz::world, "world");
  check_random(fuzz::world, 200, 500);
}
