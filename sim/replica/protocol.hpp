// A protocol as the rest of byzsim sees it: an entry in the catalogue, made by one line at the end of the protocol's
// file.
//
//   const RegisteredProtocol<Pbft> entry{"pbft", "Practical Byzantine Fault Tolerance (Castro and Liskov, OSDI 1999)"};
//
// The class it names provides
//   struct Options { … static void describe(auto& row); };      what a scenario may set
//   using Kinds = MessageKinds<PrePrepare, Prepare, …>;          what its replicas send, beside Request and Reply
//   Pbft(Env&, const Options&, std::unique_ptr<Durable>);        the last argument is null, or the disk after a crash
//   static std::uint32_t quorum(const Options&, n, f);           distinct votes it calls a quorum
// and may provide
//   static NodeId primary(View, n);                              v mod n unless given
//   static std::uint32_t reply_quorum(const Options&, n, f);     equal replies a client waits for; else f + 1
//   static std::uint64_t client_window(const Options&);          see ClientRecord; else Service::kWindow
//   static std::string infeasible(const Options&, n, f);         why these options cannot work; empty if they can
//   static constexpr std::string_view timers[];                  names of its timers, for triggers and traces
//   static std::string unjustified(const Options&, const Message&, const ProtocolFacts&);
//       why an honest replica would not have signed this message, judged by its content alone; empty if it might have
//   static ClaimFacts claimed(const Options&, const Message& claim);
//       what a claim (MessageTraits::claims) says of its signer's earlier votes, in small, for judges to keep
//   static std::string contradiction(const Options&, const SignedVote&, const ClaimFacts&);
//       why an honest replica would not have signed both, the claim after the vote; empty if it might have. Asked only
//       where vote.view < claim.view and vote.slot > claim.stable, and must not depend on claim.view otherwise
// and, to be held to random worlds (tests/README.md),
//   static void vary(Options&, Stream&, n, f);                   sets options to sound values drawn at random
//   static Duration answered_within(const Options&, const LivenessFacts&);
//       the bound it promises: how long after max(submission, GST) a request of an honest client is answered at the
//       latest, with at most f faults
//   static std::uint64_t keeps_slots(const Options&);            slots after whose decision replicas may forget the
//       votes for earlier ones; never unless given. What is forgotten can no longer prove a lie
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/options.hpp"
#include "sim/core/random.hpp"
#include "sim/replica/env.hpp"
#include "sim/replica/service.hpp"

