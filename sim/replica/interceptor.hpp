// The border between the world and the adversary.
//
// An Interceptor sits between nodes and the network. The world shows it every message that is about to leave a node and
// every one about to reach a node it controls, and tells it what happens; it acts through its Powers. It can sign
// only as the nodes it controls, because Powers hands out the Signers of those alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/random.hpp"
#include "sim/core/time.hpp"
#include "sim/replica/message.hpp"
#include "sim/replica/notary.hpp"
#include "sim/replica/workload.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

/// One message on its way to one receiver.
struct Packet {
  Ref<const Message> message;
  NodeId from = kNobody;
  NodeId to = kNobody;
  Duration delay{};  ///< asked for by the adversary, on top of what the network takes
  /// When its sender put it on the wire; keep it on a packet that is held and injected later.
  Time sent{};
  /// What its sender put on the wire; null for what the adversary sends on its own account, whose time is when it is
  /// injected. Keep it, too: if `message` is another in the end, the original counts as lost.
  Ref<const Message> original{};
  /// Set it on a packet and each copy that is made of it: what is lost of several may have arrived all the same.
  bool one_of_several = false;
};

/// What the world lets the adversary do.
class Powers {
 public:
  virtual ~Powers() = default;
  virtual Time now() const = 0;
  virtual std::uint32_t n() const = 0;
  virtual std::uint32_t f() const = 0;
  virtual std::uint32_t clients() const = 0;
  virtual NodeId primary(View view) const = 0;
  virtual bool controls(NodeId node) const = 0;
  /// The key of a node the adversary controls; CHECKed.
  virtual const Signer& signer(NodeId node) = 0;
  virtual Notary& notary() = 0;
  virtual const MessageKind* kind(std::string_view name) const = 0;  ///< of the running protocol; null if there is none
  virtual std::vector<std::string> kind_names() const = 0;

  /// Puts a packet on the network, past the interceptor. `message` must be sealed or drafted; `from` is set on it.
  virtual void inject(Packet packet) = 0;
  /// The packet will never arrive: counted and recorded as dropped. For one that `outgoing` refused and that will not
  /// be injected.
  virtual void drop(const Packet& packet) = 0;
  /// From now on the core of a controlled node believes every signature it is shown.
  virtual void make_credulous(NodeId node) = 0;
  /// Hands a message straight to the honest core of a node the adversary controls, as if it had arrived from `from`.
  virtual void feed(NodeId to, NodeId from, Ref<const Message> message) = 0;
  /// Calls `on_wakeup(token)` after this time.
  virtual void wake(Duration after, std::uint64_t token) = 0;
  virtual bool down(NodeId node) const = 0;                ///< crashed, and not yet back
  virtual void crash(NodeId node) = 0;                     ///< only nodes it controls
  virtual void restart(NodeId node, bool state_kept) = 0;  ///< only nodes it controls
  /// Announces what it did; counted under `name` in the result's `happened`, and recorded.
  virtual void note(std::string_view name, NodeId node = kNobody, std::uint64_t message = 0) = 0;
  /// The batch that this value names, if it has been seen on a wire; null otherwise. The script is omniscient.
  virtual Ref<const Batch> batch(Digest value) const = 0;
  /// The request that the scenario's client script calls `name`, once it has been signed; null before. To recognise it.
  virtual Ref<const Request> named_request(std::string_view name) const = 0;
  /// The same once it has left its client, null before: to make use of it.
  virtual Ref<const Request> sent_request(std::string_view name) const = 0;
  virtual bool is_request_name(std::string_view name) const = 0;
  /// Every request that has left its client, in order.
  virtual const std::vector<Ref<const Request>>& requests() const = 0;
  virtual Stream& random() = 0;
};

class Interceptor {
 public:
  virtual ~Interceptor() = default;
  virtual void on_start() = 0;
  /// A packet is about to go on the wire. False: it does not (dropped, or kept to be injected later). May change it.
  virtual bool outgoing(Packet& packet) = 0;
  /// A packet has reached a node that the adversary controls. False: the honest core never sees it.
  virtual bool incoming(const Packet& packet) = 0;
  /// Something happened that triggers may refer to: records of kind view, prepared, decided, executed, timer,
  /// submitted, accepted, crashed, restarted, sent and delivered.
  virtual void on_event(const Record& record) = 0;
  virtual void on_wakeup(std::uint64_t token) = 0;
  /// The run is over: drop what is still held.
  virtual void on_end() = 0;
  /// False if packets of honest senders are none of its business: the world then skips it for them.
  virtual bool watches_everyone() const = 0;
  /// The record kinds that its triggers need.
  virtual RecordMask wants() const = 0;
};

struct AdversarySettings;
class Diagnostics;

/// Makes the interceptor that a scenario's adversary asks for. Null where it asks for nothing.
using InterceptorFactory = std::unique_ptr<Interceptor> (*)(const AdversarySettings& settings, Powers& powers);

/// The factory that adversaries/ registers when the program starts; null in a program without that room.
inline InterceptorFactory& interceptor_factory() {
  static InterceptorFactory factory = nullptr;
  return factory;
}

/// What an adversary's settings are checked against before a world is built.
struct AdversaryFacts {
  std::vector<const MessageKind*> kinds;  ///< of the protocol
  std::uint32_t n = 0;
  std::uint32_t clients = 0;
  std::vector<std::string> request_names;  ///< that the client script gives
  std::vector<std::string> timers;         ///< of the protocol
};
/// Reports every mistake in the settings that only shows against the protocol: unknown message types and fields, nodes
/// and requests that do not exist.
using AdversaryCheck = void (*)(const AdversarySettings& settings, const AdversaryFacts& facts, Diagnostics& errors);
/// As interceptor_factory().
inline AdversaryCheck& adversary_check() {
  static AdversaryCheck check = nullptr;
  return check;
}

}  // namespace byzsim
