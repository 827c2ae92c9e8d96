// Oracles: the definition at the top of synchrony.hpp, worked by hand. GST is 1 s and delta 100 ms unless it says otherwise.
#include "sim/net/synchrony.hpp"

#include "sim/net/network.hpp"
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

namespace {

constexpr Synchrony::Letter kLetter{7, 0, 1};

Synchrony account(Duration delta = 100ms) {
  return {at(1s), delta, ReplicaSet{3}};
}
/// When the first counts, of all that is known at the end.
Time first(Synchrony synchrony, Duration end = 100s, bool for_good = false) {
  synchrony.finish(at(end), for_good);
  return synchrony.first().when;
}

}  // namespace

TEST_CASE("a loss from GST on counts when the message was due, between honest nodes only") {
  Synchrony synchrony = account();
  synchrony.lost(kLetter, at(999ms), at(999ms));
  synchrony.lost({8, 0, 3}, at(2s), at(2s));
  synchrony.lost({8, 3, 0}, at(2s), at(2s));
  CHECK(first(synchrony) == kNever);
  synchrony.lost(kLetter, at(1s), at(1s));
  CHECK(synchrony.first().when == kNever);
  synchrony.settle(at(1100ms));
  CHECK(synchrony.first().when == kNever);  // it may still come
  synchrony.settle(at(1100ms) + 1ns);
  CHECK(synchrony.first().when == at(1100ms));
  CHECK(synchrony.first().letter == kLetter);
  synchrony.lost({9, 0, 1}, at(1001ms), at(5s));  // known late, and later than the first
  CHECK(synchrony.first().letter == kLetter);
  synchrony.lost({9, 0, 2}, at(1s), at(5s));  // as early: that of the lower number stands
  CHECK(synchrony.first().letter == kLetter);
}

TEST_CASE("the earliest counts, in whatever order they become known") {
  Synchrony synchrony = account();
  synchrony.lost({9, 0, 1}, at(3s), at(3s));
  synchrony.lost({8, 0, 1}, at(2500ms), at(3s));
  synchrony.lost({7, 0, 2}, at(2s), at(3s));
  CHECK(first(synchrony) == at(2100ms));
}

TEST_CASE("what is late counts when it was due; if sent before GST when it comes") {
  const auto comes = [](Duration sent, Duration coming) {
    Synchrony synchrony = account();
    synchrony.comes(kLetter, at(sent), at(coming), true, at(coming));
    return first(synchrony);
  };
  CHECK(comes(2s, 2100ms) == kNever);
  CHECK(comes(2s, 2100ms + 1ns) == at(2100ms));
  CHECK(comes(999ms, 1100ms) == kNever);
  CHECK(comes(999ms, 1100ms + 1ns) == at(1100ms) + 1ns);
}

TEST_CASE("without delta nothing is late, and a loss counts when the message was sent") {
  Synchrony synchrony = account(Duration::max());
  synchrony.comes(kLetter, at(2s), at(1000h), true, at(2s));
  CHECK(first(synchrony) == kNever);
  synchrony.lost(kLetter, at(2s), at(90s));
  CHECK(first(synchrony) == at(2s));
}

TEST_CASE("who is down when it is due misses nothing, whether that is known before or after") {
  // Down for good from each moment on, and back at each; it is due at 2.1 s.
  for (const bool known_before : {true, false}) {
    const auto loss = [&](std::optional<Duration> down, std::optional<Duration> up) {
      Synchrony synchrony = account();
      if (known_before) synchrony.lost(kLetter, at(2s), at(2s));
      if (down) synchrony.went_down(1, at(*down));
      if (up) synchrony.came_back(1, at(*up));
      if (!known_before) synchrony.lost(kLetter, at(2s), at(9s));
      return first(synchrony) != kNever;
    };
    CAPTURE(known_before);
    CHECK(loss({}, {}));
    CHECK_FALSE(loss(1s, {}));
    CHECK_FALSE(loss(2050ms, {}));
    CHECK_FALSE(loss(2100ms, {}));
    CHECK(loss(2101ms, {}));
    CHECK(loss(1s, 2099ms));
    CHECK_FALSE(loss(1s, 2100ms));
    CHECK_FALSE(loss(1s, 2101ms));
    CHECK(loss(2050ms, 2060ms));
  }
  Synchrony sender = account();
  sender.went_down(0, at(2050ms));  // what was sent is owed
  sender.lost(kLetter, at(2s), at(2s));
  CHECK(first(sender) == at(2100ms));
}

TEST_CASE("each of several that a node misses counts for itself") {
  Synchrony synchrony = account();
  synchrony.went_down(1, at(1500ms));
  for (int i = 0; i < 10; ++i)
    synchrony.lost({static_cast<std::uint64_t>(i), 0, 1}, at(2s + i * 10ms), at(2s + i * 10ms));
  synchrony.came_back(1, at(2135ms));
  CHECK(first(synchrony) == at(2140ms));
}

TEST_CASE("who turned faulty by the time it was due is owed nothing, and owes nothing") {
  for (const NodeId node : {0U, 1U}) {
    for (const bool known_before : {true, false}) {
      const auto loss = [&](Duration faulty) {
        Synchrony synchrony = account();
        if (known_before) synchrony.lost(kLetter, at(2s), at(2s));
        synchrony.turned_faulty(node, at(faulty));
        if (!known_before) synchrony.lost(kLetter, at(2s), at(9s));
        return first(synchrony) != kNever;
      };
      CHECK_FALSE(loss(1s));
      CHECK_FALSE(loss(2100ms));
      CHECK(loss(2101ms));
    }
  }
}

