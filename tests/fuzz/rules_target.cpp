#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/fake_powers.hpp"
#include "tests/fuzz/rule_writer.hpp"
#include "tests/fuzz/targets.hpp"

namespace byzsim::fuzz {

namespace {

using namespace byzsim::puppet;
using namespace std::chrono_literals;

constexpr std::size_t kMostFedBack = 24;
constexpr std::size_t kMostOnWire = 2000;

class Trial {
 public:
  Trial(const std::string& yaml, Choices& choices) : yaml_(yaml), choices_(choices), world_(yaml, {0, 5}) {
    make_messages();
  }

  void go() {
    for (int step = 0; step < 40 && world_.powers.wire.size() < kMostOnWire; ++step) {
      switch (choices_.below(6)) {
        case 0:
          happen();
          break;
        case 1:
          now_ += choices_.below(2000) * 1ms;
          world_.powers.move_to(now_);
          break;
        default: {
          const auto& message = choices_.pick(messages_);
          const auto to = static_cast<NodeId>(choices_.below(6));
          send(message, choices_.one_in(3) ? static_cast<NodeId>(choices_.below(6)) : message->signer(), to);
        }
      }
      feed_back();
      if (choices_.done()) break;
    }
    world_.adversary->on_end();
    for (const Packet& packet : world_.powers.wire) examine(*packet.message);
    for (const Packet& packet : world_.powers.dropped) examine(*packet.message);
    for (const auto& [to, message] : world_.powers.fed) examine(*message);
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      if (tree_of(*messages_[i]).dump() != as_sent_[i]) broken("a message was changed in place", *messages_[i]);
    }
  }

 private:
  [[noreturn]] void broken(const std::string& what, const Message& message) {
    throw Broken(fmt::format("{}\n{}\n{}", what, tree_of(message, world_.powers.notary()).dump(), yaml_));
  }

  template <class M>
  void add(NodeId signer, M message) {
    add(Ref<const Message>(world_.powers.signed_by(signer, std::move(message))));
  }
  void add(const Ref<const Message>& message) {
    messages_.push_back(message);
    as_sent_.push_back(tree_of(*message).dump());
    known(*message);
    for_each_nested(*message, [this](const Message& nested) { known(nested); });
  }
  void known(const Message& message) { signed_.emplace(message.signer(), message.content()); }

  void make_messages() {
    FakePowers& powers = world_.powers;
    const auto a = powers.request("a");
    const auto b = powers.request("b", 1);
    const auto both = powers.batch_of({a, b});
    add(a);
    add(b);
    for (const NodeId node : {0U, 1U, 3U}) {
      add(powers.proposal(node, node, 1, node == 1 ? powers.batch_of({}) : both));
      add(powers.commit(node, 0, 1, both->digest()));
      Proof proof{powers.proposal(0, 0, 2, both), {powers.commit(1, 0, 2, both->digest()), nullptr}};
      ViewChange vc;
      vc.view = 1 + node;
      vc.prepared = {proof, Proof{}};
      const auto asked = powers.signed_by(node, vc);
      add(asked);
      NewView nv;
      nv.view = 2;
      nv.view_changes = {asked, nullptr};
      nv.pre_prepares = {proof.proposal};
      add(node, nv);
      State state;
      state.slot = 4;
      state.origin = "disk";
      state.witnesses.insert(node);
      state.proof = {powers.commit(2, 0, 4, Digest{5})};
      if (node != 3) {
        state.state = Snapshot::of(
            {{{1, 10}, {2, std::uint64_t{1} << 60}}, {{4, 1, {3, 4}, {{1, 11}, {4, 14}}}, {5, 2, {}, {{2, 22}}}}});
      }
      add(node, state);
      Reply reply;
      reply.client = 4;
      reply.number = 1;
      add(node, reply);
    }
  }

  void send(const Ref<const Message>& message, NodeId from, NodeId to) {
    if (from == to) return;
    if (const auto passed = world_.send(from, to, message)) examine(*passed);
  }

  /// What the adversary made is sent once more, past its own rules.
  void feed_back() {
    const std::size_t from = fed_back_;
    fed_back_ = world_.powers.wire.size();
    for (std::size_t i = from; i < fed_back_ && i < kMostFedBack; ++i) {
      const Packet packet = world_.powers.wire[i];
      examine(*packet.message);
      send(packet.message, packet.from, packet.to);
    }
  }

  void happen() {
    static const std::vector<RecordKind> kinds{RecordKind::view,      RecordKind::prepared,  RecordKind::decided,
                                               RecordKind::executed,  RecordKind::submitted, RecordKind::accepted,
                                               RecordKind::delivered, RecordKind::crashed,   RecordKind::timer};
    const auto& about = choices_.pick(messages_);
    world_.happens(choices_.pick(kinds), static_cast<NodeId>(choices_.below(6)), choices_.below(3), choices_.below(5),
                   about->label().value, about->id(), "status");
  }

  void examine(const Message& message) {
    const Notary& notary = world_.powers.notary();
    // Nobody but corrupted nodes signs what the script wants signed.
    const auto unforged = [&](const Message& any) {
      if (!notary.verify(any) || world_.powers.controls(any.signer())) return;
      if (!signed_.contains({any.signer(), any.content()}))
        broken("an honest node's signature on what it never signed", any);
    };
    unforged(message);
    for_each_nested(message, unforged);
    std::string text;
    write_json(message, notary, text);
    const auto again = Draft::read(message.kind(), Json::parse(text));
    if (again->content() != message.content()) broken("a message that does not read back from a trace", message);
    if (notary.verify(*again) != notary.verify(message)) broken("a signature that does not read back", message);
    const Sizes sizes;
    if (wire_size(*again, sizes) != wire_size(message, sizes)) broken("a size that does not read back", message);
  }

  const std::string& yaml_;
  Choices& choices_;
  Stage4 world_;
  std::vector<Ref<const Message>> messages_;
  std::vector<std::string> as_sent_;
  std::set<std::pair<NodeId, Digest>> signed_;
  std::size_t fed_back_ = 0;
  Duration now_{};
};

}  // namespace

void rules(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  RuleWriter writer(choices, kinds());
  Json adversary{{"corrupt", Json::array({0, "c1"})}, {"rules", Json::array()}};
  for (std::uint64_t i = 1 + choices.below(4); i > 0; --i) adversary["rules"].push_back(writer.rule());
  const std::string yaml = adversary.dump();
  const Script script(yaml);
  if (!script.errors.ok()) {
    if (script.errors.render().empty()) throw Broken("refused without a word\n" + yaml);
    return;
  }
  Trial(yaml, choices).go();
}

}  // namespace byzsim::fuzz
