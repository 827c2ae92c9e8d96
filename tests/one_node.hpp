// One node alone: what it sends and says is kept for a test to look at, and what it receives is what the test signs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/replica/env.hpp"
#include "sim/replica/notary.hpp"

namespace byzsim::one_node {

/// The keys of everybody; a test may sign for anyone.
struct Keys {
  explicit Keys(std::uint32_t nodes) {
    for (NodeId id = 0; id < nodes; ++id) signers.push_back(ring.issue(id));
  }
  template <class M>
  Ref<const M> sign(NodeId node, M message) {
    auto made = make_ref<M>(std::move(message));
    notary.sign(signers[node], *made);
    return made;
  }
  /// The same with a signature that is not its signer's.
  template <class M>
  Ref<const Message> forge(NodeId node, M message) {
    return Draft::damaged(*sign(node, std::move(message)), notary);
  }

  KeyRing ring{1, 16};
  Notary notary{ring};
  std::vector<Signer> signers;
};

class Surroundings : public Env {
 public:
  Surroundings(Keys& keys, NodeId self, std::uint32_t n, std::uint32_t f) : Env(self, n, f, keys.notary), keys_(keys) {}
  Time now() const override { return time; }
  void send(NodeId to, const Ref<const Message>& message) override { sent.emplace_back(to, message); }
  void broadcast(const Ref<const Message>& message) override { sent.emplace_back(kNobody, message); }
  void start_timer(TimerName, Duration) override {}
  void stop_timer(TimerName) override {}
  void note_view(View) override {}
  void note_prepared(View, Slot, Digest) override {}
  void decide(View, Slot slot, Digest, const Ref<const Batch>&, const ReplicaSet&) override { decided.push_back(slot); }
  void note_adopted(Slot slot, Digest) override { adopted.push_back(slot); }
  void note_applied(Slot, const Request&, std::uint64_t) override {}
  void note_executed(Slot, Digest, Digest) override {}
  void suspect(NodeId, std::string_view) override {}
  void mark(std::string_view branch) override { marks.emplace_back(branch); }
  void note_submitted(const Ref<const Request>&, std::string_view, bool) override {}
  void note_accepted(const Request&, std::uint64_t result, std::uint32_t) override { accepted.push_back(result); }

  /// How many messages of this type it has sent, a broadcast counting once.
  template <class M>
  std::vector<std::pair<NodeId, const M*>> sent_of() const {
    std::vector<std::pair<NodeId, const M*>> list;
    for (const auto& [to, message] : sent) {
      if (const M* one = as<M>(*message)) list.emplace_back(to, one);
    }
    return list;
  }

  Time time{};
  std::vector<std::pair<NodeId, Ref<const Message>>> sent;  // to whom; kNobody: to every other replica
  std::vector<Slot> decided;
  std::vector<Slot> adopted;
  std::vector<std::uint64_t> accepted;
  std::vector<std::string> marks;

 private:
  void seal(Message& message, const Label& label) override { keys_.notary.sign(keys_.signers[self()], message, label); }
  Keys& keys_;
};

}  // namespace byzsim::one_node
