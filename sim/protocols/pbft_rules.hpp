// What makes a PBFT message valid: the rules by which replicas accept, and by which judges convict a message that its
// own content does not justify. The two must be one, or an honest replica could be convicted for keeping to its rules.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/protocols/pbft_messages.hpp"
#include "sim/protocols/pbft_options.hpp"

namespace byzsim::pbft {

/// The rules of one run: who votes, how many votes count, and which bugs are switched on.
struct Rules {
  const Options& options;
  std::uint32_t n;
  std::uint32_t quorum;
  std::function<bool(const Message&)> verify;

  NodeId primary(View view) const { return static_cast<NodeId>(view % n); }
  bool signed_by_replica(const Message& m) const { return m.signer() < n && verify(m); }

  /// Whether a vote counts for a proposal.
  bool counts(View view, Digest value, const PrePrepare& proposal) const {
    return (!options.bind_view || view == proposal.view) && (!options.bind_digest || value == proposal.value);
  }

  /// Why a proposal cannot stand by itself; empty if it can.
  std::string flaw(const PrePrepare& m) const {
    if (m.signer() != primary(m.view)) return "it is not signed by the primary of its view";
    if (!m.batch || m.batch->digest() != m.value) return "its value is not the digest of its batch";
    return flaw(*m.batch);
  }
  std::string flaw(const Batch& batch) const {
    if (batch.requests().size() > options.batch) return "it holds more requests than `batch` allows";
    for (const auto& request : batch.requests()) {
      if (request->signer() != request->client || request->client < n || !verify(*request)) {
        return "it holds a request that its client did not sign";
      }
    }
    return {};
  }

  /// Why these are not the votes of a quorum, each voter's once; `voters` have voted already.
  std::string flaw_of_votes(const auto& votes, auto&& counts, ReplicaSet voters = {}) const {
    for (const auto& vote : votes) {
      if (!vote || !signed_by_replica(*vote) || !counts(*vote)) return "a vote that does not count";
      if (!voters.insert(vote->signer())) return "a voter twice";
    }
    return voters.size() < quorum ? "too few voters" : "";
  }

  std::string flaw(const Certificate& certificate) const {
    if (!certificate.pre_prepare) return "a prepared certificate has no proposal";
    const PrePrepare& proposal = *certificate.pre_prepare;
    if (!proposal.batch) return "the proposal of a prepared certificate has no batch";
    // Who believes a certificate without votes believes no batch that could not have been proposed.
    if (std::string why = options.check_certificates ? flaw(proposal) : flaw(*proposal.batch); !why.empty())
      return "in a prepared certificate: " + why;
    if (!options.check_certificates) return {};
    if (!verify(proposal)) return "the proposal of a prepared certificate is not genuine";
    const auto counted = [&](const Prepare& vote) {
      return vote.slot == proposal.slot && counts(vote.view, vote.value, proposal);
    };
    const std::string why = flaw_of_votes(certificate.prepares, counted, {proposal.signer()});
    return why.empty() ? why : "a prepared certificate has " + why;
  }

  std::string flaw(const CommitCertificate& m) const {
    if (!m.pre_prepare) return "a commit certificate has no proposal";
    const PrePrepare& proposal = *m.pre_prepare;
    if (!verify(proposal)) return "the proposal of a commit certificate is not genuine";
    if (std::string why = flaw(proposal); !why.empty()) return "in a commit certificate: " + why;
    const auto counted = [&](const Commit& vote) {
      return vote.slot == proposal.slot && counts(vote.view, vote.value, proposal);
    };
    const std::string why = flaw_of_votes(m.commits, counted);
    return why.empty() ? why : "a commit certificate has " + why;
  }

  std::string flaw_of_proof(Slot slot, const std::vector<Ref<const Checkpoint>>& proof) const {
    if (slot == 0) return proof.empty() ? "" : "a proof for a checkpoint that needs none";
    if (slot > kFarthest) return "its checkpoint lies beyond any slot";
    if (slot % options.checkpoint_interval != 0) return "no checkpoint is taken at its slot";
    const auto counted = [&](const Checkpoint& vote) {
      return vote.slot == slot && vote.state == proof.front()->state;
    };
    const std::string why = flaw_of_votes(proof, counted);
    return why.empty() ? why : "the proof of its checkpoint has " + why;
  }

