// byzsim schema: the JSON Schema of a scenario, for editors and other tools.
#include <nlohmann/json.hpp>

#include "sim/cli/command.hpp"
#include "sim/cli/output.hpp"
#include "sim/scenario/schema.hpp"

namespace byzsim::cli {

void add_schema(CLI::App& app, Action& chosen) {
  CLI::App* sub = app.add_subcommand("schema", "print the JSON Schema (draft-07) of a scenario");
  sub->footer("\nExample:\n  byzsim schema > byzsim.schema.json");
  sub->callback([&chosen] {
    chosen = [] {
      Output::standard().print(json_schema().dump(2) + "\n");
      return static_cast<int>(kMet);
    };
  });
}

}  // namespace byzsim::cli
