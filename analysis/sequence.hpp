// Sequence: what went over the wire for one slot, for the text report.
//
//   if (auto focus = Sequence::focus(result)) {
//     World again(scenario, seed);              // the same run, to the last bit
//     Sequence sequence(again.manifest(), *focus);
//     again.observe(sequence);
//     again.run();
//     text_report(result, style, &sequence);
//   }
//
// Collected in a second run of the same seed, so that a run pays nothing for a story that nobody asks for. It keeps the
// messages that name the slot, and from its first message on also view changes, crashes and restarts. Bounded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis/nesting.hpp"
#include "analysis/result.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

struct SequenceFocus {
  Slot slot = kNoSlot;
  Time until = kNever;                   ///< nothing later is kept
  std::vector<std::uint64_t> offending;  ///< numbers of the messages to point out
};

class Sequence final : public Observer, private NestWalker {
 public:
  struct Line {
    std::string when;
    std::string who;
    std::string what;
    std::string note;
    bool offending = false;
  };
  struct Legend {
    std::string letter;
    Digest value{};
    std::string meaning;  ///< the requests in it
  };

  /// `manifest` must outlive the sequence.
  Sequence(const Manifest& manifest, SequenceFocus focus);
  /// The slot of the first violation of agreement, of safety otherwise, or else of the first proof against a culprit;
  /// nothing if neither names a slot.
  static std::optional<SequenceFocus> focus(const Result& result);

  RecordMask wants() const override;
  void on_record(const Record& record) override;

  const SequenceFocus& about() const { return focus_; }
  /// At most `most` lines, in order of time; `hidden` says how many more there are. Offending lines are always among
  /// them.
  std::vector<Line> lines(std::size_t most, std::size_t& hidden) const;
  /// The values that the lines call A, B, C.
  std::vector<Legend> legend() const;
  /// The letter of a value, "null", or its digest if no line names it.
  std::string letter(Digest value) const;

 private:
  struct Named {  // a message that the sequence is about
    std::string kind;
    NodeId signer = kNobody;
    Label label;
    bool offending = false;
    std::size_t last_event = 0;  // + 1; 0 if it was not sent yet
  };
  struct Event {
    Time time{};
    Time last{};  // of a merged group
    std::vector<NodeId> who;
    std::vector<NodeId> to;  // empty: all replicas
    std::uint64_t id = 0;    // 0 if it is no message
    std::string what;        // without a message, all there is to say
    Label label;
    Time arrives{kNever};
    Time arrives_last{};
    std::vector<NodeId> lost;
    std::string why_lost;
    bool offending = false;
  };

  void on_signed(const Record& record);
  void on_sent(const Record& record);
  void on_arrival(const Record& record);
  void on_other(const Record& record, std::string what);
  void name_value(Digest value);
  void on_batch(const Message& holder, Digest value, bool genuine) override;
  void on_nested(const Message&) override {}
  std::string node(NodeId id) const;
  std::string nodes(const std::vector<NodeId>& list) const;
  static bool same_said(const Event& a, const Event& b);
  std::vector<Event> merged() const;
  Line line(const Event& event) const;

  const Manifest& manifest_;
  SequenceFocus focus_;
  Digest null_value_;
  std::unordered_map<std::uint64_t, Named> messages_;  // never iterated
  std::vector<Event> events_;
  std::vector<Digest> values_;  // by letter
  std::map<Digest, std::string> meanings_;
  std::size_t overflow_ = 0;
};

}  // namespace byzsim
