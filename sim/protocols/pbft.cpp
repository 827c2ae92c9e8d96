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
#include <deque>
#include <map>

#include "sim/protocols/pbft_log.hpp"
#include "sim/protocols/pbft_rules.hpp"

namespace byzsim::pbft {

class Pbft final
    : public Reactor<Pbft, Prepare, Commit, PrePrepare, Request, Checkpoint, ViewChange, NewView, Status, State> {
 public:
  using Options = pbft::Options;
  using Kinds = MessageKinds<PrePrepare, Prepare, Commit, Checkpoint, ViewChange, NewView, Status, State>;
  enum Timer : TimerName { kRequest, kNewView, kResend, kStatus };
  static constexpr std::string_view timers[] = {"request", "new-view", "resend", "status"};

  static std::uint32_t quorum(const Options& options, std::uint32_t n, std::uint32_t f) {
    return options.quorum.of(n, f);
  }
  static std::uint32_t reply_quorum(const Options& options, std::uint32_t, std::uint32_t f) {
    return options.reply_quorum.value_or(f + 1);
  }
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
    return {};
  }

  // Whoever sent COMMIT had prepared, and its VIEW-CHANGEs for later views show it, with this certificate or one of a
  // later view, until a checkpoint covers the slot.
  static std::string contradiction(const Options& options, const SignedVote& vote, const Message& claim) {
    const auto* m = as<ViewChange>(claim);
    if (m == nullptr || !options.view_change_certificates || vote.kind != Commit::traits.name) return {};
    if (vote.view >= m->view || vote.slot <= m->stable) return {};
    for (const Certificate& certificate : m->prepared) {
      if (!certificate.pre_prepare || certificate.pre_prepare->slot != vote.slot) continue;
      const View view = certificate.pre_prepare->view;
      if (view > vote.view || (view == vote.view && certificate.pre_prepare->value == vote.value)) return {};
    }
    return fmt::format("it committed slot {} in view {}, which its view change for view {} does not show", vote.slot,
                       vote.view, m->view);
  }

  Pbft(Env& env, const Options& options, std::unique_ptr<Durable> disk)
      : env_(env),
        options_(options),
        rules_{options_, env.n(), options.quorum.of(env.n(), env.f()),
               [this](const Message& m) { return env_.verify(m); }},
        disk_(disk ? static_cast<Disk*>(disk.release()) : new Disk),
        d_(*disk_),
        timeout_(options.view_timeout),
        resend_after_(options.retransmit) {}

  std::unique_ptr<Durable> take_durable() override { return std::move(disk_); }

  void on_start() override {}

  void on_restart() override {
    next_slot_ = d_.log.high() + 1;
    if (d_.active) {
      env_.note_view(d_.view);
    } else {
      view_changes_[env_.self()] = d_.view_change;
      env_.start_timer(kResend, resend_after_);
    }
    send_status();
  }

  void on_timer(TimerName timer) override {
    switch (timer) {
      case kRequest:
      case kNewView:
        env_.suspect(rules_.primary(d_.view),
                     timer == kRequest ? "a request was not executed in time" : "no new view in time");
        start_view_change(d_.view + 1);
        break;
      case kResend:
        if (d_.active || !d_.view_change) break;
        env_.mark("view-change-resent");
        env_.broadcast(d_.view_change);
        resend_after_ *= options_.retransmit_growth;
        env_.start_timer(kResend, resend_after_);
        break;
      case kStatus:
        status_pending_ = false;
        if (behind()) send_status();
        break;
      default:
        break;
    }
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
    if (is_primary()) {
      if (queue_request(request)) propose();
      return;
    }
    wait_for(request);
    if (d_.active && m.from() == m.signer()) env_.send(rules_.primary(d_.view), request);
    start_request_timer();
  }

  // --- the three phases ---

  void on(const PrePrepare& m) {
    if (m.view != d_.view || !d_.active) return later(m);
    if (m.signer() != rules_.primary(m.view) || m.signer() == env_.self() || !in_window(m.slot)) return;
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
    for (const auto& request : m.batch->requests()) wait_for(request);
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
    if (entry.commits.add(tally_key(m.value), m.signer()) && entry.prepared && !entry.decided) try_decide(entry);
  }

  // --- checkpoints, state transfer ---

