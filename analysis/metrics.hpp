// Metrics: the figures of a run, all in integers until they are printed.
//
// Latency runs from a client's first submission of a request to the reply it accepts, over requests submitted at or
// after the warm-up. A percentile is the nearest rank: p90 of N sorted samples is sample number ceil(0.90 N), counted
// from 1. Throughput is the number of requests accepted after the warm-up over the simulated time from there to the
// end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/time.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

struct Asked;
class Roster;

/// Percentile by nearest rank: the index, from 0, of the sample among `count` > 0 sorted ones; `percent` from 0 to 100.
std::size_t nearest_rank(std::size_t count, double percent);

/// Nanoseconds; meaningless if count is 0.
struct LatencySummary {
  std::uint64_t count = 0;
  std::int64_t mean = 0;  ///< rounded to the nearest nanosecond
  std::int64_t p50 = 0;
  std::int64_t p90 = 0;
  std::int64_t p99 = 0;
  std::int64_t max = 0;
};
LatencySummary summarize(std::vector<std::int64_t> samples);

/// One interval of the time series.
struct SeriesPoint {
  Time from{};
  std::uint64_t accepted = 0;
  std::int64_t latency_mean = 0;  ///< of the requests accepted in it
};

struct Figures {
  LatencySummary latency;
  std::uint64_t measured = 0;  ///< requests accepted after the warm-up
  Duration window{};           ///< from the warm-up to the end of the run
  double throughput = 0;       ///< measured per simulated second
  std::vector<SeriesPoint> series;
  View highest_view = 0;            ///< that an honest replica entered
  std::uint64_t views_entered = 0;  ///< beyond view 0, over all honest replicas
  std::map<std::string, std::uint64_t, std::less<>> happened;
};

class Metrics {
 public:
  /// `series` 0: no time series.
  Metrics(Duration warmup, Duration series) : warmup_(at(warmup)), series_(series) {}

  void on_accepted(const Asked& request, Time now);
  void on_view(const Record& record);
  /// Attack and mark records, by name.
  void on_happened(const Record& record);
  Figures finish(const Outcome& outcome);

 private:
  struct Interval {
    std::uint64_t accepted = 0;
    std::int64_t total = 0;
  };
  Time warmup_;
  Duration series_;
  std::vector<std::int64_t> samples_;
  std::vector<Interval> intervals_;
  Figures figures_;
  Time last_accepted_{};
};

}  // namespace byzsim
