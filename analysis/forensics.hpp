// Forensics: who can be proved to be faulty, and who is merely suspected.
//
// A culprit is proved by messages that its own key signed and that honest replicas received, directly or inside another
// message, so that they could show them to anybody:
//   - two messages of one exclusive kind for one (view, slot) with different values;
//   - one message that its protocol calls unjustified by its own content (Manifest::unjustified). Only messages that
//     have a place for others (proposals, view changes, certificates) are asked about: nothing else can incriminate
//     itself;
//   - a deciding vote and a claim for a later view that hides it (Manifest::contradiction), whichever is received
//     first, while the vote's slot is not yet settled.
// A proof is about contents, not about the number of one signing: it holds for any two signings that honest replicas
// received. Who is corrupted decides nothing but whose shelf a thing is kept on, so that a faulty signer pushes out
// only its own. An honest node that is convicted all the same is a fault of protocol or forensics, raised as
// FactKind::honest_accused.
//
// Cost: one bit a message for "an honest node has it"; conflicts are looked for by the VoteIndex alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_set>
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
  bool convicted(NodeId node) const { return evidence_.contains(node); }
  /// Claims of this signer that had to make room for further ones of its own.
  std::uint64_t claims_forgotten(NodeId signer) const {
    const auto found = claims_.find(signer);
    return found == claims_.end() ? 0 : found->second.forgotten;
  }

 private:
  void see(const Message& message, const KindFacts& kind);
  bool seen(std::uint64_t id) const { return id / 64 < seen_.size() && (seen_[id / 64] >> (id % 64) & 1) != 0; }
  void prove(const Conflict& conflict);
  void convict(Evidence evidence);
  void judge_content(const Message& message);
  struct Claim {
    ClaimFacts facts;
    Exhibit exhibit;  // without its requests
  };
  struct Claims {
    std::vector<Claim> list;  // each says something else; in the order in which they were heard
    std::size_t slots = 0;    // named by all of them
    View highest = 0;
    std::uint64_t forgotten = 0;
  };
  void hear_claim(const Message& message, const KindFacts& kind);
  void weigh(const Exhibit& vote, const Claim& claim);
  bool done_with(NodeId signer) const;
  void on_batch(const Message&, Digest, bool) override {}
  void on_nested(const Message& nested) override;

  const Manifest& manifest_;
  const Roster& roster_;
  KindTable& kinds_;
  VoteIndex& votes_;
  FactSink& facts_;
  Time now_{};
  std::vector<std::uint64_t> seen_;            // bit by number of the signing
  std::vector<Conflict> pending_;              // of signers that were honest, not yet seen by honest replicas
  std::unordered_set<std::uint64_t> awaited_;  // signings that they lack
  bool awaited_seen_ = false;                  // one of them has just been seen
  std::map<NodeId, std::vector<Evidence>> evidence_;
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
