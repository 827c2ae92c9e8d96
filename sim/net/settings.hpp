// What a scenario says about the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/options.hpp"
#include "sim/core/time.hpp"
#include "sim/net/latency.hpp"
#include "sim/net/topology.hpp"

namespace byzsim {

enum class DeliveryOrder { independent, fifo };
template <>
struct EnumNames<DeliveryOrder> {
  static constexpr EnumTable<DeliveryOrder, 2> table{{
      {"independent", DeliveryOrder::independent, "messages of one link may overtake each other"},
      {"fifo", DeliveryOrder::fifo, "messages of one link arrive in the order in which they were sent"},
  }};
};

struct NetworkSettings {
  std::optional<LatencySpec> latency;  ///< see `jitter()`
  std::optional<LatencySpec> base;
  std::optional<LatencySpec> client_latency;
  std::optional<std::string> regions;
  std::vector<std::string> placement;
  DeliveryOrder order = DeliveryOrder::independent;
  BitRate bandwidth;
  BitRate uplink;
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  LatencySpec reorder_by = LatencySpec::constant(std::chrono::milliseconds(10));
  TopologySpec topology;
  std::vector<std::vector<std::uint32_t>> edges;
  Duration gst{};
  std::optional<Duration> delta;

  /// What is drawn for each message: `latency`, or 10 ms, or nothing where there is a base and no `latency`.
  LatencySpec jitter() const {
    if (latency) return *latency;
    return LatencySpec::constant(std::chrono::milliseconds(base || regions ? 0 : 10));
  }

  static void describe(auto& row) {
    row("latency", &NetworkSettings::latency,
        "one-way delay of a message, drawn anew for each (message, receiver); 10ms unless given. With `base` or "
        "`regions` it is the jitter added to these, and none unless given");
    row("base", &NetworkSettings::base,
        "a delay drawn once for each pair of nodes and added to every message between them");
    row("client_latency", &NetworkSettings::client_latency,
        "one-way delay between a client and a replica, in place of all of the above");
    row("regions", &NetworkSettings::regions,
        "a table of delays between regions (aws-21, mysticeti-6), used as the base of each link",
        from_catalogue("regions"));
    row("placement", &NetworkSettings::placement,
        "the region of each replica in turn, repeated as needed; all regions round robin unless given. Clients stand "
        "in the regions of replicas 0, 1, ...");
    row("order", &NetworkSettings::order, "whether messages of one link may overtake each other");
    row("bandwidth", &NetworkSettings::bandwidth, "capacity of each link, with a queue of its own; unlimited if 0");
    row("uplink", &NetworkSettings::uplink,
        "capacity of each node's way out, one queue for all its links; unlimited if 0");
    row("loss", &NetworkSettings::loss, "fraction of messages lost", fraction());
    row("duplicate", &NetworkSettings::duplicate,
        "fraction of messages that arrive twice, the copy with a delay of its own", fraction());
    row("reorder", &NetworkSettings::reorder, "fraction of messages that are held back by `reorder_by`", fraction());
    row("reorder_by", &NetworkSettings::reorder_by, "how long a held-back message is late");
    row("topology", &NetworkSettings::topology,
        "full-mesh, star, ring, random-regular(DEGREE), clusters(COUNT) or edges; messages are routed along shortest "
        "paths");
    row("edges", &NetworkSettings::edges, "pairs of replicas, with `topology: edges`");
    row("gst", &NetworkSettings::gst, "global stabilisation time: from here on the network keeps to delta",
        at_least(std::chrono::nanoseconds(0)));
    row("delta", &NetworkSettings::delta,
        "a message sent at t propagates by max(t, gst) + delta, queues aside; unbounded unless given",
        at_least(std::chrono::nanoseconds(1)));
  }

  /// What needs no number of replicas to be wrong; for the rest see Topology::problem.
  void check(const Node& where, Diagnostics& errors) const;
};

}  // namespace byzsim
