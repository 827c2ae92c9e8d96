// What one PBFT replica does with messages that are not what they should be. The rules themselves are in
// pbft_rules_test.cpp; here each handler is seen to ask for them.
#include <algorithm>
#include <map>
#include <tuple>

#include "sim/protocols/pbft.hpp"
#include "tests/one_node.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;
using namespace byzsim::pbft;

constexpr std::uint32_t kN = 4;
constexpr NodeId kSelf = 2;

/// Which timers run, and when each is due.
struct Timers final : one_node::Surroundings {
  using Surroundings::Surroundings;
  void start_timer(TimerName timer, Duration after) override { due[timer] = later(time, after); }
  void stop_timer(TimerName timer) override { due.erase(timer); }
  bool runs_alone(TimerName timer) const { return due.size() == 1 && due.contains(timer); }
  /// Time goes on to `end`; the timers that are due by then fire on the way.
  void pass(Pbft& replica, Time end) {
    while (!due.empty()) {
      const auto next = std::ranges::min_element(due, {}, [](const auto& entry) { return entry.second; });
      if (next->second > end) break;
      const TimerName timer = next->first;
      time = next->second;
      due.erase(next);
      replica.on_timer(timer);
    }
    time = end;
  }
  std::map<TimerName, Time> due;
};

struct Desk {
  one_node::Keys keys{kN + 1};
  Timers env;
  Options options;
  Pbft replica;

  explicit Desk(NodeId self = kSelf, const Options& o = with_checkpoints())
      : env(keys, self, kN, 1), options(o), replica(env, options, nullptr) {}
  static Options with_checkpoints() {
    Options o;
    o.checkpoint_interval = 2;
    o.window = 8;
    return o;
  }

  Ref<const Request> request(std::uint64_t number) {
    Request r;
    r.client = kN;
    r.number = number;
    return keys.sign(kN, std::move(r));
  }
  Ref<const PrePrepare> proposal(Slot slot, View view = 0, NodeId signer = 0) {
    PrePrepare m;
    m.view = view;
    m.slot = slot;
    m.batch = make_ref<const Batch>(std::vector<Ref<const Request>>{request(slot)});
    m.value = m.batch->digest();
    return keys.sign(signer, std::move(m));
  }
  Ref<const Commit> commit(NodeId who, const PrePrepare& of) {
    Commit m;
    m.slot = of.slot;
    m.value = of.value;
    return keys.sign(who, std::move(m));
  }
  CommitCertificate certificate(Slot slot, const std::vector<NodeId>& voters) {
    CommitCertificate m;
    m.pre_prepare = proposal(slot);
    for (const NodeId who : voters) m.commits.push_back(commit(who, *m.pre_prepare));
    return m;
  }
  /// A state that could be: one request of one client executed; and CHECKPOINTs of these replicas for it.
  State state(Slot slot, const std::vector<NodeId>& voters) {
    Service service(options.client_window);
    service.apply(*request(1));
    State m;
    m.slot = slot;
    m.state = service.snapshot();
    for (const NodeId who : voters) {
      Checkpoint vote;
      vote.slot = slot;
      vote.state = service.digest();
      m.checkpoint.push_back(keys.sign(who, std::move(vote)));
    }
    return m;
  }
};

/// What `proved_by` makes of these voters works only with a quorum of them and a genuine signature around it; `effect` is
/// where that shows.
template <class Make>
void check_needs_a_quorum(Make&& proved_by, std::vector<Slot> one_node::Surroundings::*effect, Slot slot) {
  for (const auto& voters : std::vector<std::vector<NodeId>>{{3}, {1, 3}, {3, 3, 3}}) {
    Desk desk;
    desk.replica.on_message(*desk.keys.sign(3, proved_by(desk, voters)));
    CHECK((desk.env.*effect).empty());
  }
  Desk desk;
  const std::vector<NodeId> quorum{0, 1, 3};
  desk.replica.on_message(*desk.keys.forge(3, proved_by(desk, quorum)));
  CHECK((desk.env.*effect).empty());
  desk.replica.on_message(*desk.keys.sign(3, proved_by(desk, quorum)));
  CHECK(desk.env.*effect == std::vector<Slot>{slot});
}

TEST_CASE("a commit certificate decides only with a quorum of COMMITs, and from who signed it") {
  check_needs_a_quorum([](Desk& desk, const auto& voters) { return desk.certificate(1, voters); },
                       &one_node::Surroundings::decided, 1);
}

TEST_CASE("a state is taken over only with a quorum of CHECKPOINTs for it") {
  check_needs_a_quorum([](Desk& desk, const auto& voters) { return desk.state(2, voters); },
                       &one_node::Surroundings::adopted, 2);
}

