#include "sim/cli/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>

#include "sim/trace/output_file.hpp"
#include "sim/world.hpp"

namespace byzsim::cli {

namespace {

std::atomic<int> caught{0};
std::atomic<World*> running{nullptr};
static_assert(std::atomic<World*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  if (caught.exchange(signal) != 0) {
    remove_unfinished_files();
    ::_exit(128 + signal);
  }
  if (World* world = running.load()) world->stop(EndReason::interrupted);
}

/// Signals that end the process whatever it does: it still leaves no temporary file behind.
void on_end(int signal) {
  remove_unfinished_files();
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;  // without SA_RESTART, so that a wait for children ends
  action.sa_flags = SA_ONSTACK;
  sigaction(signal, &action, nullptr);
}

bool has_default(int signal) {
  struct sigaction now {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
}

alignas(std::max_align_t) char spare_stack[1 << 16];  // for a handler called because the other one is full

}  // namespace

void watch_interrupts() {
  stack_t stack{};
  stack.ss_sp = spare_stack;
  stack.ss_size = sizeof spare_stack;
  sigaltstack(&stack, nullptr);
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
  handle(SIGQUIT, on_signal);
  if (has_default(SIGHUP)) handle(SIGHUP, on_signal);  // under nohup it stays ignored
  // A sanitizer's own handlers stay, too.
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGALRM, SIGVTALRM, SIGPROF,
                           SIGXCPU, SIGUSR1, SIGUSR2}) {
    if (has_default(signal)) handle(signal, on_end);
  }
}

void writes_fail_instead_of_killing() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
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
