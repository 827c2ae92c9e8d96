// Oracle: single cells read off the published tables by hand.
#include "sim/net/regions.hpp"

#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

namespace {
Duration one_way(const RegionTable& table, std::string_view from, std::string_view to) {
  return table.one_way(table.find(from).value(), table.find(to).value());
}
}  // namespace

TEST_CASE("aws-21 has the published cells, as half a round trip") {
  const RegionTable* table = find_regions("aws-21");
  REQUIRE(table != nullptr);
  CHECK(table->size() == 21);
  CHECK(one_way(*table, "us-east-1", "eu-west-1") == 35'130us);       // 70.26 ms
  CHECK(one_way(*table, "eu-west-1", "us-east-1") == 34'580us);       // 69.16 ms
  CHECK(one_way(*table, "af-south-1", "af-south-1") == 4'615us);      // 9.23 ms
  CHECK(one_way(*table, "us-west-2", "ap-northeast-1") == 48'955us);  // 97.91 ms
  CHECK(one_way(*table, "us-west-2", "us-west-2") == 1'210us);        // 2.42 ms, the last cell
}

TEST_CASE("aws-21 is measured from both ends: not symmetric, but nearly, and quickest within a region") {
  const RegionTable& table = *find_regions("aws-21");
  int differing = 0;
  for (std::size_t a = 0; a < table.size(); ++a) {
    for (std::size_t b = 0; b < table.size(); ++b) {
      if (a == b) continue;
      CHECK(table.one_way(a, b) > table.one_way(a, a));
      CHECK(table.one_way(a, b) - table.one_way(b, a) < 42'500us);  // sa-east-1 and me-south-1 differ most, by 40.7 ms
      differing += table.one_way(a, b) != table.one_way(b, a);
    }
  }
  CHECK(differing > 300);
}

TEST_CASE("mysticeti-6 has the published cells and is symmetric") {
  const RegionTable* table = find_regions("mysticeti-6");
  REQUIRE(table != nullptr);
  CHECK(table->size() == 6);
  CHECK(one_way(*table, "eu-central-1", "ap-northeast-1") == 119'150us);  // 238.3 ms
  CHECK(one_way(*table, "us-east-1", "us-east-2") == 5'700us);            // 11.4 ms
  CHECK(one_way(*table, "eu-west-3", "eu-west-3") == 50us);               // 0.1 ms
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b < 6; ++b) CHECK(table->one_way(a, b) == table->one_way(b, a));
  }
}

TEST_CASE("what is not there is not found") {
  CHECK(find_regions("aws-22") == nullptr);
  CHECK_FALSE(find_regions("aws-21")->find("eu-west-9").has_value());
}
