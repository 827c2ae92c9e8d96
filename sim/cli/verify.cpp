// byzsim verify: checks recorded runs against themselves and against a second run of their scenarios, and judges them
// again. What is checked, and what cannot be, stands in verify_trace.hpp. A trace that is not what its scenario does is
// bad input: exit code 2.
#include <fmt/core.h>

#include <memory>

#include "sim/cli/command.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/report.hpp"
#include "sim/cli/verify_trace.hpp"
#include "sim/cli/version.hpp"
#include "sim/core/units.hpp"

namespace byzsim::cli {

namespace {

struct VerifyCommand {
  std::vector<std::string> traces;
  std::string format = "text";
  bool no_rerun = false;
  std::string wall_clock = "10min";
  std::string memory = "4GiB";
};

template <class Value>
Value needed(const char* option, const std::string& text, const Parsed<Value>& parsed) {
  if (!parsed) {
    throw UsageError(
        fmt::format("{}: '{}' {}{}{}", option, text, parsed.error, parsed.hint.empty() ? "" : "; ", parsed.hint));
  }
  return parsed.value;
}

int verify_one(const std::string& trace, const VerifyOptions& options, Format format) {
  try {
    const Verified verified = verify_trace([&] { return open_file(trace); }, options);
    if (verified.tool != kVersion) {
      say(fmt::format("byzsim: {}: byzsim {} wrote this trace; {}\n", trace, verified.tool,
                      options.rerun ? fmt::format("{} writes the same", kVersion)
                                    : fmt::format("{} may read it otherwise", kVersion)));
    }
    print_result(verified.ending, format);
    Output::standard().flush();
    return exit_code(verified.ending.result.verdict);
  } catch (const Unfinished& error) {
    Output::standard().flush();
    say(fmt::format("byzsim: {}: {}\n", trace, error.what()));
    return kInconclusive;
  } catch (const BadTrace& error) {
    Output::standard().flush();
    say(fmt::format("byzsim: {}: {}\n", trace, error.what()));
    return kUsage;
  }
}

int verify(const VerifyCommand& command) {
  const Format format = parse_format(command.format);
  VerifyOptions options;
  options.rerun = !command.no_rerun;
  options.with_sequence = format == Format::text;
  options.patience = needed("--wall-clock", command.wall_clock, parse_duration(command.wall_clock));
  if (options.patience <= Duration{}) throw UsageError("--wall-clock must be more than nothing");
  options.memory = needed("--memory", command.memory, parse_bytes(command.memory)).bytes;
  int code = kMet;
  for (const std::string& trace : command.traces) {
    if (interrupted()) break;
    code = worst(code, verify_one(trace, options, format));
  }
  return code;
}

}  // namespace

void add_verify(CLI::App& app, Action& chosen) {
  CLI::App* sub = app.add_subcommand("verify", "run the scenarios of traces again, compare, and judge the traces");
  const auto command = std::make_shared<VerifyCommand>();
  sub->add_option("traces", command->traces, "trace files, plain or compressed")->required()->option_text("TRACE...");
  add_format(*sub, command->format);
  sub->add_flag("--no-rerun", command->no_rerun,
                "do not run the scenario again: the trace must hold together, the rest is taken on trust");
  sub->add_option("--wall-clock", command->wall_clock,
                  "give up on a trace, inconclusive, after so much of your time; 10min unless given")
      ->option_text("DURATION");
  sub->add_option("--memory", command->memory,
                  "give up on a trace, inconclusive, when what must be remembered of it takes more; 4GiB unless given")
      ->option_text("BYTES");
  sub->footer("\nExample:\n  byzsim verify attack.jsonl.zst");
  sub->callback([&chosen, command] { chosen = [command] { return verify(*command); }; });
}

}  // namespace byzsim::cli
