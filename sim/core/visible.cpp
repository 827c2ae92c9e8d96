#include "sim/core/visible.hpp"

#include <fmt/core.h>

#include <cstdint>

namespace byzsim {

namespace {

bool within(char32_t code, char32_t first, char32_t last) {
  return first <= code && code <= last;
}

/// Characters that do something instead of showing something.
bool acts(char32_t code) {
  return code < 0x20 || within(code, 0x7f, 0x9f)                          // C0, delete, C1
         || code == 0x61c || within(code, 0x200b, 0x200f)                 // marks of direction, of width zero
         || within(code, 0x2028, 0x202e) || within(code, 0x2060, 0x206f)  // ends of lines, overrides, isolates
         || code == 0xfeff || within(code, 0xfff9, 0xfffb) || within(code, 0xe0000, 0xe007f);
}

enum class Form { line, lines, json };

std::string shown(std::string_view text, Form form) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    char32_t code = 0;
    const std::size_t length = utf8_at(text, code);
    if (length == 0) {
      if (form == Form::json) {
        out += "\\ufffd";
      } else {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
      }
      text.remove_prefix(1);
      continue;
    }
    const auto number = static_cast<std::uint32_t>(code);
    if (!acts(code) || (code == '\n' && form != Form::line)) {
      out += text.substr(0, length);
    } else if (form == Form::json && number > 0xffff) {
      out +=
          fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + ((number - 0x10000) >> 10), 0xdc00 + ((number - 0x10000) & 0x3ff));
    } else if (form == Form::json) {
      out += fmt::format("\\u{:04x}", number);
    } else if (code == '\n' || code == '\r' || code == '\t') {
      out += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
    } else if (number < 0x80) {
      out += fmt::format("\\x{:02x}", number);
    } else if (number > 0xffff) {
      out += fmt::format("\\U{:08x}", number);
    } else {
      out += fmt::format("\\u{:04x}", number);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::size_t utf8_at(std::string_view text, char32_t& code) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    code = first;
    return 1;
  }
  const std::size_t length = first >= 0xf0 && first < 0xf5   ? 4
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xc2 && first < 0xe0 ? 2
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  char32_t found = static_cast<char32_t>(first & (0x7f >> length));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    found = found << 6 | static_cast<char32_t>(byte(i) & 0x3f);
  }
  const bool overlong = found < (length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u);
  if (overlong || within(found, 0xd800, 0xdfff) || found > 0x10ffff) return 0;
  code = found;
  return length;
}

std::string visible(std::string_view text) {
  return shown(text, Form::line);
}
std::string visible_lines(std::string_view text) {
  return shown(text, Form::lines);
}
std::string visible_json(std::string_view json) {
  return shown(json, Form::json);
}

}  // namespace byzsim
