// PBFT's view change (OSDI 1999, section 4.4 and 4.5.2).
#include <algorithm>

#include "sim/protocols/pbft.hpp"

namespace byzsim::pbft {

void Pbft::on(const ViewChange& m) {
  if (m.view == 0 || m.view < d_.view || (m.view == d_.view && d_.active)) return;
  if (m.signer() == env_.self() || !rules_.signed_by_replica(m) || views_.has(m.signer(), m.view) ||
      !rules_.flaw(m).empty())
    return;
  views_.keep(Ref<const ViewChange>(&m));
  if (!note_view_of(m.signer(), m.view)) settle_view_change();
}

void Pbft::on(const NewView& m) {
  if (m.view < d_.view || (m.view == d_.view && d_.active) || m.view == 0 || m.signer() == env_.self()) return;
  if (m.signer() != rules_.primary(m.view) || !env_.verify(m)) return;
  if (options_.verify_new_view ? !rules_.flaw(m).empty() : !rules_.readable(m)) {
    env_.mark("new-view-refused");
    env_.suspect(m.signer(), "a new view that does not follow from its view changes");
    return;
  }
  install(Ref<const NewView>(&m));
}

/// Enters that this replica has been in this view, and follows if enough others have. True if that was news.
bool Pbft::note_view_of(NodeId replica, View view) {
  if (!views_.saw(replica, view)) return false;
  if (view < d_.view || (view == d_.view && d_.active)) return true;
  // f+1 replicas are in higher views: at least one of them is honest, so the highest view that all of them have
  // reached is worth joining. f liars cannot drag anyone beyond where an honest replica is.
  const View reached = views_.reached_by(env_.f() + 1);
  if (reached > d_.view && options_.join_rule) {
    env_.mark("joined-view-change");
    start_view_change(reached);
  } else {
    if (reached > d_.view) watch();
    settle_view_change();
  }
  return true;
}

// Gives up every view before this one, and is twice as patient for each, by whatever way it came here.
void Pbft::go_to(View view) {
  if (view == d_.view) return;
  failures_ = std::min<View>(failures_ + (view - d_.view), kMostDoublings);
  View doublings = failures_ - (options_.timer_convention == TimerConvention::osdi99 ? 1 : 0);
  if (options_.backoff == Backoff::none) doublings = 0;
  // Who is led through views faster than by its own timers has not been that patient yet.
  const Duration most = sum_of(waited_.until(env_.now()), options_.view_timeout);
  timeout_ = std::min(product_of(options_.view_timeout, std::int64_t{1} << doublings), most);
  d_.view = view;
  views_.saw(env_.self(), view);
  quiet_since_ = view_since_ = env_.now();
  env_.note_view(view);
}

void Pbft::start_view_change(View view) {
  go_to(view);
  d_.active = false;
  note_waiting();
  patience_.stop_waiting();
  ViewChange m;
  m.view = view;
  m.stable = d_.stable;
  m.checkpoint = d_.stable_proof;
  d_.log.for_each([&](Slot slot, LogEntry& entry) {
    if (slot > d_.stable && entry.certificate.pre_prepare && (options_.view_change_certificates || entry.decided))
      m.prepared.push_back(entry.certificate);
  });
  if (!m.prepared.empty()) env_.mark("view-change-with-prepared");
  d_.view_change = env_.sign(std::move(m));
  views_.keep(d_.view_change);
  env_.broadcast(d_.view_change);
  resend_after_ = options_.retransmit;
  env_.start_timer(kResend, resend_after_);
  watch();
  settle_view_change();
}

// The primary begins the view with a quorum of VIEW-CHANGEs for it. Everybody waits for that from when a quorum has
// come as far as this view: some may have gone on already, and then nobody will ever have a quorum for this one.
void Pbft::settle_view_change() {
  if (d_.active) return;
  if (rules_.primary(d_.view) == env_.self()) {
    std::vector<Ref<const ViewChange>> same = views_.all_of(d_.view);
    if (same.size() >= rules_.quorum) return begin_view(std::move(same));
  }
  const std::size_t here =
      options_.new_view_wait == NewViewWait::exact ? views_.all_of(d_.view).size() : views_.at_or_above(d_.view);
  if (!patience_.waiting() && here >= rules_.quorum) patience_.wait(kNewView, timeout_);
}

void Pbft::begin_view(std::vector<Ref<const ViewChange>> view_changes) {
  const Rules::Proposals due = Rules::proposals(view_changes);
  NewView m;
  m.view = d_.view;
  m.view_changes = std::move(view_changes);
  const auto null = make_ref<const Batch>(std::vector<Ref<const Request>>{});
  for (std::size_t i = 0; i < due.batches.size(); ++i) {
    if (!due.batches[i]) env_.mark("null-request");
    m.pre_prepares.push_back(propose_in(due.above + 1 + i, due.batches[i] ? due.batches[i] : null));
  }
  auto new_view = env_.sign(std::move(m));
  env_.broadcast(new_view);
  install(new_view);
}

void Pbft::install(const Ref<const NewView>& new_view) {
  if (new_view->view != d_.view) patience_.stop_waiting();
  go_to(new_view->view);
  d_.active = true;
  note_waiting();
  d_.new_view = new_view;
  d_.view_change = nullptr;
  views_.forget_up_to(d_.view);
  quiet_since_ = view_since_ = env_.now();
  env_.mark("new-view");
  env_.stop_timer(kResend);
  const Slot above = adopt_checkpoint(*new_view);
  d_.log.for_each([](Slot, LogEntry& entry) { entry.new_view(); });
  d_.next_slot = std::max(above, d_.stable) + 1;
  pending_.begin_proposing();
  // All are known before the first is accepted: that may be decided at once, and lead to new proposals.
  for (const auto& proposal : new_view->pre_prepares) {
    d_.next_slot = std::max(d_.next_slot, proposal->slot + 1);
    wait_for_all(*proposal, true);
  }
  for (const auto& proposal : new_view->pre_prepares) {
    if (in_window(proposal->slot)) accept(d_.log.at(proposal->slot), proposal);
  }
  // The timer for the new view runs on until the request that has waited longest is executed in it.
  if (pending_.empty() || is_primary()) patience_.stop_waiting();
  start_request_timer();
  pursue_requests();
  handle_early();
}

// The highest checkpoint among the VIEW-CHANGEs of this view, from which its proposals begin.
Slot Pbft::adopt_checkpoint(const NewView& new_view) {
  Slot above = 0;
  for (const auto& vc : new_view.view_changes) above = std::max(above, vc->stable);
  for (const auto& vc : new_view.view_changes) {
    if (vc->stable != above || above <= d_.stable || !rules_.flaw_of_proof(above, vc->checkpoint).empty()) continue;
    learn_stable(above, vc->checkpoint);
    trim_log();
  }
  if (d_.executed < d_.stable) send_status();
  return above;
}

// The requests that brought the old view down must not wait for their clients to ask again: as many of them as the
// primary can propose before it has heard from the clients.
void Pbft::pursue_requests() {
  handed_on_at_ = Time::min();
  if (is_primary()) return propose();
  const NodeId primary = rules_.primary(d_.view);
  pending_.for_each_in_turn(options_.pipeline * std::uint64_t{options_.batch},
                            [&](const Ref<const Request>& request) { env_.send(primary, request); });
}

}  // namespace byzsim::pbft
