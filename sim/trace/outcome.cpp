#include "sim/trace/outcome.hpp"

#include <array>
#include <string_view>

namespace byzsim {

namespace {
constexpr std::array<std::string_view, 9> kReasons{
    "answered", "decided", "quiet", "time", "events", "wall-clock", "violation", "interrupted", "memory",
};
}  // namespace

std::string_view to_string(EndReason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

std::optional<EndReason> parse_end_reason(std::string_view text) {
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    if (kReasons[i] == text) return static_cast<EndReason>(i);
  }
  return std::nullopt;
}

}  // namespace byzsim
