// A client: sends requests, open loop, closed loop or by script, and accepts a result once enough replicas agree on it.
//
// A request goes to the primary of the latest view it knows; unanswered, it goes to every replica, again and again with
// growing pauses (Castro and Liskov, OSDI 1999, section 4.1). No request is sent that is a whole window ahead of the
// oldest unanswered one, for replicas would take that as giving the older one up: it waits here.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "sim/core/random.hpp"
#include "sim/replica/env.hpp"
#include "sim/replica/service.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim {

/// What a client is to do; the world makes it from the scenario.
struct ClientPlan {
  struct Scripted {
    std::string name;
    Duration at{};
    std::optional<Operation> operation;  ///< a put of its own unless given
    std::vector<NodeId> to;              ///< the primary unless given
  };
  std::uint64_t requests = 0;
  bool open = false;
  std::function<Duration(std::uint64_t bits)> interval;  ///< open loop: time to the next request, from random bits
  Duration think{};
  Duration start{};
  Duration retransmit{};
  double backoff = 2;
  std::uint32_t keys = 1;
  std::uint32_t payload = 0;
  std::uint32_t reply_quorum = 1;
  std::uint64_t window = Service::kWindow;  ///< see ClientRecord
  std::function<NodeId(View)> primary;
  std::vector<Scripted> script;
};

class Client final : public Reactor<Client, Reply> {
 public:
  Client(Env& env, ClientPlan plan, std::uint64_t seed);
  void on_start() override;
  void on_timer(TimerName timer) override;
  void on(const Reply& reply);

 private:
  struct Candidate {
    std::uint64_t result = 0;
    ReplicaSet from;
    View view = 0;  // the lowest view among them, which an honest replica vouches for
  };
  struct Outstanding {
    Ref<const Request> request;
    std::vector<NodeId> to;             // where it is first sent; the primary if empty
    std::vector<Candidate> candidates;  // each replica stands behind one, so there are at most n
    Duration patience{};
    TimerName timer = 0;
    bool generated = false;
  };

  void send_generated();
  void send_new(const Operation& operation, const std::vector<NodeId>& to, std::string_view name, bool generated);
  Outstanding* find(std::uint64_t number);
  void transmit(Outstanding& waiting);
  void transmit_in_window();
  void accept(std::uint64_t number, const Candidate& candidate);
  Operation next_operation();

  Env& env_;
  ClientPlan plan_;
  Stream operations_;
  Stream arrivals_;
  View view_ = 0;
  std::uint64_t generated_ = 0;
  std::uint64_t next_to_send_ = 1;
  std::deque<Outstanding> outstanding_;   // from number first_ on; those without a request are answered
  std::uint64_t first_ = 1;               // the oldest unanswered number; if there is none, the next one
  std::vector<std::uint64_t> number_of_;  // by retransmission timer; zero where the timer is free
  std::vector<std::uint32_t> free_timers_;
};

}  // namespace byzsim
