#include "analysis/ledger.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sim/replica/workload.hpp"

namespace byzsim {

namespace {

constexpr Slot kSlack = 64;              // settled slots kept whole behind the front, for late votes and decisions
constexpr Slot kReach = 4096;            // a faulty signer's proposals open no slot further ahead of what is honest
constexpr std::size_t kMostOfOne = 8;    // proposals of a faulty signer in one slot
constexpr std::size_t kMostHonest = 64;  // of honest ones; each view may bring another

}  // namespace

Ledger::Ledger(const Manifest& manifest, const Roster& roster, VoteIndex& votes, FactSink& facts)
    : manifest_(manifest),
      roster_(roster),
      votes_(votes),
      facts_(facts),
      null_value_(Batch::null()),
      shown_(manifest.n),
      progress_(manifest.n) {}

Fact Ledger::fact_of(FactKind kind, const Record& record, Digest other) const {
  Fact fact;
  fact.kind = kind;
  fact.time = record.time;
  fact.node = record.node;
  fact.view = record.view;
  fact.slot = record.slot;
  fact.value = record.value;
  fact.other = other;
  fact.replicas = {record.node};
  return fact;
}

Ledger::Retired* Ledger::retired(Slot slot) {
  return slot >= 1 && slot - 1 < retired_.size() ? &retired_[slot - 1] : nullptr;
}

// A proposal begins a decision if the primary of its view made it; a view whose primary is unknown takes anybody's.
bool Ledger::credited(NodeId signer, const Message& holder) const {
  if (manifest_.primary && holder.label().view != kNoView && holder.signer() != manifest_.primary(holder.label().view))
    return false;
  return holder.signer() == signer || !manifest_.verify || manifest_.verify(holder);
}

// The slot in which a proposal is to be kept; null if it is kept with the other shown values.
Ledger::LiveSlot* Ledger::place_for(NodeId signer, const Message& holder, Digest value) {
  const Slot slot = holder.label().value == value ? holder.label().slot : kNoSlot;
  if (slot == kNoSlot) return nullptr;
  const bool honest = roster_.honest(signer);
  if (honest && holder.signer() == signer) front_ = std::max(front_, slot + 1);
  if (slot >= front_ && slot - front_ >= kReach) return nullptr;
  LiveSlot* live = honest ? slots_.open(slot) : slots_.open_near(slot);
  if (live == nullptr || honest) return live;
  const auto own = std::count_if(live->proposals.begin(), live->proposals.end(),
                                 [&](const Proposal& known) { return known.signer == signer; });
  return static_cast<std::size_t>(own) < kMostOfOne ? live : nullptr;
}

void Ledger::on_proposed(NodeId signer, const Message& holder, Digest value, bool genuine, Time now) {
  if (signer >= manifest_.n) {
    // Clients propose nothing; what a replica signed that one of them shows is that replica's.
    if (holder.signer() >= manifest_.n || (manifest_.verify && !manifest_.verify(holder))) return;
    signer = holder.signer();
  }
  LiveSlot* live = place_for(signer, holder, value);
  if (live == nullptr || all_shown_) shown_.add(signer, value, genuine, roster_.honest(signer));
  if (live == nullptr) return;
  const bool begins = credited(signer, holder);
  const View view = holder.label().view;
  for (Proposal& known : live->proposals) {
    if (known.value != value) continue;
    // The first proposal of a value is the one that counts; that later views propose it again says nothing new.
    const bool covers =
        known.named != kNever && known.view <= view && (known.signer == signer || roster_.honest(known.signer));
    if (known.view != view && !covers) continue;
    known.genuine |= genuine;
    if (begins && known.named == kNever) known.named = now;
    return;
  }
  const auto by_honest = [&](const Proposal& known) { return roster_.honest(known.signer); };
  if (live->proposals.size() >= kMostHonest && roster_.honest(signer) &&
      static_cast<std::size_t>(std::count_if(live->proposals.begin(), live->proposals.end(), by_honest)) >=
          kMostHonest) {
    const auto oldest = std::find_if(live->proposals.begin(), live->proposals.end(), by_honest);
    shown_.add(oldest->signer, oldest->value, oldest->genuine, true);
    live->proposals.erase(oldest);
  }
  live->proposals.push_back({value, view, signer, genuine, begins ? now : kNever});
}

void Ledger::on_decided(const Record& record) {
  if (!roster_.honest_replica(record.node)) return;
  LiveSlot* live = slots_.open(record.slot);
  if (live == nullptr) return late_decision(record);
  front_ = std::max(front_, record.slot + 1);
  if (!live->decided) {
    first_decision(record, *live);
  } else if (live->split || live->decided != record.value) [[unlikely]] {
    dissent(record, *live);
  }
  if (live->backed != record.view || live->decided != record.value) [[unlikely]]
    check_backed(record, *live);
  if (!live->decided_by.insert(record.node)) return;
  if (live->adopted && record.slot <= progress_[record.node].adopted) return;  // counted when it adopted the slot
  if (++live->deciders == roster_.honest_replicas()) settle(*live, record.time);
}

void Ledger::first_decision(const Record& record, LiveSlot& live) {
  live.decided = record.value;
  live.view = record.view;
  check_proposed(record, live);
}

void Ledger::check_proposed(const Record& record, const LiveSlot& live) {
  if (record.value == null_value_) return;
  bool seen = false;
  for (const Proposal& proposal : live.proposals) {
    if (proposal.value != record.value) continue;
    if (proposal.genuine) return;
    seen = true;
  }
  // Shown for another slot, perhaps, or in an answer to a fetch. From the first such decision on, all are looked up in
  // one step, or a run in which nothing was proposed would take the square of its length.
  if (!all_shown_) {
    all_shown_ = true;
    slots_.for_each([&](Slot, const LiveSlot& other) {
      for (const Proposal& proposal : other.proposals) {
        shown_.add(proposal.signer, proposal.value, proposal.genuine, roster_.honest(proposal.signer));
      }
    });
  }
  if (const bool* genuine = shown_.genuine(record.value)) {
    if (*genuine) return;
    seen = true;
  } else if (!shown_.forgotten().empty()) {
    ++unchecked_values_;  // it may have been among them
    return;
  }
  Fact fact = fact_of(FactKind::decided_unproposed, record, {});
  fact.detail =
      seen ? "it contains a request that no client signed" : "no signed message ever showed a batch of that name";
  facts_.raise(fact);
}

void Ledger::dissent(const Record& record, LiveSlot& live) {
  Digest own;
  if (decided(record.node, record.slot, &live, own)) {
    if (own != record.value) facts_.raise(fact_of(FactKind::decided_twice, record, own));
  } else if (record.value != live.decided) {
    // A value new to this slot must be valid in its own right.
    bool known = false;
    for (auto it = dissenting_.lower_bound({record.slot, 0}); it != dissenting_.end() && it->first.first == record.slot;
         ++it) {
      known = known || it->second == record.value;
    }
    if (!known) check_proposed(record, live);
  }
  if (own != record.value) {
    Fact fact = fact_of(FactKind::decided_otherwise, record, {});
    fact.replicas.clear();
    // Whoever was honest when it decided: somebody may have acted on that, whatever became of it since.
    live.decided_by.for_each([&](NodeId id) {
      Digest value;
      if (id == record.node || !decided(id, record.slot, &live, value)) return;
      if (value != record.value && !fact.other) fact.other = value;
      fact.replicas.push_back(id);
    });
    if (fact.other) {
      fact.replicas.insert(std::upper_bound(fact.replicas.begin(), fact.replicas.end(), record.node), record.node);
      fact.messages = votes_.votes_for(record.view, record.slot, record.value);
      facts_.raise(fact);
    }
  }
  if (record.value != live.decided) {
    live.split = true;
    dissenting_.insert({{record.slot, record.node}, record.value});
  }
}

// Whether this replica decided this slot by votes, and what.
bool Ledger::decided(NodeId node, Slot slot, const LiveSlot* live, Digest& value) const {
  if (live == nullptr || !live->decided_by.contains(node)) return false;
  value = live->decided;
  if (live->split) {
    const auto other = dissenting_.find({slot, node});
    if (other != dissenting_.end()) value = other->second;
  }
  return true;
}

// The slot is retired: every honest replica had decided it, so this one decides it a second time.
void Ledger::late_decision(const Record& record) {
  const Retired* known = retired(record.slot);
  if (known == nullptr && record.slot >= slots_.end()) ++unfollowed_;
  if (known == nullptr || !known->decided || known->decided == record.value) return;
  const auto own = dissenting_.find({record.slot, record.node});
  if (own != dissenting_.end() && own->second == record.value) return;
  facts_.raise(fact_of(FactKind::decided_twice, record, known->decided));
}

void Ledger::check_backed(const Record& record, LiveSlot& live) {
  const auto [votes, forgotten] = votes_.backing(record.view, record.slot, record.value);
  if (votes < manifest_.quorum && votes + forgotten >= manifest_.quorum) {
    ++unchecked_votes_;
  } else if (votes < manifest_.quorum) {
    Fact fact = fact_of(FactKind::decided_unbacked, record, {});
    fact.count = votes;
    fact.messages = votes_.votes_for(record.view, record.slot, record.value);
    facts_.raise(fact);
  } else if (record.value == live.decided) {
    live.backed = record.view;
  }
}

void Ledger::on_executed(const Record& record) {
  if (!roster_.honest_replica(record.node)) return;
  Progress& progress = progress_[record.node];
  LiveSlot* live = slots_.open(record.slot);
  front_ = std::max(front_, record.slot + 1);
  const bool in_order = record.slot == progress.executed + 1 && live != nullptr && !live->split &&
                        live->decided == record.value && live->decided_by.contains(record.node);
  if (!in_order) [[unlikely]]
    check_order(record, progress, live);
  const bool again = record.slot <= progress.highest;
  progress.executed = record.slot;
  progress.started = true;
  if (!again) {
    progress.highest = record.slot;
    progress.replaying = false;
  }
  if (live == nullptr) {
    if (Retired* known = retired(record.slot)) check_state(record, known->state);
    return;
  }
  if (live->state != record.extra) check_state(record, live->state);
  if (!again && ++live->executors == roster_.honest_replicas()) retire();
}

void Ledger::check_state(const Record& record, Digest& known) {
  const bool adopted = record.kind == RecordKind::adopted;
  const Digest state = adopted ? record.value : record.extra;
  if (!known && adopted) {
    facts_.raise(fact_of(FactKind::state_made_up, record, {}));
  } else if (!known) {
    known = state;
  } else if (known != state) {
    Fact fact = fact_of(FactKind::state_differs, record, known);
    fact.value = state;
    facts_.raise(fact);
  }
}

void Ledger::check_order(const Record& record, Progress& progress, const LiveSlot* live) {
  std::string wrong;
  Digest own;
  const bool decided_it = decided(record.node, record.slot, live, own);
  if (!decided_it && live == nullptr) {
    // Retired, so all honest replicas decided it or took over a state that covers it.
    if (const Retired* known = retired(record.slot)) own = known->decided;
  }
  if (progress.started && record.slot <= progress.executed) {
    if (!progress.replaying)
      wrong = fmt::format("executed slot {} again, after slot {}", record.slot, progress.executed);
  } else if (progress.started && record.slot != progress.executed + 1) {
    wrong = fmt::format("executed slot {} right after slot {}", record.slot, progress.executed);
  } else if (!progress.started && record.slot > 1) {
    wrong = fmt::format("executed slot {} first of all", record.slot);
  }
  if (wrong.empty() && live != nullptr && !decided_it && record.slot > progress.adopted && !progress.replaying) {
    wrong = fmt::format("executed slot {} without having decided it", record.slot);
  }
  if (wrong.empty() && own && own != record.value) {
    wrong = fmt::format("executed {:016x} in slot {}, where it had decided {:016x}", record.value.bits, record.slot,
                        own.bits);
  }
  if (wrong.empty()) return;
  Fact fact = fact_of(FactKind::executed_astray, record, own);
  fact.detail = std::move(wrong);
  facts_.raise(fact);
}

void Ledger::on_adopted(const Record& record) {
  if (!roster_.honest_replica(record.node)) return;
  Progress& progress = progress_[record.node];
  if (LiveSlot* live = slots_.open(record.slot)) {
    check_state(record, live->state);
  } else if (Retired* known = retired(record.slot)) {
    check_state(record, known->state);
  } else {
    ++unfollowed_;
  }
  // A replica may go back to an older state only after a restart.
  if (record.slot < progress.executed && !progress.replaying) {
    Fact fact = fact_of(FactKind::executed_astray, record, {});
    fact.detail = fmt::format("went back from slot {} to the state after slot {}", progress.executed, record.slot);
    facts_.raise(fact);
  }
  // What it had adopted or executed before is counted already.
  slots_.for_each_between(std::min(progress.adopted, progress.highest), record.slot, [&](Slot slot, LiveSlot& live) {
    if (!live.decided_by.contains(record.node) && slot > progress.adopted) {
      live.adopted = true;
      ++live.deciders;
    }
    if (slot > progress.highest) ++live.executors;
  });
  progress.executed = record.slot;
  progress.started = true;
  progress.adopted = std::max(progress.adopted, record.slot);
  progress.highest = std::max(progress.highest, record.slot);
  retire();
}

void Ledger::on_restarted(const Record& record) {
  if (record.node < manifest_.n) progress_[record.node].replaying = true;
}

void Ledger::on_roster_change() {
  slots_.for_each([&](Slot slot, LiveSlot& live) {
    live.deciders = live.executors = 0;
    for (NodeId id = 0; id < manifest_.n; ++id) {
      if (!roster_.honest(id)) continue;
      if (live.decided_by.contains(id) || slot <= progress_[id].adopted) ++live.deciders;
      if (slot <= progress_[id].highest) ++live.executors;
    }
  });
  retire();
}

void Ledger::settle(LiveSlot& live, Time now) {
  if (live.adopted) return;
  Time named = kNever;
  for (const Proposal& proposal : live.proposals) {
    const bool in_time = proposal.view == kNoView || live.view == kNoView || proposal.view <= live.view;
    if (proposal.value == live.decided && in_time) named = std::min(named, proposal.named);
  }
  if (named == kNever) return;
  const Duration took = now - named;
  ++delays_.slots;
  delays_.total += took;
  delays_.longest = std::max(delays_.longest, took);
}

void Ledger::retire() {
  // Behind what honest replicas have reached: what the others propose further ahead makes nothing old.
  while (std::min(front_, slots_.end()) > slots_.base() + kSlack) {
    LiveSlot& lowest = *slots_.find(slots_.base());
    if (lowest.deciders < roster_.honest_replicas() || lowest.executors < roster_.honest_replicas()) return;
    retired_.push_back({lowest.decided, lowest.state});
    settled_ += lowest.decided ? 1 : 0;
    slots_.retire();
    votes_.forget_below(slots_.base());
  }
}

std::uint64_t Ledger::decided_by_all() {
  std::uint64_t count = settled_;
  slots_.for_each([&](Slot slot, const LiveSlot& live) {
    bool all = live.deciders > 0 && live.decided;
    for (NodeId id = 0; id < manifest_.n && all; ++id) {
      all = !roster_.honest(id) || live.decided_by.contains(id) || slot <= progress_[id].adopted;
    }
    count += all ? 1 : 0;
  });
  return count;
}

}  // namespace byzsim
