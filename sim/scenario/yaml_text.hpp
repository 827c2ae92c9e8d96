// What yaml-cpp does not check about the bytes it is given.
#pragma once

#include <string>

#include "sim/core/diagnostics.hpp"

namespace byzsim {

/// Not too large, no NUL, valid UTF-8; or false after an error.
bool acceptable_text(const std::string& text, std::uint32_t source, Diagnostics& errors);

/// Whether the quotes that open at or after this place are never closed. yaml-cpp takes the end of the file for them.
bool unterminated_quotes(const std::string& text, Position where);

}  // namespace byzsim
