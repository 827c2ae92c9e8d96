// Where results go: standard output, checked. Also decides about colour, and shows progress on a terminal.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace byzsim::cli {

class Output {
 public:
  static Output& standard();

  /// Appends to the output, as it is: make visible what comes from files. It is written at flush(). Throws TraceError
  /// when standard output is closed or full.
  void print(std::string_view text);
  void flush();

  void set_color(std::string_view when);  ///< auto, always, never
  bool color() const { return color_; }
  bool terminal() const;  ///< standard output is one

 private:
  std::string pending_;
  bool color_ = false;
};

/// A standard stream that the caller has closed is opened on /dev/null, so that no file of ours takes its number.
/// Reading only, so that what is printed to a closed standard output is an error and not lost in silence.
void guard_standard_streams();

/// Says something on standard error, control characters made visible. Where that is closed or full there is nobody to
/// tell, so it cannot fail.
void say(std::string_view text);

/// One line on a terminal's stderr that says how far things are, redrawn at most ten times a second. Elsewhere:
/// nothing.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  bool active() const { return terminal_; }
  void show(std::string_view line);
  /// Adds to the line that was shown last how far its run has come.
  void detail(std::string_view text);
  void clear();  ///< before anything else is printed

 private:
  void draw(std::string_view line);

  bool terminal_;
  bool shown_ = false;
  std::string line_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace byzsim::cli
