#include "sim/core/options.hpp"

#include <nlohmann/json.hpp>

#include "sim/scenario/yaml.hpp"
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

using namespace std::chrono_literals;

enum class Colour { red, green };

struct Inner {
  std::optional<std::string> word;
  Duration wait = 5ms;
  static void describe(auto& row) {
    row("word", &Inner::word, "a word");
    row("wait", &Inner::wait, "a pause", at_least(1ms), at_most(1s));
    row.shorthand(&Inner::word);
  }
};

struct Outer {
  std::string name = "options-test-a";
  Choice options;
  std::uint32_t count = 3;
  std::uint64_t big = 1;
  double part = 0.5;
  bool flag = false;
  Colour colour = Colour::green;
  Inner inner;
  std::vector<Inner> list;
  std::map<std::string, Condition> conditions;
  std::vector<Choice> behaviours;
  std::vector<Choice> rules;
  std::vector<std::vector<NodeRef>> groups;
  static void describe(auto& row);
  void check(const Node& where, Diagnostics& errors) const {
    if (count == 13) errors.error(where.find("count")->position, "13 is unlucky");
  }
};

struct OptionsA {
  Duration timeout = 100ms;
  static void describe(auto& row) { row("timeout", &OptionsA::timeout, "a timeout"); }
};

/// Holds itself.
struct Pattern {
  std::string type;
  std::vector<Pattern> any;
  static void describe(auto& row) {
    row("type", &Pattern::type, "a type", one_of({"x", "y"}));
    row("any", &Pattern::any, "any of these");
  }
};

const Registered<OptionsA, int> entry_a{"options-test", "options-test-a", "takes a timeout", 42};
const Registered<> entry_b{"options-test", "options-test-b", "takes nothing"};
const Registered<Pattern> entry_rule{"options-test-rule", "options-test-rule", "a rule"};

void Outer::describe(auto& row) {
  row("name", &Outer::name, "which", from_catalogue("options-test"));
  row.rest(&Outer::options, "options-test", &Outer::name);
  row("count", &Outer::count, "how many", required(), at_least(1), at_most(20));
  row("big", &Outer::big, "a wide number");
  row("part", &Outer::part, "a fraction", fraction());
  row("flag", &Outer::flag, "yes or no");
  row("colour", &Outer::colour, "a colour");
  row("inner", &Outer::inner, "a struct");
  row("list", &Outer::list, "structs");
  row("conditions", &Outer::conditions, "conditions");
  row.choices("behaviours", &Outer::behaviours, "options-test", "entries");
  row.each("rules", &Outer::rules, "options-test-rule", "options-test-rule", "rules");
  row("groups", &Outer::groups, "groups of nodes");
}

struct Result {
  bool ok = false;
  Outer value;
  std::string report;
};

Result read(const std::string& yaml) {
  Diagnostics errors;
  Result result;
  const auto node = parse_yaml(yaml, errors.add_source("t", yaml), errors);
  if (node) result.ok = Setting<Outer>::read(*node, result.value, errors);
  result.report = errors.render();
  return result;
}

bool says(const Result& result, const std::string& sentence) {
  return result.report.find(sentence) != std::string::npos;
}

}  // namespace

template <>
struct EnumNames<Colour> {
  static constexpr EnumTable<Colour, 2> table{{{"red", Colour::red, "warm"}, {"green", Colour::green, "cool"}}};
};

