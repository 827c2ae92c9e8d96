// From paths on the command line to scenarios: folders are searched, files loaded, every error of every file reported.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/command.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim::cli {

/// Which scenarios, and what the command line changes in them.
struct Selection {
  std::vector<std::string> paths;
  std::vector<std::string> sets;
  std::string seed;     ///< as typed; empty if not given
  std::string variant;  ///< only this variant of each file; empty for all
};

/// Adds FILE|DIR…, --seed, --set and --variant.
void add_selection(CLI::App& app, Selection& selection);

/// The files that the paths mean, each once: a file as named, a folder as every *.yaml below it, sorted. Files whose
/// names begin with `_` are there to be extended and are left out. Throws UsageError for what is not there.
std::vector<std::string> scenario_files(const std::vector<std::string>& paths);

/// Every variant of every file. If anything is wrong anywhere, all errors go to stderr and UsageError is thrown;
/// warnings go to stderr too.
std::vector<Scenario> load_scenarios(const Selection& selection);

/// Refuses to write a file that is read: `path` is one of the scenarios' files, or of those they extend, by whatever
/// name.
void refuse_inputs(const std::string& path, const std::vector<Scenario>& scenarios);

/// The command that repeats a run: `byzsim run FILE --variant V --seed N --set …`, quoted for a shell. Without the seed
/// if the scenario repeats over several.
std::string reproduce_line(const Scenario& scenario, const std::vector<std::string>& sets);
/// `text` as one word of a POSIX shell.
std::string shell_quoted(const std::string& text);
/// `file`, or `file [variant]`.
std::string title(const Scenario& scenario);

}  // namespace byzsim::cli
