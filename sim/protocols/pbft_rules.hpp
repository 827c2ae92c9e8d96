// What makes a PBFT message valid: the rules by which replicas accept, and by which judges convict a message that its
// own content does not justify. The two must be one, or an honest replica could be convicted for keeping to its rules.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
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
    if (m.batch->requests().size() > options.batch) return "it holds more requests than `batch` allows";
    for (const auto& request : m.batch->requests()) {
      if (request->signer() != request->client || request->client < n || !verify(*request)) {
        return "it holds a request that its client did not sign";
      }
    }
    return {};
  }

  std::string flaw(const Certificate& certificate) const {
    if (!certificate.pre_prepare) return "a prepared certificate has no proposal";
    const PrePrepare& proposal = *certificate.pre_prepare;
    if (!proposal.batch) return "the proposal of a prepared certificate has no batch";
    if (!options.check_certificates) return {};
    if (!verify(proposal)) return "the proposal of a prepared certificate is not genuine";
    if (std::string why = flaw(proposal); !why.empty()) return "in a prepared certificate: " + why;
    ReplicaSet voters{proposal.signer()};
    for (const auto& vote : certificate.prepares) {
      if (!vote || !signed_by_replica(*vote) || vote->slot != proposal.slot ||
          !counts(vote->view, vote->value, proposal)) {
        return "a prepared certificate holds a vote that does not count for its proposal";
      }
      voters.insert(vote->signer());
    }
    if (voters.size() < quorum) return "a prepared certificate has too few voters";
    return {};
  }

  std::string flaw(const CommitCertificate& m) const {
    if (!m.pre_prepare) return "a commit certificate has no proposal";
    const PrePrepare& proposal = *m.pre_prepare;
    if (!verify(proposal)) return "the proposal of a commit certificate is not genuine";
    if (std::string why = flaw(proposal); !why.empty()) return "in a commit certificate: " + why;
    ReplicaSet voters;
    for (const auto& vote : m.commits) {
      if (!vote || !signed_by_replica(*vote) || vote->slot != proposal.slot ||
          !counts(vote->view, vote->value, proposal)) {
        return "a commit certificate holds a vote that does not count for its proposal";
      }
      voters.insert(vote->signer());
    }
    if (voters.size() < quorum) return "a commit certificate has too few voters";
    return {};
  }

  std::string flaw_of_proof(Slot slot, const std::vector<Ref<const Checkpoint>>& proof) const {
    if (slot == 0) return {};
    ReplicaSet voters;
    for (const auto& vote : proof) {
      if (!vote || !signed_by_replica(*vote) || vote->slot != slot || vote->state != proof.front()->state) {
        return "the proof of its checkpoint holds a vote that does not count";
      }
      voters.insert(vote->signer());
    }
    if (voters.size() < quorum) return "the proof of its checkpoint has too few voters";
    return {};
  }

  std::string flaw(const ViewChange& m) const {
    if (m.stable > kFarthest) return "its checkpoint lies beyond any slot";
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
      senders.insert(vc->signer());
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
      const Digest must = due.batches[i] ? due.batches[i]->digest() : null_value();
      if (proposal->value != must) return "its proposals do not follow from its VIEW-CHANGEs";
    }
    return {};
  }

  /// What must hold of a NEW-VIEW for it to be read at all, whether or not it follows from its VIEW-CHANGEs.
  bool readable(const NewView& m) const {
    Slot above = 0;
    for (const auto& vc : m.view_changes) {
      if (!vc || vc->stable > kFarthest) return false;
      above = std::max(above, vc->stable);
      for (const Certificate& certificate : vc->prepared) {
        if (!certificate.pre_prepare || !certificate.pre_prepare->batch ||
            certificate.pre_prepare->slot <= vc->stable ||
            certificate.pre_prepare->slot - vc->stable > options.window) {
          return false;
        }
      }
    }
    return std::all_of(m.pre_prepares.begin(), m.pre_prepares.end(), [&](const auto& p) {
      return p && p->batch && p->slot > above && p->slot - above <= options.window;
    });
  }

  /// No slot lies beyond this, so that sums of slots and windows do not overflow.
  static constexpr Slot kFarthest = Slot{1} << 62;

  static Digest null_value() {
    static const Digest value = Batch({}).digest();
    return value;
  }
};

}  // namespace byzsim::pbft
