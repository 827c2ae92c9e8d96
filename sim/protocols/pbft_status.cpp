// What a PBFT replica asks for and answers with when it gets nowhere (TOCS 2002, section 5.2), and the checkpoints that
// let it catch up.
#include <algorithm>
#include <functional>
#include <utility>

#include "sim/protocols/pbft.hpp"

namespace byzsim::pbft {

/// Somebody else's decision, which holds in any view.
void Pbft::on(const CommitCertificate& m) {
  if (!m.pre_prepare || !in_window(m.pre_prepare->slot) || !rules_.signed_by_replica(m)) return;
  LogEntry& entry = d_.log.at(m.pre_prepare->slot);
  if (entry.decided || !rules_.flaw(m).empty()) return;
  env_.mark("commit-certificate");
  entry.taken_over = true;
  entry.commit_votes = m.commits;
  ReplicaSet voters;
  for (const auto& vote : m.commits) voters.insert(vote->signer());
  decide(entry, m.pre_prepare, m.commits.front()->view, voters);
}

void Pbft::on(const Checkpoint& m) {
  if (m.signer() == env_.self() || m.slot <= d_.stable || m.slot % options_.checkpoint_interval != 0) return;
  if (!rules_.signed_by_replica(m)) return;
  if (!in_window(m.slot)) {
    note_executed_by(m.signer(), m.slot);
    return watch_closely();
  }
  CheckpointVotes& votes = d_.checkpoints[m.slot];
  if (!votes.tally.add(m.state, m.signer())) return;
  votes.messages.emplace_back(&m);
  settle_checkpoint(m.slot, m.state);
}

/// Answers with whatever the sender lacks: state or stable proof, NEW-VIEW and commit certificates from f+1 replicas
/// only, others at each attempt; VIEW-CHANGE, proposals and votes, which nobody else can send, from each its own. To
/// one replica each of the two is sent once in the time that an honest one takes to ask everybody in turn, so that a
/// STATUS cannot be made to cost more than that. A relayed one is not answered: whoever repeats another's would use up
/// its share.
void Pbft::on(const Status& m) {
  if (m.signer() == env_.self() || m.from() != m.signer() || !rules_.signed_by_replica(m)) return;
  note_view_of(m.signer(), m.view);
  if (m.executed > d_.executed) {
    note_executed_by(m.signer(), m.executed);
    watch_closely();
    known_seen_ = std::max(known_seen_, known_decided());
  }
  if (m.waits) {
    watch_closely();
    heard_ = groups();
  }
  fetch_head_of(m);
  Answered& last = answered_[m.signer()];
  const bool own = once_a_turn(last.own);
  const bool full = is_designated(m.signer(), m.attempt) && once_a_turn(last.full);
  if (!own && !full) return env_.mark("status-throttled");
  if (own) answer_with_our_own(m);
  if (full) answer_in_full(m);
}

void Pbft::on(const State& m) {
  if (m.slot <= d_.executed || m.slot < d_.log.low() || !m.state || m.slot == 0 || !rules_.signed_by_replica(m)) return;
  if (!rules_.flaw_of_proof(m.slot, m.checkpoint).empty()) return;
  const Digest state = m.checkpoint.front()->state;
  if (!m.state->flaw().empty() || m.state->digest() != state) return env_.mark("state-refused");
  env_.mark("state-transfer");
  const Service before = std::exchange(d_.service, Service(options_.client_window));
  d_.service.restore(*m.state);
  d_.executed = m.slot;
  d_.snapshots[m.slot] = m.state;
  env_.note_adopted(m.slot, state);
  pending_.jumped([&](const Request& request) { return d_.service.executed(request.client, request.number); },
                  [&](NodeId client, std::uint64_t number) {
                    return d_.service.done_up_to(client, number) > before.done_up_to(client, number);
                  });
  learn_stable(m.slot, m.checkpoint);
  settle_log();
  after_execution();
  execute_ready();
}

void Pbft::take_checkpoint() {
  Checkpoint vote;
  vote.slot = d_.executed;
  vote.state = d_.service.digest();
  d_.snapshots[d_.executed] = d_.service.snapshot();
  auto checkpoint = env_.sign(std::move(vote));
  env_.broadcast(checkpoint);
  if (checkpoint->slot <= d_.stable) return;
  CheckpointVotes& votes = d_.checkpoints[checkpoint->slot];
  votes.tally.add(checkpoint->state, env_.self());
  votes.messages.push_back(checkpoint);
  settle_checkpoint(checkpoint->slot, checkpoint->state);
}

void Pbft::settle_checkpoint(Slot slot, Digest state) {
  const auto found = d_.checkpoints.find(slot);
  if (found == d_.checkpoints.end() || found->second.tally.count(state) < rules_.quorum) return;
  std::vector<Ref<const Checkpoint>> proof;
  for (const auto& vote : found->second.messages) {
    if (vote->state == state) proof.push_back(vote);
  }
  learn_stable(slot, std::move(proof));
  settle_log();
  if (d_.executed < slot) watch_closely();
  if (is_primary()) propose();
}

/// A quorum has this checkpoint, this replica perhaps not yet.
void Pbft::learn_stable(Slot slot, std::vector<Ref<const Checkpoint>> proof) {
  if (slot <= d_.stable) return;
  d_.stable = slot;
  d_.stable_proof = std::move(proof);
  d_.checkpoints.erase(d_.checkpoints.begin(), d_.checkpoints.upper_bound(slot));
  d_.next_slot = std::max(d_.next_slot, slot + 1);
}

// What lies below a stable checkpoint is kept until it is executed, unless the gap is so wide that a state transfer
// must come in any case. So the log spans at most two windows.
void Pbft::settle_log() {
  if (d_.stable == d_.log.low()) return;
  trim_log();
  handle_early();
}

void Pbft::trim_log() {
  if (d_.executed >= d_.stable) {
    d_.log.advance(d_.stable);
    d_.snapshots.erase(d_.snapshots.begin(), d_.snapshots.lower_bound(d_.stable));
  } else if (d_.stable - d_.log.low() > options_.window) {
    d_.log.advance(d_.stable);
  }
}

// Only remembered as a sign that we are behind: nobody can fill our memory with the far future.
void Pbft::note_executed_by(NodeId replica, Slot slot) {
  Slot& furthest = furthest_executed_[replica];
  furthest = std::max(furthest, slot);
  furthest_of_all_ = std::max(furthest_of_all_, furthest);
}

/// The highest slot that this replica knows to be decided, here or by what f+1 others say.
Slot Pbft::known_decided() const {
  const Slot here = std::max(d_.stable, highest_decided_);
  if (furthest_of_all_ <= here) return here;
  std::vector<Slot> furthest = furthest_executed_.row();
  const auto vouched = furthest.begin() + env_.f();
  std::nth_element(furthest.begin(), vouched, furthest.end(), std::greater<>{});
  return std::max(here, *vouched);
}

bool Pbft::behind() const {
  return known_decided() > d_.executed || (views_.highest() > d_.view && views_.reached_by(env_.f() + 1) > d_.view);
}

/// Looks after a while; if nothing has moved by then, asks.
void Pbft::watch() {
  if (!options_.status || !patience_.look_in(status_after_)) return;
  known_seen_ = known_decided();
}
/// The same, and no later than within a `retransmit`.
void Pbft::watch_closely() {
  watch();
  if (options_.status) patience_.look_by(later(env_.now(), options_.retransmit));
}

// What was known to be decided at the last look and is not executed yet is lacking, whatever else has moved, and so is
// what f+1 who get nowhere say in their STATUS to have executed: somebody may hand out a slot at a time, just not to be
// asked for the others.
void Pbft::look() {
  const Time now = env_.now();
  const bool lacking = d_.executed < known_seen_;
  if (lacking || heard_ > 0 || now >= later(quiet_since_, options_.retransmit)) {
    const bool moved = quiet_since_ > looked_at_ && !lacking;
    looked_at_ = now;
    if (moved) status_after_ = options_.retransmit;
    send_status();
    return;
  }
  looked_at_ = now;
  status_after_ = options_.retransmit;
  // Whoever is served is asked to look no more often than it takes to ask two `retransmit` after the last turn.
  known_seen_ = known_decided();
  const bool served = quiet_since_ > view_since_ && known_seen_ <= d_.executed;
  patience_.look_by(later(quiet_since_, product_of(options_.retransmit, served ? 2 : 1)));
}

/// The request that has waited longest with a backup may have been lost on its way here, and nobody else may know of
/// it.
void Pbft::fetch_head_of(const Status& m) {
  if (!is_primary() || m.view != d_.view || m.head_client == kNobody || m.head_client < env_.n()) return;
  if (d_.service.executed(m.head_client, m.head_number) || pending_.has(m.head_client, m.head_number)) return;
  if (pending_.withdrawn(m.head_client, m.head_number)) {
    return tell_last_word(m.head_client, m.signer(), told_[m.signer()].named);
  }
  Fetch fetch;
  fetch.view = d_.view;
  fetch.client = m.head_client;
  fetch.number = m.head_number;
  env_.send(m.signer(), env_.sign(std::move(fetch)));
}

/// It can be large, so a primary that says over and over that it lacks something is handed one a turn, as with STATUS,
/// whichever it is: clients that lie can have the head change all the time. Pauses that grow with what was lost before
/// GST would have an honest primary given up after it.
void Pbft::on(const Fetch& m) {
  if (m.view != d_.view || !d_.active || m.signer() != rules_.primary(m.view) || m.from() != m.signer()) return;
  if (!env_.verify(m) || pending_.empty()) return;
  const Ref<const Request>& head = pending_.head();
  if (head->client != m.client || head->number != m.number) return;
  if (!once_a_turn(handed_on_at_)) return;
  env_.send(m.signer(), head);
}

void Pbft::send_status() {
  if (!options_.status) return;
  Status status;
  status.view = d_.view;
  status.active = d_.active;
  status.stable = d_.stable;
  status.executed = d_.executed;
  status.attempt = attempts_++;
  status.waits = wanting();
  if (d_.active && !pending_.empty()) {
    status.head_client = pending_.head()->client;
    status.head_number = pending_.head()->number;
  }
  if (heard_ > 0) --heard_;
  if (!d_.active) {
    for (const auto& m : views_.all_of(d_.view)) status.view_changes.insert(m->signer());
  }
  d_.log.for_each([&](Slot slot, LogEntry& entry) {
    if (slot > d_.executed && entry.decided) status.decided.push_back(slot);
  });
  env_.mark("status");
  env_.broadcast(env_.sign(std::move(status)));
  status_after_ = longer(status_after_);
  watch();
}

std::uint64_t Pbft::groups() const {
  const std::uint64_t group = env_.f() + 1;
  return (env_.n() - 1 + group - 1) / group;
}

bool Pbft::is_designated(NodeId asker, std::uint64_t attempt) const {
  const std::uint64_t distance = (env_.self() + env_.n() - asker - 1) % env_.n();  // 0 .. n-2
  return groups() <= 1 || distance / (env_.f() + 1) == attempt % groups();
}

/// How long after its last turn to answer in full a replica may be sure that a new one has come.
Duration Pbft::turn() const {
  return product_of(options_.retransmit / 2, static_cast<std::int64_t>(2 * std::max<std::uint64_t>(groups(), 1) - 1));
}

/// Whether a turn has passed since `last`; if so, it is now.
bool Pbft::once_a_turn(Time& last) const {
  if (last != Time::min() && env_.now() < later(last, turn())) return false;
  last = env_.now();
  return true;
}

void Pbft::answer_with_our_own(const Status& m) {
  if (!d_.active && m.view <= d_.view && !(m.view == d_.view && m.view_changes.contains(env_.self())))
    env_.send(m.signer(), d_.view_change);
  for (const auto& [slot, votes] : d_.checkpoints) {
    if (slot <= m.stable) continue;
    for (const auto& vote : votes.messages) {
      if (vote->signer() == env_.self()) env_.send(m.signer(), vote);
    }
  }
  // Whoever is not in this view yet keeps them until the NEW-VIEW is there.
  if (!d_.active || m.view > d_.view) return;
  d_.log.for_each([&](Slot slot, LogEntry& entry) {
    if (slot <= m.executed || std::binary_search(m.decided.begin(), m.decided.end(), slot)) return;
    if (entry.decided && entry.commit_votes.size() >= rules_.quorum) return;  // others send its certificate
    if (entry.proposal && entry.proposal->signer() == env_.self()) env_.send(m.signer(), entry.proposal);
    if (entry.own_prepare) env_.send(m.signer(), entry.own_prepare);
    if (entry.own_commit) env_.send(m.signer(), entry.own_commit);
  });
}

void Pbft::answer_in_full(const Status& m) {
  if (d_.active && d_.new_view && (m.view < d_.view || (m.view == d_.view && !m.active)))
    env_.send(m.signer(), d_.new_view);
  const auto snapshot = d_.snapshots.find(d_.stable);
  if (d_.stable > m.executed && snapshot != d_.snapshots.end()) {
    State state;
    state.slot = d_.stable;
    state.checkpoint = d_.stable_proof;
    state.state = snapshot->second;
    env_.send(m.signer(), env_.sign(std::move(state)));
  } else if (d_.stable > m.stable) {
    for (const auto& vote : d_.stable_proof) env_.send(m.signer(), vote);
  }
  std::uint32_t answered = 0;
  d_.log.for_each([&](Slot slot, LogEntry& entry) {
    if (slot <= m.executed || answered == kMostAnswered) return;
    if (!entry.decided || entry.commit_votes.size() < rules_.quorum) return;
    if (std::binary_search(m.decided.begin(), m.decided.end(), slot)) return;
    ++answered;
    CommitCertificate certificate;
    certificate.pre_prepare = entry.decision;
    certificate.commits = entry.commit_votes;
    env_.send(m.signer(), env_.sign(std::move(certificate)));
  });
}

}  // namespace byzsim::pbft
