#include "sim/cli/scenarios.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "analysis/expectation_check.hpp"
#include "sim/cli/arguments.hpp"
#include "sim/cli/output.hpp"
#include "sim/core/diagnostics.hpp"
#include "sim/core/visible.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world.hpp"

namespace byzsim::cli {

namespace fs = std::filesystem;

namespace {

bool is_scenario(const fs::path& path) {
  const std::string name = path.filename().string();
  return !name.starts_with('_') && !name.starts_with('.') &&
         (path.extension() == ".yaml" || path.extension() == ".yml");
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (is_scenario(entry->path()) && !entry->is_directory(ignored))
      files.push_back(entry->path().lexically_normal().string());
  }
  if (error) throw UsageError(fmt::format("cannot search the folder '{}': {}", visible(folder), error.message()));
  if (files.empty()) throw UsageError(fmt::format("there is no scenario (*.yaml) in the folder '{}'", visible(folder)));
  std::sort(files.begin(), files.end());
  return files;
}

[[noreturn]] void no_such_variant(const std::vector<std::string>& files, const std::string& variant) {
  std::set<std::string> known;
  Diagnostics unheard;
  for (const std::string& file : files) {
    for (const Scenario& scenario : load(file, {}, unheard)) known.insert(scenario.variant);
  }
  known.erase("");
  if (known.empty()) throw UsageError(fmt::format("no scenario has the variant '{}'; there are no variants", variant));
  const std::string hint = did_you_mean(variant, {known.begin(), known.end()});
  throw UsageError(fmt::format("no scenario has the variant '{}'{}{}", variant, hint.empty() ? "" : "; ", hint));
}

}  // namespace

void add_selection(CLI::App& app, Selection& selection) {
  app.add_option("paths", selection.paths, "scenario files, or folders that are searched for *.yaml")
      ->required()
      ->option_text("FILE|DIR...");
  app.add_option("--seed", selection.seed, "run with this seed, whatever the scenario says")->option_text("N");
  add_repeatable(app, "--set", selection.sets, "change a setting, such as --set protocol.n=7; may be repeated")
      ->option_text("KEY=VALUE");
  app.add_option("--variant", selection.variant, "only this variant of each scenario")->option_text("NAME");
}

std::vector<std::string> scenario_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) throw UsageError(fmt::format("there is no file or folder '{}'", visible(path)));
    for (std::string& file : fs::is_directory(status) ? files_below(path) : std::vector<std::string>{path}) {
      if (seen.insert(file).second) files.push_back(std::move(file));
    }
  }
  return files;
}

std::vector<Scenario> load_scenarios(const Selection& selection) {
  LoadOptions options;
  options.sets = selection.sets;
  if (!selection.seed.empty()) options.seed = parse_seed(selection.seed);
  if (!selection.variant.empty()) options.variant = selection.variant;
  options.further = {check_against_protocol, check_expectations};
  std::vector<Scenario> all;
  Diagnostics errors;
  const std::vector<std::string> files = scenario_files(selection.paths);
  for (const std::string& file : files) {
    for (Scenario& scenario : load(file, options, errors)) all.push_back(std::move(scenario));
  }
  say(errors.render());
  if (!errors.ok()) {
    throw UsageError(fmt::format("{} {}; nothing was run", errors.errors(), errors.errors() == 1 ? "error" : "errors"));
  }
  if (all.empty()) no_such_variant(files, selection.variant);
  return all;
}

void refuse_inputs(const std::string& path, const std::vector<Scenario>& scenarios) {
  std::error_code error;
  if (path.empty() || !fs::exists(path, error)) return;
  for (const Scenario& scenario : scenarios) {
    for (const std::string& input : scenario.inputs) {
      if (!fs::equivalent(path, input, error)) continue;
      throw UsageError(
          fmt::format("'{}' is read by this command and would be overwritten; write to another file", visible(path)));
    }
  }
}

std::string shell_quoted(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./=:,+%@").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  // What a terminal would act on is written out, in the quotes of shells that know how.
  if (visible(text) != text) {
    std::string quoted = "$'";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte >= 0x7f) {
        quoted += fmt::format("\\{:03o}", byte);
      } else {
        if (c == '\'' || c == '\\') quoted += '\\';
        quoted += c;
      }
    }
    return quoted + "'";
  }
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string reproduce_line(const Scenario& scenario, const std::vector<std::string>& sets) {
  // A name that begins with a dash would be taken for an option.
  std::string line =
      "byzsim run " + shell_quoted(scenario.file.starts_with('-') ? "./" + scenario.file : scenario.file);
  if (!scenario.variant.empty()) line += " --variant " + shell_quoted(scenario.variant);
  if (!scenario.run.seeds) line += fmt::format(" --seed {}", scenario.run.seed);
  for (const std::string& set : sets) line += " --set " + shell_quoted(set);
  return line;
}

std::string title(const Scenario& scenario) {
  return scenario.variant.empty() ? scenario.file : fmt::format("{} [{}]", scenario.file, scenario.variant);
}

}  // namespace byzsim::cli
