// The scenario language as others read it: a JSON Schema for editors, and explanations for people. Both are made from
// the descriptions of the settings and the catalogue, so they cannot disagree with the loader.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace byzsim {

/// Draft-07, for a whole file: `extends`, `variants`, `x-` keys, and the options of everything in the catalogue.
nlohmann::ordered_json json_schema();

struct Explanation {
  bool found = false;
  std::string text;  ///< or, if not found, a sentence that says so and suggests
};

/// Explains a key by its dotted path (`network.latency`), by its last component (every match), or a catalogue entry by
/// name
/// (`equivocate`), or a kind (`behaviour`: lists the entries).
Explanation explain(std::string_view key);

}  // namespace byzsim
