// How a message gets from a node onto the network.
#include <algorithm>

#include "sim/world_env.hpp"

namespace byzsim {

std::uint64_t World::Impl::bytes_of(const Message& message) const {
  return wire_size(message, sizes_);
}

void World::Impl::send(NodeId from, NodeId to, const Ref<const Message>& message) {
  if (to >= seats_.size() || to == from) return;
  limits_.check();
  if (fast_sends_ && network_.plain() && message->from() == from && (from < n_ || to < n_))
    return send_plainly(from, to, *message);
  Packet packet{message, from, to, {}, departure(), {}};
  if (message->from() != from) packet.message = Draft::relay(*message, from);
  packet.original = packet.message;
  if (intercepts(from) && !interceptor_->outgoing(packet)) return;
  inject(std::move(packet));  // a message altered on the way is signed by another, and still comes from here
}

// Counts and records a message put on the wire: `to` one receiver, or kNobody for every other replica. Returns its
// bytes.
std::uint64_t World::Impl::count_sent(const Message& message, NodeId from, NodeId to, std::uint32_t copies) {
  const std::uint64_t bytes = bytes_of(message);
  KindTraffic& traffic = traffic_of(message);
  traffic.sent += copies;
  traffic.bytes += bytes * copies;
  if (announced(RecordKind::sent)) {
    Record r = about(RecordKind::sent, from);
    r.peer = to;
    r.id = message.id();
    r.count = copies;
    r.bytes = bytes;
    if (to != kNobody) r.message = &message;
    announce(r);
  }
  return bytes;
}

// The common case: no adversary, no queues, nothing but latency.
void World::Impl::send_plainly(NodeId from, NodeId to, const Message& message) {
  count_sent(message, from, to, 1);
  scheduler_.at(network_.arrival(from, to, scheduler_.now()), EventKind::deliver, postbox_.put(message, 1), to);
}

void World::Impl::broadcast(NodeId from, const Ref<const Message>& original) {
  const bool special = intercepts(from) || !network_.plain() || (triggers_ & records(RecordKind::sent)) != 0;
  if (special || !work_is_free_) {
    for (NodeId to = 0; to < n_; ++to) {
      if (to != from) send(from, to, original);
    }
    return;
  }
  const Ref<const Message> relayed = original->from() == from ? nullptr : Draft::relay(*original, from);
  const Message& message = relayed ? *relayed : *original;
  const std::uint32_t copies = from < n_ ? n_ - 1 : n_;
  if (copies == 0) return;
  limits_.check();
  count_sent(message, from, kNobody, copies);
  const std::uint32_t box = postbox_.put(message, copies);
  network_.arrivals(from, scheduler_.now(), arrivals_.data());
  for (NodeId to = 0; to < n_; ++to) {
    if (to != from) scheduler_.at(arrivals_[to], EventKind::deliver, box, to);
  }
}

// Asks the network what becomes of a parcel, and sees to it. The box holds one copy for it, whatever happens.
template <class Ask>
void World::Impl::settle(const Parcel& parcel, Ask&& ask) {
  std::uint32_t copies = 0;
  const Message& message = postbox_.at(parcel.what);
  const Fate fate = ask([&](Time arrival) {
    if (copies++ > 0) postbox_.put(message, 1);
    scheduler_.at(std::max(arrival, scheduler_.now()), EventKind::deliver, parcel.what, parcel.to);
  });
  tell_beyond();
  if (fate == Fate::lost || fate == Fate::cut) {
    lost(message, parcel.from, parcel.to, fate == Fate::lost ? "loss" : "cut");
    postbox_.done(parcel.what);
  }
}

void World::Impl::release_held(CutId cut) {
  for (const HeldParcel& held : network_.heal(cut)) {
    settle(held.parcel, [&](auto&& deliver) { return network_.release(held, scheduler_.now(), deliver); });
  }
}

void World::Impl::forward(const Packet& packet, bool altered) {
  const Message& message = *packet.message;
  const std::uint64_t bytes = count_sent(message, packet.from, packet.to, 1);
  if (packet.from >= n_ && packet.to >= n_) return lost(message, packet.from, packet.to, "no link");
  const std::uint32_t box = postbox_.put(message, 1);
  // What the script sends in an honest node's name is no work of that node's and keeps none of its own messages waiting.
  const bool copy = !packet.original && !seats_[packet.from].corrupt;
  const Parcel parcel{.what = box,
                      .from = packet.from,
                      .to = packet.to,
                      .bytes = bytes,
                      .id = message.id(),
                      .copy = copy,
                      .altered = altered,
                      .one_of_several = packet.one_of_several};
  // A packet that the adversary held leaves only now; the synchrony bound counts from when it was sent.
  // Putting it on the wire is the replica's work, which the network does not answer for.
  const Duration work = packet.from < n_ && !copy ? scenario_.replicas.cpu.send : Duration{};
  const Time now = later(std::max(departure(), packet.sent), work);
  charge_ = sum_of(charge_, work);
  const Time sent = later(packet.sent, work);
  settle(parcel, [&](auto&& deliver) { return network_.route(parcel, sent, now, packet.delay, deliver); });
}

void World::Impl::lost(const Message& message, NodeId from, NodeId to, std::string_view why) {
  ++traffic_of(message).dropped;
  if (wanted(RecordKind::dropped)) {
    Record r = about(RecordKind::dropped, to);
    r.peer = from;
    r.id = message.id();
    r.text = why;
    emit(r);
  }
}

// What was missed shows only when its time is over, or later still, so the first time can move back.
void World::Impl::tell_beyond() {
  network_.synchrony().settle(scheduler_.now());
  const auto& [when, letter] = network_.synchrony().first();
  if (when >= announced_beyond_) return;
  announced_beyond_ = when;
  Record r = about(RecordKind::beyond, letter.to);
  r.peer = letter.from;
  r.id = letter.id;
  r.count = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds(when), 1));
  r.text = "a message between honest nodes was lost or altered, or later than GST and delta allow";
  emit(r);
}

}  // namespace byzsim
