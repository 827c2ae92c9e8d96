// Pbft: one PBFT replica. The protocol is described at the top of pbft.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/protocols/pbft_log.hpp"
#include "sim/protocols/pbft_patience.hpp"
#include "sim/protocols/pbft_promises.hpp"
#include "sim/protocols/pbft_rules.hpp"
#include "sim/protocols/pbft_views.hpp"
#include "sim/replica/by_replica.hpp"
#include "sim/replica/pending_requests.hpp"
#include "sim/replica/retransmission.hpp"

namespace byzsim::pbft {

class Pbft;
using PbftReactor = Reactor<Pbft, Prepare, Commit, PrePrepare, Request, Checkpoint, ViewChange, NewView, Status,
                            CommitCertificate, State, Fetch>;

class Pbft final : public PbftReactor {
 public:
  using Options = pbft::Options;
  using Kinds = MessageKinds<PrePrepare, Prepare, Commit, Checkpoint, ViewChange, NewView, Status, CommitCertificate,
                             State, Fetch>;
  enum Timer : TimerName { kRequest, kNewView, kResend, kStatus };
  static constexpr std::string_view timers[] = {"request", "new-view", "resend", "status"};

  static std::uint32_t quorum(const Options& options, std::uint32_t n, std::uint32_t f) {
    return options.quorum.of(n, f);
  }
  static std::uint32_t reply_quorum(const Options& options, std::uint32_t, std::uint32_t f) {
    return options.reply_quorum.value_or(f + 1);
  }
  static std::uint64_t client_window(const Options& options) { return options.client_window; }
  static std::string infeasible(const Options& options, std::uint32_t n, std::uint32_t f);

  // What judges may ask.
  static std::string unjustified(const Options& options, const Message& m, const ProtocolFacts& facts);
  static ClaimFacts claimed(const Options&, const Message& claim);
  static std::string contradiction(const Options& options, const SignedVote& vote, const ClaimFacts& claim);

  // What random worlds hold it to: pbft_promises.hpp.
  static void vary(Options& options, Stream& draw, std::uint32_t n, std::uint32_t f) {
    pbft::vary(options, draw, n, f);
  }
  static Duration answered_within(const Options& options, const LivenessFacts& facts) {
    return pbft::answered_within(options, facts);
  }
  static std::uint64_t keeps_slots(const Options& options) { return options.checkpoint_interval; }

  Pbft(Env& env, const Options& options, std::unique_ptr<Durable> disk);
  std::unique_ptr<Durable> take_durable() override;
  void on_start() override {}
  void on_restart() override;
  void on_timer(TimerName timer) override;

  void on(const Request& m);
  void on(const PrePrepare& m);
  void on(const Prepare& m);
  void on(const Commit& m);
  void on(const CommitCertificate& m);
  void on(const Checkpoint& m);
  void on(const Status& m);
  void on(const State& m);
  void on(const Fetch& m);
  void on(const ViewChange& m);
  void on(const NewView& m);

 private:
  /// When a replica's STATUS was last answered.
  struct Answered {
    Time own = Time::min();   // with what only we can send
    Time full = Time::min();  // with what f+1 send
  };

  bool is_primary() const { return d_.active && rules_.primary(d_.view) == env_.self(); }
  bool in_window(Slot slot) const { return slot > d_.log.low() && slot <= d_.stable + options_.window; }
  // With `bind_digest: false` every vote is filed under one key, whatever it says.
  Digest tally_key(Digest value) const { return options_.bind_digest ? value : Digest{1}; }
  Duration longer(Duration wait) const {
    return std::min(product_of(wait, options_.retransmit_growth), product_of(options_.retransmit, kLongestPause));
  }

  // Requests and the three phases: pbft.cpp.
  [[gnu::always_inline]] bool counts_here(const Message& m, View view);
  void early(const Message& m);
  void above_window(const Message& m);
  void handle_early();
  PendingRequests::Added wait_for(const Ref<const Request>& request);
  void tell_last_word(NodeId client, NodeId whom, Time& told);
  void wait_for_all(const PrePrepare& proposal, bool proposed);
  void propose();
  Ref<const PrePrepare> propose_in(Slot slot, Ref<const Batch> batch);
  void accept(LogEntry& entry, const Ref<const PrePrepare>& proposal);
  void try_prepare(LogEntry& entry);
  void try_decide(LogEntry& entry);
  void decide(LogEntry& entry, const Ref<const PrePrepare>& proposal, View view, const ReplicaSet& voters);
  void execute_ready();
  void execute(const Request& request);
  void resend_reply(const Request& request);
  void send_reply(const Request& request, std::uint64_t result);
  void after_execution();
  void start_request_timer();

