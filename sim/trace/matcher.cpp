#include "sim/trace/matcher.hpp"

namespace byzsim {

void TraceMatcher::write(std::string_view bytes) {
  while (true) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    if (begun_.empty()) {
      line(bytes.substr(0, end));
    } else {
      begun_ += bytes.substr(0, end);
      line(begun_);
      begun_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  begun_ += bytes;
}

void TraceMatcher::line(std::string_view text) {
  if (skip_ > 0) {
    --skip_;
  } else {
    reader_.match(text);
  }
}

void TraceMatcher::finish() {
  reader_.finish();
  // Anything behind the last line is refused by the reader.
  static_cast<void>(reader_.next());
}

}  // namespace byzsim
