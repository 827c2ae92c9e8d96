// Client fairness: no honest client waits longer, on average, than `judge.fairness` times the median honest client. A
// request that is still unanswered at the end counts with what it has waited so far, so a censored client shows. Judged
// only if `judge.fairness` is stated.
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
    if (request != nullptr) add(record.node, record.time - request->submitted);
  }

  void on_end(const Outcome& outcome) override {
    if (!bounds().fairness) return;
    books().requests.for_each_unanswered(
        [&](NodeId client, const Asked& request) { add(client, outcome.end - request.submitted); });
    std::vector<std::int64_t> means;
    for (const auto& [client, wait] : waits_) means.push_back(wait.mean());
    if (means.size() < 2) return;
    std::sort(means.begin(), means.end());
    const std::int64_t median = means[(means.size() - 1) / 2];
    for (const auto& [client, wait] : waits_) {
      if (static_cast<double>(wait.mean()) <= *bounds().fairness * static_cast<double>(median)) continue;
      Violation violation;
      violation.time = outcome.end;
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
    std::int64_t mean() const { return total / count; }
  };
  void add(NodeId client, Duration took) {
    Wait& wait = waits_[client];
    wait.total += took.count();
    ++wait.count;
  }
  std::map<NodeId, Wait> waits_;
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "client-fairness",
                                                  "no honest client waits much longer than the median one",
                                                  liveness<ClientFairness>()};

}  // namespace
}  // namespace byzsim
