// byzsim explain: what a key of a scenario, or an entry of the catalogue, means.
#include <fmt/core.h>

#include <memory>

#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/core/visible.hpp"
#include "sim/scenario/schema.hpp"

namespace byzsim::cli {

void add_explain(CLI::App& app, Action& chosen) {
  CLI::App* sub =
      app.add_subcommand("explain", "explain a scenario key (network.latency) or a catalogue entry (equivocate)");
  const auto key = std::make_shared<std::string>();
  sub->add_option("key", *key, "a dotted key, or the name of a catalogue entry")->required()->option_text("KEY");
  sub->footer("\nExamples:\n  byzsim explain network.latency\n  byzsim explain equivocate");
  sub->callback([&chosen, key] {
    chosen = [key] {
      const Explanation found = explain(*key);
      if (!found.found) throw UsageError(found.text);
      const std::string text = visible_lines(found.text);
      Output::standard().print(text.ends_with('\n') ? text : text + "\n");
      return static_cast<int>(kMet);
    };
  });
}

}  // namespace byzsim::cli
