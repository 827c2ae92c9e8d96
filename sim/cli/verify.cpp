// byzsim verify: judges a recorded run again, from its trace alone. Every signature and the order of all lines are
// checked on the way. A trace that does not hold together is bad input: exit code 2.
#include <fmt/core.h>

#include <memory>

#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/report.hpp"
#include "sim/cli/session.hpp"
#include "sim/trace/header.hpp"

namespace byzsim::cli {

namespace {

int verify(const std::vector<std::string>& traces, Format format) {
  int code = kMet;
  for (const std::string& trace : traces) {
    try {
      const Ending ending = judge_trace(trace, format == Format::text);
      print_result(ending, format);
      Output::standard().flush();
      code = worst(code, exit_code(ending.result.verdict));
    } catch (const BadTrace& error) {
      Output::standard().flush();
      say(fmt::format("byzsim: {}: {}\n", trace, error.what()));
      code = worst(code, kUsage);
    }
  }
  return code;
}

}  // namespace

void add_verify(CLI::App& app, Action& chosen) {
  CLI::App* sub = app.add_subcommand("verify", "judge recorded runs again, from their traces alone");
  const auto traces = std::make_shared<std::vector<std::string>>();
  const auto format = std::make_shared<std::string>("text");
  sub->add_option("traces", *traces, "trace files, plain or compressed")->required()->option_text("TRACE...");
  add_format(*sub, *format);
  sub->footer("\nExample:\n  byzsim verify attack.jsonl.zst");
  sub->callback(
      [&chosen, traces, format] { chosen = [traces, format] { return verify(*traces, parse_format(*format)); }; });
}

}  // namespace byzsim::cli
