// Mute: the replica never votes to decide.
#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct MuteOptions : BehaviourOptions {
  NodeSelector to;
  static void describe(auto& row) {
    BehaviourOptions::describe(row);  // replicas, from, until
    row("to", &MuteOptions::to, "towards whom; everybody unless given");
  }
};

class Mute final : public BehaviourWith<MuteOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  bool outgoing(Packet& packet) override {
    const Message& message = *packet.message;
    if (!message.kind().traits.decides) return true;
    if (!options().to.contains(packet.to, message.label().view, powers())) return true;
    note("mute", packet.from, message.id());
    powers().drop(packet);
    return false;
  }
};

const BehaviourEntry<MuteOptions, Mute> entry{"mute", "never votes to decide"};

}  // namespace

}  // namespace byzsim
