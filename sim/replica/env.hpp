// What a protocol sees: Process, which it implements, and Env, through which it acts.
//
// A protocol is a pure reactor. It is called when it starts, when a message arrives and when a timer fires; everything
// it does goes through its Env. It has no clock but `now()`, no randomness and no input or output of its own, which is
// what makes it deterministic, restartable and open to being run by an adversary.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "sim/core/ids.hpp"
#include "sim/core/replica_set.hpp"
#include "sim/core/time.hpp"
#include "sim/replica/message.hpp"
#include "sim/replica/notary.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim {

/// A protocol numbers its timers as it likes; one timer runs per number, and starting it again moves its deadline.
using TimerName = std::uint32_t;

class Env {
 public:
  virtual ~Env() = default;
  NodeId self() const { return self_; }
  std::uint32_t n() const { return n_; }  ///< replicas
  std::uint32_t f() const { return f_; }  ///< faults the protocol assumes, whoever is faulty in fact
  virtual Time now() const = 0;

  /// Signs a message in this node's own name.
  template <class M>
  Ref<const M> sign(M message) {
    auto signed_message = make_ref<M>(std::move(message));
    seal(*signed_message, signed_message->read_label());
    return signed_message;
  }
  /// Whether the signature on this message is that of its claimed signer. Nested messages are checked one by one.
  bool verify(const Message& message) const { return notary_.verify(message) || believes(message); }

  virtual void send(NodeId to, const Ref<const Message>& message) = 0;
  /// To every other replica. A node never sends to itself over the network: it counts its own vote at once.
  virtual void broadcast(const Ref<const Message>& message) = 0;

  virtual void start_timer(TimerName timer, Duration after) = 0;
  virtual void stop_timer(TimerName timer) = 0;

  // What the node tells the world. These never change a run by themselves; observers and the adversary's triggers hear
  // them.
  virtual void note_view(View view) = 0;
  virtual void note_prepared(View view, Slot slot, Digest value) = 0;
  /// Committed locally: `slot` holds `value` by the votes of `voters` in `view`. `batch` is empty for the null value.
  virtual void decide(View view, Slot slot, Digest value, const Ref<const Batch>& batch, const ReplicaSet& voters) = 0;
  /// The node took over, by state transfer, a state that covers every slot up to `slot`.
  virtual void note_adopted(Slot slot, Digest state) = 0;
  /// One operation of `slot` was applied, and gave `result`.
  virtual void note_applied(Slot slot, const Request& request, std::uint64_t result) = 0;
  /// All of `slot` was applied; the state is now `state`.
  virtual void note_executed(Slot slot, Digest value, Digest state) = 0;
  /// This node suspects another, without proof.
  virtual void suspect(NodeId whom, std::string_view reason) = 0;
  /// A rare branch was reached, such as "view change with a prepared certificate".
  virtual void mark(std::string_view branch) = 0;
  /// A client has this request answered from now on; `name` is what the scenario's script calls it, or empty. `waits` if
  /// it is not sent at once, so that nobody else knows of it.
  virtual void note_submitted(const Ref<const Request>& request, std::string_view name, bool waits) = 0;
  /// A client accepts `result` as the answer to its request, from so many matching replies.
  virtual void note_accepted(const Request& request, std::uint64_t result, std::uint32_t replies) = 0;

 protected:
  Env(NodeId self, std::uint32_t n, std::uint32_t f, const Notary& notary)
      : notary_(notary), self_(self), n_(n), f_(f) {}
  virtual void seal(Message& message, const Label& label) = 0;
  /// A corrupted node's verification is the adversary's too: its core then believes whatever it is fed.
  void set_credulous(bool value) { credulous_ = value; }

 private:
  /// Even it knows who there is: nothing is signed by a node that does not exist.
  bool believes(const Message& message) const { return credulous_ && message.signer() < notary_.nodes(); }

  const Notary& notary_;
  NodeId self_;
  std::uint32_t n_;
  std::uint32_t f_;
  bool credulous_ = false;
};

/// What survives a crash. A protocol derives its own and keeps in it whatever the paper has it write to disk.
class Durable {
 public:
  virtual ~Durable() = default;
};

/// A replica or a client, as the field calls both.
class Process {
 public:
  virtual ~Process() = default;
  virtual void on_start() = 0;
  /// Called instead of on_start when the node comes back from a crash, with the Durable it was made from or, if that
  /// was lost, with none.
  virtual void on_restart() { on_start(); }
  virtual void on_message(const Message& message) = 0;
  virtual void on_timer(TimerName timer) = 0;
  /// Called when the node crashes: what is on its disk. The process is destroyed afterwards.
  virtual std::unique_ptr<Durable> take_durable() { return nullptr; }
};

/// Base of a protocol: sends each message to the overload `on(const M&)` of its type; kinds it does not list are
/// ignored.
template <class Self, class... Kinds>
class Reactor : public Process {
 public:
  void on_message(const Message& message) final {
    const MessageKind* kind = &message.kind();
    static_cast<void>(
        ((kind == &Kinds::kind_info ? (self().on(static_cast<const Kinds&>(message)), true) : false) || ...));
  }

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace byzsim
