#include "sim/world.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "sim/world_env.hpp"

namespace byzsim {

// --- building ------------------------------------------------------------------------------------------------------

namespace {

Sizes sizes_of(const WireSizes& wire) {
  return {static_cast<std::uint32_t>(wire.header.bytes), static_cast<std::uint32_t>(wire.digest.bytes),
          static_cast<std::uint32_t>(wire.signature.bytes)};
}

ReplicaSet faulty_nodes(const Scenario& scenario) {
  ReplicaSet faulty;
  for (const NodeRef& node : scenario.adversary.corrupt) faulty.insert(node.node(scenario.protocol.n));
  return faulty;
}

Manifest manifest_of(const Scenario& scenario, const Protocol& protocol, std::uint64_t seed) {
  const void* options = scenario.protocol.options.options.get();
  Manifest m;
  m.scenario = scenario.name;
  m.variant = scenario.variant;
  m.protocol = scenario.protocol.name;
  m.n = scenario.protocol.n;
  m.f = scenario.protocol.assumed_faults();
  m.quorum = protocol.quorum(options, m.n, m.f);
  m.clients = scenario.clients.count;
  m.seed = seed;
  m.scenario_hash = scenario.hash;
  m.faulty = faulty_nodes(scenario);
  m.gst = at(scenario.network.gst);
  m.delta = scenario.network.delta;
  for (const MessageKind* kind : protocol.kinds) {
    m.kinds.push_back({std::string(kind->traits.name), std::string(kind->traits.phase), kind->traits.decides,
                       kind->traits.exclusive});
  }
  return m;
}

// `notary` must live as long as the manifest's functions are called.
void add_rules(Manifest& m, const Scenario& scenario, const Protocol& protocol, const Notary* notary) {
  m.verify = [notary](const Message& message) { return notary->verify(message); };
  m.primary = [&protocol, n = m.n](View view) { return protocol.primary(view, n); };
  if (protocol.claimed && protocol.contradiction) {
    const auto options = scenario.protocol.options.options;
    m.claimed = [&protocol, options](const Message& claim) { return protocol.claimed(options.get(), claim); };
    m.contradiction = [&protocol, options](const SignedVote& vote, const ClaimFacts& claim) {
      return protocol.contradiction(options.get(), vote, claim);
    };
  }
  if (!protocol.unjustified) return;
  m.unjustified = [&protocol, options = scenario.protocol.options.options,
                   facts = ProtocolFacts{m.n, m.f, m.quorum, m.verify}](const Message& message) {
    return protocol.unjustified(options.get(), message, facts);
  };
}

}  // namespace

Recording recording_of(const Scenario& scenario, std::uint64_t seed) {
  // The notary checks tags against the keys, so both must outlive the recording.
  struct Keys {
    Keys(std::uint64_t seed, std::uint32_t nodes) : ring(seed, nodes), notary(ring) {}
    KeyRing ring;
    Notary notary;
  };
  const Protocol& protocol = protocol_named(scenario.protocol.name);
  auto keys = std::make_shared<Keys>(seed, scenario.protocol.n + scenario.clients.count);
  Recording recording{manifest_of(scenario, protocol, seed), protocol.kinds,
                      std::shared_ptr<const Notary>(keys, &keys->notary)};
  add_rules(recording.manifest, scenario, protocol, recording.notary.get());
  return recording;
}

std::uint64_t bytes_to_begin(const Scenario& scenario) {
  const std::uint32_t n = scenario.protocol.n, clients = scenario.clients.count;
  return kNodeBytes * (std::uint64_t{n} + clients) + Network::bytes_of_tables(scenario.network, n, clients);
}

namespace {
const Scenario& fitting(const Scenario& scenario) {
  if (const std::uint64_t bytes = bytes_to_begin(scenario); bytes > scenario.run.memory.bytes) {
    throw TooLarge(fmt::format("the nodes and links of this scenario need {}, and run.memory is {}",
                               to_string(ByteCount{bytes}), to_string(scenario.run.memory)));
  }
  return scenario;
}
}  // namespace

World::World(const Scenario& scenario, std::uint64_t seed) : impl_(std::make_unique<Impl>(scenario, seed)) {}
World::~World() = default;
const Manifest& World::manifest() const {
  return impl_->manifest_;
}
const Notary& World::notary() const {
  return *impl_->notary_;
}
void World::observe(Observer& observer) {
  impl_->observe(observer);
}
const Outcome& World::run() {
  return impl_->run();
}
void World::stop(EndReason reason) {
  impl_->stop_reason_ = reason;
  impl_->stop_ = true;
}

World::Impl::Impl(const Scenario& scenario, std::uint64_t seed)
    : manifest_(manifest_of(fitting(scenario), protocol_named(scenario.protocol.name), seed)),
      limits_(scenario.run.memory.bytes, stop_),
      keys_(std::make_unique<KeyRing>(seed, scenario.protocol.n + scenario.clients.count)),
      notary_(std::make_unique<Notary>(*keys_)),
      scenario_(scenario),
      protocol_(protocol_named(scenario.protocol.name)),
      n_(scenario.protocol.n),
      f_(scenario.protocol.assumed_faults()),
      sizes_(sizes_of(scenario.replicas.wire)),
      work_is_free_(scenario.replicas.cpu.free()),
      scheduler_(seed),
      network_(scenario.network, n_, scenario.clients.count, seed, manifest_.faulty),
      adversary_random_(seed, Purpose::adversary) {
  add_rules(manifest_, scenario, protocol_, notary_.get());
  outcome_.traffic.resize(protocol_.kinds.size());
  heard_.resize(protocol_.kinds.size());
  arrivals_.resize(n_);
  if (scenario.run.decisions) {
    const std::uint32_t honest = n_ - std::min(n_, manifest_.faulty_replicas());
    deciders_needed_ = scenario.run.decisions->replicas.value_or(honest);
  }
  seat_nodes(seed);
  const AdversarySettings& adversary = scenario.adversary;
  if (!adversary.behaviours.empty() || !adversary.rules.empty()) {
    CHECK(interceptor_factory() != nullptr);
    keeps_requests_ = true;
    interceptor_ = interceptor_factory()(adversary, *this);
    if (interceptor_) {
      watches_everyone_ = interceptor_->watches_everyone();
      triggers_ = interceptor_->wants();
    }
  }
}

World::Impl::~Impl() = default;

void World::Impl::observe(Observer& observer) {
  for (std::size_t kind = 0; kind < kRecordKinds; ++kind) {
    if (((observer.wants() >> kind) & 1) != 0) listeners_[kind].push_back(&observer);
  }
  wanted_ |= observer.wants();
  constexpr RecordMask kOfMessages = records(RecordKind::signed_, RecordKind::witnessed);
  for (const MessageKind* kind : protocol_.kinds) {
    if (observer.wants_messages(*kind)) heard_[kind->index] |= observer.wants() & kOfMessages;
  }
}

void World::Impl::seat_nodes(std::uint64_t seed) {
  const std::uint32_t total = n_ + scenario_.clients.count;
  seats_.resize(total);
  seats_kept_.set(kNodeBytes * total);
  for (NodeId node = 0; node < total; ++node) {
    Seat& seat = seats_[node];
    seat.corrupt = manifest_.faulty.contains(node);
    seat.honest = !seat.corrupt;
    seat.client = node >= n_;
    seat.env = std::make_unique<NodeEnv>(*this, node, keys_->issue(node));
    if (!work_is_free_ && !seat.client) seat.cores.resize(scenario_.replicas.cpu.cores);
    if (seat.client) {
      ClientPlan plan = plan_of(node - n_);
      if (!seat.corrupt) expected_answers_ += plan.requests + plan.script.size();
      seat.process = std::make_unique<Client>(*seat.env, std::move(plan), seed);
    } else {
      seat.process = make_replica(node, nullptr);
    }
    seat.live = seat.process.get();
  }
}

std::unique_ptr<Process> World::Impl::make_replica(NodeId node, std::unique_ptr<Durable> disk) {
  return protocol_.make(*seats_[node].env, scenario_.protocol.options.options.get(), std::move(disk));
}

std::vector<NodeId> World::Impl::resolve(const std::vector<NodeRef>& nodes) const {
  std::vector<NodeId> ids;
  for (const NodeRef& node : nodes) ids.push_back(node.node(n_));
  return ids;
}

ClientPlan World::Impl::plan_of(std::uint32_t client) const {
  const ClientSettings& settings = scenario_.clients;
  ClientPlan plan;
  plan.requests = settings.requests;
  plan.open = settings.mode == ClientMode::open;
  if (plan.open) {
    plan.interval = [interval = Latency(settings.interval)](std::uint64_t bits) { return interval.sample(bits); };
  }
  plan.think = settings.think;
  plan.start = settings.start;
  plan.retransmit = settings.retransmit;
  plan.backoff = settings.backoff;
  plan.keys = settings.keys;
  plan.payload = static_cast<std::uint32_t>(settings.payload.bytes);
  plan.reply_quorum = protocol_.reply_quorum(scenario_.protocol.options.options.get(), n_, f_);
  plan.window = protocol_.client_window(scenario_.protocol.options.options.get());
  plan.primary = [this](View view) { return primary(view); };
  for (const ScriptedRequest& request : settings.script) {
    if (request.client != client) continue;
    plan.script.push_back({request.name, request.at, parse_operation(request.operation), resolve(request.to)});
  }
  return plan;
}

void World::Impl::at(Duration when, std::function<void()> action) {
  ++scripted_left_;
  schedule(byzsim::at(when), [this, action = std::move(action)] {
    --scripted_left_;
    action();
  });
}

void World::Impl::schedule(Time when, std::function<void()> action) {
  check_limits();
  while (actions_.contains(next_action_)) ++next_action_;  // it has gone all the way round
  actions_.emplace(next_action_, PendingAction{std::move(action)});
  scheduler_.at(when, EventKind::control, next_action_++, 0);
}

void World::Impl::plan_timeline() {
  for (const TimelineEntry& entry : scenario_.timeline) {
    if (!entry.partition.empty()) {
      Cut cut{{}, {}, {}, entry.mode, entry.delay};
      for (const auto& group : entry.partition) cut.groups.push_back(resolve(group));
      at(entry.at,
         [this, cut, until = entry.until] { begin_cut(cut, fmt::format("partition {}", cut.groups), until); });
    }
    if (entry.cut) {
      const Cut cut{{}, resolve(entry.cut->from), resolve(entry.cut->to), entry.mode, entry.delay};
      at(entry.at, [this, cut, until = entry.until] {
        begin_cut(cut, fmt::format("cut from {} to {}", cut.from, cut.to), until);
      });
    }
    for (const NodeRef& node : entry.crash) {
      const NodeId id = node.node(n_);
      at(entry.at, [this, id] { take_down(id); });
      if (entry.until) at(*entry.until, [this, id, kept = entry.state == RestartState::kept] { bring_back(id, kept); });
    }
    for (const NodeRef& node : entry.restart) {
      const NodeId id = node.node(n_);
      at(entry.at, [this, id, kept = entry.state == RestartState::kept] { bring_back(id, kept); });
    }
  }
}

void World::Impl::begin_cut(const Cut& cut, const std::string& what, std::optional<Duration> until) {
  const CutId id = network_.start_cut(cut);
  Record r = about(RecordKind::network, kNobody);
  r.text = what;
  r.count = 1;
  emit(r);
  if (!until) return;
  at(*until, [this, id, what] {
    release_held(id);
    Record healed = about(RecordKind::network, kNobody);
    healed.text = what;
    healed.count = 0;
    emit(healed);
  });
}

// --- running -------------------------------------------------------------------------------------------------------

void World::Impl::start() {
  plan_timeline();
  if (interceptor_) interceptor_->on_start();
  for (Seat& seat : seats_) seat.live->on_start();
}

bool World::Impl::finished() {
  if (deciders_needed_ > 0 && slots_decided_ >= scenario_.run.decisions->slots) {
    outcome_.reason = EndReason::decided;
    return true;
  }
  if (scenario_.run.stop_when_answered && postbox_.copies() == 0 && all_answered() && scripted_left_ == 0) {
    outcome_.reason = EndReason::answered;
    return true;
  }
  return false;
}

// The hot path: a message is taken from the queue and handed to its receiver. Kept together so that it compiles into
// one.

[[gnu::always_inline]] inline void World::Impl::hand_over(const Message& message, NodeId to) {
  Seat& seat = seats_[to];
  if (seat.live == nullptr) return lost(message, message.from(), to, "crashed");
  ++traffic_of(message).delivered;
  if (announced(RecordKind::delivered)) {
    Record r = about(RecordKind::delivered, to);
    r.peer = message.from();
    r.id = message.id();
    r.message = &message;
    announce(r);
  }
  if (seat.corrupt) {
    if (interceptor_) {
      const Packet packet{Ref<const Message>(&message), message.from(), to, {}, scheduler_.now()};
      if (!interceptor_->incoming(packet) || seat.live == nullptr) return;
    }
  } else if (seat.honest && !seat.client && to != message.signer() && Postbox::first_witness(message) &&
             wanted(RecordKind::witnessed, message)) {
    Record r = about(RecordKind::witnessed, to);
    r.id = message.id();
    r.message = &message;
    emit(r);
  }
  seat.live->on_message(message);
}

[[gnu::always_inline]] inline void World::Impl::deliver(std::uint32_t box, NodeId to) {
  hand_over(postbox_.at(box), to);
  postbox_.done(box);
}

[[gnu::always_inline]] inline void World::Impl::handle(const Event& event) {
  switch (event.kind) {
    case EventKind::deliver:
      scheduler_.fired(event, postbox_.at(event.what).id());
      if (work_is_free_ || seats_[event.node].client) {
        deliver(event.what, event.node);
      } else {
        begin_work(event.what, event.node);
      }
      break;
    case EventKind::process:
      scheduler_.fired(event, postbox_.at(event.what).id());
      deliver(event.what, event.node);
      break;
    case EventKind::timer: {
      scheduler_.fired(event, event.what);
      Seat& seat = seats_[event.node];
      if (announced(RecordKind::timer)) {
        Record r = about(RecordKind::timer, event.node);
        r.count = event.what;
        if (!seat.client && event.what < protocol_.timers.size()) r.text = protocol_.timers[event.what];
        announce(r);
      }
      if (seat.live != nullptr) seat.live->on_timer(event.what);
      break;
    }
    case EventKind::control: {
      scheduler_.fired(event, event.what);
      const auto action = actions_.extract(event.what);  // it may add others
      action.mapped().act();
      break;
    }
  }
  if (!work_is_free_) settle_charge(event.node);
}

void World::Impl::handle_all(Time limit) {
  Event event;
  while (true) {
    if (stop_.load(std::memory_order_relaxed)) {
      outcome_.reason = stop_reason_;
      return;
    }
    if (!scheduler_.next(limit, event)) {
      outcome_.reason = !scheduler_.empty() ? EndReason::time : all_answered() ? EndReason::answered : EndReason::quiet;
      return;
    }
    handle(event);
    if ((postbox_.copies() == 0 || deciders_needed_ > 0) && finished()) return;
    if (scheduler_.fired() >= scenario_.run.max_events) {
      outcome_.reason = EndReason::events;
      return;
    }
  }
}

const Outcome& World::Impl::run() {
  if (interceptor_ || wanted(RecordKind::signed_)) notary_->listen(this);
  fast_sends_ = !interceptor_ && work_is_free_;
  struct Position {  // what a failed CHECK prints
    explicit Position(const RunPosition& at) { run_position() = at; }
    ~Position() { run_position() = {}; }
  } position(scheduler_.position(manifest_.seed));
  const Time limit = byzsim::at(scenario_.run.until);
  limits_.watch(scheduler_.pending());
  try {
    const UnderLimits under(limits_);
    check_limits();
    start();
    handle_all(limit);
  } catch (const RunStopped&) {  // in the middle of an event
    outcome_.reason = limits_.memory_reached() ? EndReason::memory : stop_reason_.load();
  }
  outcome_.end = outcome_.reason == EndReason::time ? limit : scheduler_.now();
  ended_ = true;
  if (interceptor_) interceptor_->on_end();
  network_.finish(outcome_.end, outcome_.reason == EndReason::quiet);
  tell_beyond();
  outcome_.events = scheduler_.fired();
  outcome_.fingerprint = scheduler_.fingerprint();
  outcome_.network = network_.counters();
  Record r = about(RecordKind::end, kNobody);
  r.time = outcome_.end;
  r.text = to_string(outcome_.reason);
  r.count = outcome_.events;
  r.extra = Digest{outcome_.fingerprint};
  emit(r);
  return outcome_;
}

// What a handler did beyond receiving its message occupies a core, too.
void World::Impl::settle_charge(NodeId node) {
  auto& cores = seats_[node].cores;
  if (charge_ > Duration{} && !cores.empty()) {
    auto core = std::min_element(cores.begin(), cores.end());
    *core = later(std::max(*core, scheduler_.now()), charge_);
  }
  charge_ = {};
}

// A replica with limited cores: the message waits for a core, and its handler runs when it has been received and
// checked.
void World::Impl::begin_work(std::uint32_t box, NodeId to) {
  Seat& seat = seats_[to];
  const Message& message = postbox_.at(box);
  const CpuSettings& cpu = scenario_.replicas.cpu;
  std::int64_t signatures = 1;
  for_each_nested(message, [&](const Message&) { ++signatures; });
  auto core = std::min_element(seat.cores.begin(), seat.cores.end());
  *core = later(std::max(*core, scheduler_.now()), sum_of(cpu.receive, product_of(cpu.verify, signatures)));
  scheduler_.at(*core, EventKind::process, box, to);
}

}  // namespace byzsim
