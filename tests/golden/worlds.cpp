// Golden random worlds: what one machine finds must be there on another, whatever compiled the generator. Not among the
// unit tests, which put toys in the catalogue that worlds are drawn from.
#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "sim/core/random.hpp"
#include "tests/soak/plan.hpp"
#include "tests/soak/world_text.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace byzsim {

TEST_CASE("golden random worlds have not changed") {
  std::uint64_t hash = 0;
  for (std::uint64_t number = 0; number < 100; ++number) {
    for (const char c : soak::world_text(soak::make_world(1, number, "pbft", {})))
      hash = mix64(hash + static_cast<unsigned char>(c));
  }
  const std::string measured = fmt::format("{:016x}", hash);
  const auto file = std::filesystem::path(BYZSIM_SOURCE_DIR) / "tests/golden/worlds.txt";
  if (std::getenv("BYZSIM_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(file) << measured << '\n';
    return;
  }
  std::string golden;
  std::ifstream(file) >> golden;
  CHECK(measured == golden);
}

}  // namespace byzsim
