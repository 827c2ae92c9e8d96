// Delay: the replica sends everything late.
#include "adversaries/behaviour.hpp"
#include "sim/net/latency.hpp"

namespace byzsim {

namespace {

struct DelayOptions : BehaviourOptions {
  std::optional<ContentMatch> match;
  NodeSelector to;
  LatencySpec by = LatencySpec::constant(std::chrono::milliseconds(100));

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("match", &DelayOptions::match, "which messages; all of them unless given");
    row("to", &DelayOptions::to, "towards whom; everybody unless given");
    row("by", &DelayOptions::by, "how late: a time or a distribution, drawn for each receiver");
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const {
    if (match) match->check(facts, errors);
    check_nodes(to, facts, errors);
  }
};

class Delay final : public BehaviourWith<DelayOptions> {
 public:
  explicit Delay(const DelayOptions& options) : BehaviourWith(options), by_(options.by) {}
  bool outgoing(Packet& packet) override {
    const Message& message = *packet.message;
    if (options().match && !options().match->matches(message, powers())) return true;
    if (!options().to.contains(packet.to, message.label().view, powers())) return true;
    note("delay", packet.from, message.id());
    packet.delay = sum_of(packet.delay, by_.sample(powers().random().next()));
    return true;
  }

 private:
  Latency by_;
};

const BehaviourEntry<DelayOptions, Delay> entry{"delay", "sends late, by a distribution"};

}  // namespace

}  // namespace byzsim
