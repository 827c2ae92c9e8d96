// What rules do with content: alter, forge, replay.
#include <fmt/core.h>

#include "adversaries/rule.hpp"
#include "sim/net/latency.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

namespace {

bool corrupted(const AdversarySettings& settings, NodeRef node) {
  return std::find(settings.corrupt.begin(), settings.corrupt.end(), node) != settings.corrupt.end();
}

struct AlterOptions {
  FieldTree fields;
  static void describe(auto& row) {
    row("fields", &AlterOptions::fields,
        "the fields to change, by paths: `slot: +1`, `batch: b`, `view_changes.0.prepared: []`, "
        "`state.clients.client=c0.beyond: {order: reversed}`; lists take append, remove and order");
  }
  void check(const ActionChecks& checks) const {
    if (checks.types == nullptr || checks.types->written().find("not") != nullptr) return;
    if (checks.types->everything()) {
      checks.errors.error(checks.where, "which fields there are depends on the type", "add `type` to the rule's match");
    }
    for (const std::string& name : checks.types->named()) {
      for (const MessageKind* kind : checks.facts.kinds) {
        if (kind->traits.name == name) check_fields(*kind, fields, true, checks.facts, checks.errors);
      }
    }
  }
};

class Alter final : public Action {
 public:
  explicit Alter(const AlterOptions& options) : options_(options) {}
  bool needs_memory() const override { return options_.fields.recalls(); }
  bool on_packet(Packet& packet, const Occasion& occasion) override {
    // The receivers of one broadcast get one altered message.
    if (!(packet.message == before_)) {
      before_ = packet.message;
      after_ = nullptr;
      try {
        after_ = Rewriter(rule().coalition(), occasion).altered(*packet.message, options_.fields);
      } catch (const Impossible& why) {
        rule().note_impossible(why.what());
      }
    }
    if (!after_) return true;
    packet.message = after_;
    rule().note(name(), packet.from, after_->id());
    return true;
  }

 private:
  const AlterOptions& options_;
  Ref<const Message> before_;
  Ref<const Message> after_;
};

struct ForgeOptions {
  std::string type;
  NodeRef from;
  NodeSelector to;
  FieldTree fields;
  std::optional<ContentMatch> like;
  LatencySpec after = LatencySpec::constant(Duration(0));

  static void describe(auto& row) {
    row("type", &ForgeOptions::type, "the type of the message", required());
    row("from", &ForgeOptions::from, "the corrupted node in whose name it is signed, and which sends it", required());
    row("to", &ForgeOptions::to,
        "its receivers; every other replica unless given. The node itself: its own core is handed it");
    row("fields", &ForgeOptions::fields, "what it holds; fields left out are empty, or as in `like`");
    row("like", &ForgeOptions::like, "start from the latest message of the type that was seen and matches this");
    row("after", &ForgeOptions::after, "how much later it is sent");
  }
  void check(const ActionChecks& checks) const {
    check_nodes(to, checks.facts, checks.errors);
    if (!corrupted(checks.settings, from)) {
      checks.errors.error(checks.where,
                          fmt::format("{} is not corrupted, so nobody can sign in its name", to_string(from)),
                          "add it to adversary.corrupt");
    }
    if (like) like->check(checks.facts, checks.errors);
    if (const MessageKind* kind = check_type(type, checks.where, checks.facts, checks.errors)) {
      check_fields(*kind, fields, like.has_value(), checks.facts, checks.errors);
    }
  }
};

class Forge final : public Action {
 public:
  explicit Forge(const ForgeOptions& options) : options_(options), after_(options.after) {}
  bool needs_memory() const override { return options_.like.has_value() || options_.fields.recalls(); }
  void on_event(const Occasion& occasion) override {
    Powers& powers = rule().powers();
    const NodeId from = options_.from.node(powers.n());
    const MessageKind* kind = powers.kind(options_.type);
    if (kind == nullptr || !powers.controls(from))
      return rule().note_impossible("no such type, or no key to sign it with");
    Ref<const Message> message;
    try {
      message = make(*kind, from, occasion);
    } catch (const Impossible& why) {
      return rule().note_impossible(why.what());
    }
    const View view = message->label().view;
    rule().note(name(), from, message->id());
    for (const NodeId to : options_.to.members(view, powers)) {
      if (to != from) {
        powers.inject({message, from, to, after_.sample(powers.random().next())});
      } else if (!options_.to.everything()) {
        powers.feed(from, from, message);
      }
    }
  }

