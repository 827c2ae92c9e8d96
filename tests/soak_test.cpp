// The soak itself: worlds are what they claim to be, cutting down keeps the failure, and nothing depends on the number
// of jobs. That it notices bugs is for its canaries to show (./dev ci).
#include "tests/soak/soak.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "sim/cli/interrupt.hpp"
#include "sim/scenario/yaml.hpp"
#include "tests/soak/plan.hpp"
#include "tests/soak/promises.hpp"
#include "tests/soak/shrink.hpp"
#include "tests/soak/world_text.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;
using namespace byzsim::soak;

Node world(std::uint64_t number) {
  return make_world(7, number, "pbft", {});
}

TEST_CASE("soak: every world loads, is the same each time, and is owed what its class says") {
  std::set<std::string> texts;
  std::set<std::string> classes;
  for (std::uint64_t number = 0; number < 300; ++number) {
    const Node tree = world(number);
    const std::string text = world_text(tree);
    CHECK(text == world_text(world(number)));
    texts.insert(text);
    std::string why;
    const std::optional<Scenario> scenario = load_world(tree, why);
    CHECK_MESSAGE(scenario.has_value(), number, ": ", why);
    if (!scenario) continue;
    const Promises promises = promises_of(*scenario, tree);
    const std::string& kind = tree.at_path("x-soak.class")->scalar;
    classes.insert(kind);
    CHECK(promises.liveness == (kind == "live"));
    CHECK(promises.safety == (kind != "beyond"));
    CHECK(sound(tree));
    if (promises.liveness) CHECK(scenario->run.until > scenario->network.gst + *promises.answered_within);
  }
  CHECK(texts.size() == 300);
  CHECK(classes == std::set<std::string>{"live", "wild", "beyond"});
}

TEST_CASE("soak: what a world is owed is read from the scenario, whatever the generator had in mind") {
  const auto owed = [](const std::string& adversary, const std::string& timeline, const char* kind = "live") {
    Diagnostics errors;
    const std::string text =
        "{schema: byzsim/v1, name: x, protocol: {name: pbft, n: 4}, network: {delta: 20ms, gst: 2s}, "
        "adversary: " +
        adversary + ", timeline: " + timeline + ", x-soak: {class: " + kind + "}}";
    const auto tree = parse_yaml(text, errors.add_source("x", text), errors);
    std::string why;
    const auto scenario = load_world(*tree, why);
    REQUIRE_MESSAGE(scenario.has_value(), why);
    return promises_of(*scenario, *tree);
  };
  CHECK(owed("{corrupt: [0]}", "[]").liveness);
  CHECK_FALSE(owed("{corrupt: [0]}", "[]", "wild").liveness);
  CHECK_FALSE(owed("{corrupt: [0, 1]}", "[]").safety);
  CHECK(owed("{corrupt: [0, c0]}", "[]").safety);  // clients are no replicas
  // Whoever comes back without its state is faulty for ever; whoever keeps it is missed only after GST.
  CHECK_FALSE(owed("{corrupt: [0]}", "[{at: 1s, crash: [1], until: 1500ms, state: lost}]").safety);
  CHECK(owed("{corrupt: [0]}", "[{at: 1s, crash: [1], until: 1500ms}]").liveness);
  const Promises down = owed("{corrupt: [0]}", "[{at: 1s, crash: [1], until: 3s}]");
  CHECK(down.safety);
  CHECK_FALSE(down.liveness);
  // Two quorums of three among four share two: both can be named, unless somebody forgets.
  const Promises two = owed("{corrupt: [0, 1]}", "[]", "beyond");
  CHECK(two.completeness);
  CHECK(two.named_at_least == 2);
  CHECK_FALSE(owed("{corrupt: [0, 1, 2]}", "[]", "beyond").completeness);  // a quorum of liars
  CHECK_FALSE(owed("{corrupt: [0, 1]}", "[{at: 1s, crash: [2], until: 3s, state: lost}]", "beyond").completeness);
}

TEST_CASE("soak: a failure is cut down to what it needs") {
  // It fails while somebody's commits are dropped among at least three replicas.
  const KindsOf kinds_of = [](const Node& tree) {
    const Node* rules = tree.at_path("adversary.rules");
    bool drops = false;
    for (std::size_t i = 0; rules != nullptr && i < rules->items.size(); ++i) {
      const Node* type = rules->items[i].at_path("match.type");
      drops = drops || (type != nullptr && type->scalar == "commit" && rules->items[i].at_path("do")->scalar == "drop");
    }
    const bool fails = drops && parse_unsigned(tree.at_path("protocol.n")->scalar).value >= 3;
    return fails ? std::set<std::string>{"safety x"} : std::set<std::string>{};
  };
  Node tree = world(3);
  const Node commits = map_of({{"type", text("commit")}, {"to", number_list({0})}, {"before", Node::plain("1s")}});
  Node rules = Node::list();
  if (const Node* drawn = tree.at_path("adversary.rules")) rules = *drawn;
  rules.push(map_of({{"match", commits}, {"do", text("drop")}}));
  tree.set("adversary.rules", rules, {});
  const Shrunk shrunk = shrink(tree, "safety x", {2000}, kinds_of);
  CHECK(kinds_of(shrunk.tree).contains("safety x"));
  CHECK(shrunk.tree.at_path("protocol.n")->scalar == "3");
  REQUIRE(shrunk.tree.at_path("adversary.rules") != nullptr);
  CHECK(shrunk.tree.at_path("adversary.rules")->items.size() == 1);
  CHECK(shrunk.tree.at_path("adversary.rules.0.match.to") == nullptr);
  CHECK(shrunk.tree.find("timeline") == nullptr);
  CHECK(shrunk.tree.at_path("clients.script") == nullptr);
  // A budget is a budget.
  CHECK(shrink(tree, "safety x", {5}, kinds_of).tried == 5);
  CHECK(shrink(tree, "safety x", {5, std::chrono::steady_clock::now()}, kinds_of).tried == 0);
}

TEST_CASE("soak: the result does not depend on the number of jobs") {
  SoakSettings settings;
  settings.seed = 7;
  settings.worlds = 48;
  settings.keep = 0;
  settings.jobs = 1;
  SoakEnd one = soak::soak(settings);
  settings.jobs = 3;
  SoakEnd three = soak::soak(settings);
  CHECK(one.summary.worlds() == 48);
  CHECK(one.summary.text() == three.summary.text());
  CHECK(one.failures.size() == three.failures.size());
}

// In a child of its own, with a process group as a terminal's: Ctrl-C reaches all of it.
TEST_CASE("soak: whoever presses Ctrl-C hears of the worlds that were done") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setpgid(0, 0);
    cli::watch_interrupts();
    SoakSettings settings;
    settings.seed = 7;
    settings.worlds = 1'000'000;
    std::thread([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      ::kill(0, SIGINT);
    }).detach();
    const SoakEnd end = soak::soak(settings);
    ::_exit(end.interrupted && end.failures.empty() && end.summary.worlds() > 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
