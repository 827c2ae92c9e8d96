// Invariant: one promise that a run must keep. One file each, in analysis/invariants/, that ends in one line:
//
//   const Registered<NoOptions, InvariantMaker> entry{"invariant", "agreement",
//       "no two honest replicas decide different values for one slot", safety<Agreement>()};
//
// An invariant listens to facts, which the shared tables raise when something does not fit, to raw records, or to both.
// It reports violations; the judge keeps them, classifies them and may end the run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/classify.hpp"
#include "analysis/fact.hpp"
#include "sim/core/options.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/trace/manifest.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

struct Books;

/// One broken promise. Of several reports of the same invariant about the same slot the first that nothing excuses is
/// told, with everybody's replicas.
struct Violation {
  std::string invariant;         ///< filled in by the judge
  std::vector<NodeId> replicas;  ///< those it is about, in increasing order; empty if nobody in particular
  Slot slot = kNoSlot;
  Time time{};
  Duration within{};                    ///< of a bound that was missed: what it allowed
  std::string message;                  ///< a sentence
  std::vector<std::uint64_t> messages;  ///< numbers of the offending signed messages
};

/// What invariants are told beside the records.
struct JudgeBounds {
  std::optional<Duration> answer_within;  ///< liveness: submitted or GST to accepted
  std::optional<double> fairness;         ///< a client's mean wait over the median client's
  std::optional<Duration> views_agree_within;
};

class Invariant : public Observer {
 public:
  /// What an invariant can see and do; the judge keeps it alive.
  struct Bench {
    const Manifest& manifest;
    const Books& books;
    JudgeBounds bounds;
  };
  class Docket {
   public:
    virtual ~Docket() = default;
    virtual void report(const Invariant& by, Violation violation) = 0;
    virtual void remark(const Invariant& by, const std::string& text) = 0;
  };

  explicit Invariant(const Bench& bench) : bench_(bench) {}

  RecordMask wants() const override { return 0; }
  void on_record(const Record&) override {}
  virtual FactMask heeds() const { return 0; }
  virtual void on_fact(const Fact&) {}
  /// The run is over: report what only its end shows.
  virtual void on_end(const Outcome&) {}
  /// For liveness invariants, after on_end and if they reported nothing: held, or unknown if the run was too short to
  /// say.
  virtual Liveness held() const { return Liveness::held; }

  void attach(Docket& docket) { docket_ = &docket; }

 protected:
  const Manifest& manifest() const { return bench_.manifest; }
  const Books& books() const { return bench_.books; }
  const JudgeBounds& bounds() const { return bench_.bounds; }
  void report(Violation violation) { docket_->report(*this, std::move(violation)); }
  /// Adds to the message of what it has reported.
  void remark(const std::string& text) { docket_->remark(*this, text); }
  /// A violation about what `fact` is about.
  void report(const Fact& fact, std::string message) {
    report({{}, fact.replicas, fact.slot, fact.time, {}, std::move(message), fact.messages});
  }

 private:
  const Bench& bench_;
  Docket* docket_ = nullptr;
};

/// What an invariant's catalogue entry carries.
struct InvariantMaker {
  Promise promise = Promise::safety;
  std::unique_ptr<Invariant> (*make)(const Invariant::Bench& bench) = nullptr;
};
template <class I, Promise promise>
InvariantMaker maker_of() {
  return {promise,
          [](const Invariant::Bench& bench) -> std::unique_ptr<Invariant> { return std::make_unique<I>(bench); }};
}
template <class I>
InvariantMaker safety() {
  return maker_of<I, Promise::safety>();
}
/// What each honest replica keeps by itself, whatever others do: no fault of theirs excuses it.
template <class I>
InvariantMaker conduct() {
  return maker_of<I, Promise::conduct>();
}
template <class I>
InvariantMaker liveness() {
  return maker_of<I, Promise::liveness>();
}

}  // namespace byzsim