TEST_CASE("of what a replica waits for, one timer runs at a time: the one that is due first") {
  using namespace std::chrono_literals;
  one_node::Keys keys{kN};
  Timers env(keys, 0, kN, 1);
  constexpr TimerName request = 0, new_view = 1, look = 3;
  Patience patience(env, look);
  const auto runs = [&](TimerName timer) { return env.runs_alone(timer); };
  patience.wait(request, 100ms);
  CHECK(runs(request));
  CHECK(patience.look_in(30ms));
  CHECK(runs(look));
  CHECK_FALSE(patience.look_in(5ms));  // it is to look anyway
  env.time = at(30ms);
  env.due.clear();
  CHECK(patience.fired(look));
  patience.settle();
  CHECK(runs(request));
  patience.wait(new_view, 20ms);  // sooner than the one before
  CHECK(runs(new_view));
  CHECK(patience.look_in(500ms));
  CHECK(runs(new_view));
  patience.stop_waiting();
  CHECK(runs(look));
  CHECK_FALSE(patience.waiting());
}

TEST_CASE("early messages wait for their view and slot, in order, and so many of each signer") {
  one_node::Keys keys{kN};
  const auto prepare = [&](NodeId who, View view, Slot slot) {
    Prepare m;
    m.view = view;
    m.slot = slot;
    m.value = Digest{7};
    return keys.sign(who, std::move(m));
  };
  const std::int64_t before = counted_bytes;
  EarlyMessages early(4);
  for (const auto& [who, view, slot] :
       std::vector<std::tuple<NodeId, View, Slot>>{{1, 2, 9}, {3, 1, 6}, {1, 1, 8}, {1, 1, 5}, {1, 1, 5}, {1, 1, 7}})
    CHECK(early.keep(*prepare(who, view, slot)));
  CHECK(counted_bytes > before);
  CHECK_FALSE(early.keep(*prepare(1, 3, 1)));  // a fifth of one signer; the repeated one did not count
  CHECK(early.keep(*prepare(2, 3, 1)));
  std::vector<Slot> handled;
  const auto note = [&](const Message& m) { handled.push_back(m.label().slot); };
  while (early.next(1, 7, note)) {
  }
  CHECK(handled == std::vector<Slot>{5, 6, 7});
  CHECK_FALSE(early.next(2, 8, note));
  early.forget(2, 8);  // view 1, and slot 1 of view 3
  CHECK(early.keep(*prepare(1, 3, 20)));
  CHECK(early.next(2, 9, note));
  CHECK(early.next(3, 20, note));
  CHECK(handled == std::vector<Slot>{5, 6, 7, 9, 20});
  CHECK(early.empty());
  CHECK(counted_bytes == before);
}

TEST_CASE("a primary that took a state over proposes above it") {
  Desk desk(0);
  desk.replica.on_message(*desk.keys.sign(3, desk.state(2, {1, 2, 3})));
  REQUIRE(desk.env.adopted == std::vector<Slot>{2});
  desk.replica.on_message(*desk.request(2));
  const auto proposals = desk.env.sent_of<PrePrepare>();
  REQUIRE(proposals.size() == 1);
  CHECK(proposals[0].second->slot == 3);
}

TEST_CASE("of proposals that come early only those are kept that could count") {
  Desk desk;
  const auto keeps = [&](const Ref<const PrePrepare>& m) {
    const std::int64_t before = counted_bytes;
    desk.replica.on_message(*m);
    return counted_bytes > before;
  };
  CHECK(keeps(desk.proposal(1, 1, 1)));
  CHECK_FALSE(keeps(desk.proposal(2, 1, 3)));  // not the primary of view 1
  CHECK(keeps(desk.proposal(9)));              // just above the window
  CHECK_FALSE(keeps(desk.proposal(10, 0, 3)));
  PrePrepare crowded;
  crowded.view = 1;
  crowded.slot = 3;
  crowded.batch = make_ref<const Batch>(std::vector<Ref<const Request>>(desk.options.batch + 1, desk.request(1)));
  crowded.value = crowded.batch->digest();
  CHECK_FALSE(keeps(desk.keys.sign(1, std::move(crowded))));
}

