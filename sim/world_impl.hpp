// The inside of a world; only the files sim/world*.cpp include this.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/core/limits.hpp"
#include "sim/core/scheduler.hpp"
#include "sim/net/network.hpp"
#include "sim/postbox.hpp"
#include "sim/replica/client.hpp"
#include "sim/replica/interceptor.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/world.hpp"

namespace byzsim {

// What things count that a run may have many of, in bytes: see sim/core/limits.hpp.
inline constexpr std::uint64_t kActionBytes = 192;
inline constexpr std::uint64_t kTimerBytes = 32;
inline constexpr std::uint64_t kSlotBytes = 48;
inline constexpr std::uint64_t kNodeBytes = 1024;

class World::Impl final : public SigningListener, public Powers {
 public:
  Impl(const Scenario& scenario, std::uint64_t seed);
  ~Impl() override;

  void observe(Observer& observer);
  const Outcome& run();

  Manifest manifest_;
  std::atomic<bool> stop_{false};
  std::atomic<EndReason> stop_reason_{EndReason::interrupted};
  Limits limits_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Notary> notary_;

  // --- SigningListener and Powers (world_powers.cpp) ---
  void on_signed(const Message& message) override;
  Time now() const override { return scheduler_.now(); }
  std::uint32_t n() const override { return n_; }
  std::uint32_t f() const override { return f_; }
  std::uint32_t clients() const override { return static_cast<std::uint32_t>(seats_.size()) - n_; }
  NodeId primary(View view) const override { return protocol_.primary(view, n_); }
  bool controls(NodeId node) const override { return node < seats_.size() && seats_[node].corrupt; }
  const Signer& signer(NodeId node) override;
  Notary& notary() override { return *notary_; }
  const MessageKind* kind(std::string_view name) const override;
  std::vector<std::string> kind_names() const override;
  void inject(Packet packet) override;
  void drop(const Packet& packet) override;
  void make_credulous(NodeId node) override;
  void feed(NodeId to, NodeId from, Ref<const Message> message) override;
  void wake(Duration after, std::uint64_t token) override;
  bool down(NodeId node) const override { return node < seats_.size() && seats_[node].down; }
  void crash(NodeId node) override;
  void restart(NodeId node, bool state_kept) override;
  void note(std::string_view name, NodeId node, std::uint64_t message) override;
  Ref<const Batch> batch(Digest value) const override;
  Ref<const Request> named_request(std::string_view name) const override;
  Ref<const Request> sent_request(std::string_view name) const override;
  bool is_request_name(std::string_view name) const override;
  const std::vector<Ref<const Request>>& requests() const override { return requests_; }
  Stream& random() override { return adversary_random_; }

 private:
  class NodeEnv;
  struct Seat {
    Process* live = nullptr;  // null while the node is down
    bool corrupt = false;
    bool honest = true;  // neither corrupt nor back without its state
    bool client = false;
    bool down = false;  // is, or will be once the handler that is running has returned
    std::unique_ptr<NodeEnv> env;
    std::unique_ptr<Process> process;
    std::unique_ptr<Durable> disk;      // while the node is down
    std::vector<std::uint32_t> timers;  // the scheduler's timers, by name + 1; 0: none yet
    Footprint timers_kept;
    std::vector<Time> cores;  // when each is free; empty if work is free
  };

  // Building (world.cpp).
  void seat_nodes(std::uint64_t seed);
  void plan_timeline();
  std::vector<NodeId> resolve(const std::vector<NodeRef>& nodes) const;
  ClientPlan plan_of(std::uint32_t client) const;
  std::unique_ptr<Process> make_replica(NodeId node, std::unique_ptr<Durable> disk);

  // Events (world.cpp).
  void start();
  void handle(const Event& event);
  void deliver(std::uint32_t box, NodeId to);
  void hand_over(const Message& message, NodeId to);
  void begin_work(std::uint32_t box, NodeId to);
  void settle_charge(NodeId node);
  void at(Duration when, std::function<void()> action);
  void soon(std::function<void()> action);
  void schedule(Time when, std::function<void()> action);
  void handle_all(Time limit);
  void take_down(NodeId node);
  void bring_back(NodeId node, bool state_kept);
  void begin_cut(const Cut& cut, const std::string& what, std::optional<Duration> until);
  bool all_answered() const { return answered_ == expected_answers_; }
  bool finished();
  std::uint32_t& decided(Slot slot);  // how many honest replicas have

