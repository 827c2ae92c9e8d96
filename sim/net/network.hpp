// The network: when, and whether, each copy of a message arrives.
//
// The world asks at the time of sending and schedules what it is told; the network has no events of its own. The delay
// of a message is the sum of
//   - waiting and transmission: on the sender's uplink, then on the link, where capacity is limited (bytes * 8 / rate,
//     rounded up; each is a queue, first come first served);
//   - propagation: the link's fixed base plus a draw. Propagation delays are independent: a link is no pipe of one
//     message at a time. Held to the synchrony bound below;
//   - what a delaying cut and the adversary (`extra`) add, which nothing bounds.
// Over several hops these accumulate hop by hop. With FIFO order an arrival is moved up to the previous one's, if
// later.
//
// Partial synchrony: a message sent at t has propagated by max(t, GST) + delta; a longer draw is cut to that, and
// counted. What is lost, cut, held or delayed all the same takes the network *beyond the model*: see synchrony.hpp, which
// keeps that account. Queues never count: capacity is not the network's malice.
//
// Draws: the k-th message from a to b gets the k-th draw of a stream of that link, whatever else is sent, and whether
// it is lost, cut or held. Loss, duplication, reordering, later hops and cuts derive their own draws from that one, so
// switching any of them on or off shifts no other draw.
//
// Costs: building touches O(1) memory (8 bytes a link are reserved, 16 with a base, and filled row by row at a sender's
// first message, 2 ns a link). CPU time measured with g++ 12 -O3 at n = 64, for each receiver of a broadcast by
// `arrivals`: 0.3 ns constant, 2 uniform, 3 empirical, 5 exponential, 6 normal, 10 lognormal; `arrival` takes 1 to 2 ns
// more. `route` in a network where nothing is unusual takes 22 to 31 ns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sim/core/check.hpp"
#include "sim/core/ids.hpp"
#include "sim/core/limits.hpp"
#include "sim/core/network_counters.hpp"
#include "sim/core/random.hpp"
#include "sim/core/replica_set.hpp"
#include "sim/core/time.hpp"
#include "sim/net/latency.hpp"
#include "sim/net/partition.hpp"
#include "sim/net/pipe.hpp"
#include "sim/net/settings.hpp"
#include "sim/net/synchrony.hpp"
#include "sim/net/topology.hpp"

namespace byzsim {

/// What became of one message to one receiver.
enum class Fate : std::uint8_t { deliver, lost, cut, held };

/// A message on its way to one receiver. `what` is the world's business.
struct Parcel {
  std::uint32_t what = 0;
  NodeId from = 0;
  NodeId to = 0;
  std::uint64_t bytes = 0;
  std::uint64_t id = 0;  ///< of the signing
  /// Made by somebody on the wire under its sender's name: it takes no capacity of the sender's, holds up nothing that
  /// it sends, and is missed by nobody.
  bool copy = false;
  /// No longer what its sender sent, so that nobody misses it.
  bool altered = false;
  /// Equal ones may be on their way to the same receiver, each as good as the others.
  bool one_of_several = false;

  Synchrony::Letter letter() const { return {id, from, to}; }
};

/// A parcel that waits for a cut to heal, with what it needs to go on as if nothing had happened.
struct HeldParcel {
  Parcel parcel;
  Time sent;
  Duration extra{};
  std::uint64_t bits = 0;  ///< its draw
};

class Network {
 public:
  /// Replicas are 0..n-1, clients n..n+clients-1. `faulty`: the nodes whose messages the model promises nothing about.
  /// Throws std::invalid_argument where Topology::problem finds one.
  Network(const NetworkSettings& settings, std::uint32_t n, std::uint32_t clients, std::uint64_t seed,
          const ReplicaSet& faulty = {});

  /// True while `arrival` and `arrivals` say everything about a message without extra delay: full mesh, unlimited
  /// capacity, any order, nothing lost, duplicated, reordered or cut. Changes only with start_cut and heal.
  bool plain() const { return plain_; }

