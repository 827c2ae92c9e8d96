// Censor: the replica never hears the requests of some clients, so as a primary it never orders them.
#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct CensorOptions : BehaviourOptions {
  NodeSelector clients;

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("clients", &CensorOptions::clients, "whose requests are ignored, forwarded ones too: c0, [c0, c1]", required());
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const { check_nodes(clients, facts, errors); }
};

class Censor final : public BehaviourWith<CensorOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  bool incoming(const Packet& packet) override {
    const auto* request = as<Request>(*packet.message);
    if (request == nullptr || !options().clients.contains(request->client, kNoView, powers())) return true;
    note("censor", packet.to, request->id());
    return false;
  }
};

const BehaviourEntry<CensorOptions, Censor> entry{"censor", "ignores the requests of given clients"};

}  // namespace

}  // namespace byzsim
