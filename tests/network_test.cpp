// Oracles: the definition at the top of network.hpp, worked by hand; queueing formulas; binomial standard errors.
#include "sim/net/network.hpp"

#include <cmath>

#include "sim/core/options.hpp"
#include "sim/net/regions.hpp"
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace std::chrono_literals;

namespace {

LatencySpec spec(const char* text) {
  return LatencySpec::parse(text).value;
}
NetworkSettings with(const char* latency) {
  NetworkSettings settings;
  settings.latency = spec(latency);
  return settings;
}
struct Sent {
  Fate fate;
  std::vector<Time> at;
};
Sent send(Network& network, NodeId from, NodeId to, Duration now, std::uint32_t bytes = 0, Duration extra = {}) {
  Sent sent;
  sent.fate = network.route({0, from, to, bytes}, at(now), extra, [&](Time t) { sent.at.push_back(t); });
  return sent;
}
Time first_missed(Network& network) {
  network.synchrony().settle(kNever);
  return network.synchrony().first().when;
}
Duration since_start(Time t) {
  return t - kStart;
}
Duration arrival(Network& network, NodeId from, NodeId to, Duration now, std::uint32_t bytes = 0, Duration extra = {}) {
  const Sent sent = send(network, from, to, now, bytes, extra);
  REQUIRE(sent.at.size() == 1);
  return since_start(sent.at[0]);
}

}  // namespace

TEST_CASE("the k-th message of a link takes the k-th draw of that link's stream, whatever else is sent") {
  const NetworkSettings settings = with("normal(50ms, 10ms)");
  const Latency latency(*settings.latency);
  Network network(settings, 4, 2, 9);
  CHECK(network.plain());
  for (std::uint64_t k = 0; k < 50; ++k) {
    for (std::uint64_t noise = 0; noise < k % 5; ++noise) network.arrival(1, 3, kStart);
    for (auto [from, to] : {std::pair{1U, 2U}, std::pair{2U, 1U}, std::pair{4U, 0U}, std::pair{0U, 5U}}) {
      const std::uint64_t link = (std::uint64_t{from} << 32) | to;
      const Duration expected = latency.sample(draw(stream_key(9, Purpose::latency, link), k));
      CHECK(network.arrival(from, to, at(1s)) == at(1s) + expected);
    }
  }
  Network other_seed(settings, 4, 2, 10);
  Network same_seed(settings, 4, 2, 9);
  CHECK(other_seed.arrival(0, 1, kStart) != same_seed.arrival(0, 1, kStart));
}

TEST_CASE("one by one, in a row, or by the general path: the same arrivals") {
  for (const char* text : {"10ms", "uniform(5ms, 15ms)", "normal(50ms, 10ms)", "lognormal(50ms, 0.4)",
                           "exponential(10ms) + 5ms", "empirical(10ms, 80ms)"}) {
    for (bool with_base : {false, true}) {
      NetworkSettings settings = with(text);
      settings.delta = 55ms;
      settings.gst = 20ms;
      if (with_base) settings.base = spec("uniform(1ms, 9ms)");
      Network single(settings, 70, 1, 3), row(settings, 70, 1, 3), general(settings, 70, 1, 3);
      std::vector<Time> out(70);
      for (int round = 0; round < 20; ++round) {
        for (NodeId from : {0U, 69U, 70U}) {
          row.arrivals(from, at(round * 2ms), out.data());
          for (NodeId to = 0; to < 70; ++to) {
            CHECK(out[to] == single.arrival(from, to, at(round * 2ms)));
            CHECK(out[to] == at(arrival(general, from, to, round * 2ms)));
          }
        }
      }
      CHECK(single.counters().clamped == row.counters().clamped);
      CHECK(single.counters().clamped == general.counters().clamped);
    }
  }
}

