// Slow primary: proposes one batch a period, just before the backups would lose patience (Amir et al., DSN 2008;
// Clement et al., NSDI 2009).
//
// Every proposal of the replica leaves `period - margin` after the one before it, the first so long after it was made.
// A proposal that somebody asks for again before it is to leave is not sent any sooner.
// Throughput comes to batch / (period - margin), and no view change ever happens if the margin covers the three phases.
#include <map>

#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct SlowPrimaryOptions : BehaviourOptions {
  Duration period{};
  Duration margin{};

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("period", &SlowPrimaryOptions::period, "how long the backups wait before they change the view", required(),
        at_least(Duration(1)));
    row("margin", &SlowPrimaryOptions::margin,
        "how much earlier a proposal leaves: what it takes to be executed everywhere", at_least(Duration(0)));
  }
};

class SlowPrimary final : public BehaviourWith<SlowPrimaryOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  bool outgoing(Packet& packet) override {
    const Message& message = *packet.message;
    if (message.signer() != packet.from || !proposes(message.kind())) return true;
    Turn& turn = turns_[packet.from];
    const Time now = powers().now();
    if (message.id() <= turn.forgotten) return true;  // it has left long ago, or is one of too many that wait
    const auto [known, fresh] = turn.proposals.try_emplace(message.id());
    Proposal& proposal = known->second;
    // The receivers of one proposal get it together; the core may well have sent the next ones already.
    if (fresh) {
      const Duration wait = options().period > options().margin ? options().period - options().margin : Duration(0);
      turn.last = later(std::max(turn.last, now), wait);
      proposal = {now, turn.last};
      note("slow-primary", packet.from, message.id());
    } else if (now > proposal.made && now < proposal.leaves) {
      powers().drop(packet);  // asked for again before it was to leave
      return false;
    }
    if (proposal.leaves > now) packet.delay = sum_of(packet.delay, proposal.leaves - now);
    if (turn.proposals.size() > kMostRemembered) {
      turn.forgotten = turn.proposals.begin()->first;
      turn.proposals.erase(turn.proposals.begin());
    }
    return true;
  }

 private:
  static constexpr std::size_t kMostRemembered = 4096;
  struct Proposal {
    Time made, leaves;
  };
  struct Turn {
    std::map<std::uint64_t, Proposal> proposals;  // by number of the signing, which grows
    std::uint64_t forgotten = 0;                  // all up to this number
    Time last = kStart;                           // when the proposal made last leaves
  };
  std::map<NodeId, Turn> turns_;
};

const BehaviourEntry<SlowPrimaryOptions, SlowPrimary> entry{
    "slow-primary", "as primary, proposes one batch a period, just before the backups' timer fires"};

}  // namespace

}  // namespace byzsim
