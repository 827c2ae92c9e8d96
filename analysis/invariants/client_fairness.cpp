// Client fairness: no honest client waits longer, on average, than `judge.fairness` times the median honest client. A
// request that is still unanswered counts with what it has waited so far, so a censored client shows. The promise is
// broken when the client's mean passes that limit for good: what happens later excuses nothing. Judged only if
// `judge.fairness` is stated.
//
// When that was shows only at the end, when the median is known. So each client's waits are kept, of long runs several
// together: the date is then as coarse as a five-hundredth of the client's requests.
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
    if (request != nullptr)
      waits_[record.node].add({request->submitted, record.time, record.time - request->submitted});
  }

  void on_end(const Outcome& outcome) override {
    if (!bounds().fairness) return;
    books().requests.for_each_unanswered([&](NodeId client, const Asked& request) {
      waits_[client].end({request.submitted, outcome.end, outcome.end - request.submitted});
    });
    std::vector<double> means;
    for (const auto& [client, waits] : waits_) means.push_back(waits.mean());
    if (means.size() < 2) return;
    std::nth_element(means.begin(), means.begin() + static_cast<std::ptrdiff_t>((means.size() - 1) / 2), means.end());
    const double median = means[(means.size() - 1) / 2];
    const double limit = *bounds().fairness * median;
    for (const auto& [client, waits] : waits_) {
      if (waits.mean() <= limit) continue;
      Violation violation;
      violation.time = waits.passed(limit);
      violation.within = whole(limit);
      violation.message = fmt::format("client {} waited {} on average, the median client {}", client - manifest().n,
                                      human(whole(waits.mean())), human(whole(median)));
      report(std::move(violation));
    }
  }

 private:
  static Duration whole(double nanoseconds) { return Duration{static_cast<std::int64_t>(nanoseconds)}; }

  /// Requests of one client that were answered one after the other, taken together.
  struct Wait {
    Time from{};   // when the last of them was submitted
    Time until{};  // and answered
    Duration total{};
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
    /// One that is unanswered at the end.
    void end(const Wait& wait) {
      if (open_.count == 0) {
        open_ = wait;
      } else {
        join(open_, wait);
      }
    }
    double mean() const {
      Wait all = open_;
      for (const Wait& wait : waits_) join(all, wait);
      return static_cast<double>(all.total.count()) / static_cast<double>(all.count);
    }
    /// When the mean passed this limit for the last time; it lies above it now.
    Time passed(double limit) const {
      double excess = 0;  // of the waits so far, over what the limit allows for so many
      Time when{};
      const auto look = [&](const Wait& wait) {
        const double before = excess;
        excess += static_cast<double>(wait.total.count()) - limit * static_cast<double>(wait.count);
        if (excess <= 0 || before > 0) return;
        const Time passing =
            wait.until - std::min(whole(excess / static_cast<double>(wait.count)), wait.until - kStart);
        when = std::max(wait.from, passing);
      };
      for (const Wait& wait : waits_) look(wait);
      if (open_.count > 0) look(open_);
      return when;
    }

   private:
    static constexpr std::size_t kMost = 1024;
    static void join(Wait& one, const Wait& next) {
      one.from = std::max(one.from, next.from);
      one.until = std::max(one.until, next.until);
      one.total = sum_of(one.total, next.total);
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
    Wait open_{{}, {}, {}, 0};   // those without an answer
  };
  std::map<NodeId, Waits> waits_;
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "client-fairness",
                                                  "no honest client waits much longer than the median one",
                                                  liveness<ClientFairness>()};

}  // namespace
}  // namespace byzsim
