// Client fairness: no honest client waits longer, on average, than `judge.fairness` times the median honest client. A
// request that is still unanswered counts with what it has waited so far, so a censored client shows; waiting counts
// from GST, where that is later than the submission. The promise is
// broken when the client's mean passes that limit for good: what happens later excuses nothing. Judged only if
// `judge.fairness` is stated.
//
// When that was shows only at the end, when the median is known. So each client's waits are kept, of long runs several
// together: the date is then as coarse as a five-hundredth of the client's answered requests.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <vector>

#include "analysis/books.hpp"
#include "analysis/human.hpp"
#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class ClientFairness final : public Invariant {
 public:
  using Invariant::Invariant;
  RecordMask wants() const override { return bounds().fairness ? records(RecordKind::accepted) : 0; }

  void on_record(const Record& record) override {
    const Asked* request = books().requests.just_answered();
    if (request == nullptr) return;
    const Time from = counted_from(*request, manifest().gst);
    waits_[record.node].add({from, record.time, length(from, record.time)});
  }

  void on_end(const Outcome& outcome) override {
    if (!bounds().fairness) return;
    books().requests.for_each_unanswered([&](NodeId client, const Asked& request) {
      waits_[client].leave_open(std::min(counted_from(request, manifest().gst), outcome.end));
    });
    std::vector<double> means;
    for (auto& [client, waits] : waits_) means.push_back(waits.mean(outcome.end));
    if (means.size() < 2) return;
    std::nth_element(means.begin(), means.begin() + static_cast<std::ptrdiff_t>((means.size() - 1) / 2), means.end());
    const double median = means[(means.size() - 1) / 2];
    const double limit = *bounds().fairness * median;
    for (const auto& [client, waits] : waits_) {
      const double mean = waits.mean(outcome.end);
      if (mean <= limit) continue;
      Violation violation;
      violation.time = waits.passed(limit, outcome.end);
      violation.within = whole(limit);
      violation.message = fmt::format("client {} waited {} on average, the median client {}", client - manifest().n,
                                      human(whole(mean)), human(whole(median)));
      report(std::move(violation));
    }
  }

 private:
  static Duration whole(double nanoseconds) {
    return Duration{static_cast<std::int64_t>(std::clamp(nanoseconds, 0.0, 9e18))};
  }
  static double length(Time from, Time until) {
    return until <= from ? 0 : static_cast<double>((until - from).count());
  }

  /// Requests of one client that were answered one after the other, taken together.
  struct Wait {
    Time from{};       // from when the last of them counts
    Time until{};      // until it was answered
    double total = 0;  // in nanoseconds
    std::int64_t count = 1;
  };
  class Waits {
   public:
    void add(const Wait& wait) {
      if (waits_.empty() || waits_.back().count == together_) {
        if (waits_.size() == kMost) halve();
        waits_.push_back(wait);
      } else {
        join(waits_.back(), wait);
      }
    }
    /// One that counts from then on and is unanswered at the end.
    void leave_open(Time from) { open_.insert(std::upper_bound(open_.begin(), open_.end(), from), from); }
    double mean(Time end) const {
      double total = 0;
      std::size_t count = open_.size();
      for (const Wait& wait : waits_) {
        total += wait.total;
        count += static_cast<std::size_t>(wait.count);
      }
      for (const Time from : open_) total += length(from, end);
      return total / static_cast<double>(count);
    }
    /// When the mean passed this limit for the last time; it lies above it at the end.
    Time passed(double limit, Time end) const {
      double excess = 0;  // of the waits so far, over what the limit allows for so many
      Time when{};
      for (const Wait& wait : waits_) {
        const double before = excess;
        excess += wait.total - limit * static_cast<double>(wait.count);
        if (excess <= 0 || before > 0) continue;
        when = std::max(wait.from, earlier(wait.until, excess / static_cast<double>(wait.count)));
      }
      // With k of them open it grows by k in each nanosecond; each allows for `limit` once it counts. Backwards from
      // the end.
      for (const Time from : open_) excess += length(from, end) - limit;
      Time until = end;
      for (std::size_t k = open_.size(); k > 0; --k) {
        const auto open = static_cast<double>(k);
        const double at_first = excess - open * length(open_[k - 1], until);
        if (at_first <= 0) return earlier(until, excess / open);
        excess = at_first + limit;
        until = std::min(until, open_[k - 1]);
      }
      return when;
    }

   private:
    static constexpr std::size_t kMost = 1024;
    static Time earlier(Time time, double by) { return time - std::min(whole(by), time - kStart); }
    static void join(Wait& one, const Wait& next) {
      one.from = std::max(one.from, next.from);
      one.until = std::max(one.until, next.until);
      one.total += next.total;
      one.count += next.count;
    }
    void halve() {
      for (std::size_t i = 0; i < kMost / 2; ++i) {
        waits_[i] = waits_[2 * i];
        join(waits_[i], waits_[2 * i + 1]);
      }
      waits_.resize(kMost / 2);
      together_ *= 2;
    }

    std::vector<Wait> waits_;
    std::int64_t together_ = 1;  // how many requests one of them stands for
    std::vector<Time> open_;     // from when those count that have no answer, in order
  };
  std::map<NodeId, Waits> waits_;
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "client-fairness",
                                                  "no honest client waits much longer than the median one",
                                                  liveness<ClientFairness>()};

}  // namespace
}  // namespace byzsim
