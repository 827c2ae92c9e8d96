// The Env that the world gives to each of its nodes.
#pragma once

#include "sim/world_impl.hpp"

namespace byzsim {

class World::Impl::NodeEnv final : public Env {
 public:
  NodeEnv(Impl& world, NodeId self, Signer signer)
      : Env(self, world.n_, world.f_, *world.notary_), world_(world), signer_(std::move(signer)) {}

  const Signer& signer() const { return signer_; }
  using Env::set_credulous;

  Time now() const override { return world_.departure(); }
  void send(NodeId to, const Ref<const Message>& message) override {
    if (!world_.unsent_.empty()) [[unlikely]]
      world_.reveal(*message);
    world_.send(self(), to, message);
  }
  void broadcast(const Ref<const Message>& message) override { world_.broadcast(self(), message); }
  void start_timer(TimerName timer, Duration after) override;
  void stop_timer(TimerName timer) override;

  void note_view(View view) override;
  void note_prepared(View view, Slot slot, Digest value) override;
  void decide(View view, Slot slot, Digest value, const Ref<const Batch>& batch, const ReplicaSet& voters) override;
  void note_adopted(Slot slot, Digest state) override;
  void note_applied(Slot slot, const Request& request, std::uint64_t result) override;
  void note_executed(Slot slot, Digest value, Digest state) override;
  void suspect(NodeId whom, std::string_view reason) override;
  void mark(std::string_view branch) override;
  void note_submitted(const Ref<const Request>& request, std::string_view name, bool waits) override;
  void note_accepted(const Request& request, std::uint64_t result, std::uint32_t replies) override;

 private:
  void seal(Message& message, const Label& label) override {
    // What a client does is free.
    if (self() < n()) world_.charge_ = sum_of(world_.charge_, world_.scenario_.replicas.cpu.sign);
    world_.notary_->sign(signer_, message, label);
  }
  Record record(RecordKind kind) const { return world_.about(kind, self()); }

  Impl& world_;
  Signer signer_;
};

}  // namespace byzsim
