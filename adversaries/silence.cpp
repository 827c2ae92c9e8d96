// Silence: the replica works but sends nothing.
#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct SilenceOptions : BehaviourOptions {
  static void describe(auto& row) { BehaviourOptions::describe(row); }
};

class Silence final : public BehaviourWith<SilenceOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  bool outgoing(Packet& packet) override {
    note("silence", packet.from, packet.message->id());
    powers().drop(packet);
    return false;
  }
};

const BehaviourEntry<SilenceOptions, Silence> entry{"silence", "sends nothing"};

}  // namespace

}  // namespace byzsim
