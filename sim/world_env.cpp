#include "sim/world_env.hpp"

namespace byzsim {

void World::Impl::NodeEnv::start_timer(TimerName timer, Duration after) {
  auto& timers = world_.seats_[self()].timers;
  if (timer >= timers.size()) {
    // Counted before they are made: a number picked out of the blue ends the run rather than the machine.
    world_.seats_[self()].timers_kept.set(kTimerBytes * (std::uint64_t{timer} + 1));
    check_limits();
    timers.resize(std::size_t{timer} + 1, 0);
  }
  if (timers[timer] == 0) timers[timer] = world_.scheduler_.make_timer(self(), timer) + 1;
  world_.scheduler_.start_timer(timers[timer] - 1, later(world_.departure(), after));
}

void World::Impl::NodeEnv::stop_timer(TimerName timer) {
  const auto& timers = world_.seats_[self()].timers;
  if (timer < timers.size() && timers[timer] != 0) world_.scheduler_.stop_timer(timers[timer] - 1);
}

void World::Impl::NodeEnv::note_view(View view) {
  if (!world_.announced(RecordKind::view)) return;
  Record r = record(RecordKind::view);
  r.view = view;
  world_.announce(r);
}

void World::Impl::NodeEnv::note_prepared(View view, Slot slot, Digest value) {
  if (!world_.announced(RecordKind::prepared)) return;
  Record r = record(RecordKind::prepared);
  r.view = view;
  r.slot = slot;
  r.value = value;
  world_.announce(r);
}

std::uint32_t& World::Impl::decided(Slot slot) {
  constexpr Slot kNear = 4096;
  if (!far_decisions_.empty()) {
    const auto far = far_decisions_.find(slot);
    if (far != far_decisions_.end()) return far->second;
  }
  if (slot < decided_count_.size()) return decided_count_[slot];
  decided_kept_.grow(kSlotBytes);
  if (slot >= decided_count_.size() + kNear) return far_decisions_[slot];
  decided_count_.resize(slot + 1, 0);
  return decided_count_[slot];
}

void World::Impl::NodeEnv::decide(View view, Slot slot, Digest value, const Ref<const Batch>&,
                                  const ReplicaSet& voters) {
  if (world_.deciders_needed_ > 0 && world_.manifest_.honest(self())) {
    if (++world_.decided(slot) == world_.deciders_needed_) ++world_.slots_decided_;
  }
  if (!world_.announced(RecordKind::decided)) return;
  Record r = record(RecordKind::decided);
  r.view = view;
  r.slot = slot;
  r.value = value;
  r.count = voters.size();
  world_.announce(r);
}

void World::Impl::NodeEnv::note_adopted(Slot slot, Digest state) {
  if (!world_.announced(RecordKind::adopted)) return;
  Record r = record(RecordKind::adopted);
  r.slot = slot;
  r.value = state;
  world_.announce(r);
}

void World::Impl::NodeEnv::note_applied(Slot slot, const Request& request, std::uint64_t result) {
  world_.charge_ = sum_of(world_.charge_, world_.scenario_.replicas.cpu.execute);
  if (!world_.announced(RecordKind::applied)) return;
  Record r = record(RecordKind::applied);
  r.slot = slot;
  r.peer = request.client;
  r.id = request.number;
  r.count = result;
  world_.announce(r);
}

void World::Impl::NodeEnv::note_executed(Slot slot, Digest value, Digest state) {
  if (!world_.announced(RecordKind::executed)) return;
  Record r = record(RecordKind::executed);
  r.slot = slot;
  r.value = value;
  r.extra = state;
  world_.announce(r);
}

void World::Impl::NodeEnv::suspect(NodeId whom, std::string_view reason) {
  if (!world_.announced(RecordKind::suspect)) return;
  Record r = record(RecordKind::suspect);
  r.peer = whom;
  r.text = reason;
  world_.announce(r);
}

void World::Impl::NodeEnv::mark(std::string_view branch) {
  if (!world_.announced(RecordKind::mark)) return;
  Record r = record(RecordKind::mark);
  r.text = branch;
  world_.announce(r);
}

void World::Impl::reveal(const Message& message) {
  const auto found = unsent_.find(&message);
  if (found == unsent_.end()) return;
  requests_.push_back(std::move(found->second));
  unsent_.erase(found);
}

void World::Impl::NodeEnv::note_submitted(const Ref<const Request>& request, std::string_view name, bool waits) {
  if (world_.keeps_requests_) {
    if (waits) {
      world_.unsent_.emplace(request.get(), request);
    } else {
      world_.requests_.push_back(request);
    }
    if (!name.empty()) world_.named_requests_.emplace(name, request);
  }
  if (!world_.announced(RecordKind::submitted)) return;
  Record r = record(RecordKind::submitted);
  r.id = request->number;
  r.value = request->content();
  r.text = name;
  r.message = request.get();
  world_.announce(r);
}

void World::Impl::NodeEnv::note_accepted(const Request& request, std::uint64_t result, std::uint32_t replies) {
  if (world_.manifest_.honest(self())) ++world_.answered_;
  if (!world_.announced(RecordKind::accepted)) return;
  Record r = record(RecordKind::accepted);
  r.id = request.number;
  r.count = result;
  r.bytes = replies;
  world_.announce(r);
}

}  // namespace byzsim
