// What rules do to packets: drop, hold, delay, duplicate, reorder.
#include <algorithm>

#include "adversaries/rule.hpp"
#include "sim/net/latency.hpp"

namespace byzsim {

namespace {

/// No rule keeps more packets than this; past it they pass, and `NAME: full` counts them.
constexpr std::size_t kMostHeld = 1 << 16;

class Drop final : public Action {
 public:
  explicit Drop(const NoOptions&) {}
  bool on_packet(Packet& packet, const Occasion&) override {
    rule().note(name(), packet.from, packet.message->id());
    rule().powers().drop(packet);
    return false;
  }
};

class Hold final : public Action {
 public:
  explicit Hold(const NoOptions&) {}
  bool on_packet(Packet& packet, const Occasion&) override {
    if (held_.size() == kMostHeld) {
      rule().note("hold: full", packet.from, packet.message->id());
      return true;
    }
    rule().note(name(), packet.from, packet.message->id());
    held_.push_back(packet);
    kept_.set(kPacketBytes * held_.size());
    return false;
  }
  void release() override {
    std::vector<Packet> held;
    held.swap(held_);
    kept_.set(0);
    for (Packet& packet : held) rule().resume(std::move(packet));
  }
  void end() override {
    for (const Packet& packet : held_) rule().powers().drop(packet);
    held_.clear();
  }

 private:
  std::vector<Packet> held_;
  Footprint kept_;
};

struct DelayOptions {
  LatencySpec by = LatencySpec::constant(std::chrono::milliseconds(10));
  static void describe(auto& row) {
    row("by", &DelayOptions::by, "how much later than the network would deliver it: a time or a distribution");
    row.shorthand(&DelayOptions::by);
  }
};

class Delay final : public Action {
 public:
  explicit Delay(const DelayOptions& options) : by_(options.by) {}
  bool on_packet(Packet& packet, const Occasion&) override {
    rule().note(name(), packet.from, packet.message->id());
    packet.delay = sum_of(packet.delay, by_.sample(rule().powers().random().next()));
    return true;
  }

 private:
  Latency by_;
};

struct DuplicateOptions {
  std::uint32_t copies = 1;
  static void describe(auto& row) {
    row("copies", &DuplicateOptions::copies, "how many more", at_least(1), at_most(1000));
    row.shorthand(&DuplicateOptions::copies);
  }
};

class Duplicate final : public Action {
 public:
  explicit Duplicate(const DuplicateOptions& options) : copies_(options.copies) {}
  bool on_packet(Packet& packet, const Occasion&) override {
    rule().note(name(), packet.from, packet.message->id());
    packet.one_of_several = true;
    for (std::uint32_t i = 0; i < copies_; ++i) rule().resume(packet);
    return true;
  }

 private:
  std::uint32_t copies_;
};

struct ReorderOptions {
  std::uint32_t window = 2;
  static void describe(auto& row) {
    row("window", &ReorderOptions::window, "how many packets are turned round at once", at_least(2), at_most(1000));
    row.shorthand(&ReorderOptions::window);
  }
};

class Reorder final : public Action {
 public:
  explicit Reorder(const ReorderOptions& options) : window_(options.window) {}
  bool on_packet(Packet& packet, const Occasion&) override {
    rule().note(name(), packet.from, packet.message->id());
    held_.push_back(packet);
    kept_.set(kPacketBytes * held_.size());
    if (held_.size() == window_) release();
    return false;
  }
  void release() override {
    std::vector<Packet> held;
    held.swap(held_);
    kept_.set(0);
    std::reverse(held.begin(), held.end());
    for (Packet& packet : held) rule().resume(std::move(packet));
  }
  void end() override {
    for (const Packet& packet : held_) rule().powers().drop(packet);
    held_.clear();
  }

 private:
  std::size_t window_;
  std::vector<Packet> held_;
  Footprint kept_;
};

const ActionEntry<NoOptions, Drop> drop{"drop", "takes the message off the wire", {.needs_packet = true}};
const ActionEntry<NoOptions, Hold> hold{
    "hold", "keeps the message back until the rule ends or is released", {.needs_packet = true}};
const ActionEntry<DelayOptions, Delay> delay{"delay", "makes the message late", {.needs_packet = true}};
const ActionEntry<DuplicateOptions, Duplicate> duplicate{
    "duplicate", "sends further copies of the message", {.needs_packet = true}};
const ActionEntry<ReorderOptions, Reorder> reorder{
    "reorder", "keeps messages back and lets them go in the reverse order", {.needs_packet = true}};

}  // namespace

}  // namespace byzsim