TEST_CASE("nobody is told more last words than two a `retransmit`") {
  using namespace std::chrono_literals;
  Desk desk;
  const std::uint64_t window = desk.options.client_window;
  const auto told = [&] {
    std::vector<std::pair<NodeId, std::uint64_t>> list;
    for (const auto& [to, m] : desk.env.sent_of<Request>()) {
      if (to != 0) list.emplace_back(to, m->number);  // what is handed on to the primary apart
    }
    desk.env.sent.clear();
    return list;
  };
  using Told = std::vector<std::pair<NodeId, std::uint64_t>>;
  const auto ask = [&](NodeId who) { desk.replica.on_message(*Draft::relay(*desk.request(1), who)); };
  desk.replica.on_message(*desk.request(window + 1));
  ask(3);
  CHECK(told() == Told{{3, window + 1}});
  for (int again = 0; again < 100; ++again) ask(3);
  CHECK(told().empty());
  ask(1);  // everybody has a share of its own
  CHECK(told() == Told{{1, window + 1}});
  desk.replica.on_message(*desk.request(window + 2));
  ask(3);
  CHECK(told().empty());
  desk.env.time = at(desk.options.retransmit / 2);
  ask(3);
  CHECK(told() == Told{{3, window + 2}});
}

TEST_CASE("whoever hears that somebody waits asks each group of helpers once") {
  one_node::Keys keys{kN + 1};
  Timers env(keys, kSelf, kN, 1);
  const Options options;
  Pbft replica(env, options, nullptr);
  Status status;
  status.active = true;
  status.waits = true;
  replica.on_message(*keys.sign(3, std::move(status)));
  env.pass(replica, at(options.retransmit * 10));
  CHECK(env.sent_of<Status>().size() == 2);  // g = ceil((n-1)/(f+1)) = ceil(3/2)
}

TEST_CASE("whoever hears that somebody waits looks within a `retransmit`, however seldom it did") {
  Options options;
  options.retransmit_growth = 2;
  options.view_timeout = options.retransmit * 1000;
  Desk desk(kSelf, options);
  desk.replica.on_message(*desk.request(1));
  desk.env.pass(desk.replica, at(options.retransmit * 20));
  CHECK(desk.env.sent_of<Status>().size() == 4);  // after 1, 3, 7 and 15 of them; the next would be after 31
  Status status;
  status.active = true;
  status.waits = true;
  desk.replica.on_message(*desk.keys.sign(3, std::move(status)));
  desk.env.pass(desk.replica, at(options.retransmit * 21));
  CHECK(desk.env.sent_of<Status>().size() == 5);
}

// A liar hands what others have already executed to whoever lags, a slot in less than a `retransmit`, just not to be asked
// for the rest. That it is served is no reason not to ask, where it can know that there is more.
TEST_CASE("whoever is handed one slot after the other asks for the rest all the same") {
  const auto asks = [](bool by_votes, bool told, bool waits) {
    Desk desk(kSelf, Options());
    const auto tell = [&](NodeId who) {
      Status status;
      status.active = true;
      status.executed = 20;
      desk.replica.on_message(*desk.keys.sign(who, std::move(status)));
    };
    if (told) {
      tell(1);
      tell(3);
    }
    if (waits) desk.replica.on_message(*desk.request(30));
    for (Slot slot = 1; slot <= 10; ++slot) {
      desk.env.pass(desk.replica, at(desk.options.retransmit * 3 / 4 * static_cast<int>(slot)));
      if (!by_votes) {
        desk.replica.on_message(*desk.keys.sign(3, desk.certificate(slot, {0, 1, 3})));
        continue;
      }
      const Ref<const PrePrepare> proposal = desk.proposal(slot);
      desk.replica.on_message(*proposal);
      for (const NodeId who : {1u, 3u}) {
        Prepare prepare;
        prepare.slot = slot;
        prepare.value = proposal->value;
        desk.replica.on_message(*desk.keys.sign(who, std::move(prepare)));
        desk.replica.on_message(*desk.commit(who, *proposal));
      }
    }
    CHECK(desk.env.decided.size() == 10);
    return desk.env.sent_of<Status>().size();
  };
  CHECK(asks(true, false, true) == 0);   // served: there is nothing to ask for
  CHECK(asks(false, false, true) == 7);  // in 7.5 `retransmit`, and so everybody in turn again and again
  CHECK(asks(true, true, false) == 7);
}

TEST_CASE("a STATUS is answered only to who signed it and sent it") {
  const auto answers = [](auto&& send) {
    Desk desk;
    desk.replica.on_message(*desk.proposal(1));  // so that there is a PREPARE to answer with
    const std::size_t before = desk.env.sent.size();
    Status status;
    status.active = true;
    send(desk, std::move(status));
    return desk.env.sent.size() - before;
  };
  CHECK(answers([](Desk& desk, Status s) { desk.replica.on_message(*desk.keys.sign(3, std::move(s))); }) == 1);
  CHECK(answers([](Desk& desk, Status s) { desk.replica.on_message(*desk.keys.forge(3, std::move(s))); }) == 0);
  CHECK(answers([](Desk& desk, Status s) {
          desk.replica.on_message(*Draft::relay(*desk.keys.sign(3, std::move(s)), 1));
        }) == 0);
}

}  // namespace