namespace byzsim {

template <class... Kinds>
struct MessageKinds {
  static std::vector<const MessageKind*> list() {
    return {&Request::kind_info, &Reply::kind_info, &Kinds::kind_info...};
  }
};

/// What `unjustified` may rely on.
struct ProtocolFacts {
  std::uint32_t n = 0;
  std::uint32_t f = 0;
  std::uint32_t quorum = 0;
  std::function<bool(const Message&)> verify;
};

/// What a protocol's liveness bound may depend on, beside its options.
struct LivenessFacts {
  std::uint32_t n = 0;
  std::uint32_t f = 0;
  Duration delta{};  ///< longest way of one message after GST, queues and work included
  Duration gst{};
  Duration client_pause{};    ///< longest pause between two transmissions of a client
  std::uint64_t ahead = 0;    ///< requests admitted ahead of it, at most
  std::uint64_t decided = 0;  ///< slots decided before it, at most
};

/// The payload of a catalogue entry of kind "protocol".
struct Protocol {
  std::vector<const MessageKind*> kinds;
  std::vector<std::string> timers;
  std::function<std::unique_ptr<Process>(Env&, const void* options, std::unique_ptr<Durable>)> make;
  std::function<std::uint32_t(const void* options, std::uint32_t n, std::uint32_t f)> quorum;
  std::function<std::uint32_t(const void* options, std::uint32_t n, std::uint32_t f)> reply_quorum;
  std::function<std::uint64_t(const void* options)> client_window;
  std::function<std::string(const void* options, std::uint32_t n, std::uint32_t f)> infeasible;
  std::function<NodeId(View, std::uint32_t n)> primary;
  std::function<std::string(const void* options, const Message&, const ProtocolFacts&)> unjustified;
  std::function<ClaimFacts(const void* options, const Message& claim)> claimed;
  std::function<std::string(const void* options, const SignedVote&, const ClaimFacts& claim)> contradiction;
  std::function<std::shared_ptr<const void>(Stream&, std::uint32_t n, std::uint32_t f)> vary;  ///< sound options
  std::function<Duration(const void* options, const LivenessFacts&)> answered_within;
  std::function<std::uint64_t(const void* options)> keeps_slots;
};

/// The protocol of this name; CHECKed, since the loader has refused unknown names.
const Protocol& protocol_named(std::string_view name);
/// Numbers the kinds of a protocol in their order and refuses names that clash or are too long.
void number_kinds(const Protocol& protocol);

template <class P>
Protocol describe_protocol() {
  using Options = typename P::Options;
  const auto options_of = [](const void* options) -> const Options& { return *static_cast<const Options*>(options); };
  Protocol protocol;
  protocol.kinds = P::Kinds::list();
  protocol.make = [options_of](Env& env, const void* options,
                               std::unique_ptr<Durable> disk) -> std::unique_ptr<Process> {
    return std::make_unique<P>(env, options_of(options), std::move(disk));
  };
  protocol.quorum = [options_of](const void* options, std::uint32_t n, std::uint32_t f) {
    return P::quorum(options_of(options), n, f);
  };
  protocol.reply_quorum = [options_of](const void* options, std::uint32_t n, std::uint32_t f) -> std::uint32_t {
    if constexpr (requires { P::reply_quorum(options_of(options), n, f); }) {
      return P::reply_quorum(options_of(options), n, f);
    } else {
      return f + 1;
    }
  };
  protocol.client_window = [options_of](const void* options) -> std::uint64_t {
    if constexpr (requires { P::client_window(options_of(options)); }) {
      return P::client_window(options_of(options));
    } else {
      return Service::kWindow;
    }
  };
  protocol.infeasible = [options_of](const void* options, std::uint32_t n, std::uint32_t f) -> std::string {
    if constexpr (requires { P::infeasible(options_of(options), n, f); }) {
      return P::infeasible(options_of(options), n, f);
    } else {
      return {};
    }
  };
  protocol.primary = [](View view, std::uint32_t n) -> NodeId {
    if constexpr (requires { P::primary(view, n); }) {
      return P::primary(view, n);
    } else {
      return static_cast<NodeId>(view % n);
    }
  };
  if constexpr (requires(const Message& m, const ProtocolFacts& facts, const Options& o) {
                  P::unjustified(o, m, facts);
                }) {
    protocol.unjustified = [options_of](const void* options, const Message& m, const ProtocolFacts& facts) {
      return P::unjustified(options_of(options), m, facts);
    };
  }
  if constexpr (requires(const Message& m, const SignedVote& vote, const Options& o) {
                  P::contradiction(o, vote, P::claimed(o, m));
                }) {
    protocol.claimed = [options_of](const void* options, const Message& claim) {
      return P::claimed(options_of(options), claim);
    };
    protocol.contradiction = [options_of](const void* options, const SignedVote& vote, const ClaimFacts& claim) {
      return P::contradiction(options_of(options), vote, claim);
    };
  }
  if constexpr (requires(Options & o, Stream & draw) { P::vary(o, draw, 0u, 0u); }) {
    protocol.vary = [](Stream& draw, std::uint32_t n, std::uint32_t f) -> std::shared_ptr<const void> {
      const auto options = std::make_shared<Options>();
      P::vary(*options, draw, n, f);
      return options;
    };
  }
  if constexpr (requires(const Options& o, const LivenessFacts& facts) { P::answered_within(o, facts); }) {
    protocol.answered_within = [options_of](const void* options, const LivenessFacts& facts) {
      return P::answered_within(options_of(options), facts);
    };
  }
  if constexpr (requires(const Options& o) { P::keeps_slots(o); }) {
    protocol.keeps_slots = [options_of](const void* options) { return P::keeps_slots(options_of(options)); };
  }
  if constexpr (requires { P::timers[0]; }) {
    for (std::string_view name : P::timers) protocol.timers.emplace_back(name);
  }
  number_kinds(protocol);
  return protocol;
}

/// Put one at the end of a protocol's file.
template <class P>
struct RegisteredProtocol {
  RegisteredProtocol(const char* name, const char* summary)
      : entry("protocol", name, summary, describe_protocol<P>()) {}
  Registered<typename P::Options, Protocol> entry;
};

}  // namespace byzsim
