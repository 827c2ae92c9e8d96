// What a client believes. It hears replies as the network brings them, so liars may send as many as they like.
#include "sim/replica/client.hpp"

#include "sim/replica/notary.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

constexpr std::uint32_t kReplicas = 4;
constexpr NodeId kClient = kReplicas;

/// A client's surroundings: what it sends is counted, what it accepts is remembered.
class Surroundings final : public Env {
 public:
  Surroundings(const Notary& notary, Notary& signing, KeyRing& keys)
      : Env(kClient, kReplicas, 1, notary), notary_(signing), signer_(keys.issue(kClient)) {}
  Time now() const override { return {}; }
  void send(NodeId, const Ref<const Message>&) override { ++sent; }
  void broadcast(const Ref<const Message>&) override { sent += kReplicas; }
  void start_timer(TimerName, Duration) override {}
  void stop_timer(TimerName) override {}
  void note_view(View) override {}
  void note_prepared(View, Slot, Digest) override {}
  void decide(View, Slot, Digest, const Ref<const Batch>&, const ReplicaSet&) override {}
  void note_adopted(Slot, Digest) override {}
  void note_applied(Slot, const Request&, std::uint64_t) override {}
  void note_executed(Slot, Digest, Digest) override {}
  void suspect(NodeId, std::string_view) override {}
  void mark(std::string_view) override {}
  void note_submitted(const Ref<const Request>&, std::string_view, bool) override { ++submitted; }
  void note_accepted(const Request&, std::uint64_t result, std::uint32_t) override { accepted.push_back(result); }

  int sent = 0;
  int submitted = 0;
  std::vector<std::uint64_t> accepted;

 private:
  void seal(Message& message, const Label& label) override { notary_.sign(signer_, message, label); }
  Notary& notary_;
  Signer signer_;
};

struct Desk {
  KeyRing keys{1, kReplicas + 1};
  Notary notary{keys};
  Surroundings env{notary, notary, keys};
  std::vector<Signer> signers;
  Client client;

  static ClientPlan plan() {
    ClientPlan p;
    p.requests = 1;
    p.reply_quorum = 2;  // f + 1
    p.retransmit = std::chrono::milliseconds(100);
    p.primary = [](View view) { return static_cast<NodeId>(view % kReplicas); };
    return p;
  }
  Desk() : client(env, plan(), 1) {
    for (NodeId id = 0; id < kReplicas; ++id) signers.push_back(keys.issue(id));
    client.on_start();
    client.on_timer(0);
  }
  void hears(NodeId replica, std::uint64_t result) {
    auto reply = make_ref<Reply>();
    reply->client = kClient;
    reply->number = 1;
    reply->result = result;
    notary.sign(signers[replica], *reply);
    client.on(*reply);
  }
};

TEST_CASE(
    "a replica stands behind one result at a time, so a liar that sends thousands has one vote and one candidate") {
  Desk desk;
  REQUIRE(desk.env.submitted == 1);
  // What a client kept for every result it was ever told would let any later honest mistake or second liar meet one of them.
  for (std::uint64_t lie = 1000; lie < 6000; ++lie) desk.hears(3, lie);
  desk.hears(0, 1000);
  CHECK(desk.env.accepted.empty());  // replica 3 has taken that back
  desk.hears(0, 7);
  desk.hears(3, 7);
  CHECK(desk.env.accepted == std::vector<std::uint64_t>{7});  // and comes round in the end
  desk.hears(1, 7);
  CHECK(desk.env.accepted.size() == 1);
}

}  // namespace
