// Practical Byzantine Fault Tolerance: M. Castro and B. Liskov, OSDI 1999 ("the paper"), the version with signatures;
// status messages and the timer for a new view from their TOCS 2002 article.
//
// Three phases: the primary of a view assigns a batch to a slot with PRE-PREPARE; backups PREPARE; who has a proposal
// and a quorum of matching votes (the PRE-PREPARE is the primary's) is prepared and sends COMMIT; prepared with a
// quorum of COMMITs is decided, slot by slot; decided slots are executed in order. 2n(n-1) messages and three delays
// per decision.
//
// Conventions where the paper leaves room
// - Timers: a backup waits T (`view_timeout`) for the oldest request it knows of. After a view change it waits T for
// the
//   NEW-VIEW and the first new execution, counted from its quorum of VIEW-CHANGEs; then 2T in the view after that, 4T,
//   and so on; an execution resets to T. So f crashed primaries in a row cost T 2^(f-1) plus message delays.
//   `timer_convention: doubling` starts doubling with the request's own timer: T, 2T, 4T; f in a row cost T (2^f - 1).
// - A VIEW-CHANGE is sent again every `retransmit` until its view begins. It is large, so at a fixed rate it can fill a
//   slow link faster than that drains; `retransmit_growth` makes each wait so many times as long as the one before.
// - `quorum` replaces 2f+1 everywhere: PREPARE (with the primary's vote), COMMIT, CHECKPOINT and the VIEW-CHANGEs of a
// NEW-VIEW. Deviations
// - PRE-PREPAREs carry their batch, in prepared certificates and NEW-VIEW too, so nothing is fetched by digest.
// - Request numbers of a client are contiguous, and executed numbers are kept as a set, so that an open-loop client may
//   have several requests under way; the paper's rule (last timestamp) is the case of one.
// - On entering a view a replica forwards the requests it waits for to the primary instead of waiting for the clients.
// - A replica that notices that it is behind sends STATUS; others answer with what it lacks: the NEW-VIEW, a
// checkpointed
//   state with its proof, or their own messages for the slots above. State is transferred whole, not by partition tree.
// - Messages of a view not yet entered are kept, up to a bound, and handled on entering it.
#include <algorithm>
#include <map>

#include "sim/protocols/pbft_log.hpp"
#include "sim/protocols/pbft_patience.hpp"
#include "sim/protocols/pbft_promises.hpp"
#include "sim/protocols/pbft_rules.hpp"
#include "sim/protocols/pbft_views.hpp"
#include "sim/replica/pending_requests.hpp"

