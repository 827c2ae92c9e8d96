// OutputFile: a file that appears whole or not at all.
//
// What is written goes to a temporary name in the same folder. commit() syncs it to the disk and renames it to its
// final name; without commit(), the temporary file is removed. A device or a pipe (/dev/stdout, /dev/null) cannot be
// renamed onto, so it is written directly. Nothing is buffered here: hand over large pieces.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace byzsim {

/// The world outside failed: a disk is full, a path cannot be written or read. The text is a sentence for the user.
class TraceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class OutputFile {
 public:
  /// Opens for writing; throws TraceError where that is not possible. `what` names the file in sentences: "trace".
  OutputFile(std::string path, std::string what);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Throws TraceError if not all of it can be written.
  void write(std::string_view bytes);
  /// Makes the file appear under its final name. Throws TraceError; then nothing has appeared.
  void commit();
  const std::string& path() const { return path_; }

 private:
  [[noreturn]] void fail(std::string_view did, int error);
  void discard();

  std::string path_;  // as the user named it
  std::string what_;
  std::string final_;      // where it will appear, links followed
  std::string temporary_;  // empty for what is written directly, and once nothing is left to remove
  int descriptor_ = -1;
};

}  // namespace byzsim