  /// Plain networks and linked nodes only: when the next message from `from` to `to`, sent now, arrives. At once if
  /// they are the same.
  Time arrival(NodeId from, NodeId to, Time now) {
    DCHECK(plain_);
    if (from == to) return now;
    const std::size_t row = row_of(from, to);
    return within_bound(later(now, propagation(row, link_of(row, from, to))), now);
  }

  /// What `settings` need before the first message, in bytes of tables; see sim/core/limits.hpp.
  static std::uint64_t bytes_of_tables(const NetworkSettings& settings, std::uint32_t n, std::uint32_t clients);

  /// Plain networks only: `out[i] = arrival(from, i, now)` for all n replicas, in one go.
  void arrivals(NodeId from, Time now, Time* out);

  /// Whether there is a link between these two, or a way over several: both are nodes, and not both clients.
  bool linked(NodeId from, NodeId to) const {
    const NodeId nodes = n_ + clients_;
    return (from < n_ && to < nodes) || (to < n_ && from < nodes);
  }

  /// Any network: calls `deliver(Time)` once for each copy that arrives, in no particular order. `sent` is when its
  /// sender sent it, which the synchrony bound counts from; earlier than `now` if somebody kept it meanwhile.
  template <class Deliver>
  Fate route(const Parcel& parcel, Time sent, Time now, Duration extra, Deliver&& deliver) {
    return report(send(parcel, sent, now, extra), deliver);
  }
  template <class Deliver>
  Fate route(const Parcel& parcel, Time now, Duration extra, Deliver&& deliver) {
    return route(parcel, now, now, extra, deliver);
  }
  /// The same for a parcel that `heal` returned; it may be held again by another cut.
  template <class Deliver>
  Fate release(const HeldParcel& held, Time now, Deliver&& deliver) {
    return report(forward(held, now), deliver);
  }

  /// From now on. Messages already on their way arrive. Over several hops, a cut acts on each link of the route as it
  /// is when the message is sent; there is no routing around.
  CutId start_cut(const Cut& cut);
  /// The parcels that waited for this cut, in the order they were held; pass each to `release`. None if already healed.
  std::vector<HeldParcel> heal(CutId id);
  const Cuts& cuts() const { return cuts_; }
  /// Whether, and when, the network has left the model. Whoever changes nodes or takes messages off the wire tells it so.
  Synchrony& synchrony() { return synchrony_; }
  /// The run is over: what is held never arrives. `for_good`: nothing is left to happen. Call once.
  void finish(Time end, bool for_good);
  const NetworkCounters& counters() const { return counters_; }

  /// The fixed part of the propagation delay between two linked nodes.
  Duration base(NodeId from, NodeId to);
  /// Roughly the mean propagation delay along the route, unbounded and without queues; for feasibility checks.
  Duration mean_delay(NodeId from, NodeId to);
  /// The nodes on the way, both ends included.
  std::vector<NodeId> path(NodeId from, NodeId to);

 private:
  struct Outcome {
    Fate fate = Fate::deliver;
    std::uint32_t copies = 0;
    Time at[2];
  };
  static constexpr std::uint64_t kWaitingBytes = 72;
  static constexpr std::uint64_t kWeyl = 0x9e3779b97f4a7c15ULL;  // of sim/core/random.hpp

  static Fate report(const Outcome& outcome, auto&& deliver) {
    for (std::uint32_t i = 0; i < outcome.copies; ++i) deliver(outcome.at[i]);
    return outcome.fate;
  }

  // Links stand in rows of n: one a replica (to each replica), one a client (to each replica), and one more a client
  // (from each replica). Clients have no links to each other: see `linked`.
  std::size_t row_of(NodeId from, NodeId to) {
    DCHECK(linked(from, to));
    const std::size_t row = to < n_ ? from : std::size_t{to} + clients_;
    if (!ready_[row]) [[unlikely]]
      prepare(row);
    return row;
  }
  std::size_t link_of(std::size_t row, NodeId from, NodeId to) const { return row * n_ + (to < n_ ? to : from); }
  const Latency& latency_of(std::size_t row) const { return row < n_ ? latency_ : client_latency_; }
  void prepare(std::size_t row);

