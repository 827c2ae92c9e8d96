// Practical Byzantine Fault Tolerance: M. Castro and B. Liskov, OSDI 1999 ("the paper"), the version with signatures;
// status messages and the timer for a new view from their TOCS 2002 article.
//
// Three phases: the primary of a view assigns a batch to a slot with PRE-PREPARE; backups PREPARE; who has a proposal
// and a quorum of matching votes (the PRE-PREPARE is the primary's) is prepared and sends COMMIT; prepared with a
// quorum of COMMITs is decided, slot by slot; decided slots are executed in order. 2n(n-1) messages and three delays
// per decision; a view change costs n(n-1) VIEW-CHANGEs and n-1 NEW-VIEWs.
//
// Liveness. After GST, with at most f faulty replicas, messages delivered within d and the network to itself, a request
// of an honest client is answered within
//   P + R + W + m 3d + D + a (W + D)
// after its submission or GST, whichever is later, where
//   P  the client's longest pause between two transmissions
//   R  the time within which whoever lacks what others have is sent it, from when these get nowhere: (g + 2) r + 3d for
//      every 64 slots (of those decided before, and of two windows at most), and once more where there was a
//      checkpoint, for what comes after its state; with r the longest pause between two STATUS (`retransmit`, 64 times
//      that with `retransmit_growth`) and g = ceil((n-1)/(f+1)) groups of helpers; where an old STATUS can arrive just
//      before the one that matters, which then goes unanswered (it was sent before GST, or d > r/2), R is (2g + 2) r +
//      3d
//   a  the requests served before it: its client's earlier ones, and of each other client, however many it has
//      stockpiled, one before the first of its client, two before the second, and so on
//   D  the time a view takes that succeeds: 7d (VIEW-CHANGE, NEW-VIEW, request, the three phases, reply) and the slots
//      of those before it, 3d for each `pipeline` of them, d for each checkpoint interval, and R for each two windows:
//      liars who vote for so long and then stop leave the slowest behind, and need it, once more
//   m  the views given up before one succeeds: f; those in which timeouts are still shorter than R + D, for whoever
//      lags holds a view up until it has caught up, 1 + log2((R + D)/T) where T < R + D; and where T < D,
//      1 + log2(D/T) for each time that somebody's timeout begins anew, 1 + n a times: a client that lies can have its
//      turn at each replica with another request
//   W  the timers of these views, T 2^(m-1) in all where nobody has lost patience by GST (`osdi99`; T (2^m - 1) with
//      `doubling`), and (T + GST) 2^m at most otherwise, since no timeout is longer than what has been waited already;
//      2r + 4d at least where it stands for one of a, for it may take so long to hear that a client has withdrawn what
//      it is its turn for.
// tests/pbft_test.cpp computes it, scenarios reach more than half of it, random worlds are held to it (./dev soak).
//
// Conventions where the papers leave room
// - Timers: a backup waits T (`view_timeout`) for the request that has waited longest. Then it gives the view up, and
//   is twice as patient with each view it gives up, by whatever way it leaves: T for the NEW-VIEW and that request's
//   execution, counted from when a quorum has come as far as this view, then 2T in the view after that, 4T, and so on.
//   So f crashed primaries in a row cost T 2^(f-1) plus message delays. `timer_convention: doubling` starts doubling
//   with the request's own timer: T, 2T, 4T; f in a row cost T (2^f - 1). No timeout exceeds T 2^40. The back-off ends
//   when the request that has waited longest here is executed for the first time, and with nothing else.
// - Fairness: clients are served in turn (sim/replica/pending_requests.hpp), by primaries and by timers. The request
//   that has waited longest is the one that the client first in line is in line for; one of a lower number counts as
//   its turn as well. It does not matter whether votes, a commit certificate or a state brought the execution: they
//   race each other. For STATUS it does: what others hand out is no reason not to ask for the rest.
// - A backup hands on to the primary what a client sends it, and what is new to it whoever sends it. Its STATUS names
//   the request that has waited longest; the primary fetches it if it does not have it, and is handed one in (g - 1/2)
//   r at most. Who is handed or told of what its client has moved on from answers with the request that shows
//   that, to one replica no more than two of them a `retransmit` for each of the two.
// - A quorum has come as far as a view when so many replicas have signed anything in it or a later one; f+1 that have
//   come further are followed, to the highest view that all f+1 have reached. Of each replica its last four
//   VIEW-CHANGEs are kept.
// - STATUS (TOCS 2002, where everybody sends it all the time) is sent by whoever waits for something (a request, a
//   NEW-VIEW, what others are known to have) and has for `retransmit` neither had its turn by votes nor come to another
//   view, or lacks what it knew to be decided or hears f+1 replicas say in a STATUS that they have executed; by whoever
//   hears in a STATUS that somebody waits; on coming back from a crash, and in a view that begins from a checkpoint it
//   lacks. Who has been served since its view began looks no more often than it takes to ask 2r after the last time. It
//   is answered with VIEW-CHANGE, proposals and votes by all, and with NEW-VIEW, state or stable proof, and commit
//   certificates, 64 at most, by f+1 replicas, others at each attempt; one replica is sent each of the two once in
//   (g - 1/2) r. So a faulty one can have what is large sent to it as often as that, however large it is: d has to hold
//   beside it.
// - A VIEW-CHANGE is also sent again every `retransmit` until its view begins. It is large, so at a fixed rate it can
//   fill a slow link faster than that drains; `retransmit_growth` makes each wait so many times as long as the one
//   before.
// - `quorum` replaces 2f+1 everywhere: PREPARE (with the primary's vote), COMMIT, CHECKPOINT and the VIEW-CHANGEs of a
//   NEW-VIEW.
//
// Deviations
// - PRE-PREPAREs carry their batch, in prepared certificates and NEW-VIEW too, so nothing is fetched by digest.
// - A client may have several requests under way (an open loop): executed numbers are kept as a set, and answers until
//   the client has moved on from them, which it says with its next request; both are part of the checkpoint. The
//   papers' rule (last timestamp, last reply) is `client_window: 1`.
// - On entering a view a replica forwards as many of the requests it waits for to the primary as that can propose at
//   once, instead of waiting for the clients.
// - Decisions that a commit certificate or a state transfer proves are taken over, and executed, between two views as
//   well. They hold in any view.
// - A proposal without requests is accepted in any view, not in a NEW-VIEW alone, and a request may stand in several
//   proposals or twice in one: it is executed once. One with more than `batch` requests is not valid.
// - A stable checkpoint is taken note of before its state is there; the log then spans up to two windows.
// - State is transferred whole, not by partition tree, and refused unless it is in the one form in which replicas keep
//   it.
// - Messages of a view not yet entered, or up to a window above the high watermark, are kept: one of each signer, kind,
//   view and slot, and of each signer no more than six windows' worth.
// - Nothing is authenticated by MACs, there is no recovery of replicas with changed keys, and read-only and tentative
//   execution are not there.
#include <algorithm>
#include <utility>

