#include "sim/cli/report.hpp"

#include "analysis/report.hpp"
#include "sim/cli/output.hpp"

namespace byzsim::cli {

namespace {

/// Results are printed as they come, so that an interrupt loses none; a blank line stands between two texts.
void print_now(const std::string& text, Format format) {
  static bool first = true;
  if (format == Format::text && !first) Output::standard().print("\n");
  first = false;
  Output::standard().print(text);
  Output::standard().flush();
}

TextStyle style() {
  TextStyle made;
  made.colour = Output::standard().color();
  return made;
}

}  // namespace

void add_format(CLI::App& app, std::string& format) {
  app.add_option("--format", format, "how results are printed: text, or json (an object per scenario, a line each)")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("FORMAT");
}

Format parse_format(const std::string& format) {
  return format == "json" ? Format::json : Format::text;
}

void print_result(const Ending& ending, Format format) {
  print_now(
      format == Format::json ? json_line(ending.result) : text_report(ending.result, style(), ending.sequence.get()),
      format);
}

void print_result(const AggregateResult& result, Format format) {
  print_now(format == Format::json ? json_line(result) : text_report(result, style()), format);
}

}  // namespace byzsim::cli
