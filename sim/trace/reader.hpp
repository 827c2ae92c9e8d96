// TraceReader: reads a trace and replays its records, messages included, to observers.
//
//   TraceReader reader(path);                                  // reads the header
//   const Recording recording = recording_of(scenario, seed);  // from the scenario in the header
//   TraceFacts facts = reader.replay(recording.kinds, *recording.notary, {&judge});
//
// What comes out is what the world emitted, or BadTrace is thrown with the line and the reason: every line must be well
// formed and in order, every message must read back exactly as written, every signature must be as good as its line
// says, and the rules of MessageLedger and LineCheck must hold. That makes a trace one of some run, not of the run that
// its header tells of: to know that, its lines are matched with those that a second run writes (see TraceMatcher).
//
// No input crashes it. Time is linear in the trace; memory grows with the messages that the trace holds, up to a bound.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/trace/header.hpp"
#include "sim/trace/ledger.hpp"
#include "sim/trace/line.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"
#include "sim/trace/source.hpp"

namespace byzsim {

class Notary;
struct MessageKind;

/// What reading a trace has shown so far.
struct TraceFacts {
  Outcome outcome;
  std::uint64_t lines = 0;                            ///< after the header
  std::uint64_t signatures = 0;                       ///< checked, those of nested messages included
  std::uint64_t forged = 0;                           ///< of these, not genuine
  std::array<std::uint64_t, kRecordKinds> records{};  ///< lines by kind
};

/// Lines are compared with those of a second run, and one differs.
class TraceMismatch : public BadTrace {
 public:
  TraceMismatch(std::uint64_t line, std::string_view recorded, std::string_view expected);
  std::string recorded;  ///< the line as the trace has it
};

/// A run that did not come to its own end: nobody can say why but whoever ran it.
struct CutShort {
  EndReason reason = EndReason::interrupted;
  std::uint64_t events = 0;
};

struct ReaderBounds {
  LineBounds line{};
  std::uint64_t memory = std::uint64_t{1} << 32;  ///< estimated bytes for what must be remembered of a trace
};

class TraceReader {
 public:
  /// Throws BadTrace if there is no such file or it does not begin like a trace, TraceError if it cannot be read.
  explicit TraceReader(const std::string& path, const ReaderBounds& bounds = {});
  explicit TraceReader(std::unique_ptr<ByteSource> bytes, const ReaderBounds& bounds = {});

  const TraceHeader& header() const { return header_; }

  /// Reads to the end. `kinds` are the message types by position in the header's manifest. Call once.
  TraceFacts replay(const std::vector<const MessageKind*>& kinds, const Notary& notary,
                    const std::vector<Observer*>& observers);

  /// The same line by line: begin() once, then next() or match() until the last line, then finish(). All arguments must
  /// outlive the reader.
  void begin(const std::vector<const MessageKind*>& kinds, const Notary& notary,
             const std::vector<Observer*>& observers);
  bool next();  ///< false if there is none
  /// The next line, from the header on, must be this one. Throws TraceMismatch before it looks into one that is not.
  void match(std::string_view expected);
  void finish() const;  ///< the line read last must have been the last of a trace

  /// Where and why the run was cut short by its user or his clock, if the trace says so within a few lines; nothing
  /// otherwise. After a TraceMismatch alone. The lines looked at are then read once more, the one that did not match
  /// first.
  std::optional<CutShort> cut_short(const TraceMismatch& mismatch);

  const TraceFacts& facts() const { return facts_; }
  /// Of the line read last, from 1 for the header.
  std::uint64_t line_number() const { return lines_.number(); }

 private:
  void accept(std::string_view text);
  void handle(std::string_view text);
  void remember(std::size_t bytes);
  void attach_message();
  void handle_end();
  std::size_t kind_number(const Json& message) const;

  ReaderBounds bounds_;
  std::int64_t counted_ = 0;  // what its own messages stand for, while it matches a run
  LineSource lines_;
  std::string first_;  // the header's line, until it has been matched
  TraceHeader header_;
  const Notary* notary_ = nullptr;
  const std::vector<const MessageKind*>* kinds_ = nullptr;
  std::vector<Observer*> observers_;
  std::unordered_map<std::string, std::size_t> kind_numbers_;
  std::unique_ptr<MessageLedger> ledger_;
  TraceLine line_;
  Ref<const Message> message_;  // of the current line
  Time last_{};
  bool ended_ = false;
  std::uint64_t remembered_ = 0;  // bytes, estimated
  TraceFacts facts_;
  std::string scratch_;
};

}  // namespace byzsim
