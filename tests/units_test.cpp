#include "sim/core/units.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "sim/core/condition.hpp"
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations are exact") {
  CHECK(parse_duration("1.5ms").value == 1'500'000ns);
  CHECK(parse_duration("0.000000001s").value == 1ns);
  CHECK(parse_duration("2h").value == 2h);
  CHECK(parse_duration("10min").value == 10min);
  CHECK(parse_duration("-5us").value == -5us);
  CHECK(parse_duration("0").value == 0ns);
  CHECK(parse_duration("0s"));
  CHECK_FALSE(parse_duration("1.5ns"));
  CHECK_FALSE(parse_duration("0.0000000001s"));
}

TEST_CASE("a duration without a unit is refused with a suggestion") {
  CHECK(parse_duration("10").hint == "did you mean '10ms'?");
  CHECK(parse_duration("10 ms").hint == "did you mean '10ms'?");
  CHECK(parse_duration("10sec").hint == "did you mean '10s'?");
  CHECK(parse_duration("10S").hint == "did you mean '10s'?");
  CHECK(parse_duration("5parsec").hint.find("units: ns, us, ms") == 0);
  for (const char* bad :
       {"", "-", "ms", ".5s", "5.s", "1e3ms", "+5s", "--5s", "5s ", " 5s", "010ms", "0x10ms", "1..2s", "inf", "nan"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
    CHECK_FALSE(parse_duration(bad).error.empty());
  }
}

TEST_CASE("overflow is an error, the edge is not") {
  CHECK(parse_duration("9223372036854775807ns").value == Duration::max());
  CHECK_FALSE(parse_duration("9223372036854775808ns"));
  CHECK_FALSE(parse_duration("9223372037s"));
  CHECK_FALSE(parse_duration("99999999999999999999999999999999999h"));
  CHECK(parse_bytes("18446744073709551615B").value.bytes == UINT64_MAX);
  CHECK_FALSE(parse_bytes("16777216TiB"));
  CHECK(parse_unsigned("18446744073709551615").value == UINT64_MAX);
  CHECK_FALSE(parse_unsigned("18446744073709551616"));
}

TEST_CASE("sizes, rates, seeds, nodes") {
  CHECK(parse_bytes("1.5KiB").value.bytes == 1536);
  CHECK(parse_bytes("2MB").value.bytes == 2'000'000);
  CHECK(parse_bytes("10kb").hint == "did you mean '10KB'?");
  CHECK_FALSE(parse_bytes("-1B"));
  CHECK(parse_rate("1Gbit/s").value.bits_per_second == 1'000'000'000);
  CHECK(parse_rate("10mbps").hint == "did you mean '10Mbit/s'?");
  CHECK(parse_seeds("1..100").value == SeedRange{1, 100});
  CHECK(parse_seeds("7").value == SeedRange{7, 7});
  CHECK_FALSE(parse_seeds("5..4"));
  CHECK_FALSE(parse_seeds("1...4"));
  CHECK(parse_node_ref("c12").value == NodeRef{true, 12});
  CHECK_FALSE(parse_node_ref("c"));
  CHECK_FALSE(parse_node_ref("4294967296"));
  CHECK_FALSE(parse_node_ref("-1"));
}

TEST_CASE("numbers are decimal, never octal or hexadecimal") {
  CHECK_FALSE(parse_unsigned("010"));
  CHECK_FALSE(parse_unsigned("0x10"));
  CHECK_FALSE(parse_unsigned(""));
  CHECK_FALSE(parse_unsigned("1 "));
  CHECK(parse_unsigned("0"));
  for (const char* bad : {"", "inf", "nan", "-inf", ".5", "1e999", "010", "0x1p3", "1,5", "5%"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_real(bad));
  }
  CHECK(parse_real("-2.5e-3").value == -0.0025);
}

TEST_CASE("what is printed reads back the same") {
  rc::check("durations", [] {
    const Duration value(*rc::gen::inRange<std::int64_t>(-INT64_MAX, INT64_MAX));
    RC_ASSERT(parse_duration(to_string(value)).value == value);
  });
  rc::check("round durations", [] {
    const Duration value(*rc::gen::inRange<std::int64_t>(0, 1'000'000) *
                         *rc::gen::element(1L, 1'000L, 1'000'000L, 1'000'000'000L));
    RC_ASSERT(parse_duration(to_string(value)).value == value);
  });
  rc::check("sizes, rates, numbers", [](std::uint64_t count, double real) {
    RC_ASSERT(parse_bytes(to_string(ByteCount{count})).value.bytes == count);
    RC_ASSERT(parse_rate(to_string(BitRate{count})).value.bits_per_second == count);
    if (std::isfinite(real)) RC_ASSERT(parse_real(real_to_string(real)).value == real);
  });
  rc::check("any text is parsed or refused", [](const std::string& text) {
    parse_duration(text);
    parse_seeds(text);
    Condition::parse(text);
  });
  CHECK(to_string(90s) == "90s");
  CHECK(to_string(1500ms) == "1500ms");
  CHECK(to_string(ByteCount{1024}) == "1KiB");
}

bool holds(const char* condition, double figure) {
  const auto parsed = Condition::parse(condition);
  CAPTURE(condition);
  REQUIRE(parsed);
  return parsed.value.holds(figure);
}

TEST_CASE("conditions") {
  CHECK(holds(">= 1", 1));
  CHECK_FALSE(holds(">= 1", 0));
  CHECK(holds(">0", 1));
  CHECK(holds("== 24", 24));
  CHECK(holds("24", 24));
  CHECK(holds("!= 3", 4));
  CHECK(holds("<= 400ms", 400e6));
  CHECK_FALSE(holds("< 400ms", 400e6));
  CHECK(holds("724ms..741ms", 741e6));
  CHECK_FALSE(holds("724ms..741ms", 742e6));
  CHECK(holds("750ms +- 3%", 772.5e6));
  CHECK_FALSE(holds("750ms +- 3%", 773e6));
  CHECK(holds("10 +- 2", 8));
  CHECK(holds("<= 2MB", 2e6));
  CHECK(Condition::parse("held").value.holds("held"));
  CHECK_FALSE(Condition::parse("held").value.holds("violated"));
  CHECK(Condition::parse("!= held").value.holds("violated"));
  CHECK_FALSE(Condition::parse("held").value.holds(1.0));
  CHECK(Condition::parse("<= 400ms").value.unit() == Condition::Unit::time);
  for (const char* bad : {"", ">>1", ">=", "1..", "5..1", "1ms..2", "750ms +- 3", "1 +- 2ms", "10 +- -1%", ">= held",
                          "two words", "> 1..2"}) {
    CAPTURE(bad);
    CHECK_FALSE(Condition::parse(bad));
  }
}

}  // namespace
}  // namespace byzsim
