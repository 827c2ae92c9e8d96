#include "analysis/forensics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "analysis/requests_text.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostPending = 4096;    // conflicts of honest signers waiting for a witness
constexpr std::size_t kMostEvidence = 4;      // proofs kept for one culprit; contradictions are not looked for beyond
constexpr std::size_t kMostClaims = 256;      // kept of one signer, all different
constexpr std::size_t kMostClaimed = 16'384;  // slots named by all of them
constexpr std::size_t kMostReasons = 32;      // kept for one suspect
constexpr std::uint64_t kMostSeen = 1ull << 30;  // numbers past this (a forged trace) are not remembered

}  // namespace

Forensics::Forensics(const Manifest& manifest, const Roster& roster, KindTable& kinds, VoteIndex& votes,
                     FactSink& facts)
    : NestWalker(manifest, Batches::ignored),
      manifest_(manifest),
      roster_(roster),
      kinds_(kinds),
      votes_(votes),
      facts_(facts) {
  votes.attach(*this);
}

void Forensics::on_witnessed(const Record& record) {
  const Message& message = *record.message;
  const KindFacts& kind = kinds_.of(message);
  const bool valued = kind.family != kNoFamily && message.label().value;
  if (!valued && !kind.nests) return;
  // A damaged copy carries the number of the original, so only what verifies counts as received.
  if (manifest_.verify && !manifest_.verify(message)) return;
  now_ = record.time;
  see(message, kind);
  if (kind.nests) {
    judge_content(message);
    hear_claim(message, kind);
    walk(message);
  }
  if (!awaited_seen_) return;
  awaited_seen_ = false;
  const auto proved = [this](const Conflict& conflict) {
    return (conflict.first_received || seen(conflict.first.id)) &&
           (conflict.second_received || seen(conflict.second.id));
  };
  for (const Conflict& conflict : pending_) {
    if (proved(conflict)) prove(conflict);
  }
  std::erase_if(pending_, proved);
}

void Forensics::on_nested(const Message& nested) {
  const KindFacts& kind = kinds_.of(nested);
  if (manifest_.verify && !manifest_.verify(nested)) return;
  see(nested, kind);
  if (kind.nests) {
    judge_content(nested);
    hear_claim(nested, kind);
  }
}

void Forensics::see(const Message& message, const KindFacts& kind) {
  const std::uint64_t id = message.id();
  if (id != 0 && id < kMostSeen) {
    const std::size_t word = id / 64;
    if (word >= seen_.size()) seen_.resize(std::max(word + 1, seen_.size() + seen_.size() / 2 + 4), 0);
    seen_[word] |= std::uint64_t{1} << (id % 64);
    if (!awaited_.empty() && awaited_.erase(id) > 0) awaited_seen_ = true;
  }
  const Label& label = message.label();
  if (kind.family != kNoFamily && label.value && !roster_.honest(message.signer()))
    votes_.receive_faulty(message, kind, now_);
  if (!kind.decides || claims_.empty()) return;
  const auto claims = claims_.find(message.signer());
  if (claims == claims_.end() || label.view >= claims->second.highest || done_with(message.signer())) return;
  const Exhibit vote{
      id, kind.index, message.signer(), label.view, label.slot, label.value, requests_in(message, manifest_.n)};
  for (const Claim& claim : claims->second.list) weigh(vote, claim);
}

void Forensics::hear_claim(const Message& message, const KindFacts& kind) {
  if (!manifest_.contradiction || !manifest_.claimed || kind.kind == nullptr || !kind.kind->traits.claims) return;
  if (message.signer() >= manifest_.n) return;  // a client has no votes to hide
  Claim claim;
  claim.facts = manifest_.claimed(message);
  std::sort(claim.facts.slots.begin(), claim.facts.slots.end());
  const Label& label = message.label();
  claim.exhibit = {message.id(), kind.index, message.signer(), label.view, label.slot, label.value, {}};
  Claims& known = claims_[message.signer()];
  known.highest = std::max(known.highest, claim.facts.view);
  View weighed = 0;  // votes of views below were weighed against the same facts before
  const auto same = std::find_if(known.list.begin(), known.list.end(), [&](const Claim& other) {
    return other.facts.stable == claim.facts.stable && other.facts.slots == claim.facts.slots;
  });
  if (same != known.list.end()) {
    // What it says of one view it says of all views before, so only the highest view makes a difference.
    if (same->facts.view >= claim.facts.view) return;
    weighed = same->facts.view;
    *same = claim;
  } else {
    known.list.push_back(claim);
    known.slots += claim.facts.slots.size();
    while (known.list.size() > kMostClaims || (known.slots > kMostClaimed && known.list.size() > 1)) {
      known.slots -= known.list.front().facts.slots.size();
      known.list.erase(known.list.begin());
      ++known.forgotten;
    }
  }
  if (done_with(message.signer())) return;
  claim.exhibit.requests = requests_in(message, manifest_.n);
  votes_.for_each_deciding_vote(message.signer(), claim.facts.stable, [&](const Exhibit& vote, bool received) {
    if (vote.view >= weighed && (received || seen(vote.id))) weigh(vote, claim);
  });
}

