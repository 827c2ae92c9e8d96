// Forensics: who can be proved to be faulty, and who is merely suspected.
//
// A culprit is proved by messages that its own key signed and that honest replicas received, directly or inside another
// message, so that they could show them to anybody:
//   - two messages of one exclusive kind for one (view, slot) with different values;
//   - one message that its protocol calls unjustified by its own content (Manifest::unjustified). Only messages that
//   have
//     a place for others (proposals, view changes, certificates) are asked about: nothing else can incriminate itself;
//   - a deciding vote and a later claim that hides it (Manifest::contradiction), while the vote's slot is not yet
//     settled.
// No list of corrupted nodes is consulted. An honest node that is convicted all the same is a fault of protocol or
// forensics, raised as FactKind::honest_accused.
//
// Cost: one bit a message for "an honest node has it"; conflicts are looked for by the VoteIndex alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "analysis/nesting.hpp"
#include "analysis/roster.hpp"
#include "analysis/votes.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

struct Evidence {
  enum class Sort : std::uint8_t { conflict, unjustified, contradiction };
  Sort sort = Sort::conflict;
  NodeId culprit = kNobody;
  Time time{};                    ///< when honest replicas held all of it
  std::string reason;             ///< a sentence
  std::vector<Exhibit> exhibits;  ///< one if unjustified, two otherwise
};

struct Suspect {
  NodeId replica = kNobody;
  std::vector<std::string> reasons;  ///< sorted
  std::vector<NodeId> accusers;      ///< in increasing order
};

class Forensics final : public ConflictSink, private NestWalker {
 public:
  Forensics(const Manifest& manifest, const Roster& roster, KindTable& kinds, VoteIndex& votes, FactSink& facts);

  void on_witnessed(const Record& record);
  void on_suspect(const Record& record);
  void on_conflict(const Conflict& conflict) override;

  /// In increasing order.
  std::vector<NodeId> culprits() const;
  /// At most a few a culprit, by culprit and then in the order in which they were found.
  std::vector<Evidence> evidence() const;
  std::vector<Suspect> suspects() const;
  std::uint64_t conflicting_signatures() const { return conflicts_proved_; }
  std::uint64_t unjustified_messages() const { return unjustified_; }
  std::uint64_t contradicted_claims() const { return contradicted_; }

 private:
  void see(const Message& message, const KindFacts& kind);
  bool seen(std::uint64_t id) const { return id / 64 < seen_.size() && (seen_[id / 64] >> (id % 64) & 1) != 0; }
  void prove(const Conflict& conflict);
  void convict(Evidence evidence);
  void judge_content(const Message& message);
  void hear_claim(const Message& claim, const KindFacts& kind);
  void weigh(const Exhibit& vote, const Message& claim);
  void on_batch(const Message&, Digest, bool) override {}
  void on_nested(const Message& nested) override;

  const Manifest& manifest_;
  const Roster& roster_;
  KindTable& kinds_;
  VoteIndex& votes_;
  FactSink& facts_;
  Time now_{};
  std::vector<std::uint64_t> seen_;  // bit by number of the signing
  std::vector<Conflict> pending_;    // not yet seen by honest replicas
  std::map<NodeId, std::vector<Evidence>> evidence_;
  struct Claims {
    std::vector<std::uint64_t> heard;  // numbers of those that were weighed
    Ref<const Message> highest;        // of the highest view; alone kept for votes still to come, for claims are large
  };
  std::map<NodeId, Claims> claims_;  // by signer
  struct Suspicion {
    std::set<std::string, std::less<>> reasons;
    std::set<NodeId> accusers;
  };
  std::map<NodeId, Suspicion> suspicions_;
  std::uint64_t conflicts_proved_ = 0;
  std::uint64_t unjustified_ = 0;
  std::uint64_t contradicted_ = 0;
};

}  // namespace byzsim
