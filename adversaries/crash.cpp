// Crash: the replica stops at a stated time and comes back after another, with or without what it wrote to disk.
#include "adversaries/behaviour.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

namespace {

struct CrashOptions {
  NodeSelector replicas;
  Duration at{};
  std::optional<Duration> down;
  RestartState state = RestartState::kept;

  static void describe(auto& row) {
    row("replicas", &CrashOptions::replicas, "which of the corrupted replicas crash; all of them unless given");
    row("at", &CrashOptions::at, "when they stop", at_least(Duration(0)));
    row("down", &CrashOptions::down, "how long until they restart; they stay down unless given", at_least(Duration(1)));
    row("state", &CrashOptions::state, "what they find on their disk");
  }
};

class Crash final : public Stage {
 public:
  explicit Crash(const CrashOptions& options) : options_(options) {}
  bool acts_for(NodeId) const override { return false; }  // packets are none of its business
  void start() override { wake(options_.at, kStop); }
  void on_wakeup(std::uint64_t token) override {
    for (NodeId node = 0; node < powers().n(); ++node) {
      if (!powers().controls(node) || !options_.replicas.contains(node, kNoView, powers())) continue;
      note(token == kStop ? "crash" : "restart", node);
      if (token == kStop) {
        powers().crash(node);
      } else {
        powers().restart(node, options_.state == RestartState::kept);
      }
    }
    if (token == kStop && options_.down) wake(*options_.down, kReturn);
  }

 private:
  static constexpr std::uint32_t kStop = 0;
  static constexpr std::uint32_t kReturn = 1;
  const CrashOptions& options_;
};

const BehaviourEntry<CrashOptions, Crash> entry{
    "crash", "stops at a stated time, and may come back with its state kept or lost"};

}  // namespace

}  // namespace byzsim
