// Bounded liveness: every request of an honest client is answered within the bound, counted from its submission or from
// GST, whichever is later. Without a bound: every request is answered before nothing is left to happen.
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
         fmt::format("was answered only after {}", human(record.time - counted_from(*request))));
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
    if (late_ == 0) return;
    if (late_ > 1) first_.message += fmt::format(", nor were {} others in time", late_ - 1);
    report(std::move(first_));
  }

  Liveness held() const override { return unknown_ ? Liveness::unknown : Liveness::held; }

 private:
  Time counted_from(const Asked& request) const { return std::max(request.submitted, manifest().gst); }
  Time deadline(const Asked& request) const { return later(counted_from(request), *bounds().answer_within); }
  void late(NodeId client, const Asked& request, Time when, const std::string& what) {
    ++late_;
    if (late_ > 1 && when >= first_.time) return;
    first_.time = when;
    first_.message = fmt::format("request {} of client {}, sent at {}, {}", request.number, client - manifest().n,
                                 human(request.submitted - kStart), what);
  }

  std::uint64_t late_ = 0;
  Violation first_;
  bool unknown_ = false;
};

const Registered<NoOptions, InvariantMaker> entry{
    "invariant", "bounded-liveness", "every request of an honest client is answered, within the bound if one is stated",
    liveness<BoundedLiveness>()};

}  // namespace
}  // namespace byzsim
