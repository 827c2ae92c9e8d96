// byzsim list: everything that a scenario can name, with a line each.
#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/core/catalogue.hpp"
#include "sim/core/diagnostics.hpp"

namespace byzsim::cli {

namespace {

int list(const std::string& kind) {
  const std::vector<const CatalogueEntry*> all = Catalogue::list();
  std::vector<std::string> kinds;
  for (const CatalogueEntry* entry : all) kinds.push_back(entry->kind);
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  // `byzsim list protocols` means what it says.
  const std::string singular = kind.ends_with('s') ? kind.substr(0, kind.size() - 1) : kind;
  const bool known = kind.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end() ||
                     std::find(kinds.begin(), kinds.end(), singular) != kinds.end();
  if (!known) {
    const std::string hint = did_you_mean(kind, kinds);
    throw UsageError(fmt::format("there is no list of '{}'{}{}", kind, hint.empty() ? "" : "; ", hint));
  }
  std::string current;
  for (const CatalogueEntry* entry : all) {
    if (!kind.empty() && entry->kind != kind && entry->kind != singular) continue;
    if (entry->kind != current) {
      Output::standard().print(fmt::format("{}{}\n", current.empty() ? "" : "\n", entry->kind));
      current = entry->kind;
    }
    Output::standard().print(fmt::format("  {:<24} {}\n", entry->name, entry->summary));
  }
  return kMet;
}

}  // namespace

void add_list(CLI::App& app, Action& chosen) {
  CLI::App* sub = app.add_subcommand("list", "list protocols, behaviours, invariants, latency models and the like");
  const auto kind = std::make_shared<std::string>();
  sub->add_option("kind", *kind, "only these: protocols, behaviours, ...")->option_text("KIND");
  sub->footer("\nExample:\n  byzsim list behaviours");
  sub->callback([&chosen, kind] { chosen = [kind] { return list(*kind); }; });
}

}  // namespace byzsim::cli
