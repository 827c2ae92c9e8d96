// Naive broadcast, a protocol to learn from: the primary numbers requests, and every replica believes it at once.
//
// n - 1 messages and one delay a decision, and no defence at all: one lying primary splits it. It exists to show how
// small a protocol file is, and what a verdict says of a bad one.
#include <map>

#include "sim/replica/protocol.hpp"
#include "sim/replica/service.hpp"

namespace {

using namespace byzsim;

struct Order final : Described<Order> {
  Slot slot = 0;
  Digest value;
  Ref<const Batch> batch;
  static constexpr MessageTraits traits{.name = "order", .phase = "order", .decides = true};
  static constexpr void describe(auto&& field) {
    field("slot", &Order::slot, Role::slot);
    field("value", &Order::value, Role::value);
    field("batch", &Order::batch, Role::payload);
  }
};

class NaiveBroadcast final : public Reactor<NaiveBroadcast, Request, Order> {
 public:
  struct Options {
    static void describe(auto&) {}
  };
  using Kinds = MessageKinds<Order>;
  static std::uint32_t quorum(const Options&, std::uint32_t, std::uint32_t) { return 1; }

  NaiveBroadcast(Env& env, const Options&, std::unique_ptr<Durable>) : env_(env) {}
  void on_start() override {}
  void on_timer(TimerName) override {}

  void on(const Request& request) {
    if (env_.self() != 0 || !env_.verify(request)) return;
    Order order;
    order.slot = ++last_;
    order.batch = make_ref<const Batch>(std::vector<Ref<const Request>>{Ref<const Request>(&request)});
    order.value = order.batch->digest();
    auto signed_order = env_.sign(std::move(order));
    env_.broadcast(signed_order);
    decide(*signed_order);
  }

  void on(const Order& order) {
    if (order.signer() != 0 || !env_.verify(order)) return;
    waiting_[order.slot] = Ref<const Order>(&order);
    while (!waiting_.empty() && waiting_.begin()->first == last_ + 1) {
      ++last_;
      decide(*waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
    }
  }

 private:
  void decide(const Order& order) {
    env_.decide(kNoView, order.slot, order.value, order.batch, ReplicaSet{0});
    for (const auto& request : order.batch->requests()) {
      Reply reply;
      reply.client = request->client;
      reply.number = request->number;
      reply.result = service_.apply(*request);
      env_.note_applied(order.slot, *request, reply.result);
      env_.send(request->client, env_.sign(std::move(reply)));
    }
    env_.note_executed(order.slot, order.value, service_.digest());
  }

  Env& env_;
  Service service_;
  Slot last_ = 0;
  std::map<Slot, Ref<const Order>> waiting_;
};

const RegisteredProtocol<NaiveBroadcast> entry{"naive-broadcast",
                                               "the primary's word is law: an example, and a bad one"};

}  // namespace
