#include "sim/cli/output.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "sim/core/visible.hpp"
#include "sim/trace/output_file.hpp"

namespace byzsim::cli {

Output& Output::standard() {
  static Output output;
  return output;
}

void Output::print(std::string_view text) {
  pending_ += text;
  if (pending_.size() > std::size_t{1} << 20) flush();
}

void Output::flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int reason = errno;
      pending_.clear();  // trying again would fail again
      throw TraceError(fmt::format("cannot write to standard output: {}", std::generic_category().message(reason)));
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
}

bool Output::terminal() const {
  return ::isatty(STDOUT_FILENO) != 0;
}

void Output::set_color(std::string_view when) {
  const char* none = std::getenv("NO_COLOR");
  const bool refused = none != nullptr && *none != '\0';
  color_ = when == "always" || (when == "auto" && terminal() && !refused);
}

void guard_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    // open() takes the lowest free number, which is the one found closed.
    if (::fcntl(stream, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY));
  }
}

namespace {
void write_error(std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
  std::fflush(stderr);
}
}  // namespace

void say(std::string_view text) {
  write_error(visible_lines(text));
}

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  clear();
}

void Progress::show(std::string_view line) {
  line_ = line;
  draw(line_);
}

void Progress::detail(std::string_view text) {
  draw(fmt::format("{}: {}", line_, text));
}

void Progress::draw(std::string_view line) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  write_error(fmt::format("\r\x1b[K{}", visible(line.substr(0, 100))));
  shown_ = true;
}

void Progress::clear() {
  if (shown_) write_error("\r\x1b[K");
  shown_ = false;
}

}  // namespace byzsim::cli
