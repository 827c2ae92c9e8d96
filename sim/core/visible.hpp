// Text from files, as it is safe to print: whatever could move a terminal's cursor, colour it, end a line or turn the
// direction of writing is written out (`\x1b`, `\n`, `\u202e`), as are bytes that are no UTF-8. All other text stays as
// it is. Everything that byzsim prints and did not write itself passes through here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace byzsim {

/// One line: ends of lines and tabs are written out, too.
std::string visible(std::string_view text);
/// Several lines: line feeds stay.
std::string visible_lines(std::string_view text);
/// JSON, where control characters below 32 are written out already: the others become `\u` and four digits, which every
/// reader turns back.
std::string visible_json(std::string_view json);

/// The length of the well-formed UTF-8 sequence at the start of `text`, and what it means; 0 if there is none.
std::size_t utf8_at(std::string_view text, char32_t& code);

}  // namespace byzsim
