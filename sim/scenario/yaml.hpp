// YAML text to a Node tree. The only place that knows yaml-cpp.
//
// Safe on any input: at most 1 MiB of valid UTF-8 without NULs, 64 levels, 4,096 keys a map, 100,000 nodes with aliases
// followed; anything beyond is an error with its place. One document a file: what yaml-cpp would silently drop after a
// mis-indented line is an error. Duplicate keys, merge keys (`<<`), tags and keys that are not words are errors. Never
// throws.
#pragma once

#include <optional>
#include <string>

#include "sim/core/diagnostics.hpp"
#include "sim/core/node.hpp"

namespace byzsim {

inline constexpr std::size_t kMaxYamlBytes = 1 << 20;
inline constexpr std::size_t kMaxYamlDepth = 64;
inline constexpr std::size_t kMaxYamlKeys = 4096;  ///< in one map
inline constexpr std::size_t kMaxYamlNodes = 100'000;

/// The document in the text of a source (see Diagnostics::add_source), or nothing after an error. An empty text is
/// null.
std::optional<Node> parse_yaml(const std::string& text, std::uint32_t source, Diagnostics& errors);

}  // namespace byzsim
