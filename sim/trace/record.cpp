#include "sim/trace/record.hpp"

namespace byzsim {

std::string_view to_string(RecordKind kind) {
  static constexpr std::array<std::string_view, kRecordKinds> kNames{
      "signed",  "sent",    "delivered", "dropped",  "witnessed", "timer",    "view",    "prepared",
      "decided", "adopted", "applied",   "executed", "submitted", "accepted", "crashed", "restarted",
      "network", "beyond",  "attack",    "mark",     "suspect",   "end",
  };
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace byzsim
