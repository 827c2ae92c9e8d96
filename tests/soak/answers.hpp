// Answers: when each request of each honest client was sent and answered, noted independently of the judge.
#pragma once

#include <map>
#include <utility>

#include "sim/trace/manifest.hpp"
#include "sim/trace/record.hpp"

namespace byzsim::soak {

class Answers final : public Observer {
 public:
  struct Request {
    Time sent{};
    Time answered = kNever;
  };

  explicit Answers(const Manifest& manifest) : manifest_(manifest) {}
  RecordMask wants() const override {
    return records(RecordKind::submitted, RecordKind::accepted, RecordKind::decided);
  }
  void on_record(const Record& record) override {
    if (record.kind == RecordKind::decided) {
      if (manifest_.honest(record.node)) highest_ = std::max(highest_, record.slot);
    } else if (manifest_.honest(record.node)) {
      Request& request = requests_[{record.node, record.id}];
      (record.kind == RecordKind::submitted ? request.sent : request.answered) = record.time;
    }
  }

  /// By client and number.
  const std::map<std::pair<NodeId, std::uint64_t>, Request>& requests() const { return requests_; }
  /// The highest slot that an honest replica decided.
  Slot highest() const { return highest_; }

 private:
  const Manifest& manifest_;
  std::map<std::pair<NodeId, std::uint64_t>, Request> requests_;
  Slot highest_ = 0;
};

}  // namespace byzsim::soak