TEST_CASE("loss, duplication and reordering shift no latency draw, and keep to their fractions") {
  constexpr int count = 20'000;
  const NetworkSettings settings = with("lognormal(50ms, 0.4)");
  NetworkSettings rough = settings;
  rough.loss = 0.1;
  rough.duplicate = 0.2;
  rough.reorder = 0.3;
  rough.reorder_by = spec("1s");
  Network calm(settings, 4, 0, 5), wild(rough, 4, 0, 5);
  CHECK_FALSE(wild.plain());
  int lost = 0, doubled = 0, late = 0, arrived = 0;
  for (int i = 0; i < count; ++i) {
    const Duration plain = arrival(calm, 0, 1, 0ms);
    const Sent sent = send(wild, 0, 1, 0ms);
    if (sent.fate == Fate::lost) {
      CHECK(sent.at.empty());
      ++lost;
      continue;
    }
    ++arrived;
    doubled += sent.at.size() == 2;
    const Duration took = since_start(sent.at[0]);
    CHECK((took == plain || took == plain + 1s));
    late += took == plain + 1s;
    if (sent.at.size() == 2) CHECK(sent.at[1] != sent.at[0]);  // the copy has a draw of its own
  }
  const auto near = [](int found, int of, double p) {
    return std::abs(found - of * p) < 4 * std::sqrt(of * p * (1 - p));
  };
  CHECK(near(lost, count, 0.1));
  CHECK(near(doubled, arrived, 0.2));
  CHECK(near(late, arrived, 0.3));
  CHECK(wild.counters().lost == static_cast<std::uint64_t>(lost));
  CHECK(wild.counters().duplicated == static_cast<std::uint64_t>(doubled));
  CHECK(wild.counters().reordered == static_cast<std::uint64_t>(late));
  NetworkSettings dead = settings;
  dead.loss = 1;
  Network silent(dead, 4, 0, 5);
  for (int i = 0; i < 100; ++i) CHECK(send(silent, 0, 1, 0ms).fate == Fate::lost);
}

TEST_CASE("propagation is held to max(t, GST) + delta, and every cut is counted") {
  NetworkSettings settings = with("300ms");
  settings.gst = 1s;
  settings.delta = 200ms;
  Network network(settings, 4, 0, 1);
  CHECK(arrival(network, 0, 1, 0ms) == 300ms);  // before GST nothing is late
  CHECK(network.counters().clamped == 0);
  CHECK(arrival(network, 0, 1, 950ms) == 1200ms);  // GST + delta, rather than 1250
  CHECK(arrival(network, 0, 1, 2s) == 2200ms);
  CHECK(network.counters().clamped == 2);
  CHECK(first_missed(network) == kNever);
  // Over hops the sum is bounded, not each one.
  settings.latency = spec("80ms");
  settings.topology = TopologySpec::parse("ring").value;
  Network ring(settings, 8, 0, 1);
  CHECK(arrival(ring, 0, 2, 2s) == 2160ms);
  CHECK(arrival(ring, 0, 4, 2s) == 2200ms);
  CHECK(ring.counters().clamped == 1);
  CHECK(ring.counters().relayed == 4);
}

TEST_CASE("the base is drawn once a pair, the same both ways; the jitter each time") {
  NetworkSettings settings;
  settings.base = spec("uniform(10ms, 90ms)");
  CHECK(settings.jitter() == LatencySpec::constant(0ms));
  CHECK(NetworkSettings{}.jitter() == LatencySpec::constant(10ms));
  Network network(settings, 8, 1, 4);
  const Time first = network.arrival(2, 5, kStart);
  CHECK(network.arrival(2, 5, kStart) == first);
  CHECK(network.arrival(5, 2, kStart) == first);
  CHECK(network.base(2, 5) == since_start(first));
  CHECK(network.arrival(2, 6, kStart) != first);
  CHECK(network.arrival(2, 8, kStart) == network.arrival(8, 2, kStart));
  settings.client_latency = spec("3ms");
  Network apart(settings, 8, 1, 4);
  CHECK(apart.arrival(2, 8, kStart) == at(3ms));
  CHECK(apart.arrival(8, 2, kStart) == at(3ms));
  CHECK(apart.arrival(2, 5, kStart) == first);
}

