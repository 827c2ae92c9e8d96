// byzsim check: reads scenarios, reports every error and what will probably not be what was meant, and runs nothing.
#include <fmt/core.h>

#include <memory>

#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/scenarios.hpp"
#include "sim/core/visible.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/world.hpp"

namespace byzsim::cli {

namespace {

int check(const Selection& selection) {
  for (const Scenario& scenario : load_scenarios(selection)) {
    std::vector<std::string> doubts = feasibility(scenario);
    for (std::string& doubt : protocol_doubts(scenario)) doubts.push_back(std::move(doubt));
    Output::standard().print(fmt::format("{}: valid{}\n", visible(title(scenario)), doubts.empty() ? "" : ", but"));
    for (const std::string& doubt : doubts) Output::standard().print(fmt::format("  warning: {}\n", visible(doubt)));
  }
  return kMet;
}

}  // namespace

void add_check(CLI::App& app, Action& chosen) {
  CLI::App* sub =
      app.add_subcommand("check", "validate scenarios and test whether they can work, without running them");
  const auto selection = std::make_shared<Selection>();
  add_selection(*sub, *selection);
  sub->footer("\nExample:\n  byzsim check scenarios/");
  sub->callback([&chosen, selection] { chosen = [selection] { return check(*selection); }; });
}

}  // namespace byzsim::cli
