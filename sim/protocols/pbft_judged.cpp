// What judges may ask of PBFT: what an honest replica would not have signed.
#include <algorithm>

#include "sim/protocols/pbft.hpp"

namespace byzsim::pbft {

std::string Pbft::infeasible(const Options& options, std::uint32_t n, std::uint32_t f) {
  const std::uint32_t q = quorum(options, n, f);
  if (q > n) return fmt::format("a quorum of {} among {} replicas can never be reached", q, n);
  if (reply_quorum(options, n, f) > n)
    return fmt::format("clients wait for {} replies, and there are {} replicas", reply_quorum(options, n, f), n);
  if (options.window < options.checkpoint_interval)
    return "the window is smaller than the checkpoint interval, so it can never move";
  return {};
}

std::string Pbft::unjustified(const Options& options, const Message& m, const ProtocolFacts& facts) {
  const Rules rules{options, facts.n, facts.quorum, facts.verify};
  if (const auto* proposal = as<PrePrepare>(m)) return rules.flaw(*proposal);
  if (const auto* view_change = as<ViewChange>(m)) {
    // Whoever claims without proof lies even where nobody asks for it; whoever believes it, in a NEW-VIEW, does not.
    Options strict = options;
    strict.check_certificates = true;
    return Rules{strict, facts.n, facts.quorum, facts.verify}.flaw(*view_change);
  }
  if (const auto* new_view = as<NewView>(m)) return rules.flaw(*new_view);
  if (const auto* certificate = as<CommitCertificate>(m)) return rules.flaw(*certificate);
  return {};
}

// Whoever sent COMMIT had prepared, and its VIEW-CHANGEs for later views show it, with this certificate or one of a
// later view, until a checkpoint covers the slot.
ClaimFacts Pbft::claimed(const Options&, const Message& claim) {
  ClaimFacts facts;
  const auto* m = as<ViewChange>(claim);
  if (m == nullptr) return facts;
  facts.view = m->view;
  facts.stable = m->stable;
  for (const Certificate& certificate : m->prepared) {
    if (const PrePrepare* shown = certificate.pre_prepare.get())
      facts.slots.push_back({shown->slot, shown->view, shown->value});
  }
  return facts;
}

std::string Pbft::contradiction(const Options& options, const SignedVote& vote, const ClaimFacts& claim) {
  if (!options.view_change_certificates || vote.kind != Commit::traits.name) return {};
  const auto before = [](const ClaimedSlot& shown, Slot slot) { return shown.slot < slot; };
  for (auto shown = std::lower_bound(claim.slots.begin(), claim.slots.end(), vote.slot, before);
       shown != claim.slots.end() && shown->slot == vote.slot; ++shown) {
    if (shown->view > vote.view || (shown->view == vote.view && shown->value == vote.value)) return {};
  }
  return fmt::format("it committed slot {} in view {}, which its view change for view {} does not show", vote.slot,
                     vote.view, claim.view);
}

}  // namespace byzsim::pbft
