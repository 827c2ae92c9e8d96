// Flood: the replica sends copies of its messages, or messages with bad signatures at a steady rate, to wear others
// out.
#include <map>

#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct FloodOptions : BehaviourOptions {
  std::uint32_t copies = 0;
  Duration every{};
  NodeSelector to;
  std::uint64_t most = 1'000'000;

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("copies", &FloodOptions::copies, "how many copies follow each message it sends", at_most(1000));
    row("every", &FloodOptions::every, "time between two messages with a bad signature to each receiver; none if 0",
        at_least(Duration(0)));
    row("to", &FloodOptions::to, "who is flooded; every other replica unless given");
    row("most", &FloodOptions::most, "stop after so many messages", at_most(1'000'000'000));
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const { check_nodes(to, facts, errors); }
};

class Flood final : public BehaviourWith<FloodOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  void start() override {
    if (options().every > Duration(0)) wake(std::max(options().every, options().from));
  }
  bool outgoing(Packet& packet) override {
    last_[packet.from] = packet.message;
    if (!options().to.contains(packet.to, packet.message->label().view, powers())) return true;
    for (std::uint32_t i = 0; i < options().copies && spend(packet.from, packet.message->id()); ++i)
      powers().inject(packet);
    return true;
  }
  void on_wakeup(std::uint64_t) override {
    if (options().until && powers().now() >= at(*options().until)) return;
    for (const NodeId from : nodes()) {
      const Ref<const Message> junk = damaged(from);
      for (const NodeId to : options().to.members(kNoView, powers())) {
        if (to == from) continue;
        if (!spend(from, junk->id())) return;
        powers().inject({junk, from, to, {}});
      }
    }
    wake(options().every);
  }

 private:
  bool spend(NodeId from, std::uint64_t message) {
    if (sent_ == options().most) {
      note("flood: full", from, message);
      return false;
    }
    ++sent_;
    note("flood", from, message);
    return true;
  }
  /// The last message it sent, or an empty one of the protocol's first type, with a signature that does not verify.
  Ref<const Message> damaged(NodeId from) {
    if (const auto found = last_.find(from); found != last_.end())
      return Draft::damaged(*found->second, powers().notary());
    const MessageKind* kind = powers().kind(powers().kind_names().front());
    return Draft::damaged(*coalition().sign(kind->make(), from), powers().notary());
  }

  std::map<NodeId, Ref<const Message>> last_;
  std::uint64_t sent_ = 0;
};

const BehaviourEntry<FloodOptions, Flood> entry{"flood", "sends copies, or invalid messages at a rate"};

}  // namespace

}  // namespace byzsim
