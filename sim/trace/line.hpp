// LineScanner: takes one line of a trace apart, left to right, without building a tree. About 100 ns a line.
//
// Every function throws BadTrace (without the line number, which the reader adds) where the text is not what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/trace/header.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

class LineScanner {
 public:
  explicit LineScanner(std::string_view text) : rest_(text) {}

  void expect(char c);
  bool accept(char c);
  void expect_end();
  std::string_view key();  ///< `"name":`; names have no escapes
  std::uint64_t number();  ///< digits, or digits in quotes
  Digest digest();
  bool boolean();
  bool null();  ///< true and past it if the next value is null
  bool at_object() const { return rest_.starts_with('{'); }
  std::string_view raw();  ///< the text of the next object or list; only its brackets and quotes are checked
  std::string_view text(std::string& buffer);  ///< decoded; in `buffer` if it has escapes

 private:
  void skip_spaces();
  std::string_view quoted();
  std::string_view rest_;
};

/// A line after the header, taken apart. Views point into the line or into `text_buffer`.
struct TraceLine {
  std::uint64_t i = 0;
  Record record;  ///< message not set yet
  bool has_id = false;
  bool has_view = false;
  bool has_slot = false;
  bool has_value = false;
  bool genuine = true;
  std::optional<NodeId> relayed_by;
  std::optional<std::uint64_t> message_id;  ///< the message is one of an earlier line
  std::string_view message;                 ///< the message in full; empty if there is none
  std::string_view traffic;                 ///< only in the last line
  std::string_view network;                 ///< only in the last line
  std::string text_buffer;
};

void parse_line(std::string_view text, TraceLine& line);

}  // namespace byzsim
