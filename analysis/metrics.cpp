#include "analysis/metrics.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/requests.hpp"
#include "sim/core/check.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostIntervals = 100'000;

std::int64_t rounded_mean(__int128 total, std::uint64_t count) {
  const __int128 half = static_cast<__int128>(count / 2);
  return static_cast<std::int64_t>((total + half) / static_cast<__int128>(count));
}

}  // namespace

std::size_t nearest_rank(std::size_t count, double percent) {
  CHECK(count > 0);
  // In millionths of a percent, so that 90% of 10 samples is the 9th and not, by a rounding error, the 10th.
  const auto millionths = static_cast<unsigned __int128>(std::llround(std::clamp(percent, 0.0, 100.0) * 1e6));
  const unsigned __int128 whole = 100'000'000;
  const auto rank = static_cast<std::size_t>((millionths * count + whole - 1) / whole);
  return std::max<std::size_t>(rank, 1) - 1;
}

LatencySummary summarize(std::vector<std::int64_t> samples) {
  LatencySummary summary;
  summary.count = samples.size();
  if (samples.empty()) return summary;
  __int128 total = 0;
  for (std::int64_t sample : samples) total += sample;
  summary.mean = rounded_mean(total, samples.size());
  // In rising order: each search leaves what is smaller behind it.
  auto begin = samples.begin();
  const auto percentile = [&](double percent) {
    const auto at = samples.begin() + static_cast<std::ptrdiff_t>(nearest_rank(samples.size(), percent));
    std::nth_element(begin, at, samples.end());
    begin = at;
    return *at;
  };
  summary.p50 = percentile(50);
  summary.p90 = percentile(90);
  summary.p99 = percentile(99);
  summary.max = *std::max_element(begin, samples.end());
  return summary;
}

void Metrics::on_accepted(const Asked& request, Time now) {
  const Duration took = now - request.submitted;
  last_accepted_ = now;
  if (now >= warmup_) ++figures_.measured;
  if (request.submitted >= warmup_) samples_.push_back(took.count());
  if (series_.count() <= 0) return;
  const auto index = static_cast<std::size_t>(nanoseconds(now) / series_.count());
  if (index >= kMostIntervals) return;
  if (index >= intervals_.size()) intervals_.resize(index + 1);
  ++intervals_[index].accepted;
  intervals_[index].total += took.count();
}

void Metrics::on_view(const Record& record) {
  figures_.highest_view = std::max(figures_.highest_view, record.view);
  if (record.view > 0) ++figures_.views_entered;
}

void Metrics::on_happened(const Record& record) {
  const std::uint64_t count = std::max<std::uint64_t>(record.count, 1);
  const auto found = figures_.happened.find(record.text);
  if (found != figures_.happened.end()) {
    found->second += count;
  } else {
    figures_.happened.emplace(record.text, count);
  }
}

Figures Metrics::finish(const Outcome& outcome) {
  Figures figures = std::move(figures_);
  figures.latency = summarize(std::move(samples_));
  // Once everything is answered a run goes on for as long as a stray message is under way, which no client feels.
  const Time end = outcome.reason == EndReason::answered ? last_accepted_ : outcome.end;
  figures.window = std::max(end - warmup_, Duration{});
  if (figures.window.count() > 0) {
    figures.throughput = static_cast<double>(figures.measured) * 1e9 / static_cast<double>(figures.window.count());
  }
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    const Interval& interval = intervals_[i];
    figures.series.push_back({at(series_ * static_cast<std::int64_t>(i)), interval.accepted,
                              interval.accepted == 0 ? 0 : rounded_mean(interval.total, interval.accepted)});
  }
  return figures;
}

}  // namespace byzsim
