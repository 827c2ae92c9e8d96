// byzsim_soak: random worlds for as long as you like, each held to what it is owed. See tests/README.md.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "sim/cli/interrupt.hpp"
#include "tests/soak/plan.hpp"
#include "tests/soak/soak.hpp"
#include "tests/soak/world_text.hpp"

namespace {

using namespace byzsim;
using namespace byzsim::soak;

int report(const SoakSettings& settings, SoakEnd& end, bool must_reach) {
  fmt::print("\nsoak of {}, seed {}, worlds from {} on{}\n", settings.protocol, settings.seed, settings.first,
             end.interrupted ? ", interrupted" : "");
  fmt::print("{}", end.summary.text());
  for (const Failure& failure : end.failures) {
    if (failure.file.empty()) continue;
    fmt::print("FAIL {}: {}\n     reproduce: byzsim run {}\n", failure.finding.kind,
               failure.finding.what.substr(0, 200), failure.file);
  }
  const bool unreached = must_reach && !end.interrupted && !end.summary.unreached().empty();
  if (unreached) fmt::print("FAIL the generator no longer reaches everything: see `unreached`\n");
  fmt::print("{} failures in {} worlds; at most {} MB resident\n", end.failures.size(), end.summary.worlds(),
             end.summary.resident_mb());
  if (!end.failures.empty() || unreached) return 1;
  return end.interrupted ? cli::interrupt_code() : 0;
}

int canary(SoakSettings settings) {
  settings.first_only = true;
  const SoakEnd end = soak::soak(settings);
  std::string bug;
  for (const std::string& set : settings.sets) bug += (bug.empty() ? "" : ", ") + set;
  if (end.failures.empty() && end.interrupted) return cli::interrupt_code();
  if (end.failures.empty()) {
    fmt::print("FAIL the canary lives: {} went unnoticed in {} worlds\n", bug, end.summary.worlds());
    return 1;
  }
  const Failure& first = end.failures.front();
  fmt::print("canary {}: caught by world {}: {}: {}\n", bug, first.world, first.finding.kind,
             first.finding.what.substr(0, 200));
  return 0;
}

int look_at(const std::vector<std::string>& files) {
  int code = 0;
  for (const std::string& file : files) {
    const Trial trial = try_file(file);
    fmt::print("{} {} ({} is owed)\n", trial.findings.empty() ? "ok  " : "FAIL", file, trial.kind);
    for (const Finding& finding : trial.findings) fmt::print("     {}: {}\n", finding.kind, finding.what);
    if (trial.kind == "wild") fmt::print("     with `x-soak: {{class: live}}` in it, liveness is owed as well\n");
    if (!trial.findings.empty()) code = 1;
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Random worlds, each held to what a protocol owes it. Failures are cut down and kept as scenarios.");
  SoakSettings settings;
  settings.jobs = std::max(1u, std::thread::hardware_concurrency());
  std::uint64_t seconds = 60;
  std::uint64_t worlds = 0;
  std::optional<std::uint64_t> show;
  bool dead = false;
  std::vector<std::string> files;
  app.add_option("seconds", seconds, "how long; cutting failures down comes on top")->check(CLI::Range(1, 10'000'000));
  app.add_option("--worlds", worlds, "so many worlds instead, however long they take");
  const CLI::Option* seed = app.add_option("--seed", settings.seed, "worlds of this seed; a fresh one unless given");
  app.add_option("--first", settings.first, "number of the first world");
  app.add_option("--jobs,-j", settings.jobs, "how many at once")->check(CLI::Range(1u, 1024u));
  app.add_option("--protocol", settings.protocol, "any protocol that says how its options vary");
  app.add_option("--set", settings.sets, "KEY=VALUE, laid over every world")->take_all();
  app.add_option("--out", settings.folder, "where failures are kept");
  app.add_option("--keep", settings.keep, "how many failures of one kind are cut down and kept");
  app.add_flag("--canary", dead, "with --set of something unsound: fails unless some world notices");
  app.add_option("--file", files, "no random worlds: hold these files to the same");
  app.add_option("--show", show, "print this world's scenario and do nothing else");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  cli::watch_interrupts();
  cli::writes_fail_instead_of_killing();
  try {
    if (!files.empty()) return look_at(files);
    settings.seconds = std::chrono::seconds(seconds);
    if (worlds > 0) settings.worlds = worlds;
    if (seed->count() == 0)
      settings.seed = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) / 1000000;
    const CatalogueEntry* entry = Catalogue::find("protocol", settings.protocol);
    if (entry == nullptr) throw std::runtime_error("no protocol is called " + settings.protocol);
    if (show) {
      fmt::print("{}", world_text(make_world(settings.seed, *show, settings.protocol, settings.sets)));
      return 0;
    }
    if (dead) return canary(settings);
    SoakEnd end = soak::soak(settings);
    return report(settings, end, settings.worlds && *settings.worlds >= 2000);
  } catch (const std::exception& error) {
    fmt::print(stderr, "byzsim_soak: {}\n", error.what());
    return 2;
  }
}
