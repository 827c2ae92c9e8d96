// TraceReader: reads a trace and replays its records, messages included, to observers.
//
//   TraceReader reader(path);                                  // reads the header
//   const Recording recording = recording_of(scenario, seed);  // from the scenario in the header
//   TraceFacts facts = reader.replay(recording.kinds, *recording.notary, {&judge});
//
// What comes out is what the world emitted, or BadTrace is thrown with the line and the reason: every line must be well
// formed and in order, every message must read back exactly as written, every signature must be as good as its line
// says, and the rules of MessageLedger must hold. No input crashes it; memory grows with the messages that the trace
// holds.
#pragma once

#include <cstdint>
#include <memory>
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

/// What reading a whole trace has shown.
struct TraceFacts {
  Outcome outcome;
  std::uint64_t lines = 0;       ///< after the header
  std::uint64_t signatures = 0;  ///< checked, those of nested messages included
  std::uint64_t forged = 0;      ///< of these, not genuine
};

class TraceReader {
 public:
  /// Throws BadTrace if there is no such file or it does not begin like a trace, TraceError if it cannot be read.
  explicit TraceReader(const std::string& path);
  explicit TraceReader(std::unique_ptr<ByteSource> bytes, LineBounds bounds = {});

  const TraceHeader& header() const { return header_; }
  /// Reads to the end. `kinds` are the message types by position in the header's manifest. Call once.
  TraceFacts replay(const std::vector<const MessageKind*>& kinds, const Notary& notary,
                    const std::vector<Observer*>& observers);

 private:
  void handle(std::string_view text);
  void attach_message();
  void handle_end();
  std::size_t kind_number(const Json& message) const;

  LineSource lines_;
  TraceHeader header_;
  const Notary* notary_ = nullptr;
  const std::vector<const MessageKind*>* kinds_ = nullptr;
  std::unordered_map<std::string, std::size_t> kind_numbers_;
  std::unique_ptr<MessageLedger> ledger_;
  TraceLine line_;
  Ref<const Message> message_;  // of the current line
  Time last_{};
  bool ended_ = false;
  TraceFacts facts_;
  std::string scratch_;
};

}  // namespace byzsim
