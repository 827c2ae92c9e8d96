// Limits: what a run may take of the machine it runs on, counted and checked where it grows.
//
// Memory is counted by declared sizes, not measured: an object that may become many carries a Footprint, which adds
// what it stands for to the count of its thread while it lives. So a run reaches `run.memory` at the same event on
// every machine and with every compiler. What observers keep of their own does not count, but a message that one keeps
// is alive.
//
// A run's Limits stand by while its events are handled. `check_limits()` ends the run where the count has passed the
// limit, and where one event goes on and on although somebody has asked the run to stop. It is called wherever a single
// event can grow: for each message sent, each stage of the adversary, each timer made.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace byzsim {

/// What the objects of this thread stand for, in bytes.
inline constinit thread_local std::int64_t counted_bytes = 0;

/// Counts so many bytes for as long as it lives. A copy counts again; an assignment takes over the count.
template <class Count>
class FootprintOf {
 public:
  FootprintOf() = default;
  explicit FootprintOf(std::uint64_t bytes) : bytes_(fitting(bytes)) { tell(count()); }
  FootprintOf(const FootprintOf& other) : bytes_(other.bytes_) { tell(count()); }
  FootprintOf& operator=(const FootprintOf& other) {
    set(other.bytes_);
    return *this;
  }
  ~FootprintOf() { tell(-count()); }
  void set(std::uint64_t bytes) {
    const std::int64_t before = count();
    bytes_ = fitting(bytes);
    tell(count() - before);
  }
  void grow(std::uint64_t bytes) { set(bytes_ + std::min(bytes, std::numeric_limits<std::uint64_t>::max() - bytes_)); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::int64_t count() const { return static_cast<std::int64_t>(bytes_); }
  // Many live and die with nothing to count: a message is made, moved and signed. These leave the counter alone.
  static void tell(std::int64_t change) {
    if (change != 0) counted_bytes += change;
  }
  static Count fitting(std::uint64_t bytes) {
    constexpr std::uint64_t most = std::min<std::uint64_t>(std::numeric_limits<Count>::max(), std::uint64_t{1} << 56);
    return static_cast<Count>(std::min(bytes, most));
  }
  Count bytes_ = 0;
};
using Footprint = FootprintOf<std::uint64_t>;

/// The same for what is weighed once it is final: a copy counts nothing until it is weighed in turn.
template <class Count>
class OwnFootprintOf : public FootprintOf<Count> {
 public:
  OwnFootprintOf() = default;
  OwnFootprintOf(const OwnFootprintOf&) : FootprintOf<Count>() {}
  OwnFootprintOf& operator=(const OwnFootprintOf&) { return *this; }
};

/// Ends the event that is being handled, and with it the run. No std::exception, so that nobody takes it for an error.
struct RunStopped {};

/// What a scenario asks for does not fit into its `run.memory` before anything has happened.
class TooLarge : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Limits {
 public:
  /// How many checks an event may still pass once the run is to stop: an ordinary event ends well before, so that a run
  /// is usually cut between two events.
  static constexpr std::uint32_t kGrace = 1 << 16;

  /// Counts from what the thread counts now. `stop` is set by whoever wants the run to end.
  Limits(std::uint64_t most_bytes, const std::atomic<bool>& stop)
      : most_(counted_bytes + static_cast<std::int64_t>(std::min(most_bytes, std::uint64_t{1} << 60))), stop_(stop) {}
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

  static constexpr std::int64_t kEventBytes = 24;
  /// The pending events count too: this many.
  void watch(const std::size_t* events) { events_ = events; }
  /// Throws RunStopped where the run has to end at once.
  void check() {
    if (counted_bytes + static_cast<std::int64_t>(*events_) * kEventBytes > most_) [[unlikely]] {
      memory_reached_ = true;
      throw RunStopped{};
    }
    if (stop_.load(std::memory_order_relaxed)) [[unlikely]] {
      if (++overtime_ > kGrace) throw RunStopped{};
    }
  }
  bool memory_reached() const { return memory_reached_; }

 private:
  static constexpr std::size_t kNoEvents = 0;
  std::int64_t most_;  // what the thread may count, what it counted before included
  const std::atomic<bool>& stop_;
  const std::size_t* events_ = &kNoEvents;
  std::uint32_t overtime_ = 0;
  bool memory_reached_ = false;
};

/// The limits of the run whose events this thread is handling; null if there is none.
inline constinit thread_local Limits* current_limits = nullptr;

inline void check_limits() {
  if (current_limits != nullptr) current_limits->check();
}

/// While this lives, `limits` are the thread's.
class UnderLimits {
 public:
  explicit UnderLimits(Limits& limits) : outer_(current_limits) { current_limits = &limits; }
  ~UnderLimits() { current_limits = outer_; }
  UnderLimits(const UnderLimits&) = delete;
  UnderLimits& operator=(const UnderLimits&) = delete;

 private:
  Limits* outer_;
};

}  // namespace byzsim
