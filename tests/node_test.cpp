#include "sim/core/node.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "sim/core/diagnostics.hpp"
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

Node tree(const char* json) {
  return from_json(nlohmann::ordered_json::parse(json));
}
std::string text(const Node& node) {
  return to_json(node).dump();
}

TEST_CASE("overlay merges maps, replaces lists and scalars, and null takes a key away") {
  const Node base = tree(R"({"a":{"x":1,"y":2},"l":[1,2,3],"s":"old","gone":1})");
  const Node over = tree(R"({"a":{"y":3,"z":4},"l":[9],"s":{"now":"a map"},"gone":null,"new":true})");
  CHECK(text(overlay(base, over)) == R"({"a":{"x":1,"y":3,"z":4},"l":[9],"s":{"now":"a map"},"new":true})");
}

TEST_CASE("set follows dotted paths through maps and lists") {
  Node node = tree(R"({"adversary":{"corrupt":[0,1]},"metrics":{"latency.p99":1}})");
  CHECK_FALSE(node.set("adversary.corrupt.0", Node::plain("2"), {}));
  CHECK_FALSE(node.set("adversary.corrupt.2", Node::plain("3"), {}));
  CHECK_FALSE(node.set("metrics.latency.p99", Node::plain("7"), {}));
  CHECK_FALSE(node.set("metrics.\"latency.p50\"", Node::plain("8"), {}));
  CHECK_FALSE(node.set("run.decisions.slots", Node::plain("5"), {}));
  CHECK(
      text(node) ==
      R"({"adversary":{"corrupt":[2,1,3]},"metrics":{"latency.p99":7,"latency.p50":8},"run":{"decisions":{"slots":5}}})");
  CHECK(node.at_path("metrics.latency.p50")->scalar == "8");
  CHECK(node.at_path("adversary.corrupt.3") == nullptr);
}

TEST_CASE("set says why it cannot") {
  Node node = tree(R"({"list":[0],"word":"x"})");
  CHECK(node.set("list.5", Node(), {}).value() == "the list has 1 item, counted from 0; 1 appends");
  CHECK(node.set("list.first", Node(), {}).has_value());
  CHECK(node.set("word.deeper", Node(), {}).has_value());
  CHECK(node.set("", Node(), {}).has_value());
  CHECK(node.set("a..b", Node(), {}).has_value());
  CHECK(node.set("a.", Node(), {}).has_value());
  CHECK(node.set(".a", Node(), {}).has_value());
}

TEST_CASE("integers past 2^53 are written as strings") {
  CHECK(text(Node::number(std::uint64_t{1} << 53)) == "9007199254740992");
  CHECK(text(Node::number((std::uint64_t{1} << 53) + 1)) == "\"9007199254740993\"");
  CHECK(text(Node::number(0.25)) == "0.25");
  CHECK(text(Node::text("42")) == "\"42\"");
}

TEST_CASE("a plain scalar comes back from JSON as it was written, whatever number it looks like") {
  for (const char* written : {"007", "0000000000000000", "1.50", "1e3", "12345678901234e5", "-0", "1.5", "-3", "0",
                              "1e-07", "18446744073709551615", "18446744073709551616", "0x10", "nan", "-", "1_000"}) {
    const Node back = from_json(nlohmann::ordered_json::parse(text(Node::plain(written))));
    CHECK(back.scalar == written);
    CHECK(to_json(back) == to_json(Node::plain(written)));
    CHECK(text(Node::text(written)) == fmt::format("\"{}\"", written));
  }
  CHECK(text(Node::plain("007")) == "\"007\"");
  CHECK_FALSE(from_json(nlohmann::ordered_json("1.50")).quoted);  // so that it may be a number after all
  CHECK(from_json(nlohmann::ordered_json("1.5")).quoted);
  CHECK(from_json(nlohmann::ordered_json("word")).quoted);
}

TEST_CASE("a diagnostic shows file, line, column, caret and what was meant") {
  Diagnostics errors;
  const auto source = errors.add_source("attack.yaml", "a: 1\nnetwork: {dealy: 10ms}\n");
  errors.error({source, 2, 11}, "unknown key 'dealy' in network", did_you_mean("dealy", {"loss", "delay"}));
  errors.error({source, 2, 11}, "unknown key 'dealy' in network", did_you_mean("dealy", {"loss", "delay"}));
  errors.warning({source, 1, 1}, "first");
  CHECK(errors.errors() == 1);
  CHECK(errors.render() ==
        "attack.yaml:1:1: warning: first\n  a: 1\n  ^\n"
        "attack.yaml:2:11: error: unknown key 'dealy' in network\n"
        "  network: {dealy: 10ms}\n"
        "            ^ did you mean 'delay'?\n");
}

TEST_CASE("long lines and odd bytes print within bounds") {
  Diagnostics errors;
  const auto source = errors.add_source("f", std::string(5000, 'x') + "\t\x1b[31m" + std::string(5000, 'y'));
  errors.error({source, 1, 5002}, "here");
  errors.error({source, 7, 9}, "beyond the end");
  CHECK(errors.render().size() < 600);
  CHECK(errors.render().find('\x1b') == std::string::npos);
}

TEST_CASE("closest finds slips, transpositions and other spellings, and nothing far away") {
  const std::vector<std::string> words{"delay", "latency", "view_timeout", "f"};
  CHECK(closest("dealy", words) == "delay");
  CHECK(closest("latncy", words) == "latency");
  CHECK(closest("viewTimeout", words) == "view_timeout");
  CHECK(closest("view-timeout", words) == "view_timeout");
  CHECK(closest("lat", words) == "latency");
  CHECK(closest("bandwidth", words).empty());
  CHECK(closest("g", words).empty());
}

}  // namespace
}  // namespace byzsim
