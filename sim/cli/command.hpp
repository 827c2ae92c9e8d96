// What the subcommands share: exit codes, how one is added to the command line, and what all of them are told.
//
// A subcommand is one file. It adds its options to a CLI::App and leaves an action behind; the action does the work and
// returns an exit code. Bad input is a UsageError, a failing file system a TraceError, a bug an InternalError; main()
// turns each into a sentence on stderr and its exit code, so actions catch only what they can go on after.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace byzsim::cli {

/// Exit codes of byzsim.
enum Exit : int {
  kMet = 0,            ///< every expectation met
  kUnmet = 1,          ///< some expectation not met
  kUsage = 2,          ///< the command line, a scenario or a trace is wrong
  kInconclusive = 3,   ///< a bound was reached before it could be said
  kInternal = 4,       ///< a bug in byzsim, or a file could not be written
  kInterrupted = 130,  ///< Ctrl-C; 128 and the number of whatever signal it was, such as 143 if terminated
};

/// Of several outcomes the worst: interrupted, internal, usage, unmet, inconclusive, met.
int worst(int a, int b);

/// What the user asked for makes no sense; the text says why. Exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Set by the subcommand that the command line chose.
using Action = std::function<int()>;

void add_run(CLI::App& app, Action& chosen);
void add_check(CLI::App& app, Action& chosen);
void add_test(CLI::App& app, Action& chosen);
void add_verify(CLI::App& app, Action& chosen);
void add_list(CLI::App& app, Action& chosen);
void add_explain(CLI::App& app, Action& chosen);
void add_schema(CLI::App& app, Action& chosen);

}  // namespace byzsim::cli
