// LineSource: the lines of a file or of bytes in memory, plain or compressed by zstd (told apart by their first bytes).
//
// Holds one line at a time. Lines longer and objects deeper than the bounds are refused before anything parses them, so
// hostile input costs at most the memory of its longest line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/header.hpp"
#include "sim/trace/output_file.hpp"

namespace byzsim {

struct LineBounds {
  std::size_t length = std::size_t{1} << 29;  ///< bytes; a NEW-VIEW of 500 replicas takes about as much
  std::size_t depth = 64;                     ///< brackets within brackets
};

/// Where bytes come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills up to `size` bytes and says how many; 0 at the end. Throws TraceError (cannot be read) or BadTrace
  /// (damaged).
  virtual std::size_t read(char* into, std::size_t size) = 0;
};
/// Throws BadTrace if there is no such file or it is a folder.
std::unique_ptr<ByteSource> open_file(const std::string& path);
std::unique_ptr<ByteSource> from_memory(std::string_view bytes);

class LineSource {
 public:
  explicit LineSource(std::unique_ptr<ByteSource> bytes, LineBounds bounds = {});
  ~LineSource();
  /// The next line without its end, valid until the next call; false when there is none. An unfinished last line counts
  /// as damage: whoever wrote it was cut off.
  bool next(std::string_view& line);
  std::uint64_t number() const { return number_; }  ///< of the line returned last, from 1

 private:
  bool refill();
  void check(std::string_view line) const;

  std::unique_ptr<ByteSource> bytes_;
  LineBounds bounds_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace byzsim