  void on(const Checkpoint& m) {
    if (m.slot <= d_.log.low() || m.slot % options_.checkpoint_interval != 0 || !rules_.signed_by_replica(m)) return;
    if (!in_window(m.slot)) {
      // Only remembered as a sign that we are behind: nobody can fill our memory with the far future.
      Slot& furthest = furthest_checkpoint_[m.signer()];
      furthest = std::max(furthest, m.slot);
      return note_behind();
    }
    CheckpointVotes& votes = checkpoints_[m.slot];
    if (!votes.tally.add(m.state, m.signer())) return;
    votes.messages.emplace_back(&m);
    settle_checkpoint(m.slot, m.state);
  }

  void on(const Status& m) {
    if (!rules_.signed_by_replica(m)) return;
    if (m.view < d_.view && d_.active && d_.new_view) env_.send(m.signer(), d_.new_view);
    const Slot stable = d_.log.low();
    if (stable > m.executed && d_.snapshots.contains(stable)) {
      State state;
      state.slot = stable;
      state.checkpoint = d_.stable_proof;
      state.state = d_.snapshots[stable];
      env_.send(m.signer(), env_.sign(std::move(state)));
    }
    for (Slot slot = std::max(stable, m.executed) + 1; slot <= d_.log.high(); ++slot) {
      const LogEntry& entry = *d_.log.find(slot);
      if (entry.proposal && entry.proposal->signer() == env_.self()) env_.send(m.signer(), entry.proposal);
      if (entry.own_prepare) env_.send(m.signer(), entry.own_prepare);
      if (entry.own_commit) env_.send(m.signer(), entry.own_commit);
    }
  }

  void on(const State& m) {
    if (m.slot <= d_.executed || !m.state || m.slot == 0 || !rules_.signed_by_replica(m)) return;
    if (!rules_.flaw_of_proof(m.slot, m.checkpoint).empty()) return;
    const Digest state = m.checkpoint.front()->state;
    if (m.state->digest() != state) return;
    env_.mark("state-transfer");
    d_.service.restore(*m.state);
    d_.executed = m.slot;
    d_.snapshots[m.slot] = m.state;
    env_.note_adopted(m.slot, state);
    make_stable(m.slot, m.checkpoint);
    after_execution();
    execute_ready();
  }

  // --- view change ---

  void on(const ViewChange& m) {
    if (!rules_.signed_by_replica(m) || m.view == 0) return;
    if (m.view < d_.view || (m.view == d_.view && d_.active)) {
      // Whoever asks for a view that has begun has missed its beginning.
      if (d_.active && d_.new_view) env_.send(m.signer(), d_.new_view);
      return;
    }
    if (!rules_.flaw(m).empty()) return;
    Ref<const ViewChange>& latest = view_changes_[m.signer()];
    if (latest && latest->view >= m.view) return;
    latest = Ref<const ViewChange>(&m);
    join_others();
    settle_view_change();
  }

  void on(const NewView& m) {
    if (m.view < d_.view || (m.view == d_.view && d_.active) || m.view == 0 || m.signer() == env_.self()) return;
    if (m.signer() != rules_.primary(m.view) || !env_.verify(m)) return;
    if (options_.verify_new_view) {
      if (!rules_.flaw(m).empty()) {
        env_.mark("new-view-refused");
        env_.suspect(m.signer(), "a new view that does not follow from its view changes");
        return;
      }
    } else if (std::any_of(m.pre_prepares.begin(), m.pre_prepares.end(),
                           [](const auto& p) { return !p || !p->batch; })) {
      return;  // not even well formed
    }
    install(Ref<const NewView>(&m));
  }

 private:
  bool is_primary() const { return d_.active && rules_.primary(d_.view) == env_.self(); }
  bool in_window(Slot slot) const { return slot > d_.log.low() && slot <= d_.log.low() + options_.window; }
  // With `bind_digest: false` every vote is filed under one key, whatever it says.
  Digest tally_key(Digest value) const { return options_.bind_digest ? value : Digest{1}; }

  bool counts_here(const Message& m, View view) {
    if (view != d_.view || !d_.active) {
      if (view >= d_.view) {
        later(m);
        return false;
      }
      if (options_.bind_view || !d_.active) return false;
    }
    return in_window(m.label().slot) && m.signer() < env_.n() && env_.verify(m);
  }

