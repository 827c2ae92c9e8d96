// Selective: the replica talks to some and ignores the others.
#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct SelectiveOptions : BehaviourOptions {
  std::optional<ContentMatch> match;
  NodeSelector to;

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("match", &SelectiveOptions::match, "which messages it is choosy with; all of them unless given");
    row("to", &SelectiveOptions::to, "who still gets them; {not: [2, 3]} for everybody but these", required());
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const {
    if (match) match->check(facts, errors);
    check_nodes(to, facts, errors);
  }
};

class Selective final : public BehaviourWith<SelectiveOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  bool outgoing(Packet& packet) override {
    const Message& message = *packet.message;
    if (options().match && !options().match->matches(message, powers())) return true;
    if (options().to.contains(packet.to, message.label().view, powers())) return true;
    note("selective", packet.from, message.id());
    powers().drop(packet);
    return false;
  }
};

const BehaviourEntry<SelectiveOptions, Selective> entry{"selective", "sends only to some"};

}  // namespace

}  // namespace byzsim