 private:
  Ref<const Message> make(const MessageKind& kind, NodeId from, const Occasion& occasion) {
    Rewriter rewriter(rule().coalition(), occasion);
    if (!options_.like) return rewriter.forged(kind, from, options_.fields);
    Ref<const Message> latest;
    for (const auto& message : rewriter.seen(*options_.like, false)) {
      if (&message->kind() == &kind) latest = message;
    }
    if (!latest) throw Impossible("no message that was seen matches `like`");
    return rewriter.forged_like(*latest, from, options_.fields);
  }

  const ForgeOptions& options_;
  Latency after_;
};

struct ReplayOptions {
  std::optional<ContentMatch> match;
  std::optional<NodeRef> from;
  NodeSelector to;
  std::uint32_t times = 1;
  Duration after{};
  std::uint32_t most = 1000;

  static void describe(auto& row) {
    row("match", &ReplayOptions::match,
        "what to send again, of all that was seen; the message that the rule matched unless given");
    row("from", &ReplayOptions::from, "who puts it on the link; whoever did the first time unless given");
    row("to", &ReplayOptions::to, "its receivers; those of the matched message, or every other replica");
    row("times", &ReplayOptions::times, "how often", at_least(1), at_most(1000));
    row("after", &ReplayOptions::after, "how much later, each time", at_least(Duration(0)));
    row("most", &ReplayOptions::most, "how many different messages at most", at_least(1), at_most(100'000));
  }
  void check(const ActionChecks& checks) const {
    check_nodes(to, checks.facts, checks.errors);
    if (match) match->check(checks.facts, checks.errors);
    if (!match && checks.types == nullptr) {
      checks.errors.error(checks.where, "replay needs to know what: give it a `match`, or the rule one");
    }
    if (from && !corrupted(checks.settings, *from)) {
      checks.errors.error(checks.where, fmt::format("{} is not corrupted, so it replays nothing", to_string(*from)));
    }
  }
};

class Replay final : public Action {
 public:
  explicit Replay(const ReplayOptions& options) : options_(options) {}
  bool needs_memory() const override { return options_.match.has_value(); }
  bool on_packet(Packet& packet, const Occasion& occasion) override {
    if (options_.match) {
      on_event(occasion);
    } else if (options_.to.everything()) {
      again(packet.message, packet.from, {packet.to});
    } else {
      again(packet.message, packet.from, options_.to.members(occasion.view, rule().powers()));
    }
    return true;
  }
  void on_event(const Occasion& occasion) override {
    if (!options_.match) return;
    std::uint32_t count = 0;
    for (const auto& message : Rewriter(rule().coalition(), occasion).seen(*options_.match, false)) {
      if (++count > options_.most) return rule().note("replay: full");
      const NodeId from = message->from() == kNobody ? message->signer() : message->from();
      again(message, from, options_.to.members(occasion.view, rule().powers()));
    }
  }

 private:
  void again(const Ref<const Message>& message, NodeId from, const std::vector<NodeId>& receivers) {
    Powers& powers = rule().powers();
    if (options_.from) from = options_.from->node(powers.n());
    for (const NodeId to : receivers) {
      if (to == from) continue;
      rule().note(name(), from, message->id());
      for (std::uint32_t i = 1; i <= options_.times; ++i)
        powers.inject({message, from, to, product_of(options_.after, i)});
    }
  }

  const ReplayOptions& options_;
};

const ActionEntry<AlterOptions, Alter> alter{
    "alter",
    "changes fields of the message, and signs it again if its signer is corrupted",
    {.needs_packet = true, .takes_fields = true}};
const ActionEntry<ForgeOptions, Forge> forge{"forge", "makes and sends a message in a corrupted node's name"};
const ActionEntry<ReplayOptions, Replay> replay{"replay", "sends messages that were seen once more"};

}  // namespace

}  // namespace byzsim
