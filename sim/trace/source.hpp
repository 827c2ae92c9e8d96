// LineSource: the lines of a file or of bytes in memory, plain or compressed by zstd (told apart by their first bytes).
//
// Holds one line at a time. Lines longer and objects deeper than the bounds are refused before anything parses them, so
// hostile input costs at most the memory of its longest line.
//
// How long a line may be follows from what came before it: whatever a message holds was asked, signed or applied on
// earlier lines, and a message that repeats all of them a few times over is the largest that a run can write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/trace/header.hpp"
#include "sim/trace/output_file.hpp"

namespace byzsim {

struct LineBounds {
  std::size_t length = std::size_t{1} << 26;  ///< bytes of a line, whatever came before it
  std::size_t first = std::size_t{1} << 25;   ///< of the header: a scenario of 1 MiB, resolved, is well below
  std::size_t start = std::size_t{1} << 20;   ///< of any other line, and more by `growth` for each byte before it
  std::size_t growth = 8;
  std::size_t depth = 64;  ///< brackets within brackets
};

/// A bound of whoever reads was reached. Nothing was found wrong with the trace so far.
class TraceBound : public BadTrace {
 public:
  using BadTrace::BadTrace;
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
  /// The same where a line of more than `most` bytes is of no use: of such a one, only the beginning is returned, and
  /// nothing after it.
  bool next(std::string_view& line, std::size_t most);
  std::uint64_t number() const { return number_; }  ///< of the line returned last, from 1
  /// Hands out these lines, the last ones that were returned, once more.
  void put_back(std::deque<std::string> lines);

 private:
  std::size_t bound() const;
  bool read(std::string_view& line, std::size_t most);
  bool refill();
  void check(std::string_view line) const;

  std::unique_ptr<ByteSource> bytes_;
  LineBounds bounds_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t before_ = 0;  // bytes of all lines returned so far
  bool broken_ = false;       // the line returned last was too long to be read to its end
  std::deque<std::string> put_back_;
  std::string line_;  // the last of these that was returned
};

}  // namespace byzsim
