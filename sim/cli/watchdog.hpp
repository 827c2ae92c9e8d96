// Stops a world when it has taken too much of the user's time. The simulation itself never looks at a clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "sim/world.hpp"

namespace byzsim::cli {

/// What a clock can be set to ends some time: nobody waits for longer than a year.
inline std::chrono::nanoseconds at_most_a_year(std::chrono::nanoseconds patience) {
  return std::min<std::chrono::nanoseconds>(patience, std::chrono::years(1));
}

/// While this lives, `world` is stopped with EndReason::wall_clock once so much host time has passed.
class Watchdog {
 public:
  Watchdog(World& world, std::chrono::nanoseconds patience)
      : thread_([this, &world, patience](const std::stop_token& done) {
          std::unique_lock lock(mutex_);
          if (!woken_.wait_for(lock, done, at_most_a_year(patience), [&] { return done.stop_requested(); })) {
            world.stop(EndReason::wall_clock);
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace byzsim::cli