  std::string flaw(const ViewChange& m) const {
    if (std::string why = flaw_of_proof(m.stable, m.checkpoint); !why.empty()) return why;
    std::set<Slot> slots;
    for (const Certificate& certificate : m.prepared) {
      if (std::string why = flaw(certificate); !why.empty()) return why;
      const PrePrepare& proposal = *certificate.pre_prepare;
      if (proposal.slot <= m.stable || proposal.slot - m.stable > options.window)
        return "a prepared slot lies outside its window";
      if (options.check_certificates && proposal.view >= m.view)
        return "a certificate comes from a view that had not begun";
      if (!slots.insert(proposal.slot).second) return "one slot has two prepared certificates";
    }
    return {};
  }

  /// What a NEW-VIEW with these VIEW-CHANGEs must propose: for every slot above the highest stable checkpoint, what
  /// prepared there in the highest view, or the null value (null pointer).
  struct Proposals {
    Slot above = 0;
    std::vector<Ref<const Batch>> batches;  // of slots above + 1, above + 2, ...
  };
  static Proposals proposals(const std::vector<Ref<const ViewChange>>& view_changes) {
    Proposals result;
    for (const auto& vc : view_changes) result.above = std::max(result.above, vc->stable);
    std::map<Slot, const PrePrepare*> chosen;
    for (const auto& vc : view_changes) {
      for (const Certificate& certificate : vc->prepared) {
        const PrePrepare* proposal = certificate.pre_prepare.get();
        if (proposal == nullptr || proposal->slot <= result.above) continue;
        const PrePrepare*& best = chosen[proposal->slot];
        if (best == nullptr || proposal->view > best->view) best = proposal;
      }
    }
    if (chosen.empty()) return result;
    // Certificates lie within a window, so the gap between the highest slot and the stable one is bounded.
    for (Slot slot = result.above + 1; slot <= chosen.rbegin()->first; ++slot) {
      const auto found = chosen.find(slot);
      result.batches.push_back(found == chosen.end() ? nullptr : found->second->batch);
    }
    return result;
  }

  std::string flaw(const NewView& m) const {
    if (m.signer() != primary(m.view)) return "it is not signed by the primary of its view";
    ReplicaSet senders;
    for (const auto& vc : m.view_changes) {
      if (!vc || vc->view != m.view || !signed_by_replica(*vc)) return "it holds a VIEW-CHANGE that does not count";
      if (std::string why = flaw(*vc); !why.empty()) return "it holds an invalid VIEW-CHANGE: " + why;
      if (!senders.insert(vc->signer())) return "it holds two VIEW-CHANGEs of one replica";
    }
    if (senders.size() < quorum) return "it holds too few VIEW-CHANGEs";
    const Proposals due = proposals(m.view_changes);
    if (m.pre_prepares.size() != due.batches.size()) return "its proposals do not follow from its VIEW-CHANGEs";
    for (std::size_t i = 0; i < due.batches.size(); ++i) {
      const PrePrepare* proposal = m.pre_prepares[i].get();
      if (proposal == nullptr || proposal->view != m.view || proposal->slot != due.above + 1 + i ||
          !verify(*proposal)) {
        return "one of its proposals is not for this view and slot";
      }
      if (std::string why = flaw(*proposal); !why.empty()) return "one of its proposals is invalid: " + why;
      const Digest must = due.batches[i] ? due.batches[i]->digest() : Batch::null();
      if (proposal->value != must) return "its proposals do not follow from its VIEW-CHANGEs";
    }
    return {};
  }

  /// What must hold of a NEW-VIEW for it to be read at all, whether or not it follows from its VIEW-CHANGEs: whoever
  /// believes more would vote for several values of one slot, or propose what no client asked for.
  bool readable(const NewView& m) const {
    Slot above = 0;
    for (const auto& vc : m.view_changes) {
      if (!vc || vc->stable > kFarthest) return false;
      above = std::max(above, vc->stable);
      for (const Certificate& certificate : vc->prepared) {
        if (!certificate.pre_prepare || certificate.pre_prepare->slot <= vc->stable ||
            certificate.pre_prepare->slot - vc->stable > options.window) {
          return false;
        }
      }
    }
    Slot last = above;
    return std::all_of(m.pre_prepares.begin(), m.pre_prepares.end(), [&](const auto& p) {
      return p && p->view == m.view && p->slot > std::exchange(last, p->slot) && p->slot - above <= options.window &&
             verify(*p) && flaw(*p).empty();
    });
  }

  /// No slot lies beyond this, so that sums of slots and windows do not overflow.
  static constexpr Slot kFarthest = Slot{1} << 62;
};

}  // namespace byzsim::pbft