namespace byzsim::pbft {

class Pbft final : public Reactor<Pbft, Prepare, Commit, PrePrepare, Request, Checkpoint, ViewChange, NewView, Status,
                                  CommitCertificate, State> {
 public:
  using Options = pbft::Options;
  using Kinds =
      MessageKinds<PrePrepare, Prepare, Commit, Checkpoint, ViewChange, NewView, Status, CommitCertificate, State>;
  enum Timer : TimerName { kRequest, kNewView, kResend, kStatus };
  static constexpr std::string_view timers[] = {"request", "new-view", "resend", "status"};

  static std::uint32_t quorum(const Options& options, std::uint32_t n, std::uint32_t f) {
    return options.quorum.of(n, f);
  }
  static std::uint32_t reply_quorum(const Options& options, std::uint32_t, std::uint32_t f) {
    return options.reply_quorum.value_or(f + 1);
  }
  static std::uint64_t client_window(const Options& options) { return options.client_window; }
  static std::string infeasible(const Options& options, std::uint32_t n, std::uint32_t f) {
    const std::uint32_t q = quorum(options, n, f);
    if (q > n) return fmt::format("a quorum of {} among {} replicas can never be reached", q, n);
    if (reply_quorum(options, n, f) > n)
      return fmt::format("clients wait for {} replies, and there are {} replicas", reply_quorum(options, n, f), n);
    if (options.window < options.checkpoint_interval)
      return "the window is smaller than the checkpoint interval, so it can never move";
    return {};
  }
  static std::string unjustified(const Options& options, const Message& m, const ProtocolFacts& facts) {
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
  static ClaimFacts claimed(const Options&, const Message& claim) {
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
  static std::string contradiction(const Options& options, const SignedVote& vote, const ClaimFacts& claim) {
    if (!options.view_change_certificates || vote.kind != Commit::traits.name) return {};
    for (const ClaimedSlot& shown : claim.slots) {
      if (shown.slot != vote.slot) continue;
      if (shown.view > vote.view || (shown.view == vote.view && shown.value == vote.value)) return {};
    }
    return fmt::format("it committed slot {} in view {}, which its view change for view {} does not show", vote.slot,
                       vote.view, claim.view);
  }

  // For random worlds: pbft_promises.hpp.
  static void vary(Options& options, Stream& draw, std::uint32_t n, std::uint32_t f) { pbft::vary(options, draw, n, f); }
  static Duration answered_within(const Options& options, const LivenessFacts& facts) {
    return pbft::answered_within(options, facts);
  }
  static std::uint64_t keeps_slots(const Options& options) { return options.checkpoint_interval; }

  Pbft(Env& env, const Options& options, std::unique_ptr<Durable> disk)
      : env_(env),
        options_(options),
        rules_{options_, env.n(), options.quorum.of(env.n(), env.f()),
               [this](const Message& m) { return env_.verify(m); }},
        disk_(disk ? static_cast<Disk*>(disk.release()) : new Disk(options.client_window)),
        d_(*disk_),
        pending_(env.n(), options.client_window),
        patience_(env, kStatus),
        timeout_(options.view_timeout),
        resend_after_(options.retransmit),
        status_after_(options.retransmit),
        views_(env.n()),
        early_(6 * options.window),
        furthest_checkpoint_(env.n(), 0),
        answered_at_(env.n(), Time::min()) {}

  std::unique_ptr<Durable> take_durable() override { return std::move(disk_); }

  void on_start() override {}

  void on_restart() override {
    d_.log.for_each([&](Slot slot, LogEntry& entry) {
      if (slot > d_.executed && entry.proposal) wait_for_all(*entry.proposal, true);
    });
    if (d_.active) {
      env_.note_view(d_.view);
      start_request_timer();
    } else {
      views_.keep(d_.view_change);
      env_.start_timer(kResend, resend_after_);
    }
    send_status();
  }

  void on_timer(TimerName timer) override {
    switch (timer) {
      case kRequest:
      case kNewView:
        if (!patience_.fired(timer)) break;
        env_.suspect(rules_.primary(d_.view),
                     timer == kRequest ? "a request was not executed in time" : "no new view in time");
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
        if (patience_.fired(timer) && wanting()) look();
        break;
      default:
        break;
    }
    patience_.settle();
  }

  // --- requests ---

  void on(const Request& m) {
    if (m.signer() != m.client || m.client < env_.n() || !env_.verify(m)) return;
    if (options_.dedup && d_.service.executed(m.client, m.number)) {
      env_.mark("duplicate-suppressed");
      if (m.from() == m.signer()) resend_reply(m);
      return;
    }
    Ref<const Request> request(&m);
    const PendingRequests::Added added = wait_for(request);
    if (added == PendingRequests::Added::refused) return;
    if (is_primary()) {
      if (!options_.dedup && added == PendingRequests::Added::known) pending_.propose_again(m.client, m.number);
      return propose();
    }
    if (d_.active && m.from() == m.signer()) env_.send(rules_.primary(d_.view), request);
    start_request_timer();
  }

  // --- the three phases ---

  void on(const PrePrepare& m) {
    if (m.view != d_.view || !d_.active) return early(m);
    if (!in_window(m.slot)) return above_window(m);
    if (m.signer() != rules_.primary(m.view) || m.signer() == env_.self()) return;
    if (!env_.verify(m) || !rules_.flaw(m).empty()) return;
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

  void on(const Prepare& m) {
    if (!counts_here(m, m.view)) return;
    if (m.signer() == rules_.primary(m.view)) return;  // the PRE-PREPARE is its vote
    LogEntry& entry = d_.log.at(m.slot);
    if (!entry.prepares.add(tally_key(m.value), m.signer()) || entry.prepared) return;
    entry.votes.emplace_back(&m);
    if (entry.proposal) try_prepare(entry);
  }

  void on(const Commit& m) {
    if (!counts_here(m, m.view)) return;
    LogEntry& entry = d_.log.at(m.slot);
    if (!entry.commits.add(tally_key(m.value), m.signer()) || entry.decided) return;
    entry.commit_votes.emplace_back(&m);
    if (entry.prepared) try_decide(entry);
  }

  /// Somebody else's decision, which holds in any view.
  void on(const CommitCertificate& m) {
    if (!m.pre_prepare || !in_window(m.pre_prepare->slot) || !rules_.signed_by_replica(m)) return;
    LogEntry& entry = d_.log.at(m.pre_prepare->slot);
    if (entry.decided || !rules_.flaw(m).empty()) return;
    env_.mark("commit-certificate");
    entry.commit_votes = m.commits;
    ReplicaSet voters;
    for (const auto& vote : m.commits) voters.insert(vote->signer());
    decide(entry, m.pre_prepare, m.commits.front()->view, voters);
  }

  // --- checkpoints, state transfer ---

  void on(const Checkpoint& m) {
    if (m.slot <= d_.stable || m.slot % options_.checkpoint_interval != 0 || !rules_.signed_by_replica(m)) return;
    if (!in_window(m.slot)) {
      // Only remembered as a sign that we are behind: nobody can fill our memory with the far future.
      Slot& furthest = furthest_checkpoint_[m.signer()];
      furthest = std::max(furthest, m.slot);
      furthest_of_all_ = std::max(furthest_of_all_, furthest);
      return watch();
    }
    CheckpointVotes& votes = d_.checkpoints[m.slot];
    if (!votes.tally.add(m.state, m.signer())) return;
    votes.messages.emplace_back(&m);
    settle_checkpoint(m.slot, m.state);
  }

  /// Answers with whatever the sender lacks. Of one replica no more than two a `retransmit` are answered, and what is
  /// large is sent by f+1 only, others at each attempt, so that a STATUS cannot be made to cost more than it is worth.
  void on(const Status& m) {
    if (m.signer() == env_.self() || !rules_.signed_by_replica(m)) return;
    note_view_of(m.signer(), m.view);
    Time& answered = answered_at_[m.signer()];
    if (answered != Time::min() && env_.now() < later(answered, options_.retransmit / 2))
      return env_.mark("status-throttled");
    answered = env_.now();
    const bool designated = is_designated(m.signer(), m.attempt);
    if (!d_.active && m.view <= d_.view && !(m.view == d_.view && m.view_changes.contains(env_.self())))
      env_.send(m.signer(), d_.view_change);
    if (designated && d_.active && d_.new_view && (m.view < d_.view || (m.view == d_.view && !m.active)))
      env_.send(m.signer(), d_.new_view);
    answer_with_checkpoints(m, designated);
    answer_with_slots(m, designated);
  }

  void on(const State& m) {
    if (m.slot <= d_.executed || m.slot < d_.log.low() || !m.state || m.slot == 0 || !rules_.signed_by_replica(m))
      return;
    if (!rules_.flaw_of_proof(m.slot, m.checkpoint).empty()) return;
    const Digest state = m.checkpoint.front()->state;
    if (!m.state->flaw().empty() || m.state->digest() != state) return env_.mark("state-refused");
    env_.mark("state-transfer");
    d_.service.restore(*m.state);
    d_.executed = m.slot;
    ++progress_;
    d_.snapshots[m.slot] = m.state;
    env_.note_adopted(m.slot, state);
    learn_stable(m.slot, m.checkpoint);
    settle_log();
    const bool head_done =
        pending_.remove_if([&](const Request& request) { return d_.service.executed(request.client, request.number); });
    after_execution(head_done);
    execute_ready();
  }

  // --- view change ---

  void on(const ViewChange& m) {
    if (m.view == 0 || m.view < d_.view || (m.view == d_.view && d_.active)) return;
    if (!rules_.signed_by_replica(m) || views_.has(m.signer(), m.view) || !rules_.flaw(m).empty()) return;
    views_.keep(Ref<const ViewChange>(&m));
    if (!note_view_of(m.signer(), m.view)) settle_view_change();
  }

  void on(const NewView& m) {
    if (m.view < d_.view || (m.view == d_.view && d_.active) || m.view == 0 || m.signer() == env_.self()) return;
    if (m.signer() != rules_.primary(m.view) || !env_.verify(m)) return;
    if (options_.verify_new_view ? !rules_.flaw(m).empty() : !rules_.readable(m)) {
      env_.mark("new-view-refused");
      env_.suspect(m.signer(), "a new view that does not follow from its view changes");
      return;
    }
    install(Ref<const NewView>(&m));
  }

 private:
  bool is_primary() const { return d_.active && rules_.primary(d_.view) == env_.self(); }
  bool in_window(Slot slot) const { return slot > d_.log.low() && slot <= d_.stable + options_.window; }
  // With `bind_digest: false` every vote is filed under one key, whatever it says.
  Digest tally_key(Digest value) const { return options_.bind_digest ? value : Digest{1}; }
  Duration longer(Duration wait) const {
    return std::min(wait * options_.retransmit_growth, options_.retransmit * kMostPatience);
  }

  [[gnu::always_inline]] bool counts_here(const Message& m, View view) {
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
  void early(const Message& m) {
    const View view = m.label().view;
    if (view < d_.view || m.label().slot <= d_.log.low() || !rules_.signed_by_replica(m)) return;
    if (!early_.keep(m)) env_.mark("future-message-dropped");
    note_view_of(m.signer(), view);
  }
  // Keeps a message of this view whose slot comes into the window when the next checkpoints are stable.
  void above_window(const Message& m) {
    const Slot slot = m.label().slot;
    if (slot <= d_.stable || slot - d_.stable > 2 * options_.window || !rules_.signed_by_replica(m)) return;
    if (!early_.keep(m)) env_.mark("future-message-dropped");
    watch();
  }
  void handle_early() {
    if (early_.empty()) return;
    early_.take([&](const Message& m) { return m.label().view < d_.view || m.label().slot <= d_.log.low(); });
    const auto due = early_.take(
        [&](const Message& m) { return d_.active && m.label().view == d_.view && in_window(m.label().slot); });
    for (const auto& m : due) on_message(*m);
  }

  // --- requests ---

  PendingRequests::Added wait_for(const Ref<const Request>& request) {
    const PendingRequests::Added added = pending_.add(request);
    if (added == PendingRequests::Added::refused) {
      env_.mark("request-refused");
    } else {
      watch();
    }
    return added;
  }
  void wait_for_all(const PrePrepare& proposal, bool proposed) {
    for (const auto& request : proposal.batch->requests()) {
      if (d_.service.executed(request->client, request->number)) continue;
      wait_for(request);
      if (proposed) pending_.mark_proposed(request->client, request->number);
    }
  }

  void propose() {
    while (pending_.has_unproposed() && in_window(d_.next_slot) && d_.next_slot <= d_.executed + options_.pipeline) {
      std::vector<Ref<const Request>> requests;
      while (requests.size() < options_.batch && pending_.has_unproposed()) {
        Ref<const Request> request = pending_.next_to_propose();
        if (options_.dedup && d_.service.executed(request->client, request->number)) continue;
        requests.push_back(std::move(request));
      }
      if (requests.empty()) return;
      auto proposal = propose_in(d_.next_slot++, make_ref<const Batch>(std::move(requests)));
      env_.broadcast(proposal);
      accept(d_.log.at(proposal->slot), proposal);
    }
  }

  Ref<const PrePrepare> propose_in(Slot slot, Ref<const Batch> batch) {
    PrePrepare proposal;
    proposal.view = d_.view;
    proposal.slot = slot;
    proposal.value = batch->digest();
    proposal.batch = std::move(batch);
    return env_.sign(std::move(proposal));
  }

  // From here on the proposal is this replica's own choice for the slot in this view.
  void accept(LogEntry& entry, const Ref<const PrePrepare>& proposal) {
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

  void try_prepare(LogEntry& entry) {
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
    if (entry.commits.add(tally_key(proposal.value), env_.self()) && !entry.decided)
      entry.commit_votes.push_back(commit);
    env_.broadcast(commit);
    if (!entry.decided) try_decide(entry);
  }

  void try_decide(LogEntry& entry) {
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

  void decide(LogEntry& entry, const Ref<const PrePrepare>& proposal, View view, const ReplicaSet& voters) {
    entry.decided = true;
    entry.decision = proposal;
    highest_decided_ = std::max(highest_decided_, proposal->slot);
    env_.decide(view, proposal->slot, proposal->value, proposal->batch, voters);
    if (proposal->slot > d_.executed + 1) watch();
    execute_ready();
  }

  // --- execution ---

  void execute_ready() {
    bool progress = false;
    bool head_done = false;
    for (LogEntry* entry = d_.log.find(d_.executed + 1); entry != nullptr && entry->decided;
         entry = d_.log.find(d_.executed + 1)) {
      progress = true;
      const Ref<const PrePrepare> decision = entry->decision;
      ++d_.executed;
      for (const auto& request : decision->batch->requests()) head_done = execute(*request) || head_done;
      env_.note_executed(d_.executed, decision->value, d_.service.digest());
      if (d_.executed % options_.checkpoint_interval == 0) take_checkpoint();
    }
    if (!progress) return;
    ++progress_;
    settle_log();
    after_execution(head_done);
  }

  // True if this was the request that had waited longest.
  bool execute(const Request& request) {
    const bool again = d_.service.executed(request.client, request.number);
    const bool head = pending_.remove(request.client, request.number);
    if (options_.dedup && again) {
      env_.mark("duplicate-suppressed");
      return false;
    }
    const std::uint64_t result = d_.service.apply(request);
    env_.note_applied(d_.executed, request, result);
    send_reply(request, result);
    return head;
  }

  void resend_reply(const Request& request) {
    if (const auto result = d_.service.result(request.client, request.number)) send_reply(request, *result);
  }

  void send_reply(const Request& request, std::uint64_t result) {
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
  void after_execution(bool head_done) {
    while (!pending_.empty() && d_.service.executed(pending_.head()->client, pending_.head()->number)) {
      pending_.remove(pending_.head()->client, pending_.head()->number);  // its client has moved on from it
    }
    if (head_done || options_.backoff == Backoff::any_execution) {
      timeout_ = options_.view_timeout;
      failures_ = 0;
    }
    if (d_.active) {
      if (pending_.empty() || head_done || options_.timer == TimerRule::any_progress ||
          (patience_.waiting_for(kNewView) && options_.backoff == Backoff::any_execution)) {
        patience_.stop_waiting();
      }
      start_request_timer();
    }
    if (is_primary()) propose();
  }

  void start_request_timer() {
    if (!patience_.waiting() && !pending_.empty() && d_.active && !is_primary()) patience_.wait(kRequest, timeout_);
  }

  // --- checkpoints ---

  void take_checkpoint() {
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

  void settle_checkpoint(Slot slot, Digest state) {
    const auto found = d_.checkpoints.find(slot);
    if (found == d_.checkpoints.end() || found->second.tally.count(state) < rules_.quorum) return;
    std::vector<Ref<const Checkpoint>> proof;
    for (const auto& vote : found->second.messages) {
      if (vote->state == state) proof.push_back(vote);
    }
    learn_stable(slot, std::move(proof));
    settle_log();
    if (d_.executed < slot) watch();
    if (is_primary()) propose();
  }

  /// A quorum has this checkpoint, this replica perhaps not yet.
  void learn_stable(Slot slot, std::vector<Ref<const Checkpoint>> proof) {
    if (slot <= d_.stable) return;
    d_.stable = slot;
    d_.stable_proof = std::move(proof);
    d_.checkpoints.erase(d_.checkpoints.begin(), d_.checkpoints.upper_bound(slot));
    d_.next_slot = std::max(d_.next_slot, slot + 1);
    ++progress_;
  }

  // What lies below a stable checkpoint is kept until it is executed, unless the gap is so wide that a state transfer
  // must come in any case. So the log spans at most two windows.
  void settle_log() {
    if (d_.stable == d_.log.low()) return;
    trim_log();
    handle_early();
  }
  void trim_log() {
    if (d_.executed >= d_.stable) {
      d_.log.advance(d_.stable);
      d_.snapshots.erase(d_.snapshots.begin(), d_.snapshots.lower_bound(d_.stable));
    } else if (d_.stable - d_.log.low() > options_.window) {
      d_.log.advance(d_.stable);
    }
  }

  // --- status ---

  /// Whether there is something to wait for.
  bool wanting() const { return !d_.active || !pending_.empty() || behind(); }
  bool behind() const {
    if (d_.stable > d_.executed || highest_decided_ > d_.executed) return true;
    if (views_.highest() > d_.view && views_.reached_by(env_.f() + 1) > d_.view) return true;
    if (furthest_of_all_ <= d_.executed) return false;
    const auto beyond = std::count_if(furthest_checkpoint_.begin(), furthest_checkpoint_.end(),
                                      [&](Slot slot) { return slot > d_.executed; });
    return beyond > env_.f();
  }
  /// Looks after a while; if nothing has moved by then, asks.
  void watch() {
    if (options_.status && patience_.look_in(status_after_)) progress_seen_ = progress_;
  }
  void look() {
    if (progress_ == progress_seen_) return send_status();
    status_after_ = options_.retransmit;
    attempts_ = 0;
    watch();
  }

  void send_status() {
    if (!options_.status) return;
    Status status;
    status.view = d_.view;
    status.active = d_.active;
    status.stable = d_.stable;
    status.executed = d_.executed;
    status.attempt = attempts_++;
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

  bool is_designated(NodeId asker, std::uint64_t attempt) const {
    const std::uint64_t distance = (env_.self() + env_.n() - asker - 1) % env_.n();  // 0 .. n-2
    const std::uint64_t group = env_.f() + 1;
    const std::uint64_t groups = (env_.n() - 1 + group - 1) / group;
    return groups <= 1 || distance / group == attempt % groups;
  }

  void answer_with_checkpoints(const Status& m, bool designated) {
    const auto snapshot = d_.snapshots.find(d_.stable);
    if (designated && d_.stable > m.executed && snapshot != d_.snapshots.end()) {
      State state;
      state.slot = d_.stable;
      state.checkpoint = d_.stable_proof;
      state.state = snapshot->second;
      env_.send(m.signer(), env_.sign(std::move(state)));
    } else if (designated && d_.stable > m.stable) {
      for (const auto& vote : d_.stable_proof) env_.send(m.signer(), vote);
    }
    for (const auto& [slot, votes] : d_.checkpoints) {
      if (slot <= m.stable) continue;
      for (const auto& vote : votes.messages) {
        if (vote->signer() == env_.self()) env_.send(m.signer(), vote);
      }
    }
  }

  void answer_with_slots(const Status& m, bool designated) {
    std::uint32_t answered = 0;
    d_.log.for_each([&](Slot slot, LogEntry& entry) {
      if (slot <= m.executed || answered == kMostAnswered) return;
      if (std::binary_search(m.decided.begin(), m.decided.end(), slot)) return;
      ++answered;
      if (designated && entry.decided && entry.commit_votes.size() >= rules_.quorum) {
        CommitCertificate certificate;
        certificate.pre_prepare = entry.decision;
        certificate.commits = entry.commit_votes;
        env_.send(m.signer(), env_.sign(std::move(certificate)));
      }
      if (!d_.active || !m.active || m.view != d_.view) return;
      if (entry.proposal && entry.proposal->signer() == env_.self()) env_.send(m.signer(), entry.proposal);
      if (entry.own_prepare) env_.send(m.signer(), entry.own_prepare);
      if (entry.own_commit) env_.send(m.signer(), entry.own_commit);
    });
  }

  // --- view change ---

  /// Enters that this replica has been in this view, and follows if enough others have. True if that was news.
  bool note_view_of(NodeId replica, View view) {
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
  void go_to(View view) {
    if (view == d_.view) return;
    failures_ = std::min<View>(failures_ + (view - d_.view), kMostDoublings);
    const View doublings = failures_ - (options_.timer_convention == TimerConvention::osdi99 ? 1 : 0);
    timeout_ = options_.view_timeout * (std::int64_t{1} << (options_.backoff == Backoff::none ? 0 : doublings));
    d_.view = view;
    views_.saw(env_.self(), view);
    ++progress_;
    env_.note_view(view);
  }

  void start_view_change(View view) {
    go_to(view);
    d_.active = false;
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
  void settle_view_change() {
    if (d_.active) return;
    if (rules_.primary(d_.view) == env_.self()) {
      std::vector<Ref<const ViewChange>> same = views_.all_of(d_.view);
      if (same.size() >= rules_.quorum) return begin_view(std::move(same));
    }
    const std::size_t here =
        options_.new_view_wait == NewViewWait::exact ? views_.all_of(d_.view).size() : views_.at_or_above(d_.view);
    if (!patience_.waiting() && here >= rules_.quorum) patience_.wait(kNewView, timeout_);
  }

  void begin_view(std::vector<Ref<const ViewChange>> view_changes) {
    const Rules::Proposals due = Rules::proposals(view_changes);
    NewView m;
    m.view = d_.view;
    m.view_changes = std::move(view_changes);
    for (std::size_t i = 0; i < due.batches.size(); ++i) {
      if (!due.batches[i]) env_.mark("null-request");
      const Ref<const Batch> null = make_ref<const Batch>(std::vector<Ref<const Request>>{});
      m.pre_prepares.push_back(propose_in(due.above + 1 + i, due.batches[i] ? due.batches[i] : null));
    }
    auto new_view = env_.sign(std::move(m));
    env_.broadcast(new_view);
    install(new_view);
  }

  void install(const Ref<const NewView>& new_view) {
    if (new_view->view != d_.view) patience_.stop_waiting();
    go_to(new_view->view);
    d_.active = true;
    d_.new_view = new_view;
    d_.view_change = nullptr;
    views_.forget_up_to(d_.view);
    ++progress_;
    env_.mark("new-view");
    env_.stop_timer(kResend);
    const Slot above = adopt_checkpoint(*new_view);
    d_.log.for_each([](Slot, LogEntry& entry) { entry.new_view(); });
    d_.next_slot = std::max(above, d_.stable) + 1;
    pending_.begin_proposing();
    for (const auto& proposal : new_view->pre_prepares) {
      d_.next_slot = std::max(d_.next_slot, proposal->slot + 1);
      wait_for_all(*proposal, true);
      if (in_window(proposal->slot)) accept(d_.log.at(proposal->slot), proposal);
    }
    // The timer for the new view runs on until the request that has waited longest is executed in it.
    if (pending_.empty() || is_primary()) patience_.stop_waiting();
    start_request_timer();
    pursue_requests();
    handle_early();
  }

  // The highest checkpoint among the VIEW-CHANGEs of this view, from which its proposals begin.
  Slot adopt_checkpoint(const NewView& new_view) {
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

  // The requests that brought the old view down must not wait for their clients to ask again.
  void pursue_requests() {
    if (is_primary()) return propose();
    const NodeId primary = rules_.primary(d_.view);
    pending_.for_each([&](const Ref<const Request>& request) { env_.send(primary, request); });
  }

  static constexpr int kMostPatience = 64;            // no pause grows past this multiple of the first
  static constexpr View kMostDoublings = 30;          // nor a timeout past this power of two
  static constexpr std::uint32_t kMostAnswered = 64;  // slots in the answer to one STATUS

  Env& env_;
  const Options options_;
  const Rules rules_;
  std::unique_ptr<Disk> disk_;
  Disk& d_;

  PendingRequests pending_;  // the timers stand for the first of them
  Patience patience_;        // with the view: from a quorum in it, or a request, to the next such execution
  Duration timeout_;
  Duration resend_after_;  // until our VIEW-CHANGE is sent again
  View failures_ = 0;      // views given up since that execution

  Duration status_after_;            // until we ask for what we wait for
  std::uint64_t attempts_ = 0;       // how often we asked without effect
  std::uint64_t progress_ = 0;       // grows with whatever brings this replica on
  std::uint64_t progress_seen_ = 0;  // at the last look

  ViewLog views_;
  EarlyMessages early_;
  std::vector<Slot> furthest_checkpoint_;  // by replica, beyond our window
  Slot furthest_of_all_ = 0;
  Slot highest_decided_ = 0;
  std::vector<Time> answered_at_;  // by replica, its last STATUS that was answered
};

const RegisteredProtocol<Pbft> entry{
    "pbft", "Practical Byzantine Fault Tolerance (Castro and Liskov, OSDI 1999), with signatures"};

}  // namespace byzsim::pbft
