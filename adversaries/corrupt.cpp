// Corrupt: the replica's messages carry signatures that do not verify.
#include "adversaries/behaviour.hpp"

namespace byzsim {

enum class Damage { signature, signer };
template <>
struct EnumNames<Damage> {
  static constexpr EnumTable<Damage, 2> table{{
      {"signature", Damage::signature, "one bit of the signature is wrong"},
      {"signer", Damage::signer, "the message claims to be the next replica's"},
  }};
};

namespace {

struct CorruptOptions : BehaviourOptions {
  std::optional<ContentMatch> match;
  Damage damage = Damage::signature;
  double chance = 1;

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("match", &CorruptOptions::match, "which messages; all of them unless given");
    row("damage", &CorruptOptions::damage, "what is wrong with them");
    row("chance", &CorruptOptions::chance, "the fraction of messages, receiver by receiver, that this happens to",
        fraction());
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const {
    if (match) match->check(facts, errors);
  }
};

class Corrupt final : public BehaviourWith<CorruptOptions> {
 public:
  explicit Corrupt(const CorruptOptions& options)
      : BehaviourWith(options), millionths_(static_cast<std::uint64_t>(options.chance * 1e6 + 0.5)) {}
  bool outgoing(Packet& packet) override {
    if (options().match && !options().match->matches(*packet.message, powers())) return true;
    if (!powers().random().chance(millionths_)) return true;
    note("corrupt", packet.from, packet.message->id());
    // The receivers of one broadcast get one damaged message.
    if (!(before_ == packet.message)) {
      before_ = packet.message;
      const NodeId next = (packet.message->signer() + 1) % powers().n();
      after_ = options().damage == Damage::signature ? Draft::damaged(*before_, powers().notary())
                                                     : Draft::claiming(*before_, next, powers().notary());
    }
    packet.message = after_;
    return true;
  }

 private:
  std::uint64_t millionths_;
  Ref<const Message> before_;
  Ref<const Message> after_;
};

const BehaviourEntry<CorruptOptions, Corrupt> entry{"corrupt",
                                                    "sends messages with a bad signature or the wrong signer"};

}  // namespace

}  // namespace byzsim