  // Checkpoints, and asking and answering for what is missing: pbft_status.cpp.
  void take_checkpoint();
  void settle_checkpoint(Slot slot, Digest state);
  void learn_stable(Slot slot, std::vector<Ref<const Checkpoint>> proof);
  void settle_log();
  void trim_log();
  void note_waiting() {
    if (waited_.waits() != (d_.active && pending_.empty())) return;
    quiet_since_ = env_.now();
    waited_.begin_or_stop(quiet_since_);
  }
  bool wanting() const { return !d_.active || !pending_.empty() || behind(); }
  bool behind() const;
  void note_executed_by(NodeId replica, Slot slot);
  Slot known_decided() const;
  void watch();
  void watch_closely();
  void look();
  void fetch_head_of(const Status& m);
  void send_status();
  std::uint64_t groups() const;
  bool is_designated(NodeId asker, std::uint64_t attempt) const;
  Duration turn() const;
  bool once_a_turn(Time& last) const;
  void answer_with_our_own(const Status& m);
  void answer_in_full(const Status& m);

  // View changes: pbft_view_change.cpp.
  bool note_view_of(NodeId replica, View view);
  void go_to(View view);
  void start_view_change(View view);
  void settle_view_change();
  void begin_view(std::vector<Ref<const ViewChange>> view_changes);
  void install(const Ref<const NewView>& new_view);
  Slot adopt_checkpoint(const NewView& new_view);
  void pursue_requests();

  static constexpr View kMostDoublings = 40;  // no timeout grows past this power of two

  Env& env_;
  const Options options_;
  const Rules rules_;
  std::unique_ptr<Disk> disk_;
  Disk& d_;
  PendingRequests pending_;  // the timers stand for the first of them
  Patience patience_;        // with the view: from a quorum in it, or a request, to the next such execution
  Duration timeout_;
  Duration resend_after_;  // until our VIEW-CHANGE is sent again
  View failures_ = 0;      // views given up since the request that had waited longest was executed
  Waited waited_;          // since then, for a request or a NEW-VIEW
  bool proposing_ = false;
  bool handling_early_ = false;

  Duration status_after_;            // until we ask for what we wait for
  std::uint64_t attempts_ = 0;       // how often we have asked
  Time handed_on_at_ = Time::min();  // in this view, the last request to a primary that said it lacked it
  Time quiet_since_{};  // the last turn served by votes, the last view, or when there came to be something to wait for
  Time view_since_{};
  Time looked_at_{};         // the last look
  Slot known_seen_ = 0;      // then, the highest slot known to be decided
  std::uint64_t heard_ = 0;  // so many looks more are due, since somebody gets nowhere

  ViewLog views_;
  EarlyMessages early_;
  ByReplica<Slot> furthest_executed_;  // by its STATUS, and CHECKPOINTs beyond our window
  Slot furthest_of_all_ = 0;
  Slot highest_decided_ = 0;
  ByReplica<Answered> answered_;
  struct Told {
    Time handed = Time::min();
    Time named = Time::min();
  };
  ByReplica<Told> told_;  // when it was told a client's last word, for what it handed on and what its STATUS named
};

}  // namespace byzsim::pbft

// Made in pbft.cpp alone, where the three phases are inlined into it.
extern template class byzsim::Reactor<byzsim::pbft::Pbft, byzsim::pbft::Prepare, byzsim::pbft::Commit,
                                      byzsim::pbft::PrePrepare, byzsim::Request, byzsim::pbft::Checkpoint,
                                      byzsim::pbft::ViewChange, byzsim::pbft::NewView, byzsim::pbft::Status,
                                      byzsim::pbft::CommitCertificate, byzsim::pbft::State, byzsim::pbft::Fetch>;