  // Keeps a message of a view that this replica has not entered. Of each sender no more than a view's worth of votes,
  // so that a flood crowds out nobody else's.
  void later(const Message& m) {
    const View view = m.label().view;
    if (view < d_.view || !rules_.signed_by_replica(m)) return;
    heard_[m.signer()] = std::max(heard_[m.signer()], view);
    if (view > d_.view) note_behind();
    if (kept_of_[m.signer()] >= 3 * options_.window) return env_.mark("future-message-dropped");
    ++kept_of_[m.signer()];
    future_.emplace_back(&m);
  }

  bool queue_request(const Ref<const Request>& request) {
    if (options_.dedup && !ordered_[request->client].insert(request->number)) return false;
    queue_.push_back(request);
    return true;
  }

  void propose() {
    while (!queue_.empty() && in_window(next_slot_) && next_slot_ <= d_.executed + options_.pipeline) {
      const std::size_t size = std::min<std::size_t>(options_.batch, queue_.size());
      std::vector<Ref<const Request>> requests(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(size));
      auto proposal = propose_in(next_slot_++, make_ref<const Batch>(std::move(requests)));
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
    entry.commits.add(tally_key(proposal.value), env_.self());
    env_.broadcast(commit);
    if (!entry.decided) try_decide(entry);
  }

  void try_decide(LogEntry& entry) {
    const Ref<const PrePrepare> proposal = entry.proposal;
    const Digest key = tally_key(proposal->value);
    if (options_.decide_on == DecideOn::committed && entry.commits.count(key) < rules_.quorum) return;
    entry.decided = true;
    entry.decision = proposal;
    env_.decide(proposal->view, proposal->slot, proposal->value, proposal->batch,
                options_.decide_on == DecideOn::committed ? entry.commits.voters(key) : entry.prepares.voters(key));
    if (proposal->slot > d_.executed + 1) note_behind();
    execute_ready();
  }

  void execute_ready() {
    bool progress = false;
    for (LogEntry* entry = d_.log.find(d_.executed + 1); entry != nullptr && entry->decided;
         entry = d_.log.find(d_.executed + 1)) {
      progress = true;
      const Ref<const PrePrepare> decision = entry->decision;
      ++d_.executed;
      for (const auto& request : decision->batch->requests()) execute(*request);
      env_.note_executed(d_.executed, decision->value, d_.service.digest());
      if (d_.executed % options_.checkpoint_interval == 0) take_checkpoint();
    }
    if (progress) after_execution();
  }

  void execute(const Request& request) {
    if (options_.dedup && d_.service.executed(request.client, request.number)) {
      env_.mark("duplicate-suppressed");
      return;
    }
    const std::uint64_t result = d_.service.apply(request);
    env_.note_applied(d_.executed, request, result);
    send_reply(request, result);
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

  // Timers and proposals follow what has just been executed.
  void after_execution() {
    bool first_done = false;
    while (!waiting_.empty() && d_.service.executed(waiting_.front()->client, waiting_.front()->number)) {
      waiting_.pop_front();
      first_done = true;
    }
    if (d_.active) {
      timeout_ = options_.view_timeout;
      failures_ = 0;
      stop_new_view_timer();
      if (waiting_.empty()) {
        stop_request_timer();
      } else if (first_done || options_.timer == TimerRule::any_progress || !request_timer_) {
        request_timer_ = false;
        start_request_timer();
      }
    }
    if (is_primary()) propose();
  }

  void wait_for(const Ref<const Request>& request) {
    if (d_.service.executed(request->client, request->number)) return;
    if (known_[request->client].insert(request->number)) waiting_.push_back(request);
  }

  void start_request_timer() {
    if (request_timer_ || waiting_.empty() || !d_.active || is_primary()) return;
    request_timer_ = true;
    env_.start_timer(kRequest, timeout_);
  }

  void stop_request_timer() {
    if (request_timer_) env_.stop_timer(kRequest);
    request_timer_ = false;
  }

  void take_checkpoint() {
    Checkpoint vote;
    vote.slot = d_.executed;
    vote.state = d_.service.digest();
    d_.snapshots[d_.executed] = d_.service.snapshot();
    auto checkpoint = env_.sign(std::move(vote));
    env_.broadcast(checkpoint);
    CheckpointVotes& votes = checkpoints_[checkpoint->slot];
    votes.tally.add(checkpoint->state, env_.self());
    votes.messages.push_back(checkpoint);
    settle_checkpoint(checkpoint->slot, checkpoint->state);
  }

  void settle_checkpoint(Slot slot, Digest state) {
    const auto found = checkpoints_.find(slot);
    if (found == checkpoints_.end() || found->second.tally.count(state) < rules_.quorum) return;
    if (d_.executed < slot) {
      known_stable_ = std::max(known_stable_, slot);
      return note_behind();
    }
    std::vector<Ref<const Checkpoint>> proof;
    for (const auto& vote : found->second.messages) {
      if (vote->state == state) proof.push_back(vote);
    }
    make_stable(slot, std::move(proof));
    if (is_primary()) propose();
  }

  void make_stable(Slot slot, std::vector<Ref<const Checkpoint>> proof) {
    if (slot <= d_.log.low()) return;
    d_.log.advance(slot);
    d_.stable_proof = std::move(proof);
    d_.snapshots.erase(d_.snapshots.begin(), d_.snapshots.lower_bound(slot));
    checkpoints_.erase(checkpoints_.begin(), checkpoints_.upper_bound(slot));
    next_slot_ = std::max(next_slot_, slot + 1);
  }

  bool behind() {
    if (known_stable_ > d_.executed) return true;
    const LogEntry* next = d_.log.find(d_.executed + 1);
    for (Slot slot = d_.executed + 2; slot <= d_.log.high(); ++slot) {
      if ((next == nullptr || !next->decided) && d_.log.find(slot)->decided) return true;
    }
    std::uint32_t in_later_view = 0;
    for (const auto& [replica, view] : heard_) in_later_view += view > d_.view ? 1 : 0;
    std::uint32_t in_later_slots = 0;
    for (const auto& [replica, slot] : furthest_checkpoint_) in_later_slots += slot > d_.executed ? 1 : 0;
    return in_later_view > env_.f() || in_later_slots > env_.f();
  }

  void note_behind() {
    if (status_pending_) return;
    status_pending_ = true;
    env_.start_timer(kStatus, options_.retransmit);
  }

  void send_status() {
    Status status;
    status.view = d_.view;
    status.executed = d_.executed;
    env_.mark("status");
    env_.broadcast(env_.sign(std::move(status)));
    note_behind();
  }

  void start_view_change(View view) {
    d_.view = view;
    d_.active = false;
    env_.note_view(view);
    stop_request_timer();
    stop_new_view_timer();
    ++failures_;
    ViewChange m;
    m.view = view;
    m.stable = d_.log.low();
    m.checkpoint = d_.stable_proof;
    for (Slot slot = d_.log.low() + 1; slot <= d_.log.high(); ++slot) {
      const LogEntry& entry = *d_.log.find(slot);
      if (entry.certificate.pre_prepare && (options_.view_change_certificates || entry.decided)) {
        m.prepared.push_back(entry.certificate);
      }
    }
    if (!m.prepared.empty()) env_.mark("view-change-with-prepared");
    d_.view_change = env_.sign(std::move(m));
    view_changes_[env_.self()] = d_.view_change;
    env_.broadcast(d_.view_change);
    resend_after_ = options_.retransmit;
    env_.start_timer(kResend, resend_after_);
    settle_view_change();
  }

  // f+1 replicas in higher views: at least one of them is honest, so its view is worth joining. The smallest of their
  // views, so that f liars cannot drag anyone far ahead.
  void join_others() {
    if (!options_.join_rule) return;
    std::uint32_t ahead = 0;
    View smallest = kNoView;
    for (const auto& [replica, m] : view_changes_) {
      if (m->view <= d_.view) continue;
      ++ahead;
      smallest = std::min(smallest, m->view);
    }
    if (ahead <= env_.f()) return;
    env_.mark("joined-view-change");
    start_view_change(smallest);
  }

  void settle_view_change() {
    if (d_.active) return;
    std::vector<Ref<const ViewChange>> same;
    for (const auto& [replica, m] : view_changes_) {
      if (m->view == d_.view) same.push_back(m);
    }
    if (same.size() < rules_.quorum || waiting_for_new_view_ == d_.view) return;
    waiting_for_new_view_ = d_.view;
    if (rules_.primary(d_.view) == env_.self()) return begin_view(std::move(same));
    const int doublings = std::min(failures_ - (options_.timer_convention == TimerConvention::osdi99 ? 1 : 0), 30);
    timeout_ = options_.view_timeout * (std::int64_t{1} << std::max(doublings, 0));
    env_.start_timer(kNewView, timeout_);
    new_view_timer_ = true;
  }

  void stop_new_view_timer() {
    if (new_view_timer_) env_.stop_timer(kNewView);
    new_view_timer_ = false;
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
    if (new_view->view != d_.view) env_.note_view(new_view->view);
    d_.view = new_view->view;
    d_.active = true;
    d_.new_view = new_view;
    d_.view_change = nullptr;
    env_.mark("new-view");
    env_.stop_timer(kResend);
    const Rules::Proposals due = Rules::proposals(new_view->view_changes);
    for (const auto& vc : new_view->view_changes) {
      if (vc->stable == due.above && due.above > d_.log.low()) {
        if (d_.executed >= due.above) {
          make_stable(due.above, vc->checkpoint);
        } else {
          known_stable_ = std::max(known_stable_, due.above);
          send_status();
        }
        break;
      }
    }
    for (Slot slot = d_.log.low() + 1; slot <= d_.log.high(); ++slot) d_.log.at(slot).new_view();
    next_slot_ = std::max(due.above, d_.log.low()) + 1;
    ordered_.clear();
    queue_.clear();
    for (const auto& proposal : new_view->pre_prepares) {
      next_slot_ = std::max(next_slot_, proposal->slot + 1);
      for (const auto& request : proposal->batch->requests()) ordered_[request->client].insert(request->number);
      if (in_window(proposal->slot)) accept(d_.log.at(proposal->slot), proposal);
    }
    // The timer for the new view runs on until something is executed in it.
    if (waiting_.empty()) stop_new_view_timer();
    if (!new_view_timer_) start_request_timer();
    std::erase_if(view_changes_, [&](const auto& item) { return item.second->view <= d_.view; });
    pursue_requests();
    std::vector<Ref<const Message>> kept;
    kept.swap(future_);
    kept_of_.clear();
    for (const auto& m : kept) on_message(*m);
  }

  // The requests that brought the old view down must not wait for their clients to ask again.
  void pursue_requests() {
    const NodeId primary = rules_.primary(d_.view);
    for (const auto& request : waiting_) {
      if (d_.service.executed(request->client, request->number)) continue;
      if (primary == env_.self()) {
        queue_request(request);
      } else {
        env_.send(primary, request);
      }
    }
    if (is_primary()) propose();
  }

  struct CheckpointVotes {
    Tally tally;
    std::vector<Ref<const Checkpoint>> messages;
  };

  Env& env_;
  const Options options_;
  const Rules rules_;
  std::unique_ptr<Disk> disk_;
  Disk& d_;

  // As primary: what is still to be proposed, and what has been, by client.
  std::deque<Ref<const Request>> queue_;
  std::map<NodeId, NumberSet> ordered_;
  Slot next_slot_ = 1;

  // As backup: requests not yet executed, the oldest first; the timer stands for the first of them.
  std::deque<Ref<const Request>> waiting_;
  std::map<NodeId, NumberSet> known_;
  bool request_timer_ = false;
  bool new_view_timer_ = false;

  Duration timeout_;
  Duration resend_after_;  // until our VIEW-CHANGE is sent again
  int failures_ = 0;       // views given up since the last execution
  View waiting_for_new_view_ = 0;
  std::map<NodeId, Ref<const ViewChange>> view_changes_;  // the latest of each replica, for views not yet begun
  std::map<Slot, CheckpointVotes> checkpoints_;
  std::map<NodeId, Slot> furthest_checkpoint_;  // beyond our window
  std::map<NodeId, View> heard_;                // the highest view that each replica's votes came from
  std::vector<Ref<const Message>> future_;
  std::map<NodeId, std::uint64_t> kept_of_;  // how many of them, by signer
  Slot known_stable_ = 0;
  bool status_pending_ = false;
};

const RegisteredProtocol<Pbft> entry{
    "pbft", "Practical Byzantine Fault Tolerance (Castro and Liskov, OSDI 1999), with signatures"};

}  // namespace byzsim::pbft
