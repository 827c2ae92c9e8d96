// What files contain, made safe to print.
#include "sim/core/visible.hpp"

#include <nlohmann/json.hpp>

#include "analysis/report.hpp"
#include "sim/core/diagnostics.hpp"
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

TEST_CASE("control characters are written out, and all other text stays") {
  CHECK(visible("plain, gr\xc3\xbc\xc3\x9f, \xe6\xbc\xa2, \xf0\x9f\x98\x80") ==
        "plain, gr\xc3\xbc\xc3\x9f, \xe6\xbc\xa2, \xf0\x9f\x98\x80");
  CHECK(visible("\x1b[2J") == "\\x1b[2J");
  CHECK(visible("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(visible_lines("a\nb\r\x07") == "a\nb\\r\\x07");
  CHECK(visible(std::string_view("\0\x7f", 2)) == "\\x00\\x7f");
  CHECK(visible("\xc2\x9b"
                "31m") == "\\u009b31m");  // CSI in one character
  CHECK(visible("\xe2\x80\xae"
                "abc") == "\\u202eabc");                // right-to-left override
  CHECK(visible("\xf3\xa0\x81\x81") == "\\U000e0041");  // a tag, which nothing shows
  CHECK(visible("\xff\xfe\xc3") == "\\xff\\xfe\\xc3");  // no UTF-8
  CHECK(visible("\xc0\xaf\xed\xa0\x80") == "\\xc0\\xaf\\xed\\xa0\\x80");
}

TEST_CASE("JSON made visible is the same JSON") {
  for (const std::string text :
       {"\x7f", "\xc2\x9b[m", "\xe2\x80\xae", "\xf3\xa0\x81\x81", "gr\xc3\xbc\xc3\x9f", "\n\x1b"}) {
    const std::string shown = visible_json(nlohmann::json(text).dump());
    CHECK(nlohmann::json::parse(shown) == text);
    CHECK(visible_json(shown) == shown);
    for (const char c : shown) CHECK(static_cast<unsigned char>(c) >= 0x20);
    CHECK(shown.find("\xc2\x9b") == std::string::npos);
    CHECK(shown.find('\x7f') == std::string::npos);
  }
}

// Every string of a result comes from a file. The border is the report, so that no field can be forgotten.
TEST_CASE("a report prints no escape that a file contains") {
  const std::string evil = "\x1b[31mred\x1b[0m\nMET  forged\x9b";
  Result result;
  result.scenario = result.variant = result.protocol = result.reproduce = result.beyond_how = result.explanation = evil;
  result.n = 4;
  result.beyond = true;
  result.unmet = {evil};
  result.figures.happened[evil] = 1;
  result.violations.emplace_back();
  result.violations.back().invariant = result.violations.back().message = evil;
  result.suspects.emplace_back();
  result.suspects.back().reasons = {evil};
  for (const bool colour : {false, true}) {
    TextStyle style;
    style.colour = colour;
    const std::string text = text_report(result, style, nullptr);
    CHECK(text.find("\x1b[31mred") == std::string::npos);
    CHECK(text.find("\\x1b[31mred") != std::string::npos);
    CHECK(text.find("\nMET  forged") == std::string::npos);
    CHECK(text.find('\x9b') == std::string::npos);
    CHECK((text.find('\x1b') != std::string::npos) == colour);
  }
}

TEST_CASE("an error prints no escape that a file contains") {
  Diagnostics errors;
  const std::uint32_t source = errors.add_source("a\x1b]0;title\x07.yaml",
                                                 "key\x1b[2J: \xc2\x9b"
                                                 "5m\tvalue\n");
  errors.error({source, 1, 14}, "unknown key 'key\x1b[2J'", "did you mean '\x1b'?");
  const std::string text = errors.render();
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(text.find("\xc2\x9b") == std::string::npos);
  CHECK(text.find("\\x1b[2J") != std::string::npos);
  // The mark still stands under its column, which the escapes before it have moved.
  const std::size_t line = text.find("\n  ") + 3;
  const std::size_t mark = text.find('^') - (text.find('\n', line) + 1) - 2;
  CHECK(text.substr(line + mark, 6) == " value");
}

}  // namespace
}  // namespace byzsim
