// What a client believes. It hears replies as the network brings them, so liars may send as many as they like.
#include "sim/replica/client.hpp"

#include "tests/one_node.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

constexpr std::uint32_t kReplicas = 4;
constexpr NodeId kClient = kReplicas;

struct Desk {
  one_node::Keys keys{kReplicas + 2};
  one_node::Surroundings env{keys, kClient, kReplicas, 1};
  Client client{env, plan(), 1};

  static ClientPlan plan() {
    ClientPlan p;
    p.requests = 2;
    p.reply_quorum = 2;  // f + 1
    p.retransmit = std::chrono::milliseconds(100);
    p.primary = [](View view) { return static_cast<NodeId>(view % kReplicas); };
    return p;
  }
  Desk() {
    client.on_start();
    client.on_timer(0);
  }
  void hears(NodeId who, std::uint64_t result, View view = 0) {
    Reply reply;
    reply.view = view;
    reply.client = kClient;
    reply.number = 1;
    reply.result = result;
    client.on(*keys.sign(who, std::move(reply)));
  }
};

TEST_CASE(
    "a replica stands behind one result at a time, so a liar that sends thousands has one vote and one candidate") {
  Desk desk;
  REQUIRE(desk.env.sent_of<Request>().size() == 1);
  // A client that kept every result it was ever told would let any later honest mistake or second liar meet one of them.
  for (std::uint64_t lie = 1000; lie < 6000; ++lie) desk.hears(3, lie);
  desk.hears(0, 1000);
  CHECK(desk.env.accepted.empty());  // replica 3 has taken that back
  desk.hears(0, 7);
  desk.hears(3, 7);
  CHECK(desk.env.accepted == std::vector<std::uint64_t>{7});  // and comes round in the end
  desk.hears(1, 7);
  CHECK(desk.env.accepted.size() == 1);
}

TEST_CASE("a client hears replicas, and no other client, however well it signs") {
  Desk desk;
  desk.hears(3, 666);
  desk.hears(kClient + 1, 666);
  CHECK(desk.env.accepted.empty());
  desk.hears(2, 666);
  CHECK(desk.env.accepted.size() == 1);
}

TEST_CASE("the next request goes to the primary of a view that an honest replica vouches for") {
  Desk desk;
  desk.hears(3, 7, 1'000'003);  // right about the result, and lies about the view
  desk.hears(0, 7, 2);
  const auto requests = desk.env.sent_of<Request>();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].first == 0);
  CHECK(requests[1].first == 2);
}

}  // namespace
