// Credulous: the replica's own core believes every signature it is shown, so that it goes along with doctored messages.
#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct CredulousOptions {
  NodeSelector replicas;
  static void describe(auto& row) {
    row("replicas", &CredulousOptions::replicas, "which of the corrupted nodes; all of them unless given");
  }
};

class Credulous final : public Stage {
 public:
  explicit Credulous(const CredulousOptions& options) : options_(options) {}
  bool acts_for(NodeId) const override { return false; }  // packets are none of its business
  void start() override {
    for (NodeId node = 0; node < powers().n() + powers().clients(); ++node) {
      if (!powers().controls(node) || !options_.replicas.contains(node, kNoView, powers())) continue;
      note("credulous", node);
      powers().make_credulous(node);
    }
  }

 private:
  const CredulousOptions& options_;
};

const BehaviourEntry<CredulousOptions, Credulous> entry{
    "credulous", "believes every signature, so that it accepts doctored messages"};

}  // namespace

}  // namespace byzsim
