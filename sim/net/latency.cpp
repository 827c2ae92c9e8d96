#include "sim/net/latency.hpp"

#include <algorithm>

#include "sim/core/check.hpp"

namespace byzsim {

Latency::Latency(const LatencySpec& spec)
    : kind_(spec.kind), tables_(&Quantiles::tables()), shift_(spec.shift.count()) {
  CHECK(spec.first.count() >= 0 && spec.second.count() >= 0 && spec.shift.count() >= 0);
  CHECK(spec.first <= LatencySpec::kLongest && spec.second <= LatencySpec::kLongest);
  CHECK(spec.shift <= LatencySpec::kLongest && spec.sigma <= LatencySpec::kMostSigma);
  least_ = spec.first.count();
  switch (kind_) {
    case LatencyKind::constant:
      least_ += shift_;
      break;
    case LatencyKind::uniform:
      CHECK(spec.first <= spec.second);
      width_ = static_cast<std::uint64_t>((spec.second - spec.first).count()) + 1;
      least_ += shift_;
      break;
    case LatencyKind::normal:
      scale_ = spec.second.count();
      break;
    case LatencyKind::exponential:
      scale_ = spec.first.count();
      break;
    case LatencyKind::lognormal:
      scale_ = static_cast<std::int64_t>(static_cast<__int128>(Quantiles::kLog2OfE) * spec.sigma / 1'000'000);
      break;
    case LatencyKind::empirical: {
      CHECK(!spec.table.empty());
      auto sorted = spec.table;
      std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.delay < b.delay; });
      unsigned __int128 total = 0;
      for (const auto& [delay, weight] : sorted) total += weight;
      CHECK(total > 0);
      auto steps = std::make_shared<std::vector<Step>>();
      unsigned __int128 sum = 0;
      for (const auto& [delay, weight] : sorted) {
        sum += weight;
        if (weight == 0) continue;
        const auto up_to = static_cast<std::uint64_t>(((sum << 64) / total) - 1);
        steps->push_back({up_to, delay.count()});
      }
      equal_steps_ = std::all_of(sorted.begin(), sorted.end(),
                                 [&](const auto& entry) { return entry.weight == sorted[0].weight; });
      steps_ = std::move(steps);
      break;
    }
  }
  // What has no spread needs no draws.
  const bool spread = kind_ == LatencyKind::empirical   ? steps_->front().delay != steps_->back().delay
                      : kind_ == LatencyKind::uniform   ? width_ > 1
                      : kind_ == LatencyKind::lognormal ? scale_ > 0 && least_ > 0
                                                        : scale_ > 0;
  if (!spread && kind_ != LatencyKind::constant) {
    const Duration only = sample(std::uint64_t{1} << 63);
    kind_ = LatencyKind::constant;
    least_ = only.count();
  }
}

Duration Latency::mean() const {
  constexpr std::uint64_t points = 4096;
  constexpr std::uint64_t step = ~std::uint64_t{0} / points + 1;
  __int128 sum = 0;
  for (std::uint64_t i = 0; i < points; ++i) sum += sample(i * step + step / 2).count();
  return Duration{static_cast<std::int64_t>(sum / points)};
}

std::int64_t Latency::cut_product(unsigned __int128 product, int left) {
  // left is 1 to 21 and product is below 2^87, so nothing is shifted out.
  const auto longest = static_cast<unsigned __int128>(LatencySpec::kLongest.count());
  return static_cast<std::int64_t>(std::min(product << left, longest));
}

std::int64_t Latency::measured(std::uint64_t bits) const {
  const Step* first = steps_->data();
  if (equal_steps_) return first[scale_to(bits, steps_->size())].delay;
  // A binary search without branches to mispredict: the first step that reaches up to `bits`.
  for (std::size_t left = steps_->size(); left > 1;) {
    const std::size_t half = left / 2;
    first += first[half - 1].up_to < bits ? half : 0;
    left -= half;
  }
  return first->delay;
}

}  // namespace byzsim
