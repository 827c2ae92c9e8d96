// Replay: the replica sends again what it sent or received before, later or when it has entered another view.
#include <algorithm>

#include "adversaries/behaviour.hpp"
#include "adversaries/rewriting.hpp"
#include "sim/net/latency.hpp"

namespace byzsim {

enum class ReplayWhen { later, next_view };
template <>
struct EnumNames<ReplayWhen> {
  static constexpr EnumTable<ReplayWhen, 2> table{{
      {"later", ReplayWhen::later, "`after` it was first seen"},
      {"next-view", ReplayWhen::next_view, "whenever the replica enters a view, everything of the views before"},
  }};
};

namespace {

struct ReplayOptions : BehaviourOptions {
  std::optional<ContentMatch> match;
  ReplayWhen when = ReplayWhen::later;
  LatencySpec after = LatencySpec::constant(std::chrono::milliseconds(100));
  std::uint32_t times = 1;
  NodeSelector to;
  std::uint64_t most = 100'000;

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("match", &ReplayOptions::match, "which messages, its own or others'; all of them unless given");
    row("when", &ReplayOptions::when, "on what occasion");
    row("after", &ReplayOptions::after, "how much later each replay is than the one before");
    row("times", &ReplayOptions::times, "how often each message is sent again", at_least(1), at_most(1000));
    row("to", &ReplayOptions::to, "its receivers; every other replica unless given");
    row("most", &ReplayOptions::most, "stop after so many copies", at_most(100'000'000));
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const {
    if (match) match->check(facts, errors);
    check_nodes(to, facts, errors);
  }
};

class Replay final : public BehaviourWith<ReplayOptions> {
 public:
  explicit Replay(const ReplayOptions& options) : BehaviourWith(options), after_(options.after) {}
  bool needs_memory() const override { return options().when == ReplayWhen::next_view; }
  RecordMask wants() const override { return needs_memory() ? records(RecordKind::view) : 0; }

  bool outgoing(Packet& packet) override {
    saw(packet.message, packet.from);
    return true;
  }
  bool incoming(const Packet& packet) override {
    saw(packet.message, packet.to);
    return true;
  }
  void on_event(const Record& record) override {
    if (record.kind != RecordKind::view || !needs_memory() || record.view == 0 || !acts_for(record.node)) return;
    Rewriter rewriter(coalition(), {});
    const ContentMatch everything;
    for (const auto& message : rewriter.seen(options().match ? *options().match : everything, false)) {
      const View view = message->label().view;
      if (view != kNoView && view < record.view) send_again(message, record.node);
    }
  }

 private:
  void saw(const Ref<const Message>& message, NodeId node) {
    if (needs_memory() || last_ == message) return;  // a broadcast is seen once
    last_ = message;
    if (!options().match || options().match->matches(*message, powers())) send_again(message, node);
  }
  void send_again(const Ref<const Message>& message, NodeId node) {
    for (const NodeId to : options().to.members(message->label().view, powers())) {
      Duration delay{};
      for (std::uint32_t i = 0; i < options().times && to != node; ++i) {
        if (sent_ == options().most) {
          if (!full_) note("replay: full", node, message->id());
          full_ = true;
          return;
        }
        ++sent_;
        delay = sum_of(delay, after_.sample(powers().random().next()));
        note("replay", node, message->id());
        powers().inject({message, node, to, delay});
      }
    }
  }

  Latency after_;
  Ref<const Message> last_;  // kept, so that no other one comes to lie at its address
  std::uint64_t sent_ = 0;
  bool full_ = false;
};

const BehaviourEntry<ReplayOptions, Replay> entry{"replay",
                                                  "sends again what it sent or received, later or in another view"};

}  // namespace

}  // namespace byzsim