TEST_CASE("regions: half the round trip, placed round robin or as told") {
  NetworkSettings settings;
  settings.regions = "mysticeti-6";
  Network network(settings, 7, 1, 1);
  CHECK(network.arrival(0, 1, kStart) == at(5'700us));
  CHECK(network.arrival(0, 6, kStart) == at(100us));     // both in us-east-1
  CHECK(network.arrival(7, 5, kStart) == at(73'200us));  // client 0 stands where replica 0 does
  settings.placement = {"eu-west-2", "eu-west-3"};
  settings.latency = spec("1ms");
  Network placed(settings, 4, 0, 1);
  CHECK(placed.arrival(0, 3, kStart) == at(4'700us));
  CHECK(placed.mean_delay(0, 3) == 4'700us);
  settings.placement = {"atlantis"};
  CHECK_THROWS_AS(Network(settings, 4, 0, 1), std::invalid_argument);
}

TEST_CASE("FIFO: no message of a link overtakes another, and links do not wait for each other") {
  NetworkSettings settings = with("uniform(1ms, 100ms)");
  settings.duplicate = 0.1;
  const auto inversions = [&](DeliveryOrder order) {
    settings.order = order;
    Network network(settings, 4, 1, 6);
    Time last = kStart;
    int count = 0;
    for (int i = 0; i < 1000; ++i) {
      for (Time t : send(network, 0, 1, i * 1ms).at) {
        count += t < last;
        last = std::max(last, t);
      }
    }
    return count;
  };
  CHECK(inversions(DeliveryOrder::fifo) == 0);
  CHECK(inversions(DeliveryOrder::independent) > 100);
  settings.order = DeliveryOrder::fifo;
  settings.latency = spec("10ms");
  settings.duplicate = 0;
  Network network(settings, 4, 0, 6);
  CHECK(arrival(network, 0, 1, 0ms, 0, 50ms) == 60ms);
  CHECK(arrival(network, 0, 1, 0ms) == 60ms);
  CHECK(arrival(network, 0, 2, 0ms) == 10ms);
  CHECK(arrival(network, 1, 0, 0ms) == 10ms);
}

TEST_CASE("transmission times are exact, rounded up") {
  CHECK(transmission_time(1000, BitRate{8'000'000}) == 1ms);
  CHECK(transmission_time(1, BitRate{3}) == 2'666'666'667ns);
  CHECK(transmission_time(1000, BitRate{}) == 0ns);
  CHECK(transmission_time(0, BitRate{1}) == 0ns);
  CHECK(transmission_time(4'294'967'295, BitRate{1'000'000'000}) == 34'359'738'360ns);
  CHECK(transmission_time(4'294'967'295, BitRate{7}) ==
        4'908'534'051'428'571'429ns);  // does not fit 64 bits on the way
}

TEST_CASE("bandwidth: the k-th of a burst leaves after k transmissions; propagation overlaps") {
  NetworkSettings settings = with("10ms");
  settings.bandwidth = BitRate{8'000'000};  // 1 byte/us
  Network links(settings, 4, 1, 1);
  for (int k = 1; k <= 5; ++k) CHECK(arrival(links, 0, 1, 0ms, 1000) == k * 1ms + 10ms);
  CHECK(arrival(links, 0, 2, 0ms, 1000) == 11ms);   // a queue for each link
  CHECK(arrival(links, 1, 0, 0ms, 1000) == 11ms);   // and each direction
  CHECK(arrival(links, 0, 1, 20ms, 1000) == 31ms);  // idle again

  settings.bandwidth = {};
  settings.uplink = BitRate{8'000'000};
  Network uplinks(settings, 4, 1, 1);
  for (NodeId to = 1; to <= 3; ++to) CHECK(arrival(uplinks, 0, to, 0ms, 1000) == to * 1ms + 10ms);
  CHECK(arrival(uplinks, 0, 4, 0ms, 1000) == 14ms);
  CHECK(arrival(uplinks, 4, 0, 0ms, 1000) == 11ms);

  settings.bandwidth = BitRate{4'000'000};  // in series: 1 ms on the uplink, then 2 ms on the link
  Network both(settings, 4, 0, 1);
  CHECK(arrival(both, 0, 1, 0ms, 1000) == 13ms);
  CHECK(arrival(both, 0, 1, 0ms, 1000) == 15ms);
  CHECK(arrival(both, 0, 2, 0ms, 1000) == 15ms);
}

TEST_CASE("delta bounds propagation, not queues, and a queue is not beyond the model") {
  NetworkSettings settings = with("10ms");
  settings.bandwidth = BitRate{8'000};  // 1 ms a byte
  settings.delta = 10ms;
  Network network(settings, 4, 0, 1);
  CHECK(arrival(network, 0, 1, 0ms, 100) == 110ms);
  CHECK(network.counters().clamped == 0);
  CHECK(first_missed(network) == kNever);
}

TEST_CASE("several hops: delays and transmissions accumulate, and a relay is not blocked by what has not reached it") {
  NetworkSettings settings = with("10ms");
  settings.topology = TopologySpec::parse("star").value;
  settings.bandwidth = BitRate{8'000'000};
  Network network(settings, 4, 1, 1);
  CHECK(network.path(1, 3) == std::vector<NodeId>{1, 0, 3});
  CHECK(arrival(network, 1, 3, 0ms, 1000) == 22ms);   // (1 + 10) twice; link 0-3 is busy from 11 to 12
  CHECK(arrival(network, 0, 3, 0ms, 1000) == 11ms);   // before that
  CHECK(arrival(network, 0, 3, 11ms, 1000) == 23ms);  // behind it
  CHECK(arrival(network, 4, 3, 0ms, 1000) == 11ms);   // clients are linked to every replica
  CHECK(network.mean_delay(1, 3) == 20ms);
}

TEST_CASE("cuts drop, hold and delay; held parcels come back in order with the draw they had") {
  NetworkSettings settings = with("uniform(10ms, 90ms)");
  Network network(settings, 4, 0, 2), undisturbed(settings, 4, 0, 2);
  const CutId drop = network.start_cut({.groups = {{0}, {1}}});
  CHECK_FALSE(network.plain());
  CHECK(send(network, 0, 1, 0ms).fate == Fate::cut);
  arrival(undisturbed, 0, 1, 0ms);
  CHECK(arrival(network, 0, 2, 0ms) == arrival(undisturbed, 0, 2, 0ms));
  CHECK(network.heal(drop).empty());
  CHECK(network.plain());
  CHECK(network.arrival(0, 1, kStart) == undisturbed.arrival(0, 1, kStart));

  const CutId hold = network.start_cut({.from = {0}, .to = {1, 2}, .mode = PartitionMode::hold});
  const CutId longer = network.start_cut({.from = {0}, .to = {2}, .mode = PartitionMode::hold});
  const CutId other = network.start_cut({.from = {2}, .to = {1}, .mode = PartitionMode::hold});
  CHECK(send(network, 2, 1, 5ms).fate == Fate::held);
  for (NodeId to : {1U, 2U, 1U}) CHECK(send(network, 0, to, 5ms).fate == Fate::held);
  const auto released = network.heal(hold);
  REQUIRE(released.size() == 3);
  std::vector<Duration> late;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(released[i].parcel.to == (i == 1 ? 2 : 1));
    CHECK(released[i].sent == at(5ms));
    const Fate fate = network.release(released[i], at(1s), [&](Time t) { late.push_back(since_start(t)); });
    CHECK(fate == (i == 1 ? Fate::held : Fate::deliver));
  }
  REQUIRE(late.size() == 2);
  CHECK(late[0] == since_start(undisturbed.arrival(0, 1, at(1s))));
  CHECK(late[1] == since_start(undisturbed.arrival(0, 1, at(1s))));
  CHECK(network.heal(longer).size() == 1);
  CHECK(network.heal(longer).empty());
  CHECK(network.heal(other).size() == 1);  // which neither of the others let go of
  CHECK(network.counters().held == 5);
  CHECK(network.counters().cut == 1);

  network.start_cut({.groups = {{0}, {3}}, .mode = PartitionMode::delay, .delay = spec("1s")});
  CHECK(arrival(network, 0, 3, 0ms) == since_start(undisturbed.arrival(0, 3, kStart)) + 1s);
  CHECK(arrival(network, 3, 0, 0ms, 0, 2s) == since_start(undisturbed.arrival(3, 0, kStart)) + 3s);
}

TEST_CASE("over several hops a cut acts on the links of the route") {
  NetworkSettings settings = with("10ms");
  settings.topology = TopologySpec::parse("star").value;
  Network network(settings, 4, 0, 2);
  network.start_cut({.groups = {{1, 2}, {0, 3}}});
  CHECK(send(network, 1, 2, 0ms).fate == Fate::cut);  // same group, but the only way leads through replica 0
  CHECK(send(network, 0, 3, 0ms).fate == Fate::deliver);
}

TEST_CASE("a message to oneself crosses no network") {
  NetworkSettings settings = with("uniform(10ms, 90ms)");
  settings.loss = 1;
  Network network(settings, 4, 0, 1);
  CHECK(arrival(network, 2, 2, 7ms, 1000, 1ms) == 8ms);
  Network plain(with("10ms"), 4, 0, 1);
  CHECK(plain.arrival(2, 2, at(7ms)) == at(7ms));
}

TEST_CASE("near the end of time arrivals saturate") {
  Network network(with("uniform(10ms, 90ms)"), 4, 0, 1);
  std::vector<Time> out(4);
  const Time late = kNever - 5ms;
  network.arrivals(0, late, out.data());
  CHECK(out[0] == late);
  CHECK(out[1] == kNever);
}

TEST_CASE("the section reads from a tree, and contradictions are explained where they stand") {
  const auto read = [](Node node) {
    Diagnostics errors;
    NetworkSettings settings;
    Setting<NetworkSettings>::read(node, settings, errors);
    return errors.render();
  };
  CHECK(read(Node::map()) == "");
  CHECK(read(Node::map().put("topology", Node::text("random-regular(4)")).put("regions", Node::text("aws-21"))) == "");
  CHECK(read(Node::map().put("regions", Node::text("aws-12"))).find("aws-21") != std::string::npos);
  CHECK(read(Node::map().put("regions", Node::text("aws-21")).put("base", Node::text("1ms"))).find("keep one") !=
        std::string::npos);
  Node places = Node::list();
  places.push(Node::text("us-east-9"));
  CHECK(read(Node::map().put("placement", places)).find("no table") != std::string::npos);
  CHECK(read(Node::map().put("regions", Node::text("aws-21")).put("placement", places)).find("us-east-1") !=
        std::string::npos);
  CHECK(read(Node::map().put("topology", Node::text("rign"))).find("'ring'") != std::string::npos);
}

TEST_CASE("a message that somebody kept leaves when it is let go: late by that alone, and in time if that was by GST") {
  NetworkSettings settings = with("30ms");
  settings.gst = 5s;
  settings.delta = 20ms;
  Network network(settings, 3, 0, 1);
  std::vector<Time> arrivals;
  const auto note = [&](Time t) { arrivals.push_back(t); };
  // Sent at 1 s, kept for 4 s: from GST on its way takes no longer than delta.
  CHECK(network.route({0, 0, 1, 0}, at(1s), at(5s), {}, note) == Fate::deliver);
  // Sent at 1 s, kept for 2 s, and held by a cut until 5 s: what was waited once is not waited again.
  const CutId cut = network.start_cut({.from = {0}, .to = {2}, .mode = PartitionMode::hold});
  CHECK(network.route({0, 0, 2, 0}, at(1s), at(3s), {}, note) == Fate::held);
  for (const HeldParcel& held : network.heal(cut)) network.release(held, at(5s), note);
  CHECK(arrivals == std::vector<Time>{at(5s + 20ms), at(5s + 20ms)});
  CHECK(first_missed(network) == kNever);
  // Let go after GST, it is later than max(1 s, GST) + delta.
  network.route({0, 0, 1, 0}, at(1s), at(5s + 1ms), {}, note);
  CHECK(first_missed(network) == at(5s + 21ms));  // when it comes
}
