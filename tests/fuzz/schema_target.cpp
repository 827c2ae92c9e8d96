#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/expectation_check.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/scenario/schema.hpp"
#include "sim/world.hpp"
#include "tests/fuzz/sampler.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/fuzz/validator.hpp"

namespace byzsim::fuzz {

using Json = nlohmann::ordered_json;

void schema(const std::uint8_t* data, std::size_t size) {
  static const Json root = json_schema();
  Choices choices(data, size);
  Sampler sampler(root, choices);
  Json document = sampler.sample(root.at("definitions").at("scenario"), static_cast<int>(1 + choices.below(6)));
  document.erase("extends");
  for (std::uint64_t i = choices.below(3); i > 0; --i) sampler.damage(document);
  const std::string text = document.dump();
  Diagnostics errors;
  LoadOptions options;
  options.files = false;
  options.further = {check_against_protocol, check_expectations};
  const bool loaded = !load_text("fuzz.yaml", text, options, errors).empty();
  const std::string report = errors.render();
  // What a base and a variant come to together, where null takes away what is wrong or needed, no schema can say.
  if (document.contains("variants")) return;
  const std::string flaw = misfit(document, root);
  if (loaded && !flaw.empty()) throw Broken(fmt::format("the loader accepts, the schema does not: {}\n{}", flaw, text));
  if (loaded || !flaw.empty()) return;
  if (report.empty()) throw Broken("refused without a word\n" + text);
  // What a schema can say. (A bound on a duration, or how two keys go together, it cannot.)
  for (const char* sayable : {"unknown key", "missing key", "has no value"}) {
    if (report.find(sayable) != std::string::npos)
      throw Broken(fmt::format("the schema accepts, the loader says:\n{}\n{}", report, text));
  }
}

}  // namespace byzsim::fuzz
