// Behaviour: one thing that corrupted nodes do. One file a behaviour, ending in one registration line.
//
//   // Silence: sends nothing.
//   struct SilenceOptions : BehaviourOptions {
//     static void describe(auto& row) { BehaviourOptions::describe(row); }
//   };
//   class Silence final : public BehaviourWith<SilenceOptions> {
//    public:
//     using BehaviourWith::BehaviourWith;
//     bool outgoing(Packet& packet) override {
//       note("silence", packet.from, packet.message->id());
//       powers().drop(packet);
//       return false;
//     }
//   };
//   const BehaviourEntry<SilenceOptions, Silence> entry{"silence", "sends nothing"};
//
// A behaviour is asked about a packet only while it acts for the node in question: its `replicas`, from `from` until
// `until`. It never includes a protocol's header: it knows messages by their kinds, labels and roles.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adversaries/coalition.hpp"
#include "adversaries/match.hpp"
#include "sim/core/limits.hpp"
#include "sim/core/options.hpp"
#include "sim/replica/interceptor.hpp"

namespace byzsim {

/// What a packet counts that a stage keeps; see sim/core/limits.hpp.
inline constexpr std::uint64_t kPacketBytes = 64;

/// What every behaviour can be told.
struct BehaviourOptions {
  NodeSelector replicas;
  Duration from{};
  std::optional<Duration> until;

  static void describe(auto& row) {
    row("replicas", &BehaviourOptions::replicas, "which of the corrupted nodes do this; all of them unless given");
    row("from", &BehaviourOptions::from, "when it begins");
    row("until", &BehaviourOptions::until, "when it ends; never unless given");
  }
};

/// A place in the row of behaviours and rules that a packet passes through.
class Stage {
 public:
  virtual ~Stage() = default;

  virtual void start() {}
  /// As Interceptor's, for packets that this stage is concerned with.
  virtual bool outgoing(Packet&) { return true; }
  virtual bool incoming(const Packet&) { return true; }
  virtual void on_event(const Record&) {}
  virtual void on_wakeup(std::uint64_t) {}
  /// The run is over: drop what is still held.
  virtual void end() {}
  /// Whether it acts on packets from (or, for incoming, to) this node now.
  virtual bool acts_for(NodeId node) const = 0;
  /// Whether outgoing packets of this kind can concern it at all; asked once, before the run.
  virtual bool acts_on(const MessageKind&) const { return true; }
  /// Whether it needs to see what honest nodes send.
  virtual bool watches_everyone() const { return false; }
  /// Whether it needs the coalition to remember what was seen.
  virtual bool needs_memory() const { return false; }
  virtual RecordMask wants() const { return 0; }
  /// Lets go of what it holds.
  virtual void release() {}
  virtual std::string_view name() const { return {}; }

 protected:
  Coalition& coalition() { return *coalition_; }
  Powers& powers() { return coalition_->powers(); }
  const Powers& powers() const { return coalition_->powers(); }
  /// Calls on_wakeup(token) of this stage after this time; tokens below 2^32.
  void wake(Duration after, std::uint32_t token = 0);
  /// Sends a packet that this stage kept: it passes the stages after this one, then goes on the wire.
  void resume(Packet packet);
  /// Has the rules of this name let go of what they hold.
  void release_others(std::string_view name);
  /// Counts in `happened` under this name.
  void note(std::string_view what, NodeId node = kNobody, std::uint64_t message = 0) {
    powers().note(what, node, message);
  }

 private:
  friend class Adversary;
  Coalition* coalition_ = nullptr;
  class Adversary* adversary_ = nullptr;
  std::uint32_t position_ = 0;
};

/// Base of a behaviour with these options.
template <class Options>
class BehaviourWith : public Stage {
 public:
  explicit BehaviourWith(const Options& options) : options_(options) {}
  bool acts_for(NodeId node) const override {
    const Powers& powers = this->powers();
    return powers.controls(node) && options_.replicas.contains(node, kNoView, powers) &&
           powers.now() >= at(options_.from) && (!options_.until || powers.now() < at(*options_.until));
  }

 protected:
  const Options& options() const { return options_; }
  /// The corrupted nodes that this behaviour is for, whatever the time.
  std::vector<NodeId> nodes() const {
    std::vector<NodeId> list;
    for (NodeId node = 0; node < powers().n() + powers().clients(); ++node) {
      if (powers().controls(node) && options_.replicas.contains(node, kNoView, powers())) list.push_back(node);
    }
    return list;
  }

 private:
  const Options& options_;
};

/// What the catalogue keeps of a behaviour.
struct BehaviourFactory {
  std::unique_ptr<Stage> (*make)(const Choice& choice) = nullptr;
  void (*check)(const Choice& choice, const AdversaryFacts& facts, Diagnostics& errors) = nullptr;
};

/// Registers a behaviour. Options may have `void check(const AdversaryFacts&, Diagnostics&) const`.
template <class Options, class B>
class BehaviourEntry {
 public:
  BehaviourEntry(const char* name, const char* summary)
      : registered_("behaviour", name, summary,
                    BehaviourFactory{[](const Choice& choice) -> std::unique_ptr<Stage> {
                                       return std::make_unique<B>(choice.as<Options>());
                                     },
                                     [](const Choice& choice, const AdversaryFacts& facts, Diagnostics& errors) {
                                       const auto& options = choice.as<Options>();
                                       check_nodes(options.replicas, facts, errors);
                                       if constexpr (requires { options.check(facts, errors); })
                                         options.check(facts, errors);
                                     }}) {}

 private:
  Registered<Options, BehaviourFactory> registered_;
};

}  // namespace byzsim
