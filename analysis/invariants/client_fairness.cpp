// Client fairness: no honest client waits longer, on average, than `judge.fairness` times the median honest client. A
// request that is still unanswered at the end counts with what it has waited so far, so a censored client shows. The
// promise is broken when the client's mean passes that limit for good: what happens later excuses nothing. Judged only if
// `judge.fairness` is stated.
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
    if (request != nullptr) add(record.node, record.time - request->submitted).last = record.time;
  }

  void on_end(const Outcome& outcome) override {
    if (!bounds().fairness) return;
    books().requests.for_each_unanswered([&](NodeId client, const Asked& request) {
      Wait& wait = add(client, outcome.end - request.submitted);
      wait.last = std::max(wait.last, request.submitted);
      ++wait.unanswered;
    });
    std::vector<std::int64_t> means;
    for (const auto& [client, wait] : waits_) means.push_back(wait.mean());
    if (means.size() < 2) return;
    std::sort(means.begin(), means.end());
    const std::int64_t median = means[(means.size() - 1) / 2];
    for (const auto& [client, wait] : waits_) {
      if (static_cast<double>(wait.mean()) <= *bounds().fairness * static_cast<double>(median)) continue;
      Violation violation;
      violation.time = passed(wait, *bounds().fairness * static_cast<double>(median), outcome.end);
      violation.message = fmt::format("client {} waited {} on average, the median client {}", client - manifest().n,
                                      human(Duration(wait.mean())), human(Duration(median)));
      report(std::move(violation));
      return;
    }
  }

 private:
  struct Wait {
    std::int64_t total = 0;
    std::int64_t count = 0;
    std::int64_t unanswered = 0;
    Time last{};  // from then on its total grows with nothing but the unanswered ones' waiting
    std::int64_t mean() const { return total / count; }
  };
  Wait& add(NodeId client, Duration took) {
    Wait& wait = waits_[client];
    wait.total += took.count();
    ++wait.count;
    return wait;
  }
  // When a mean that lies above `limit` at the end came to lie there.
  static Time passed(const Wait& wait, double limit, Time end) {
    if (wait.unanswered == 0) return wait.last;
    const double excess = static_cast<double>(wait.total) - limit * static_cast<double>(wait.count);
    const Duration since{static_cast<std::int64_t>(excess / static_cast<double>(wait.unanswered))};
    return std::max(wait.last, end - std::min(since, end - kStart));
  }
  std::map<NodeId, Wait> waits_;
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "client-fairness",
                                                  "no honest client waits much longer than the median one",
                                                  liveness<ClientFairness>()};

}  // namespace
}  // namespace byzsim