// Whether so many proofs are kept against this signer that a further one would change nothing.
bool Forensics::done_with(NodeId signer) const {
  const auto known = evidence_.find(signer);
  return known != evidence_.end() && known->second.size() >= kMostEvidence;
}

void Forensics::weigh(const Exhibit& vote, const Claim& claim) {
  if (vote.view >= claim.facts.view || vote.slot <= claim.facts.stable || done_with(vote.signer)) return;
  const std::string fault =
      manifest_.contradiction({kinds_.name(vote.kind), vote.view, vote.slot, vote.value}, claim.facts);
  if (fault.empty()) return;
  ++contradicted_;
  Evidence evidence;
  evidence.sort = Evidence::Sort::contradiction;
  evidence.culprit = vote.signer;
  evidence.time = now_;
  evidence.exhibits = {vote, claim.exhibit};
  evidence.reason = fmt::format("signed a {} and a {} that contradict each other: {}", kinds_.name(vote.kind),
                                kinds_.name(claim.exhibit.kind), fault);
  convict(std::move(evidence));
}

void Forensics::on_conflict(const Conflict& conflict) {
  if ((conflict.first_received || seen(conflict.first.id)) && (conflict.second_received || seen(conflict.second.id))) {
    prove(conflict);
  } else if (pending_.size() < kMostPending) {
    // Only signers that are honest, or were, have conflicts that nobody holds yet: at most a few, and by a bug.
    pending_.push_back(conflict);
    for (const auto& [id, received] : {std::pair{conflict.first.id, conflict.first_received},
                                       std::pair{conflict.second.id, conflict.second_received}}) {
      if (!received && !seen(id)) awaited_.insert(id);
    }
  }
}

void Forensics::prove(const Conflict& conflict) {
  ++conflicts_proved_;
  Evidence evidence;
  evidence.sort = Evidence::Sort::conflict;
  evidence.culprit = conflict.first.signer;
  evidence.time = now_;
  evidence.exhibits = {conflict.first, conflict.second};
  evidence.reason = fmt::format("signed two conflicting {} messages", kinds_.name(conflict.first.kind));
  if (conflict.first.view != kNoView) evidence.reason += fmt::format(" in view {}", conflict.first.view);
  if (conflict.first.slot != kNoSlot) {
    evidence.reason += fmt::format("{} slot {}", conflict.first.view != kNoView ? "," : " for", conflict.first.slot);
  }
  convict(std::move(evidence));
}

void Forensics::judge_content(const Message& message) {
  if (!manifest_.unjustified) return;
  const std::string fault = manifest_.unjustified(message);
  if (fault.empty()) return;
  ++unjustified_;
  const KindFacts& kind = kinds_.of(message);
  const Label& label = message.label();
  Evidence evidence;
  evidence.sort = Evidence::Sort::unjustified;
  evidence.culprit = message.signer();
  evidence.time = now_;
  evidence.exhibits = {{message.id(), kind.index, message.signer(), label.view, label.slot, label.value,
                        requests_in(message, manifest_.n)}};
  evidence.reason = fmt::format("signed a {} that its own content does not justify: {}", message.name(), fault);
  convict(std::move(evidence));
}

void Forensics::convict(Evidence evidence) {
  const NodeId culprit = evidence.culprit;
  std::vector<Evidence>& known = evidence_[culprit];
  const bool first = known.empty();
  Fact fact;
  if (first && roster_.honest(culprit)) {
    fact.kind = FactKind::honest_accused;
    fact.time = now_;
    fact.node = culprit;
    fact.slot = evidence.exhibits.front().slot;
    fact.view = evidence.exhibits.front().view;
    fact.replicas = {culprit};
    for (const Exhibit& exhibit : evidence.exhibits) fact.messages.push_back(exhibit.id);
    fact.detail = evidence.reason;
  }
  const bool same = std::any_of(known.begin(), known.end(), [&](const Evidence& other) {
    return std::equal(other.exhibits.begin(), other.exhibits.end(), evidence.exhibits.begin(), evidence.exhibits.end(),
                      [](const Exhibit& a, const Exhibit& b) { return a.id == b.id; });
  });
  if (!same && known.size() < kMostEvidence) known.push_back(std::move(evidence));
  if (fact.node != kNobody) facts_.raise(fact);
}

void Forensics::on_suspect(const Record& record) {
  Suspicion& suspicion = suspicions_[record.peer];
  suspicion.accusers.insert(record.node);
  if (suspicion.reasons.size() < kMostReasons && !suspicion.reasons.contains(record.text)) {
    suspicion.reasons.emplace(record.text);
  }
}

std::vector<NodeId> Forensics::culprits() const {
  std::vector<NodeId> list;
  for (const auto& [culprit, proofs] : evidence_) list.push_back(culprit);
  return list;
}

std::vector<Evidence> Forensics::evidence() const {
  std::vector<Evidence> list;
  for (const auto& [culprit, proofs] : evidence_) list.insert(list.end(), proofs.begin(), proofs.end());
  return list;
}

std::vector<Suspect> Forensics::suspects() const {
  std::vector<Suspect> list;
  for (const auto& [replica, suspicion] : suspicions_) {
    list.push_back({replica,
                    {suspicion.reasons.begin(), suspicion.reasons.end()},
                    {suspicion.accusers.begin(), suspicion.accusers.end()}});
  }
  return list;
}

}  // namespace byzsim
