// Adversary: the interceptor that a scenario describes. Runs its behaviours and then its rules over every packet, in
// the order in which they are written, and shares one coalition between them.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "adversaries/behaviour.hpp"
#include "sim/replica/interceptor.hpp"
#include "sim/scenario/scenario.hpp"

namespace byzsim {

class Adversary final : public Interceptor {
 public:
  Adversary(const AdversarySettings& settings, Powers& powers);

  void on_start() override;
  bool outgoing(Packet& packet) override;
  bool incoming(const Packet& packet) override;
  void on_event(const Record& record) override;
  void on_wakeup(std::uint64_t token) override;
  void on_end() override;
  bool watches_everyone() const override { return watches_everyone_; }
  RecordMask wants() const override { return wants_; }

  // --- for stages ---

  Powers& powers() { return coalition_.powers(); }
  /// Sends a packet through the stages after `position`, then on the wire. From within a stage: once the stage has
  /// returned, and before the packet that it acts on goes on.
  void resume(Packet packet, std::uint32_t position);
  /// Has every stage of this name let go of what it holds. False if there is none.
  bool release(std::string_view name);

 private:
  void add(std::unique_ptr<Stage> stage);
  struct Resumed {
    Packet packet;
    std::size_t next = 0;  // the stage that it comes to
    Footprint kept{kPacketBytes};
  };
  bool act(std::size_t stage, Packet& packet);
  /// Takes the packet through the stages from `next` on, and on the wire what they send on the way. False if it is
  /// stopped.
  bool pass(Packet& packet, std::size_t next);
  /// The stages that packets of this kind may concern, by position.
  const std::vector<std::uint32_t>& stages_for(const MessageKind& kind) const;
  /// The first of these from `from` on; past the last stage if there is none.
  std::size_t next_for(const MessageKind& kind, std::size_t from) const;

  AdversarySettings settings_;  // stages refer to their options
  Coalition coalition_;
  std::vector<std::unique_ptr<Stage>> stages_;
  bool passing_ = false;
  std::vector<Resumed> resumed_;  // by the stage that acts
  std::vector<std::uint32_t> every_stage_;
  std::vector<std::pair<const MessageKind*, std::vector<std::uint32_t>>> stages_by_kind_;
  bool watches_everyone_ = false;
  bool needs_memory_ = false;
  RecordMask wants_ = 0;
};

std::unique_ptr<Interceptor> make_adversary(const AdversarySettings& settings, Powers& powers);
/// Reports what is wrong with the settings for this protocol and cluster.
void check_adversary(const AdversarySettings& settings, const AdversaryFacts& facts, Diagnostics& errors);

}  // namespace byzsim
