// Messages that are under way: gives each a small number for the event queue, and keeps it until its last copy arrives.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/core/check.hpp"
#include "sim/replica/message.hpp"

namespace byzsim {

class Postbox {
 public:
  Postbox() = default;
  Postbox(const Postbox&) = delete;
  Postbox& operator=(const Postbox&) = delete;
  ~Postbox() {
    for (const Message* message : boxes_) {
      if (message != nullptr) message->release();
    }
  }

  /// Announces `copies` further copies of the message; returns its number.
  [[gnu::always_inline]] std::uint32_t put(const Message& message, std::uint32_t copies) {
    if (message.under_way_ == 0) {
      message.retain();
      if (free_.empty()) {
        message.box_ = static_cast<std::uint32_t>(boxes_.size());
        boxes_.push_back(&message);
      } else {
        message.box_ = free_.back();
        free_.pop_back();
        boxes_[message.box_] = &message;
      }
    }
    message.under_way_ = message.under_way_ + copies;
    copies_ += copies;
    return message.box_;
  }
  const Message& at(std::uint32_t box) const { return *boxes_[box]; }
  /// One copy has arrived, or never will.
  [[gnu::always_inline]] void done(std::uint32_t box) {
    const Message* message = boxes_[box];
    DCHECK(message != nullptr);
    --copies_;
    message->under_way_ = message->under_way_ - 1;
    if (message->under_way_ != 0) return;
    boxes_[box] = nullptr;
    free_.push_back(box);
    message->release();
  }
  /// Copies under way now.
  std::uint64_t copies() const { return copies_; }

  /// True the first time it is asked of a message.
  static bool first_witness(const Message& message) {
    if (message.witnessed_) return false;
    message.witnessed_ = true;
    return true;
  }

 private:
  std::vector<const Message*> boxes_;
  std::vector<std::uint32_t> free_;
  std::uint64_t copies_ = 0;
};

}  // namespace byzsim
