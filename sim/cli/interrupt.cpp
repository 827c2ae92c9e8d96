#include "sim/cli/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "sim/world.hpp"

namespace byzsim::cli {

namespace {

std::atomic<int> caught{0};
std::atomic<World*> running{nullptr};
static_assert(std::atomic<World*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  if (caught.exchange(signal) != 0) ::_exit(128 + signal);
  if (World* world = running.load()) world->stop(EndReason::interrupted);
}

}  // namespace

void watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;  // without SA_RESTART, so that a wait for children ends
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return caught.load() != 0;
}
int interrupt_code() {
  return 128 + caught.load();
}

StopOnInterrupt::StopOnInterrupt(World& world) {
  running = &world;
  if (interrupted()) world.stop(EndReason::interrupted);
}

StopOnInterrupt::~StopOnInterrupt() {
  running = nullptr;
}

}  // namespace byzsim::cli
