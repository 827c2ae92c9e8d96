// What the adversary may do to a running world.
#include "sim/world_env.hpp"

namespace byzsim {

void World::Impl::on_signed(const Message& message) {
  // Batches become known to the script when they are first put in a message, whoever signs it.
  if (interceptor_) {
    if (const Ref<const Batch> batch = batch_in(message); batch && batches_.emplace(batch->digest(), batch).second) {
      batches_kept_.grow(kSlotBytes + 8 * batch->requests().size());
    }
  }
  if (!wanted(RecordKind::signed_, message)) return;
  Record r = about(RecordKind::signed_, message.signer());
  r.id = message.id();
  r.view = message.label().view;
  r.slot = message.label().slot;
  r.value = message.label().value;
  r.message = &message;
  emit(r);
}

const Signer& World::Impl::signer(NodeId node) {
  CHECK(controls(node));
  return seats_[node].env->signer();
}

const MessageKind* World::Impl::kind(std::string_view name) const {
  for (const MessageKind* kind : protocol_.kinds) {
    if (kind->traits.name == name) return kind;
  }
  return nullptr;
}

std::vector<std::string> World::Impl::kind_names() const {
  std::vector<std::string> names;
  for (const MessageKind* kind : protocol_.kinds) names.emplace_back(kind->traits.name);
  return names;
}

void World::Impl::inject(Packet packet) {
  check_limits();
  if (packet.to >= seats_.size() || packet.from >= seats_.size()) return;
  if (packet.message->from() != packet.from) packet.message = Draft::relay(*packet.message, packet.from);
  if (!packet.original) packet.sent = departure();
  const bool altered = is_altered(packet);
  if (altered) note_taken(packet);
  forward(packet, altered);
}

// Whether what goes on the wire is no longer what its sender put there: to an honest receiver the original is lost. A
// copy that says the same under the same signature is as good.
bool World::Impl::is_altered(const Packet& packet) const {
  if (!packet.original || packet.original == packet.message) return false;
  if (seats_[packet.from].corrupt || seats_[packet.to].corrupt) return false;  // to whom nothing is owed
  const Message& now = *packet.message;
  const Message& before = *packet.original;
  return now.signer() != before.signer() || notary_->subject(now) != notary_->subject(before) ||
         notary_->tag(now) != notary_->tag(before);
}

// To honest nodes it is all one whether the network or somebody on the wire kept their message from them.
void World::Impl::note_taken(const Packet& packet) {
  if (!packet.original) return;  // nobody sent it
  network_.synchrony().lost({packet.original->id(), packet.from, packet.to}, packet.sent, scheduler_.now());
  tell_beyond();
}

void World::Impl::drop(const Packet& packet) {
  note_taken(packet);
  lost(*packet.message, packet.from, packet.to, "adversary");
}

void World::Impl::make_credulous(NodeId node) {
  CHECK(controls(node));
  seats_[node].env->set_credulous(true);
}

void World::Impl::feed(NodeId to, NodeId from, Ref<const Message> message) {
  CHECK(controls(to));
  if (message->from() != from) message = Draft::relay(*message, from);
  soon([this, to, message] {
    if (seats_[to].live != nullptr) seats_[to].live->on_message(*message);
  });
}

// The adversary acts from inside handlers; what changes a node waits until its handler has returned.
void World::Impl::soon(std::function<void()> action) {
  schedule(scheduler_.now(), std::move(action));
}

void World::Impl::crash(NodeId node) {
  CHECK(controls(node));
  seats_[node].down = true;
  soon([this, node] { take_down(node); });
}

void World::Impl::restart(NodeId node, bool state_kept) {
  CHECK(controls(node));
  seats_[node].down = false;
  soon([this, node, state_kept] { bring_back(node, state_kept); });
}

void World::Impl::wake(Duration after, std::uint64_t token) {
  schedule(later(scheduler_.now(), after), [this, token] { interceptor_->on_wakeup(token); });
}

void World::Impl::take_down(NodeId node) {
  Seat& seat = seats_[node];
  if (seat.live == nullptr) return;
  seat.disk = seat.process->take_durable();
  seat.live = nullptr;
  seat.down = true;
  network_.synchrony().went_down(node, scheduler_.now());
  for (std::uint32_t timer : seat.timers) {
    if (timer != 0) scheduler_.stop_timer(timer - 1);
  }
  if (announced(RecordKind::crashed)) announce(about(RecordKind::crashed, node));
}

void World::Impl::bring_back(NodeId node, bool state_kept) {
  Seat& seat = seats_[node];
  if (seat.live != nullptr || seat.client) return;
  if (!state_kept) {
    seat.disk.reset();
    seat.honest = false;
    manifest_.faulty.insert(node);
    network_.synchrony().turned_faulty(node, scheduler_.now());
  }
  if (announced(RecordKind::restarted)) {
    Record r = about(RecordKind::restarted, node);
    r.count = state_kept ? 1 : 0;
    announce(r);
  }
  seat.process = make_replica(node, std::move(seat.disk));
  seat.live = seat.process.get();
  seat.down = false;
  network_.synchrony().came_back(node, scheduler_.now());
  seat.live->on_restart();
}

void World::Impl::note(std::string_view name, NodeId node, std::uint64_t message) {
  if (!wanted(RecordKind::attack)) return;
  Record r = about(RecordKind::attack, node);
  r.text = name;
  r.id = message;
  r.count = 1;
  emit(r);
}

Ref<const Batch> World::Impl::batch(Digest value) const {
  const auto found = batches_.find(value);
  return found == batches_.end() ? nullptr : found->second;
}

Ref<const Request> World::Impl::named_request(std::string_view name) const {
  const auto found = named_requests_.find(name);
  return found == named_requests_.end() ? nullptr : found->second;
}

Ref<const Request> World::Impl::sent_request(std::string_view name) const {
  Ref<const Request> request = named_request(name);
  return request && !unsent_.contains(request.get()) ? request : nullptr;
}

bool World::Impl::is_request_name(std::string_view name) const {
  for (const ScriptedRequest& request : scenario_.clients.script) {
    if (request.name == name) return true;
  }
  return false;
}

}  // namespace byzsim
