// What a scenario says about the network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/options.hpp"
#include "sim/core/time.hpp"
#include "sim/net/latency.hpp"

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
  LatencySpec latency = LatencySpec::constant(std::chrono::milliseconds(10));
  std::optional<LatencySpec> base;
  std::optional<LatencySpec> client_latency;
  std::string regions;
  std::vector<std::string> placement;
  DeliveryOrder order = DeliveryOrder::independent;
  BitRate bandwidth;
  BitRate uplink;
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  LatencySpec reorder_by = LatencySpec::constant(std::chrono::milliseconds(10));
  std::string topology = "full-mesh";
  std::vector<std::vector<std::uint32_t>> edges;
  Duration gst{};
  std::optional<Duration> delta;

  static void describe(auto& row) {
    row("latency", &NetworkSettings::latency, "one-way delay of a message, drawn anew for each (message, receiver); with `base` or `regions`, the jitter added to it");
    row("base", &NetworkSettings::base, "a delay drawn once a link and added to every message on it");
    row("client_latency", &NetworkSettings::client_latency, "one-way delay between a client and a replica, if it differs");
    row("regions", &NetworkSettings::regions, "a table of delays between regions (aws-21, mysticeti-6), used as the base of each link");
    row("placement", &NetworkSettings::placement, "the region of each replica in turn, repeated as needed; all regions round robin unless given");
    row("order", &NetworkSettings::order, "whether messages of one link may overtake each other");
    row("bandwidth", &NetworkSettings::bandwidth, "capacity of each link, with a queue of its own; unlimited if 0");
    row("uplink", &NetworkSettings::uplink, "capacity of each node's way out, one queue for all its links; unlimited if 0");
    row("loss", &NetworkSettings::loss, "fraction of messages lost", fraction());
    row("duplicate", &NetworkSettings::duplicate, "fraction of messages that arrive twice, the copy with a delay of its own", fraction());
    row("reorder", &NetworkSettings::reorder, "fraction of messages that are held back by `reorder_by`", fraction());
    row("reorder_by", &NetworkSettings::reorder_by, "how long a held-back message is late");
    row("topology", &NetworkSettings::topology, "full-mesh, star, ring, random-regular(DEGREE), clusters(COUNT) or edges; messages are routed along shortest paths");
    row("edges", &NetworkSettings::edges, "pairs of nodes, with `topology: edges`");
    row("gst", &NetworkSettings::gst, "global stabilisation time: from here on the network keeps to delta", at_least(std::chrono::nanoseconds(0)));
    row("delta", &NetworkSettings::delta, "after GST a message takes at most so long to propagate; unbounded unless given", at_least(std::chrono::nanoseconds(1)));
  }
};

}  // namespace byzsim
