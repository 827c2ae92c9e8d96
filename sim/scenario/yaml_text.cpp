#include "sim/scenario/yaml_text.hpp"

#include <fmt/core.h>

#include "sim/scenario/yaml.hpp"

namespace byzsim {

namespace {

/// The place of a byte of the text.
Position place_of(const std::string& text, std::size_t offset, std::uint32_t source) {
  Position where{source, 1, 1};
  for (std::size_t i = 0; i < offset; ++i) {
    where.column = text[i] == '\n' ? 1 : where.column + 1;
    where.line += text[i] == '\n' ? 1 : 0;
  }
  return where;
}

/// The offset of the first byte that is not part of valid UTF-8, or the size.
std::size_t invalid_utf8(const std::string& text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      unsigned char low = 0x80;
      unsigned char high = 0xBF;
      if (k == 1 && lead == 0xE0) low = 0xA0;   // overlong
      if (k == 1 && lead == 0xED) high = 0x9F;  // surrogates
      if (k == 1 && lead == 0xF0) low = 0x90;
      if (k == 1 && lead == 0xF4) high = 0x8F;
      if (next < low || next > high) return i;
    }
    i += length;
  }
  return i;
}

}  // namespace

bool unterminated_quotes(const std::string& text, Position where) {
  std::size_t i = 0;
  for (std::uint32_t line = 1; line < where.line && i < text.size(); ++i) line += text[i] == '\n' ? 1 : 0;
  i = text.find_first_of("'\"", i + where.column - 1);
  if (i == std::string::npos) return false;
  const char quote = text[i++];
  for (; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 >= text.size() || text[i + 1] != quote) return false;
      ++i;
    }
  }
  return true;
}

bool acceptable_text(const std::string& text, std::uint32_t source, Diagnostics& errors) {
  if (text.size() > kMaxYamlBytes) {
    errors.error({source, 0, 0}, fmt::format("the file has {} bytes; the most is {}", text.size(), kMaxYamlBytes));
    return false;
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string::npos) {
    errors.error(place_of(text, nul, source), "a NUL byte: this is not a text file");
    return false;
  }
  if (const std::size_t bad = invalid_utf8(text); bad != text.size()) {
    errors.error(place_of(text, bad, source), "not valid UTF-8");
    return false;
  }
  return true;
}

}  // namespace byzsim
