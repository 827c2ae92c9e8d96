// Bounded liveness: every request of an honest client is answered within the bound, counted from its submission or from
// GST, whichever is later. Without a bound: every request is answered before nothing is left to happen.
//
// One violation is reported: of the first request that nothing excuses, or of the first of all if everything is
// excused.
//
// Held, violated or unknown. Unknown: some request is unanswered, but its time is not up (or no time was stated) and
// more might have happened.
#include <fmt/core.h>

#include <algorithm>

#include "analysis/books.hpp"
#include "analysis/human.hpp"
#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class BoundedLiveness final : public Invariant {
 public:
  using Invariant::Invariant;
  RecordMask wants() const override { return bounds().answer_within ? records(RecordKind::accepted) : 0; }

  void on_record(const Record& record) override {
    const Asked* request = books().requests.just_answered();
    if (request == nullptr || record.time <= deadline(*request)) return;
    late(record.node, *request, deadline(*request),
         fmt::format("was answered only after {}", human(record.time - counted_from(*request, manifest().gst))));
  }

  void on_end(const Outcome& outcome) override {
    books().requests.for_each_unanswered([&](NodeId client, const Asked& request) {
      if (outcome.reason == EndReason::quiet) {
        late(client, request, outcome.end, "was never answered, and nothing was left to happen");
      } else if (bounds().answer_within && outcome.end > deadline(request)) {
        late(client, request, deadline(request),
             fmt::format("was not answered within {}", human(*bounds().answer_within)));
      } else {
        unknown_ = true;
      }
    });
    if (late_ == 2) remark(", nor was one other in time");
    if (late_ > 2) remark(fmt::format(", nor were {} others in time", late_ - 1));
  }

  Liveness held() const override { return unknown_ ? Liveness::unknown : Liveness::held; }

 private:
  Time deadline(const Asked& request) const {
    return later(counted_from(request, manifest().gst), *bounds().answer_within);
  }
  // All are told, for one that nothing excuses outweighs the first; the judge makes one of them.
  void late(NodeId client, const Asked& request, Time due, const std::string& how) {
    ++late_;
    Violation violation;
    violation.time = due;
    violation.within = bounds().answer_within.value_or(Duration{});
    violation.message = fmt::format("request {} of client {}, sent at {}, {}", request.number, client - manifest().n,
                                    human(request.submitted - kStart), how);
    report(std::move(violation));
  }

  std::uint64_t late_ = 0;
  bool unknown_ = false;
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "bounded-liveness", "every request of an honest client is answered, within the bound if one is stated",
    liveness<BoundedLiveness>()};

}  // namespace
}  // namespace byzsim
