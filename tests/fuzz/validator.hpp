// A JSON Schema validator for the keywords that byzsim's own schema uses (tests/schema_test.cpp lists them), so that
// the schema can be held against the loader millions of times. Throws std::logic_error for a keyword it does not know.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace byzsim::fuzz {

/// Where and why `document` does not fit the schema; empty if it fits.
std::string misfit(const nlohmann::ordered_json& document, const nlohmann::ordered_json& schema);
/// Whether the whole of `pattern` matches (patterns are anchored); compiled once a pattern.
bool fits_pattern(const std::string& text, const std::string& pattern);

}  // namespace byzsim::fuzz
