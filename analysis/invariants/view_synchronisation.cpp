// View synchronisation: after GST, honest replicas are not in different views for longer than `judge.view_sync_within`.
// Replicas that are down do not count. Judged only if that bound is stated.
#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "analysis/books.hpp"
#include "analysis/human.hpp"
#include "analysis/invariant.hpp"

namespace byzsim {
namespace {

class ViewSynchronisation final : public Invariant {
 public:
  explicit ViewSynchronisation(const Bench& bench) : Invariant(bench) {
    if (bounds().views_agree_within) replicas_.resize(manifest().n);
  }
  RecordMask wants() const override {
    if (!bounds().views_agree_within) return 0;
    return records(RecordKind::view, RecordKind::crashed, RecordKind::restarted);
  }

  void on_record(const Record& record) override {
    if (record.node >= replicas_.size()) return;
    close_gap(record.time);
    Replica& replica = replicas_[record.node];
    if (record.kind == RecordKind::view) replica.view = record.view;
    if (record.kind == RecordKind::crashed) replica.down = true;
    if (record.kind == RecordKind::restarted) replica.down = false;
    look(record.time);
    if (record.kind != RecordKind::restarted || !apart_) return;
    // Whoever was down is no excuse any more: the time begins once more, and what was told is told anew.
    apart_since_ = std::max(apart_since_, record.time);
    reported_ = false;
  }
  void on_end(const Outcome& outcome) override {
    if (bounds().views_agree_within) close_gap(outcome.end);
  }

 private:
  struct Replica {
    View view = 0;
    bool down = false;
  };

  // The views have differed since apart_since_, until now at least.
  void close_gap(Time now) {
    if (!apart_ || reported_) return;  // once a gap
    const Time from = std::max(apart_since_, manifest().gst);
    if (now <= later(from, *bounds().views_agree_within)) return;
    Violation violation;
    violation.time = later(from, *bounds().views_agree_within);
    violation.within = *bounds().views_agree_within;
    violation.replicas = behind_;
    violation.message = fmt::format("honest replicas were in different views, {} to {}, for more than {}", lowest_,
                                    highest_, human(*bounds().views_agree_within));
    report(std::move(violation));
    reported_ = true;
  }
  void look(Time now) {
    lowest_ = kNoView;
    highest_ = 0;
    for (NodeId id = 0; id < replicas_.size(); ++id) {
      if (replicas_[id].down || !books().roster.honest(id)) continue;
      lowest_ = std::min(lowest_, replicas_[id].view);
      highest_ = std::max(highest_, replicas_[id].view);
    }
    const bool apart = lowest_ < highest_;
    if (apart && !apart_) {
      apart_since_ = now;
      reported_ = false;
    }
    apart_ = apart;
    behind_.clear();
    for (NodeId id = 0; id < replicas_.size() && apart; ++id) {
      if (!replicas_[id].down && books().roster.honest(id) && replicas_[id].view < highest_) behind_.push_back(id);
    }
  }

  std::vector<Replica> replicas_;
  bool apart_ = false;
  bool reported_ = false;
  Time apart_since_{};
  View lowest_ = 0;
  View highest_ = 0;
  std::vector<NodeId> behind_;
};

const Registered<NoOptions, InvariantMaker> entry{"invariant", "view-synchronisation",
                                                  "after GST honest replicas come together in one view in time",
                                                  liveness<ViewSynchronisation>()};

}  // namespace
}  // namespace byzsim
