#include "sim/core/check.hpp"

namespace byzsim {

RunPosition& run_position() {
  thread_local RunPosition position;
  return position;
}

void check_failed(const char* file, int line, const char* expression, const std::string& operands) {
  const char* name = file;
  for (const char* p = file; *p != '\0'; ++p) {
    if (*p == '/') name = p + 1;
  }
  std::string text = fmt::format("{}:{}: CHECK({}) failed", name, line, expression);
  if (!operands.empty()) text += fmt::format(": {}", operands);
  if (const RunPosition& at = run_position(); at.event != nullptr) {
    text += fmt::format(" (seed {}, event {}, t = {} ns)", at.seed, *at.event, nanoseconds(*at.now));
  }
  throw InternalError(text);
}

}  // namespace byzsim