TEST_CASE("an equal one in time is enough, whether it came before or after the loss was known") {
  const auto loss = [](Duration copy, const Synchrony::Letter& of = kLetter, bool before = true) {
    Synchrony synchrony = account();
    if (before) synchrony.copy_comes(of, at(copy));
    synchrony.lost(kLetter, at(2s), at(2s));
    if (!before) synchrony.copy_comes(of, at(copy));
    return first(synchrony) != kNever;
  };
  for (const bool before : {true, false}) {
    CHECK_FALSE(loss(2050ms, kLetter, before));
    CHECK_FALSE(loss(2100ms, kLetter, before));
    CHECK(loss(2101ms, kLetter, before));
    CHECK(loss(2050ms, {8, 0, 1}, before));
    CHECK(loss(2050ms, {7, 2, 1}, before));
    CHECK(loss(2050ms, {7, 0, 2}, before));
  }
  Synchrony several = account();
  several.comes(kLetter, at(2s), at(9s), false, at(2s));
  several.comes(kLetter, at(2s), at(2050ms), false, at(2s));
  several.comes(kLetter, at(2s), at(5s), false, at(2s));
  several.lost(kLetter, at(2s), at(3s));
  CHECK(first(several) == kNever);
  Synchrony all_late = account();
  all_late.comes(kLetter, at(2s), at(9s), false, at(2s));
  all_late.comes(kLetter, at(2s), at(2101ms), false, at(2s));
  CHECK(first(all_late) == at(2100ms));
}

TEST_CASE("the end: what was not due yet is not missed, unless nothing is left to happen") {
  Synchrony synchrony = account();
  synchrony.lost(kLetter, at(2s), at(2s));
  CHECK(first(synchrony, 2099ms) == kNever);
  CHECK(first(synchrony, 2100ms) == at(2100ms));
  CHECK(first(synchrony, 2001ms, true) == at(2001ms));
  CHECK(first(synchrony, 9s, true) == at(2100ms));
}

TEST_CASE("losses count in memory until one of them is known to count") {
  const std::int64_t before = counted_bytes;
  Synchrony synchrony = account();
  for (int i = 0; i < 100; ++i) synchrony.lost({static_cast<std::uint64_t>(i), 0, 1}, at(2s + i * 1ms), at(2s));
  CHECK(counted_bytes - before == 100 * 64);
  synchrony.settle(at(2101ms));
  CHECK(counted_bytes == before);
  synchrony.lost(kLetter, at(3s), at(3s));
  CHECK(counted_bytes == before);
}

TEST_CASE("the network keeps the account: cut, lost, held and delayed, and neither queues nor copies") {
  NetworkSettings settings;
  settings.latency = LatencySpec::parse("10ms").value;
  settings.gst = 1s;
  settings.delta = 100ms;
  const auto trial = [&](auto&& act) {
    Network network(settings, 4, 0, 1, ReplicaSet{3});
    const auto send = [&](Duration now, Duration extra = {}, Parcel parcel = {.from = 0, .to = 1}) {
      network.route(parcel, at(now), extra, [](Time) {});
    };
    act(network, send);
    network.finish(at(100s), false);
    return network.synchrony().first().when;
  };
  const Cut drop{.groups = {{0, 2}, {1, 3}}};
  const Cut hold{.groups = {{0}, {1}}, .mode = PartitionMode::hold};
  CHECK(trial([&](auto& network, auto& send) { network.start_cut(drop), send(999ms); }) == kNever);
  CHECK(trial([&](auto& network, auto& send) { network.start_cut(drop), send(3s); }) == at(3100ms));
  CHECK(trial([&](auto&, auto& send) { send(3s, 90ms); }) == kNever);
  CHECK(trial([&](auto&, auto& send) { send(3s, 91ms); }) == at(3100ms));
  CHECK(trial([&](auto&, auto& send) { send(100ms, 990ms); }) == kNever);
  CHECK(trial([&](auto&, auto& send) { send(100ms, 991ms); }) == at(1101ms));
  CHECK(trial([&](auto&, auto& send) { send(3s, 91ms, {.from = 0, .to = 3}); }) == kNever);
  CHECK(trial([&](auto&, auto& send) { send(3s, 91ms, {.from = 0, .to = 1, .copy = true}); }) == kNever);
  CHECK(trial([&](auto&, auto& send) { send(3s, 91ms, {.from = 0, .to = 1, .altered = true}); }) == kNever);
  CHECK(trial([&](auto& network, auto& send) { network.start_cut(hold), send(4s); }) == at(4100ms));
  CHECK(trial([&](auto& network, auto& send) { network.start_cut(hold), send(99901ms); }) == kNever);
  const auto let_go = [&](Duration when) {
    return trial([&](auto& network, auto& send) {
      const CutId cut = network.start_cut(hold);
      send(4s);
      for (const HeldParcel& held : network.heal(cut)) network.release(held, at(when), [](Time) {});
    });
  };
  CHECK(let_go(4090ms) == kNever);
  CHECK(let_go(4091ms) == at(4100ms));
  settings.loss = 1;
  CHECK(trial([&](auto&, auto& send) { send(3s); }) == at(3100ms));
  settings.loss = 0;
  settings.bandwidth = BitRate{1000};
  CHECK(trial([&](auto&, auto& send) { send(3s, {}, {.from = 0, .to = 1, .bytes = 100'000}); }) == kNever);
  settings.bandwidth = {};
  settings.duplicate = 1;  // the second makes no first one in time that is not
  CHECK(trial([&](auto&, auto& send) { send(3s, 91ms); }) == at(3100ms));
}