namespace {

TEST_CASE("a struct is read by its description") {
  const Result r = read(R"(
count: 7
big: 18446744073709551615
part: 0.25
colour: red
inner: hello
list: [{wait: 6ms}, word]
conditions: {latency.p99: "<= 400ms", count: 3}
behaviours: [options-test-b, options-test-a: {timeout: 1s}, options-test-a]
rules: [{type: x, any: [{type: y}]}]
groups: [[0, c1], []]
timeout: 3s
x-note: {anything: [goes]}
)");
  CAPTURE(r.report);
  REQUIRE(r.ok);
  CHECK(r.value.count == 7);
  CHECK(r.value.big == UINT64_MAX);
  CHECK(r.value.colour == Colour::red);
  CHECK(r.value.inner.word == "hello");
  CHECK(r.value.list[0].wait == 6ms);
  CHECK(r.value.list[1].word == "word");
  CHECK(r.value.options.as<OptionsA>().timeout == 3s);
  CHECK(r.value.options.entry->payload<int>() == 42);
  CHECK(r.value.behaviours[0].options == nullptr);
  CHECK(r.value.behaviours[1].as<OptionsA>().timeout == 1s);
  CHECK(r.value.behaviours[2].as<OptionsA>().timeout == 100ms);
  CHECK(r.value.behaviours[2].position.line == 9);
  CHECK(r.value.rules[0].as<Pattern>().any[0].type == "y");
  CHECK(r.value.groups[0][1] == NodeRef{true, 1});
  CHECK_THROWS_AS(r.value.behaviours[0].as<OptionsA>(), InternalError);
  CHECK_THROWS_AS(r.value.behaviours[1].as<Pattern>(), InternalError);
}

TEST_CASE("what is shown reads back to the same") {
  const Result r = read(
      "{count: 7, big: 9007199254740993, inner: {wait: 7ms}, behaviours: [options-test-a], conditions: {a: '>= 1'}, "
      "rules: [{any: [{}]}]}");
  REQUIRE(r.ok);
  const auto json = to_json(Setting<Outer>::show(r.value));
  CHECK(json["big"] == "9007199254740993");
  CHECK(json["timeout"] == "100ms");
  CHECK_FALSE(json["inner"].contains("word"));
  Outer again;
  Diagnostics errors;
  REQUIRE(Setting<Outer>::read(from_json(json), again, errors));
  CHECK(to_json(Setting<Outer>::show(again)).dump() == json.dump());
}

TEST_CASE("all errors at once, each with what would be right") {
  const Result r = read(R"(cuont: 7
colour: gren
part: 1.5
flag: yes
inner: {wait: 2s, wrod: x}
list: {wait: 6ms}
behaviours:
  - options-test-c
  - options-test-a:
    timeout: 1s
  - options-test-b: {timeout: 1s}
conditions: {a: ">>"}
groups: [[c, 0]]
timeot: 1s
big: 010
)");
  CAPTURE(r.report);
  CHECK_FALSE(r.ok);
  CHECK(says(r, "t:1:1: error: missing key 'count'"));
  CHECK(says(r, "t:1:1: error: unknown key 'cuont'"));
  CHECK(says(r, "did you mean 'count'?"));
  CHECK(says(r, "t:2:9: error: expected red or green in colour, found 'gren'"));
  CHECK(says(r, "did you mean 'green'?"));
  CHECK(says(r, "t:3:7: error: '1.5' in part is too large"));
  CHECK(says(r, "it must be from 0 to 1"));
  CHECK(says(r, "did you mean 'true'?"));
  CHECK(says(r, "'2s' in inner.wait is too large"));
  CHECK(says(r, "it must be from 1ms to 1s"));
  CHECK(says(r, "unknown key 'wrod' in inner"));
  CHECK(says(r, "expected a list, each item a map in list, found a map"));
  CHECK(says(r, "no options-test named 'options-test-c' in behaviours.0"));
  CHECK(says(r, "indent the options further than the name"));
  CHECK(says(r, "unknown key 'timeout' in behaviours.2.options-test-b"));
  CHECK(says(r, "'>>' in conditions.a is not a condition"));
  CHECK(says(r, "'c' in groups.0.0 does not name a node"));
  CHECK(says(r, "unknown key 'timeot'"));
  CHECK(says(r, "did you mean 'timeout'?"));
  CHECK(says(r, "'010' in big has a leading zero"));
}

TEST_CASE("quotes make text, and text is no number") {
  CHECK_FALSE(read("count: \"7\"").ok);
  CHECK_FALSE(read("{count: 7, flag: \"true\"}").ok);
  CHECK(read("{count: 7, big: \"8\"}").ok);
  CHECK_FALSE(read("count: 4294967296").ok);
  CHECK_FALSE(read("count: -1").ok);
  CHECK_FALSE(read("count:").ok);
  CHECK(says(read("count: [1]"), "expected a whole number in count, found a list"));
}

TEST_CASE("a struct may check itself") {
  CHECK(says(read("count: 13"), "t:1:8: error: 13 is unlucky"));
}

TEST_CASE("an unknown entry is reported once, and its options not at all") {
  const Result r = read("{name: options-test-x, count: 1, whatever: 2}");
  CHECK(says(r, "no options-test named 'options-test-x' in name"));
  CHECK_FALSE(says(r, "whatever' "));
  CHECK(r.report.find("error:") == r.report.rfind("error:"));
}

TEST_CASE("the catalogue is sorted, and a clash of names fails") {
  CHECK(Catalogue::names("options-test") == std::vector<std::string>{"options-test-a", "options-test-b"});
  CHECK_THROWS_AS((Registered<>{"options-test", "options-test-a", "again"}), InternalError);
  CHECK_THROWS_AS(entry_a.entry().payload<double>(), InternalError);
  CHECK(choose("options-test", "options-test-a").as<OptionsA>().timeout == 100ms);
}

TEST_CASE("the schema carries types, bounds, names, helps and defaults, and ends where a type holds itself") {
  const auto schema = to_json(Setting<Outer>::schema());
  CHECK(schema["properties"]["count"]["maximum"] == 20);
  CHECK(schema["properties"]["part"]["default"] == 0.5);
  CHECK(schema["properties"]["colour"]["anyOf"][0]["const"] == "red");
  CHECK(schema["properties"]["colour"]["anyOf"][0]["description"] == "warm");
  CHECK(schema["required"][0] == "count");
  CHECK(schema["allOf"].size() == 2);
  CHECK(schema["properties"]["rules"]["items"]["properties"]["any"]["items"].dump() == "{}");
}

}  // namespace
}  // namespace byzsim
