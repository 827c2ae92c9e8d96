// The command line, as a user meets it: the built program is run as a child, its exit code, output and files are looked
// at.
#include <fmt/core.h>
#include <unistd.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/cli/children.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/junit.hpp"
#include "sim/cli/scenarios.hpp"
#include "tests/desk.hpp"
#include "tests/trace_edits.hpp"

namespace byzsim {
namespace {

using namespace desk_kit;

TEST_CASE("exit codes tell met, unmet and inconclusive apart, and the worst of several wins") {
  const Desk desk;
  CHECK_RUN(desk.shell("$ run %/good.yaml"), 0);
  CHECK_RUN(desk.shell("$ run %/unmet.yaml"), 1);
  CHECK_RUN(desk.shell("$ run %/cut.yaml"), 3);
  CHECK_RUN(desk.shell("$ run %/cut.yaml %/good.yaml"), 3);
  CHECK_RUN(desk.shell("$ run %/cut.yaml %/unmet.yaml %/good.yaml"), 1);
  CHECK_RUN(desk.shell("$ run %/many.yaml"), 0);
  CHECK(cli::worst(cli::kUnmet, cli::kInconclusive) == cli::kUnmet);
  CHECK(cli::worst(cli::kInternal, cli::kUsage) == cli::kInternal);
  CHECK(cli::worst(cli::kInterrupted, cli::kInternal) == cli::kInterrupted);
  CHECK(cli::worst(cli::kMet, cli::kMet) == cli::kMet);
}

TEST_CASE("a mistyped command line is exit 2 with a suggestion") {
  const Desk desk;
  const auto refused = [&](const std::string& command, const std::string& sentence) {
    const Ran ran = desk.shell(command);
    CHECK_RUN(ran, 2);
    CHECK(ran.out.empty());
    CHECK(mentions(ran.err, sentence));
  };
  refused("$", "subcommand");
  refused("$ rnu %/good.yaml", "did you mean 'run'?");
  refused("$ run %/good.yaml --sed 1", "did you mean '--seed'?");
  refused("$ run %/good.yaml --seed -1", "--seed must be a whole number from 0 to 18446744073709551615, not '-1'");
  refused("$ run %/good.yaml --seed=-1", "not '-1'");
  refused("$ run %/good.yaml --seed 1x", "not '1x'");
  refused("$ run %/good.yaml --seed 18446744073709551616", "--seed must be");
  refused("$ run %/good.yaml --format yaml", "--format");
  refused("$ run", "paths");
  refused("$ run %/none.yaml", "there is no file or folder");
  refused("$ run %/good.yaml --variant nope", "no scenario has the variant 'nope'");
  refused("mkdir %/empty; $ run %/empty", "there is no scenario (*.yaml)");
  refused("$ run %/good.yaml --set protocol.m=7", "protocol.m");
  refused("$ test %/good.yaml --report html=x", "--report takes junit=FILE");
  refused("$ explain network.latncy", "latency");
  refused("$ list behaviuors", "behaviour");
}

TEST_CASE("help and version are results") {
  const Desk desk;
  const Ran version = desk.shell("$ --version");
  CHECK_RUN(version, 0);
  CHECK(version.out.starts_with("byzsim "));
  for (const char* command : {"", "run", "check", "test", "verify", "list", "explain", "schema"}) {
    const Ran help = desk.shell(fmt::format("$ {} --help", command));
    CHECK_RUN(help, 0);
    CHECK(mentions(help.out, "xample"));
    CHECK(help.err.empty());
  }
}

TEST_CASE("an error in any scenario is shown with its place, and nothing runs") {
  const Desk desk;
  const Ran ran = desk.shell("$ run %/good.yaml %/bad.yaml --trace %/t.jsonl --format json");
  CHECK_RUN(ran, 2);
  CHECK(ran.out.empty());
  CHECK(mentions(ran.err, "bad.yaml:7:1: error: unknown key 'expct'"));
  CHECK(mentions(ran.err, "did you mean 'expect'?"));
  CHECK(!desk.has("t.jsonl"));
  CHECK_RUN(desk.shell("$ check %/bad.yaml"), 2);
  CHECK_RUN(desk.shell("$ test %/bad.yaml %/good.yaml"), 2);
  CHECK(mentions(desk.shell("$ check %/good.yaml --set protocol.quorum=2f").out,
                 "may share no more than f = 1 replicas"));
  CHECK(mentions(desk.shell("$ check %/good.yaml --set protocol.quorum=4").out, "f silent replicas stop the protocol"));
  CHECK(mentions(desk.shell("$ check %/good.yaml --set protocol.quorum=9").out, "can never be reached"));
  const Ran good = desk.shell("$ check %/good.yaml %/set");
  CHECK_RUN(good, 0);
  CHECK(mentions(good.out, "good.yaml: valid"));
}

TEST_CASE("JSON: an object per scenario, a line each, with everything that is promised") {
  const Desk desk;
  const Ran ran = desk.shell("$ run %/good.yaml %/legs.yaml %/set --format json --color always");
  CHECK_RUN(ran, 1);
  CHECK(ran.err.empty());
  const auto lines = ran.lines();
  REQUIRE(lines.size() == 5);
  for (const ordered_json& line : lines) {
    REQUIRE(line.is_object());
    for (const char* key : {"scenario",      "protocol",    "n",         "f",          "seed",
                            "verdict",       "safety",      "liveness",  "violations", "classification",
                            "culprits",      "suspects",    "decisions", "events",     "messages",
                            "bytes",         "sim_time_ns", "latency",   "throughput", "fingerprint",
                            "scenario_hash", "reproduce"}) {
      CHECK_MESSAGE(line.contains(key), key);
    }
  }
  CHECK(lines[0]["scenario"] == "good");
  CHECK(lines[3]["scenario"] == "b");  // set/b.yaml comes before set/deeper/a.yaml
  CHECK(lines[4]["scenario"] == "a");
  const Ran again = desk.shell(fmt::format("cd %; {} --format json", with_binary(lines[2]["reproduce"])));
  CHECK_RUN(again, 1);
  REQUIRE(again.lines().size() == 1);
  CHECK(again.lines()[0] == lines[2]);
}

TEST_CASE("the verdict from a trace is the verdict of the run") {
  const Desk desk;
  for (const std::string name : {"good", "unmet", "cut"}) {
    for (const std::string ending : {"jsonl", "jsonl.zst"}) {
      const Ran run = desk.shell(fmt::format("$ run %/{0}.yaml --format json --trace %/{0}.{1}", name, ending));
      const Ran verify = desk.shell(fmt::format("$ verify %/{}.{} --format json", name, ending));
      CHECK_RUN(verify, run.code);
      CHECK(verify.out == run.out);
    }
    const Ran run = desk.shell(fmt::format("$ run %/{}.yaml", name));
    CHECK(desk.shell(fmt::format("$ verify %/{}.jsonl", name)).out == run.out);
  }
  fs::resize_file(desk / "good.jsonl", fs::file_size(desk / "good.jsonl") - 20);
  const Ran cut = desk.shell("$ verify %/good.jsonl %/unmet.jsonl");
  CHECK_RUN(cut, 2);
  CHECK(mentions(cut.err, "cut off"));
  CHECK(!cut.out.empty());
  CHECK_RUN(desk.shell("$ verify %/good.yaml"), 2);
  CHECK_RUN(desk.shell("$ verify %/none"), 2);
  CHECK_RUN(desk.shell("$ verify %"), 2);
}

TEST_CASE("a trace is run again, or says what it takes on trust") {
  const Desk desk;
  CHECK_RUN(desk.shell("$ run %/good.yaml --format json --trace %/good.jsonl"), 0);
  // An invented line before the last: a good trace of some run, and not of this one.
  trace_edits::Lines lines = trace_edits::lines_of(content(desk / "good.jsonl"));
  const auto end = ordered_json::parse(lines.back());
  const auto number = end["i"].get<std::uint64_t>();
  lines.back() = fmt::format(R"({{"i":{},"t_ns":{},"event":"mark","node":1,"branch":"invented"}})", number,
                             end["t_ns"].get<std::uint64_t>());
  auto moved = end;
  moved["i"] = number + 1;
  lines.push_back(moved.dump());
  std::ofstream(desk / "bad.jsonl") << trace_edits::joined(lines);
  const Ran refused = desk.shell("$ verify %/bad.jsonl");
  CHECK_RUN(refused, 2);
  CHECK(refused.out.empty());
  CHECK(mentions(refused.err, "its scenario, run again, writes another line here"));
  CHECK(mentions(refused.err, "\"branch\":\"invented\""));
  const Ran trusted = desk.shell("$ verify --no-rerun --format json %/bad.jsonl");
  CHECK_RUN(trusted, 0);
  REQUIRE(trusted.lines().size() == 1);
  CHECK(trusted.lines()[0]["taken_on_trust"]["mark"] == 1);
  const Ran text = desk.shell("$ verify --no-rerun %/bad.jsonl");
  CHECK_RUN(text, 0);
  CHECK(mentions(text.out, "Taken on trust, for the scenario was not run again"));
  // A pipe can be read once, and once is enough.
  CHECK_RUN(desk.shell("cat %/good.jsonl | $ verify /dev/stdin"), 0);
  CHECK_RUN(desk.shell("cat %/good.jsonl | $ verify --no-rerun /dev/stdin"), 0);

  CHECK_RUN(desk.shell("$ verify --wall-clock 1ns %/good.jsonl"), 3);
  CHECK_RUN(desk.shell("$ verify --memory 64KiB %/good.jsonl"), 3);
  CHECK(mentions(desk.shell("$ verify --wall-clock soon %/good.jsonl").err, "--wall-clock: 'soon'"));
  CHECK_RUN(desk.shell("$ verify --memory much %/good.jsonl"), 2);
}

TEST_CASE("verification ends at an interrupt, with and without a second run") {
  const Desk desk;
  // A trace without an end, so that reading goes on until somebody stops it; and a scenario that would run for hours.
  CHECK_RUN(desk.shell("$ run %/good.yaml --trace %/good.jsonl"), 0);
  CHECK_RUN(desk.shell("timeout --preserve-status -s INT 0.3 $ run %/long.yaml --trace %/long.jsonl"), 130);
  CHECK_RUN(
      desk.shell(
          "(head -n -1 %/good.jsonl; sleep 2) | timeout --preserve-status -s INT 0.5 $ verify --no-rerun /dev/stdin"),
      130);
  CHECK_RUN(
      desk.shell("(cat %/long.jsonl | head -n 2; sleep 2) | timeout --preserve-status -s INT 0.5 $ verify /dev/stdin"),
      130);
}

TEST_CASE("a message altered while it is passed on is judged from the trace as in the run") {
  const Desk desk;
  // Replica 2 passes a corrupted client's request on to the primary with another number, in the client's name.
  desk.file("relay.yaml",
            "schema: byzsim/v1\nname: relay\nprotocol: {name: pbft, n: 4}\nnetwork: {latency: 10ms}\n"
            "clients: {requests: 0, script: [{name: a, at: 0s, to: [2]}]}\n"
            "adversary: {corrupt: [2, c0], rules: [{match: {type: request, from: 2}, do: {alter: {number: 9}}}]}\n"
            "run: {until: 3s}\nexpect: {safety: held, happened: {alter: 1}, metrics: {decisions: 1}}\n");
  const Ran run = desk.shell("$ run %/relay.yaml --format json --trace %/relay.jsonl");
  CHECK_RUN(run, 0);
  const Ran verified = desk.shell("$ verify %/relay.jsonl --format json");
  CHECK_RUN(verified, 0);
  CHECK(verified.out == run.out);
}

TEST_CASE("several runs write several traces") {
  const Desk desk;
  CHECK_RUN(desk.shell("$ run %/legs.yaml %/many.yaml --trace %/t.jsonl.zst"), 1);
  for (const char* name : {"t-legs-one-seed3", "t-legs-two-seed3", "t-many-seed1", "t-many-seed2", "t-many-seed3"}) {
    CHECK_MESSAGE(desk.has(fmt::format("{}.jsonl.zst", name)), name);
  }
  CHECK_RUN(desk.shell("cp %/good.yaml %/set/; $ run %/good.yaml %/set/good.yaml --trace %/t.jsonl"), 2);
}

TEST_CASE("what cannot be written is exit 4 and a sentence, and leaves nothing") {
  const Desk desk;
  const auto fails = [&](const std::string& command, const std::string& sentence) {
    const Ran ran = desk.shell(command);
    CHECK_RUN(ran, 4);
    CHECK(mentions(ran.err, sentence));
  };
  fails("$ run %/good.yaml --trace /dev/full", "cannot write the trace '/dev/full': No space left on device");
  fails("$ run %/good.yaml --trace %", "it is a folder");
  fails("$ run %/good.yaml --trace %/none/t", "there is no folder");
  fails("$ run %/good.yaml >/dev/full", "cannot write to standard output");
  fails("$ run %/good.yaml >&-", "cannot write to standard output");
  fails("$ list >/dev/full", "cannot write to standard output");
  fails("$ --help >/dev/full", "cannot write to standard output");
  fails("$ test %/good.yaml --report junit=/dev/full", "cannot write the report '/dev/full'");
  fails("$ test %/good.yaml --report junit=%/none/r.xml", "there is no folder");
  CHECK_RUN(desk.shell("$ schema | true"), 0);
  // Standard error gone as well: still an exit code and no abort.
  CHECK_RUN(desk.shell("$ list >/dev/full 2>/dev/full"), 4);
  CHECK_RUN(desk.shell("$ run %/nope.yaml 2>/dev/full"), 2);
  CHECK_RUN(desk.shell("$ run %/bad.yaml 2>/dev/full"), 2);
  for (const auto& entry : fs::directory_iterator(desk.path)) CHECK(entry.path().extension() != ".part");
}

TEST_CASE("an interrupt ends a run cleanly") {
  const Desk desk;
  // The signal comes once the first result has been printed, however long that takes.
  std::ofstream(desk / "interrupt.sh") << "\"$@\" & job=$!; until test -s '" << desk / ".out"
                                       << "'; do sleep 0.02; done; kill -INT $job; wait $job\n";
  const Ran ran = desk.shell("sh %/interrupt.sh $ run %/good.yaml %/long.yaml --format json --trace %/t.jsonl");
  CHECK_RUN(ran, 130);
  REQUIRE(ran.lines().size() == 2);
  CHECK(ran.lines()[0]["verdict"] == "met");
  const Ran tests = desk.shell("sh %/interrupt.sh $ test %/good.yaml %/long.yaml --jobs 2");
  CHECK_RUN(tests, 130);
  CHECK(mentions(tests.out, "ok   "));
  CHECK(mentions(tests.out, "1 passed, 0 failed, 1 skipped\n"));
}

TEST_CASE("tests run each variant and report them") {
  const Desk desk;
  const Ran ran = desk.shell("$ test %/good.yaml %/legs.yaml %/cut.yaml %/many.yaml --jobs 2 --report junit=%/r.xml");
  CHECK_RUN(ran, 1);
  CHECK(ran.out.ends_with("\n3 passed, 2 failed\n"));
  CHECK(mentions(ran.out, "legs.yaml [two]: "));
  CHECK(mentions(ran.out, "reproduce: byzsim run "));
  CHECK(mentions(ran.out, "cut.yaml: inconclusive: "));
  boost::property_tree::ptree xml;
  boost::property_tree::read_xml(desk / "r.xml", xml);
  CHECK(xml.get<int>("testsuite.<xmlattr>.tests") == 5);
  CHECK(xml.get<int>("testsuite.<xmlattr>.failures") == 2);
  CHECK(xml.get<int>("testsuite.<xmlattr>.errors") == 0);
  CHECK(mentions(content(desk / "r.xml"), "reproduce: byzsim run"));
  CHECK_RUN(desk.shell("$ test %/good.yaml %/set"), 0);
}

TEST_CASE("list, explain and schema") {
  const Desk desk;
  const Ran list = desk.shell("$ list");
  CHECK_RUN(list, 0);
  for (const char* name : {"pbft", "equivocate", "agreement", "normal"}) CHECK(mentions(list.out, name));
  CHECK_RUN(desk.shell("$ list protocols"), 0);
  const Ran key = desk.shell("$ explain network.latency");
  CHECK_RUN(key, 0);
  CHECK(mentions(key.out, "latency"));
  CHECK_RUN(desk.shell("$ explain equivocate"), 0);
  const Ran schema = desk.shell("$ schema");
  CHECK_RUN(schema, 0);
  CHECK(ordered_json::parse(schema.out, nullptr, false).is_object());
}

// Run by the next test as a child, in ways that only a child should be.
TEST_CASE("child: crashes" * doctest::skip()) {
  std::abort();
}
TEST_CASE("child: hangs" * doctest::skip()) {
  ::pause();
}
TEST_CASE("child: shouts" * doctest::skip()) {
  const std::string shout(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) fmt::print("{}", shout);
}

TEST_CASE("a child that crashes, hangs or shouts costs only itself") {
  using std::chrono::milliseconds;
  const auto task = [](const std::string& name, int limit) {
    return cli::ChildTask{{"--no-skip", "--test-case=child: " + name}, milliseconds(limit)};
  };
  std::vector<cli::ChildEnd> ends(4);
  cli::run_children(
      {task("crashes", 20'000), task("hangs", 300), task("shouts", 20'000), task("nothing of the sort", 20'000)}, 2,
      [&](std::size_t index, const cli::ChildEnd& end) { ends[index] = end; }, [](std::size_t, std::size_t) {});
  CHECK(ends[0].signal + ends[0].code > 0);  // doctest catches the signal, reports it and may raise it again
  CHECK(ends[1].timed_out);
  CHECK(ends[1].signal == SIGKILL);
  CHECK(ends[2].code == 0);
  CHECK(ends[2].output.size() == std::size_t{16} << 20);
  CHECK(ends[3].code == 0);
  CHECK(!ends[3].timed_out);
}

TEST_CASE("texts are quoted for shells and for XML") {
  CHECK(cli::shell_quoted("a/b.yaml") == "a/b.yaml");
  CHECK(cli::shell_quoted("it's") == "'it'\\''s'");
  CHECK(cli::shell_quoted("") == "''");
  CHECK(cli::shell_quoted("$(rm)") == "'$(rm)'");
  CHECK(cli::xml_escaped("<a b=\"c\">&") == "&lt;a b=&quot;c&quot;&gt;&amp;");
  CHECK(cli::xml_escaped(std::string("a\0b\x1b\x80\xc0\xaf", 7)) == "a?b????");
  CHECK(cli::xml_escaped("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80") == "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80");
  CHECK(cli::xml_escaped("\xed\xa0\x80") == "???");  // a lone surrogate
}

}  // namespace
}  // namespace byzsim