  std::uint64_t next_bits(std::size_t link) { return mix64(position_[link] += kWeyl); }
  Duration propagation(std::size_t row, std::size_t link) {
    const Latency& latency = latency_of(row);
    const Duration fixed{base_ ? base_[link] : 0};
    return fixed + latency.sample(latency.random() ? next_bits(link) : 0);
  }
  Time within_bound(Time at, Time sent) {
    const Time latest = synchrony_.bound(sent);
    if (at <= latest) [[likely]]
      return at;
    ++counters_.clamped;
    return latest;
  }

  Outcome send(const Parcel& parcel, Time sent, Time now, Duration extra);
  Outcome forward(const HeldParcel& held, Time now);
  struct Obstacle {
    std::optional<Fate> fate;
    Duration delay{};
  };
  Obstacle meet_cuts(const HeldParcel& held, Time now);
  Duration held_back(std::uint64_t bits);
  struct Walk {
    Time arrival;
    Duration propagation{};  ///< of all hops
    Time first_departure;    ///< when the last bit left the sender
  };
  Walk walk(const Parcel& parcel, Time depart, std::uint64_t bits, Duration late, bool queue, Time now);
  Time transmit(NodeId from, NodeId to, std::uint64_t bytes, Time ready, Time now);
  Time in_order(const Parcel& parcel, Time at);
  void find_path(NodeId from, NodeId to);
  void note_lost(const HeldParcel& held, Time now);
  void note_coming(const Parcel& parcel, Time sent, Time at, Time now);

  std::uint32_t n_;
  std::uint32_t clients_;
  bool plain_ = true;
  bool quiet_plain_ = true;  ///< plain whenever nothing is cut
  Latency latency_;
  Latency client_latency_;
  Synchrony synchrony_;
  std::unique_ptr<std::uint64_t[]> position_;  ///< of each link in its stream; rows are filled by `prepare`
  std::unique_ptr<std::int64_t[]> base_;       ///< of each link, ns; null if there is none
  std::vector<std::uint8_t> ready_;            ///< of each row
  NetworkCounters counters_;
  Cuts cuts_;

  // Where bases come from.
  std::uint64_t seed_;
  std::optional<Latency> drawn_base_;
  std::vector<std::int64_t> region_base_;  ///< of each pair of places, ns
  std::vector<std::uint32_t> place_;       ///< the region of each replica in turn
  std::uint32_t regions_ = 0;
  bool clients_apart_ = false;  ///< client_latency replaces the base, too
  std::int64_t base_between(NodeId from, NodeId to) const;

  // Only for networks that are not plain.
  std::uint64_t loss_ = 0, duplicate_ = 0, reorder_ = 0;  ///< out of 2^64; all ones is always
  std::uint64_t loss_family_, duplicate_family_, reorder_family_, cut_family_;
  Latency reorder_by_;
  BitRate bandwidth_, uplink_;
  bool fifo_ = false;
  std::vector<Time> last_arrival_;             ///< of each link, with fifo
  std::vector<Time> link_free_, uplink_free_;  ///< single hop: when the queue is empty
  std::unordered_map<std::uint64_t, Pipe> link_pipes_;
  std::vector<Pipe> uplink_pipes_;           ///< several hops
  std::optional<Topology> topology_;         ///< unless a full mesh
  std::vector<std::vector<NodeId>> routes_;  ///< of each source, once asked for
  std::vector<NodeId> path_;                 ///< the route being walked
  struct Waiting {
    CutId cut;
    HeldParcel held;
  };
  std::vector<Waiting> waiting_;
  Footprint waiting_kept_;
  Footprint tables_kept_;
};

}  // namespace byzsim