  // Sending (world.cpp).
  Time departure() const { return later(scheduler_.now(), charge_); }
  void send(NodeId from, NodeId to, const Ref<const Message>& message);
  void broadcast(NodeId from, const Ref<const Message>& message);
  std::uint64_t count_sent(const Message& message, NodeId from, NodeId to, std::uint32_t copies);
  void send_plainly(NodeId from, NodeId to, const Message& message);
  void forward(const Packet& packet, bool altered);
  void lost(const Message& message, NodeId from, NodeId to, std::string_view why);
  void note_taken(const Packet& packet);
  void tell_beyond();
  bool is_altered(const Packet& packet) const;
  void release_held(CutId cut);
  template <class Ask>
  void settle(const Parcel& parcel, Ask&& ask);
  bool intercepts(NodeId from) const { return interceptor_ && (seats_[from].corrupt || watches_everyone_); }
  std::uint64_t bytes_of(const Message& message) const;
  KindTraffic& traffic_of(const Message& message) { return outcome_.traffic[message.kind().index]; }

  // Records.
  bool wanted(RecordKind kind) const { return (records(kind) & wanted_) != 0; }
  /// The same of signed_ and witnessed, which observers may want of some messages only.
  bool wanted(RecordKind kind, const Message& message) const {
    return (records(kind) & heard_[message.kind().index]) != 0;
  }
  void emit(const Record& record) {
    for (Observer* listener : listeners_[static_cast<std::size_t>(record.kind)]) listener->on_record(record);
  }
  Record about(RecordKind kind, NodeId node) const {
    Record record;
    record.kind = kind;
    record.node = node;
    record.time = scheduler_.now();
    return record;
  }
  /// Emits to observers and tells the adversary's triggers.
  void announce(const Record& record) {
    emit(record);
    if (interceptor_ && ((records(record.kind) & triggers_) != 0)) interceptor_->on_event(record);
  }
  bool announced(RecordKind kind) const { return (records(kind) & (wanted_ | triggers_)) != 0; }

  const Scenario& scenario_;
  const Protocol& protocol_;
  const std::uint32_t n_;
  const std::uint32_t f_;
  const Sizes sizes_;
  const bool work_is_free_;
  Scheduler scheduler_;
  Network network_;
  Postbox postbox_;
  std::vector<Seat> seats_;
  std::unique_ptr<Interceptor> interceptor_;
  bool watches_everyone_ = false;
  bool fast_sends_ = false;        // nobody intercepts and work is free
  RecordMask wanted_ = 0;          // by observers
  std::vector<RecordMask> heard_;  // signed_ and witnessed as wanted by observers, by kind of message
  RecordMask triggers_ = 0;        // by the adversary
  Stream adversary_random_;
  std::array<std::vector<Observer*>, kRecordKinds> listeners_;
  struct PendingAction {
    std::function<void()> act;
    Footprint kept{kActionBytes};
  };
  std::map<std::uint32_t, PendingAction> actions_;  // what control events do, by number
  std::uint32_t next_action_ = 0;
  /// A request that leaves its client for the first time is one that an adversary may know of from now on.
  void reveal(const Message& message);

  std::map<const Message*, Ref<const Request>> unsent_;  // submitted, still with their clients
  std::vector<Ref<const Request>> requests_;
  std::map<std::string, Ref<const Request>, std::less<>> named_requests_;
  std::map<Digest, Ref<const Batch>> batches_;
  Footprint batches_kept_;
  bool keeps_requests_ = false;                  // only an adversary asks for them
  std::vector<std::uint32_t> decided_count_;     // by slot: honest replicas that decided it
  std::map<Slot, std::uint32_t> far_decisions_;  // the same of slots far beyond, to which liars may have led them
  Footprint decided_kept_;
  Footprint seats_kept_;
  std::uint64_t slots_decided_ = 0;
  std::uint32_t deciders_needed_ = 0;
  std::uint64_t expected_answers_ = 0;
  std::uint64_t answered_ = 0;
  std::uint32_t scripted_left_ = 0;  // timeline entries still to come
  Duration charge_{};                // work done in the handler that is running
  Time announced_beyond_ = kNever;
  bool ended_ = false;
  std::vector<Time> arrivals_;  // of one broadcast, reused
  Outcome outcome_;
};

}  // namespace byzsim
