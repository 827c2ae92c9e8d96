// OutputFile: a file that appears whole or not at all.
//
// What is written goes to a file without a name in the same folder. commit() syncs it to the disk and gives it its
// final name; without commit() it vanishes with the process, whatever ends that. Where the file system knows no such
// files it has a temporary name (`.NAME.0.part`), which is removed when things end in order or
// `remove_unfinished_files` is called, and is overwritten next time if neither happened. A device or a pipe
// (/dev/stdout, /dev/null) cannot be renamed onto, so it is written directly. A link is followed, also to a file that
// does not exist yet. Nothing is buffered here: hand over large pieces.
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

/// Removes the temporary names that files of this process have now. For a signal handler about to end the process.
void remove_unfinished_files() noexcept;

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
  void open_named();
  void name_it();
  std::string own_link() const;
  std::string temporary_name(int attempt) const;

  std::string path_;  // as the user named it, fit to print
  std::string what_;
  std::string final_;      // where it will appear, links followed
  std::string temporary_;  // empty while there is nothing to remove
  bool direct_ = false;    // a device or a pipe
  int descriptor_ = -1;
};

}  // namespace byzsim
