// The general path: cuts, queues, several hops, loss, duplication, order, and the account of what left the model.
#include <algorithm>

#include "sim/net/network.hpp"

namespace byzsim {
namespace {

bool happens(std::uint64_t bits, std::uint64_t threshold) {
  return bits < threshold || threshold == ~std::uint64_t{0};
}

/// Of several draws of one message, each with a number of its own.
constexpr std::uint64_t kCopy = 1;
constexpr std::uint64_t kHop = 16;

}  // namespace

Network::Outcome Network::send(const Parcel& parcel, Time sent, Time now, Duration extra) {
  if (parcel.from == parcel.to) return {Fate::deliver, 1, {later(now, extra), {}}};
  CHECK(linked(parcel.from, parcel.to));
  const std::size_t row = row_of(parcel.from, parcel.to);
  // Drawn whatever happens next, so that fates do not shift the draws of later messages.
  const std::uint64_t bits = next_bits(link_of(row, parcel.from, parcel.to));
  return forward({parcel, sent, extra, bits}, now);
}

Network::Outcome Network::forward(const HeldParcel& held, Time now) {
  const Parcel& parcel = held.parcel;
  find_path(parcel.from, parcel.to);
  Duration cut_delay{};
  if (cuts_.any()) {
    const Obstacle obstacle = meet_cuts(held, now);
    if (obstacle.fate) return {*obstacle.fate, 0, {}};
    cut_delay = obstacle.delay;
  }
  if (happens(mix64(loss_family_ + held.bits), loss_)) {
    ++counters_.lost;
    note_lost(held, now);
    if (!parcel.copy) transmit(path_[0], path_[1], parcel.bytes, now, now);  // it was sent, after all
    return {Fate::lost, 0, {}};
  }
  const Duration added = sum_of(cut_delay, held.extra);
  const auto arrive = [&](const Walk& walked) { return in_order(parcel, later(walked.arrival, added)); };
  const Walk first = walk(parcel, now, held.bits, held_back(held.bits), !parcel.copy, now);
  Duration propagation = first.propagation;
  Outcome outcome{Fate::deliver, 1, {arrive(first), {}}};
  const std::uint64_t copy = mix64(duplicate_family_ + held.bits);
  if (happens(copy, duplicate_)) {
    // Made by the network behind the sender's queue, so it takes no capacity there.
    ++counters_.duplicated;
    const Walk second = walk(parcel, first.first_departure, draw(copy, kCopy), {}, false, now);
    propagation = std::min(propagation, second.propagation);
    outcome.copies = 2;
    outcome.at[1] = arrive(second);
  }
  note_coming(parcel, held.sent, later(now, sum_of(propagation, added)), now);
  return outcome;
}

Network::Obstacle Network::meet_cuts(const HeldParcel& held, Time now) {
  Obstacle obstacle;
  CutId holder = 0;
  for (std::size_t i = 0; i + 1 < path_.size(); ++i) {
    const Cuts::Effect effect = cuts_.effect(path_[i], path_[i + 1], mix64(cut_family_ + held.bits + i));
    if (effect.mode == PartitionMode::drop) {
      ++counters_.cut;
      note_lost(held, now);
      return {Fate::cut, {}};
    }
    if (effect.mode == PartitionMode::hold && holder == 0) holder = effect.holder;
    obstacle.delay = sum_of(obstacle.delay, effect.delay);
  }
  if (holder == 0) return obstacle;
  ++counters_.held;
  waiting_.push_back({holder, held});
  waiting_kept_.set(kWaitingBytes * waiting_.size());
  return {Fate::held, {}};
}

Duration Network::held_back(std::uint64_t bits) {
  const std::uint64_t own = mix64(reorder_family_ + bits);
  if (!happens(own, reorder_)) return {};
  ++counters_.reordered;
  return reorder_by_.sample(mix64(own));
}

Network::Walk Network::walk(const Parcel& parcel, Time depart, std::uint64_t bits, Duration late, bool queue,
                            Time now) {
  // What is left of max(t, GST) + delta; without delta, nothing is too long.
  const Time latest = synchrony_.bound(now);
  Duration budget = latest == kNever ? Duration::max() : latest - now;
  bool clamped = false;
  Walk walked{depart, {}, depart};
  for (std::size_t i = 0; i + 1 < path_.size(); ++i) {
    const NodeId from = path_[i], to = path_[i + 1];
    if (queue) walked.arrival = transmit(from, to, parcel.bytes, walked.arrival, now);
    if (i == 0) walked.first_departure = walked.arrival;
    const std::size_t row = row_of(from, to);
    const Duration fixed{base_ ? base_[link_of(row, from, to)] : 0};
    const std::uint64_t hop_bits = i == 0 ? bits : draw(bits, kHop + i);
    Duration delay = fixed + latency_of(row).sample(hop_bits) + (i == 0 ? late : Duration{});
    clamped = clamped || delay > budget;
    delay = std::min(delay, budget);
    budget -= delay;
    walked.propagation = sum_of(walked.propagation, delay);
    walked.arrival = later(walked.arrival, delay);
  }
  counters_.clamped += clamped ? 1 : 0;
  if (queue) counters_.relayed += path_.size() - 2;
  return walked;
}

Time Network::transmit(NodeId from, NodeId to, std::uint64_t bytes, Time ready, Time now) {
  const auto serve = [&](Time& free, BitRate rate) {
    free = later(std::max(free, ready), transmission_time(bytes, rate));
    ready = free;
  };
  if (uplink_.bits_per_second > 0) {
    if (topology_) {
      ready = uplink_pipes_[from].transmit(ready, transmission_time(bytes, uplink_), now);
    } else {
      serve(uplink_free_[from], uplink_);
    }
  }
  if (bandwidth_.bits_per_second > 0) {
    if (topology_) {
      Pipe& pipe = link_pipes_[(std::uint64_t{from} << 32) | to];
      ready = pipe.transmit(ready, transmission_time(bytes, bandwidth_), now);
    } else {
      serve(link_free_[link_of(row_of(from, to), from, to)], bandwidth_);
    }
  }
  return ready;
}

Time Network::in_order(const Parcel& parcel, Time at) {
  if (!fifo_) return at;
  Time& last = last_arrival_[link_of(row_of(parcel.from, parcel.to), parcel.from, parcel.to)];
  const Time due = std::max(last, at);
  if (!parcel.copy) last = due;
  return due;
}

void Network::find_path(NodeId from, NodeId to) {
  path_.clear();
  if (!topology_ || from >= n_ || to >= n_ || from == to) {
    path_.push_back(from);
    if (from != to) path_.push_back(to);
    return;
  }
  auto& before = routes_[from];
  if (before.empty()) {
    before = topology_->routes_from(from, [this](NodeId a, NodeId b) { return base(a, b); });
    tables_kept_.grow(before.size() * sizeof(NodeId));
  }
  for (NodeId id = to; id != from; id = before[id]) path_.push_back(id);
  path_.push_back(from);
  std::reverse(path_.begin(), path_.end());
}

std::vector<NodeId> Network::path(NodeId from, NodeId to) {
  find_path(from, to);
  return path_;
}

void Network::note_lost(const HeldParcel& held, Time now) {
  const Parcel& parcel = held.parcel;
  if (!parcel.copy && !parcel.altered) synchrony_.lost(parcel.letter(), held.sent, now);
}

void Network::note_coming(const Parcel& parcel, Time sent, Time at, Time now) {
  if (parcel.altered) return;
  if (parcel.copy) return synchrony_.copy_comes(parcel.letter(), at);
  synchrony_.comes(parcel.letter(), sent, at, !parcel.one_of_several, now);
}

void Network::finish(Time end, bool for_good) {
  for (const Waiting& waiting : waiting_) note_lost(waiting.held, end);
  synchrony_.finish(end, for_good);
}

}  // namespace byzsim