#include "sim/protocols/pbft.hpp"

namespace byzsim::pbft {

Pbft::Pbft(Env& env, const Options& options, std::unique_ptr<Durable> disk)
    : env_(env),
      options_(options),
      rules_{options_, env.n(), options.quorum.of(env.n(), env.f()),
             [this](const Message& m) { return env_.verify(m); }},
      disk_(disk ? static_cast<Disk*>(disk.release()) : new Disk(options.client_window)),
      d_(*disk_),
      pending_(options.client_window),
      patience_(env, kStatus),
      timeout_(options.view_timeout),
      resend_after_(options.retransmit),
      status_after_(options.retransmit),
      views_(env.n()),
      early_(6 * options.window),
      furthest_executed_(env.n()),
      answered_(env.n()),
      told_(env.n()) {}

std::unique_ptr<Durable> Pbft::take_durable() {
  return std::move(disk_);
}

void Pbft::on_restart() {
  views_.saw(env_.self(), d_.view);
  d_.log.for_each([&](Slot slot, LogEntry& entry) {
    if (entry.decided) highest_decided_ = std::max(highest_decided_, slot);
    if (slot > d_.executed && entry.proposal) wait_for_all(*entry.proposal, true);
  });
  if (d_.active) {
    env_.note_view(d_.view);
    start_request_timer();
  } else {
    views_.keep(d_.view_change);
    env_.start_timer(kResend, resend_after_);
  }
  note_waiting();
  send_status();
}

void Pbft::on_timer(TimerName timer) {
  switch (timer) {
    case kRequest:
    case kNewView:
      if (!patience_.fired(timer)) break;
      env_.suspect(rules_.primary(d_.view), d_.active ? "a request was not executed in time" : "no new view in time");
      start_view_change(d_.view + 1);
      break;
    case kResend:
      if (d_.active || !d_.view_change) break;
      env_.mark("view-change-resent");
      env_.broadcast(d_.view_change);
      resend_after_ = longer(resend_after_);
      env_.start_timer(kResend, resend_after_);
      break;
    case kStatus:
      if (patience_.fired(timer) && (wanting() || heard_ > 0)) look();
      break;
    default:
      break;
  }
  patience_.settle();
}

void Pbft::on(const Request& m) {
  if (m.signer() != m.client || m.client < env_.n() || !env_.verify(m)) return;
  if (options_.dedup && d_.service.executed(m.client, m.number)) {
    env_.mark("duplicate-suppressed");
    if (m.from() == m.signer()) resend_reply(m);
    return;
  }
  Ref<const Request> request(&m);
  const PendingRequests::Added added = wait_for(request);
  if (added == PendingRequests::Added::withdrawn) {
    env_.mark("request-withdrawn");
    if (m.from() < env_.n()) tell_last_word(m.client, m.from(), told_[m.from()].handed);
    return;
  }
  if (is_primary()) {
    if (!options_.dedup && added == PendingRequests::Added::known) pending_.propose_again(m.client, m.number);
    return propose();
  }
  // Whoever waits for a request sees to it that the primary has it, whoever it came from.
  const bool news = m.from() == m.signer() || added == PendingRequests::Added::fresh;
  const NodeId primary = rules_.primary(d_.view);
  if (d_.active && news && m.from() != primary) env_.send(primary, request);
  start_request_timer();
}

// A client that tells replicas of different requests has the last word: whoever waits for one from which it has moved
// on, without knowing, is told. A word can be far larger than what asks for it, so nobody is told more than two a
// `retransmit` for what it hands on, and two for what its STATUS names.
void Pbft::tell_last_word(NodeId client, NodeId whom, Time& told) {
  const auto last = pending_.last_word(client);
  if (!last) return;
  if (told != Time::min() && env_.now() < later(told, options_.retransmit / 2)) return env_.mark("last-word-throttled");
  told = env_.now();
  env_.send(whom, last);
}

void Pbft::on(const PrePrepare& m) {
  if (m.signer() == env_.self() || m.view < d_.view || m.slot <= d_.log.low()) return;
  if (!rules_.flaw(m).empty() || !env_.verify(m)) return;
  if (m.view != d_.view || !d_.active) return early(m);
  if (!in_window(m.slot)) return above_window(m);
  LogEntry& entry = d_.log.at(m.slot);
  if (entry.proposal) {
    if (entry.proposal->value != m.value) {
      env_.mark("second-proposal-refused");
      env_.suspect(m.signer(), "two proposals for one slot");
    }
    return;
  }
  accept(entry, Ref<const PrePrepare>(&m));
  wait_for_all(m, false);
  start_request_timer();
}

void Pbft::on(const Prepare& m) {
  if (!counts_here(m, m.view)) return;
  if (m.signer() == rules_.primary(d_.view)) return;  // the PRE-PREPARE is its vote
  LogEntry& entry = d_.log.at(m.slot);
  if (!entry.prepares.add(tally_key(m.value), m.signer()) || entry.prepared) return;
  entry.votes.emplace_back(&m);
  if (entry.proposal) try_prepare(entry);
}

void Pbft::on(const Commit& m) {
  if (!counts_here(m, m.view)) return;
  LogEntry& entry = d_.log.at(m.slot);
  if (!entry.commits.add(tally_key(m.value), m.signer()) || entry.decided) return;
  entry.commit_votes.emplace_back(&m);
  if (entry.prepared) try_decide(entry);
}

[[gnu::always_inline]] inline bool Pbft::counts_here(const Message& m, View view) {
  if (m.signer() == env_.self()) [[unlikely]]
    return false;  // a copy that somebody sends back
  if (view != d_.view || !d_.active) [[unlikely]] {
    if (view >= d_.view) {
      early(m);
      return false;
    }
    if (options_.bind_view || !d_.active) return false;
  }
  if (!in_window(m.label().slot)) [[unlikely]] {
    above_window(m);
    return false;
  }
  return m.signer() < env_.n() && env_.verify(m);
}

// Keeps a message of a view that this replica has not entered.
void Pbft::early(const Message& m) {
  const View view = m.label().view;
  if (view < d_.view || m.label().slot <= d_.log.low() || !rules_.signed_by_replica(m)) return;
  if (!early_.keep(m)) env_.mark("future-message-dropped");
  note_view_of(m.signer(), view);
}

// Keeps a message of this view whose slot comes into the window when the next checkpoints are stable.
void Pbft::above_window(const Message& m) {
  const Slot slot = m.label().slot;
  if (slot <= d_.stable || slot - d_.stable > 2 * options_.window || !rules_.signed_by_replica(m)) return;
  if (!early_.keep(m)) env_.mark("future-message-dropped");
  watch();
}

void Pbft::handle_early() {
  if (handling_early_ || early_.empty()) return;
  handling_early_ = true;
  do early_.forget(d_.view, d_.log.low());
  while (d_.active && early_.next(d_.view, d_.stable + options_.window, [this](const Message& m) { on_message(m); }));
  handling_early_ = false;
}

PendingRequests::Added Pbft::wait_for(const Ref<const Request>& request) {
  const PendingRequests::Added added = pending_.add(request);
  note_waiting();
  if (added != PendingRequests::Added::withdrawn) watch();
  return added;
}

void Pbft::wait_for_all(const PrePrepare& proposal, bool proposed) {
  for (const auto& request : proposal.batch->requests()) {
    if (d_.service.executed(request->client, request->number)) continue;
    wait_for(request);
    if (proposed) pending_.mark_proposed(request->client, request->number);
  }
}

// What is proposed may be executed at once, where a quorum is one; then there may be more to propose.
void Pbft::propose() {
  if (proposing_) return;
  proposing_ = true;
  while (pending_.has_unproposed() && in_window(d_.next_slot) && d_.next_slot <= d_.executed + options_.pipeline) {
    std::vector<Ref<const Request>> requests;
    while (requests.size() < options_.batch && pending_.has_unproposed()) {
      Ref<const Request> request = pending_.next_to_propose();
      if (options_.dedup && d_.service.executed(request->client, request->number)) continue;
      requests.push_back(std::move(request));
    }
    if (requests.empty()) break;
    auto proposal = propose_in(d_.next_slot++, make_ref<const Batch>(std::move(requests)));
    env_.broadcast(proposal);
    accept(d_.log.at(proposal->slot), proposal);
  }
  proposing_ = false;
}

Ref<const PrePrepare> Pbft::propose_in(Slot slot, Ref<const Batch> batch) {
  PrePrepare proposal;
  proposal.view = d_.view;
  proposal.slot = slot;
  proposal.value = batch->digest();
  proposal.batch = std::move(batch);
  return env_.sign(std::move(proposal));
}

// From here on the proposal is this replica's own choice for the slot in this view.
void Pbft::accept(LogEntry& entry, const Ref<const PrePrepare>& proposal) {
  entry.proposal = proposal;
  if (proposal->signer() != env_.self()) {
    Prepare vote;
    vote.view = proposal->view;
    vote.slot = proposal->slot;
    vote.value = proposal->value;
    auto prepare = env_.sign(std::move(vote));
    entry.own_prepare = prepare;
    entry.prepares.add(tally_key(proposal->value), env_.self());
    entry.votes.push_back(prepare);
    env_.broadcast(prepare);
  }
  try_prepare(entry);
}

void Pbft::try_prepare(LogEntry& entry) {
  const PrePrepare& proposal = *entry.proposal;
  if (entry.prepared || 1 + entry.prepares.count(tally_key(proposal.value)) < rules_.quorum) return;
  entry.prepared = true;
  entry.certificate.pre_prepare = entry.proposal;
  entry.certificate.prepares.swap(entry.votes);  // both keep their memory for the slots to come
  entry.votes.clear();
  std::erase_if(entry.certificate.prepares,
                [&](const auto& vote) { return !rules_.counts(vote->view, vote->value, proposal); });
  env_.note_prepared(proposal.view, proposal.slot, proposal.value);
  Commit vote;
  vote.view = proposal.view;
  vote.slot = proposal.slot;
  vote.value = proposal.value;
  auto commit = env_.sign(std::move(vote));
  entry.own_commit = commit;
  if (entry.commits.add(tally_key(proposal.value), env_.self()) && !entry.decided) entry.commit_votes.push_back(commit);
  env_.broadcast(commit);
  if (!entry.decided) try_decide(entry);
}

void Pbft::try_decide(LogEntry& entry) {
  const Ref<const PrePrepare> proposal = entry.proposal;
  const Digest key = tally_key(proposal->value);
  if (options_.decide_on == DecideOn::prepared) {
    entry.commit_votes.clear();
    return decide(entry, proposal, proposal->view, entry.prepares.voters(key));
  }
  if (entry.commits.count(key) < rules_.quorum) return;
  if (entry.commit_votes.size() > rules_.quorum) {
    std::erase_if(entry.commit_votes,
                  [&](const auto& vote) { return !rules_.counts(vote->view, vote->value, *proposal); });
  }
  decide(entry, proposal, proposal->view, entry.commits.voters(key));
}

void Pbft::decide(LogEntry& entry, const Ref<const PrePrepare>& proposal, View view, const ReplicaSet& voters) {
  entry.decided = true;
  entry.decision = proposal;
  highest_decided_ = std::max(highest_decided_, proposal->slot);
  env_.decide(view, proposal->slot, proposal->value, proposal->batch, voters);
  if (proposal->slot > d_.executed + 1) watch();
  execute_ready();
}

void Pbft::execute_ready() {
  bool any = false;
  bool by_votes = false;
  for (LogEntry* entry = d_.log.find(d_.executed + 1); entry != nullptr && entry->decided;
       entry = d_.log.find(d_.executed + 1)) {
    any = true;
    by_votes = by_votes || !entry->taken_over;
    const Ref<const PrePrepare> decision = entry->decision;
    ++d_.executed;
    for (const auto& request : decision->batch->requests()) execute(*request);
    env_.note_executed(d_.executed, decision->value, d_.service.digest());
    if (d_.executed % options_.checkpoint_interval == 0) take_checkpoint();
  }
  if (!any) return;
  // What others hand out is no reason not to ask for the rest.
  if (by_votes && (pending_.head_changed() || pending_.empty())) quiet_since_ = env_.now();
  settle_log();
  after_execution();
}

void Pbft::execute(const Request& request) {
  using Turn = PendingRequests::Turn;
  const bool again = d_.service.executed(request.client, request.number);
  if (options_.dedup && again) {
    env_.mark("duplicate-suppressed");
    return pending_.remove(request.client, request.number, Turn::lost);
  }
  const std::uint64_t result = d_.service.apply(request);
  env_.note_applied(d_.executed, request, result);
  send_reply(request, result);
  if (!again) return pending_.serve(request);
  pending_.remove(request.client, request.number, Turn::served);
}

void Pbft::resend_reply(const Request& request) {
  if (const auto result = d_.service.result(request.client, request.number)) send_reply(request, *result);
}

void Pbft::send_reply(const Request& request, std::uint64_t result) {
  Reply reply;
  reply.view = d_.view;
  reply.client = request.client;
  reply.number = request.number;
  reply.result = result;
  env_.send(request.client, env_.sign(std::move(reply)));
}

// Timers and proposals follow what has just been executed. The back-off ends when the request that has waited longest
// here is executed for the first time, and with nothing else: neither null slots and duplicates nor the requests of a
// colluding client that a faulty primary serves before it.
void Pbft::after_execution() {
  const bool head_done = pending_.take_head_served();
  // Whoever comes first now has all of the time before it; but that somebody gave up ends no back-off.
  if (head_done || options_.backoff == Backoff::any_execution) {
    timeout_ = options_.view_timeout;
    failures_ = 0;
    waited_.begin_anew(env_.now());
  }
  note_waiting();
  if (d_.active) {
    if (pending_.empty() || head_done || options_.timer == TimerRule::any_progress ||
        (patience_.waiting_for(kNewView) && options_.backoff == Backoff::any_execution)) {
      patience_.stop_waiting();
    }
    start_request_timer();
  }
  if (is_primary()) propose();
}

void Pbft::start_request_timer() {
  const bool head_gone = pending_.take_head_lost();
  if (!d_.active || is_primary()) return;
  if (head_gone) patience_.stop_waiting();
  if (!patience_.waiting() && !pending_.empty()) patience_.wait(kRequest, timeout_);
}

const RegisteredProtocol<Pbft> entry{
    "pbft", "Practical Byzantine Fault Tolerance (Castro and Liskov, OSDI 1999), with signatures"};

}  // namespace byzsim::pbft

template class byzsim::Reactor<byzsim::pbft::Pbft, byzsim::pbft::Prepare, byzsim::pbft::Commit,
                               byzsim::pbft::PrePrepare, byzsim::Request, byzsim::pbft::Checkpoint,
                               byzsim::pbft::ViewChange, byzsim::pbft::NewView, byzsim::pbft::Status,
                               byzsim::pbft::CommitCertificate, byzsim::pbft::State, byzsim::pbft::Fetch>;
