// Construction, the plain path, and what links look like. The general path is in network_route.cpp.
#include "sim/net/network.hpp"

#include <algorithm>
#include <stdexcept>

#include "sim/net/regions.hpp"

namespace byzsim {
namespace {

/// A probability as a bound on 64 uniform bits: exact for multiples of 2^-53; 1 is all ones, for always.
std::uint64_t threshold(double probability) {
  if (!(probability > 0)) return 0;
  if (probability >= 1) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(probability * 18446744073709551616.0);
}

constexpr Time kNoOverflow{Duration{std::int64_t{1} << 62}};  // a time to which any propagation delay can be added

}  // namespace

Network::Network(const NetworkSettings& settings, std::uint32_t n, std::uint32_t clients, std::uint64_t seed,
                 const ReplicaSet& faulty)
    : n_(n),
      clients_(clients),
      latency_(settings.jitter()),
      client_latency_(settings.client_latency.value_or(settings.jitter())),
      synchrony_(at(settings.gst), settings.delta.value_or(Duration::max()), faulty),
      seed_(seed),
      clients_apart_(settings.client_latency.has_value()),
      loss_(threshold(settings.loss)),
      duplicate_(threshold(settings.duplicate)),
      reorder_(threshold(settings.reorder)),
      loss_family_(stream_family(seed, Purpose::loss)),
      duplicate_family_(stream_family(seed, Purpose::duplication)),
      reorder_family_(stream_family(seed, Purpose::reordering)),
      cut_family_(stream_family(seed, Purpose::partition)),
      reorder_by_(settings.reorder_by),
      bandwidth_(settings.bandwidth),
      uplink_(settings.uplink),
      fifo_(settings.order == DeliveryOrder::fifo) {
  const std::size_t rows = std::size_t{n} + 2 * std::size_t{clients};
  ready_.assign(rows, 0);
  position_ = std::make_unique_for_overwrite<std::uint64_t[]>(rows * n);
  if (settings.base) drawn_base_.emplace(*settings.base);
  if (const RegionTable* table = settings.regions ? find_regions(*settings.regions) : nullptr) {
    regions_ = static_cast<std::uint32_t>(table->size());
    for (std::size_t a = 0; a < regions_; ++a) {
      for (std::size_t b = 0; b < regions_; ++b) region_base_.push_back(table->one_way(a, b).count());
    }
    for (const std::string& region : settings.placement) {
      const auto found = table->find(region);
      if (!found) throw std::invalid_argument(std::string(table->name) + " has no region " + region);
      place_.push_back(static_cast<std::uint32_t>(*found));
    }
    for (std::uint32_t region = 0; settings.placement.empty() && region < regions_; ++region) place_.push_back(region);
  } else if (settings.regions) {
    throw std::invalid_argument("there is no table of regions called " + *settings.regions);
  }
  if (drawn_base_ || regions_ > 0) base_ = std::make_unique_for_overwrite<std::int64_t[]>(rows * n);

  tables_kept_.set(bytes_of_tables(settings, n, clients));
  if (std::string problem = Topology::problem(settings.topology, n, settings.edges); !problem.empty()) {
    throw std::invalid_argument(problem);
  }
  if (settings.topology.kind != TopologyKind::full_mesh) {
    topology_.emplace(settings.topology, n, settings.edges, seed);
    routes_.resize(n);
    uplink_pipes_.resize(std::size_t{n} + clients);
  } else {
    if (bandwidth_.bits_per_second > 0) link_free_.assign(rows * n, kStart);
    if (uplink_.bits_per_second > 0) uplink_free_.assign(std::size_t{n} + clients, kStart);
  }
  if (fifo_) last_arrival_.assign(rows * n, kStart);
  quiet_plain_ = !topology_ && !fifo_ && loss_ == 0 && duplicate_ == 0 && reorder_ == 0 &&
                 bandwidth_.bits_per_second == 0 && uplink_.bits_per_second == 0;
  plain_ = quiet_plain_;
}

std::int64_t Network::base_between(NodeId from, NodeId to) const {
  const bool with_client = from >= n_ || to >= n_;
  if (with_client && clients_apart_) return 0;
  if (drawn_base_) {
    // Of the pair, not of the direction: a cable is as long one way as the other.
    const std::uint64_t pair = (std::uint64_t{std::min(from, to)} << 32) | std::max(from, to);
    return drawn_base_->sample(draw(stream_key(seed_, Purpose::link_base, pair), 0)).count();
  }
  if (regions_ == 0) return 0;
  const auto place = [&](NodeId id) { return place_[(id < n_ ? id : id - n_) % place_.size()]; };
  return region_base_[std::size_t{place(from)} * regions_ + place(to)];
}

void Network::prepare(std::size_t row) {
  const std::uint64_t family = stream_family(seed_, Purpose::latency);
  for (NodeId column = 0; column < n_; ++column) {
    const bool to_client = row >= std::size_t{n_} + clients_;
    const NodeId from = to_client ? column : static_cast<NodeId>(row);
    const NodeId to = to_client ? static_cast<NodeId>(row - clients_) : column;
    const std::size_t link = row * n_ + column;
    position_[link] = mix64(family + ((std::uint64_t{from} << 32) | to));
    if (base_) base_[link] = base_between(from, to);
  }
  ready_[row] = 1;
  tables_kept_.grow(std::uint64_t{n_} * (base_ ? 16 : 8));
}

std::uint64_t Network::bytes_of_tables(const NetworkSettings& settings, std::uint32_t n, std::uint32_t clients) {
  constexpr std::uint64_t kEdge = 80;  // in the graph and on the way there
  const std::uint64_t links = (std::uint64_t{n} + 2 * std::uint64_t{clients}) * n;
  std::uint64_t bytes = 0;
  if (settings.order == DeliveryOrder::fifo) bytes += 8 * links;
  if (settings.topology.kind == TopologyKind::full_mesh) {
    if (settings.bandwidth.bits_per_second > 0) bytes += 8 * links;
  } else {
    bytes += kEdge * Topology::most_links(settings.topology, n, settings.edges.size());
  }
  return bytes;
}

void Network::arrivals(NodeId from, Time now, Time* out) {
  DCHECK(plain_);
  DCHECK(from < n_ + clients_);
  if (now >= kNoOverflow) {
    for (NodeId to = 0; to < n_; ++to) out[to] = arrival(from, to, now);
    return;
  }
  const std::size_t row = from;
  if (!ready_[row]) prepare(row);
  const Latency& latency = latency_of(row);
  const Time latest = synchrony_.bound(now);
  std::uint64_t* position = position_.get() + row * n_;
  const std::int64_t* fixed = base_ ? base_.get() + row * n_ : nullptr;
  std::uint64_t clamped = 0;
  const auto fill = [&](auto&& delay) {
    const auto range = [&](NodeId to, NodeId end) {
      for (; to < end; ++to) {
        const Time at = now + Duration{delay(to)};
        clamped += at > latest ? 1 : 0;
        out[to] = std::min(at, latest);
      }
    };
    range(0, std::min(from, n_));
    range(from + 1, n_);
  };
  if (!latency.random()) {
    const std::int64_t same = latency.least().count();
    if (fixed == nullptr) {
      fill([=](NodeId) { return same; });
    } else {
      fill([=](NodeId to) { return same + fixed[to]; });
    }
  } else {
    latency.with([&](auto sampler) {
      const auto next = [=](NodeId to) { return sampler(mix64(position[to] += kWeyl)); };
      if (fixed == nullptr) {
        fill(next);
      } else {
        fill([=](NodeId to) { return next(to) + fixed[to]; });
      }
    });
  }
  counters_.clamped += clamped;
  if (from < n_) out[from] = now;
}

CutId Network::start_cut(const Cut& cut) {
  plain_ = false;
  return cuts_.start(cut);
}

std::vector<HeldParcel> Network::heal(CutId id) {
  std::vector<HeldParcel> released;
  if (!cuts_.heal(id)) return released;
  plain_ = quiet_plain_ && !cuts_.any();
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (waiting.cut != id) return false;
    released.push_back(waiting.held);
    return true;
  });
  waiting_kept_.set(kWaitingBytes * waiting_.size());
  return released;
}

Duration Network::base(NodeId from, NodeId to) {
  if (from == to) return Duration{};
  return Duration{base_between(from, to)};
}

Duration Network::mean_delay(NodeId from, NodeId to) {
  find_path(from, to);
  Duration sum{};
  for (std::size_t i = 0; i + 1 < path_.size(); ++i) {
    const bool client = path_[i] >= n_ || path_[i + 1] >= n_;
    sum = sum_of(sum, base(path_[i], path_[i + 1]) + (client ? client_latency_ : latency_).mean());
  }
  return sum;
}

}  // namespace byzsim
