#include "sim/trace/reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/core/check.hpp"
#include "sim/core/limits.hpp"
#include "sim/replica/notary.hpp"
#include "sim/trace/line_check.hpp"

namespace byzsim {

namespace {

// Longer than any line that no message makes long.
constexpr std::size_t kShortLine = std::size_t{1} << 16;
// What a run still says after it was cut short: that a message came too late, what the adversary has left to say.
constexpr std::size_t kMostLastLines = 1000;

// What the reader keeps is not what the run beside it may use: the run must reach its bounds where it did before.
class Aside {
 public:
  explicit Aside(std::int64_t& own) : own_(own), limits_(std::exchange(current_limits, nullptr)) { swap(); }
  ~Aside() {
    swap();
    current_limits = limits_;
  }

 private:
  void swap() { std::swap(counted_bytes, own_); }
  std::int64_t& own_;
  Limits* limits_;
};

// A piece of a line around the place where two lines begin to differ.
std::string piece(std::string_view line, std::size_t differ) {
  constexpr std::size_t kBefore = 60;
  constexpr std::size_t kAfter = 60;
  if (line.empty()) return "(no further line)";
  const std::size_t begin = differ > kBefore ? differ - kBefore : 0;
  std::string text(line.substr(begin, kBefore + kAfter));
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return fmt::format("{}{}{}", begin > 0 ? "..." : "", text, begin + text.size() < line.size() ? "..." : "");
}

std::string told_apart(std::uint64_t number, std::string_view recorded, std::string_view expected) {
  std::size_t differ = 0;
  while (differ < recorded.size() && differ < expected.size() && recorded[differ] == expected[differ]) ++differ;
  return fmt::format("line {}: its scenario, run again, writes another line here\n  trace {}\n  run   {}", number,
                     piece(recorded, differ), piece(expected, differ));
}

}  // namespace

TraceMismatch::TraceMismatch(std::uint64_t line, std::string_view recorded_line, std::string_view expected)
    : BadTrace(told_apart(line, recorded_line, expected)), recorded(recorded_line) {}

TraceReader::TraceReader(const std::string& path, const ReaderBounds& bounds) : TraceReader(open_file(path), bounds) {}

TraceReader::TraceReader(std::unique_ptr<ByteSource> bytes, const ReaderBounds& bounds)
    : bounds_(bounds), lines_(std::move(bytes), bounds.line) {
  std::string_view first;
  if (!lines_.next(first)) throw BadTrace("the file is empty");
  first_ = first;
  header_ = parse_header(first);
}

TraceFacts TraceReader::replay(const std::vector<const MessageKind*>& kinds, const Notary& notary,
                               const std::vector<Observer*>& observers) {
  begin(kinds, notary, observers);
  while (next()) {
  }
  finish();
  return facts_;
}

void TraceReader::begin(const std::vector<const MessageKind*>& kinds, const Notary& notary,
                        const std::vector<Observer*>& observers) {
  CHECK(ledger_ == nullptr);
  ledger_ = std::make_unique<MessageLedger>(kinds.size());
  kinds_ = &kinds;
  notary_ = &notary;
  observers_ = observers;
  if (kinds.size() != header_.manifest.kinds.size()) {
    throw BadTrace("line 1: the header lists other message kinds than the protocol has");
  }
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    if (kinds[k]->traits.name != header_.manifest.kinds[k].name) {
      throw BadTrace(fmt::format("line 1: the header lists the message kind '{}' where the protocol has '{}'",
                                 header_.manifest.kinds[k].name, kinds[k]->traits.name));
    }
    kind_numbers_.emplace(kinds[k]->traits.name, k);
  }
}

bool TraceReader::next() {
  std::string_view text;
  if (!lines_.next(text)) return false;
  accept(text);
  return true;
}

void TraceReader::match(std::string_view expected) {
  if (!first_.empty()) {
    if (first_ != expected) throw TraceMismatch(1, first_, expected);
    first_ = {};
    return;
  }
  std::string_view text;
  if (!lines_.next(text, std::max(expected.size(), kShortLine))) {
    finish();
    throw TraceMismatch(lines_.number() + 1, {}, expected);
  }
  if (text != expected) throw TraceMismatch(lines_.number(), text, expected);
  const Aside aside(counted_);
  accept(text);
}

void TraceReader::finish() const {
  if (!ended_)
    throw BadTrace(fmt::format("the trace stops after line {} without an 'end' line: it was cut off", lines_.number()));
}

std::optional<CutShort> TraceReader::cut_short(const TraceMismatch& mismatch) {
  if (mismatch.recorded.size() > kShortLine || !first_.empty()) return std::nullopt;
  std::deque<std::string> rest{mismatch.recorded};
  std::optional<CutShort> cut;
  try {
    std::string_view text;
    while (rest.size() <= kMostLastLines && lines_.next(text, kShortLine) && text.size() <= kShortLine) {
      rest.emplace_back(text);
    }
    parse_line(rest.back(), line_);
    const auto reason = parse_end_reason(line_.record.text);
    if (line_.record.kind == RecordKind::end && (reason == EndReason::wall_clock || reason == EndReason::interrupted)) {
      cut = CutShort{*reason, line_.record.count};
    }
  } catch (const BadTrace&) {
    return std::nullopt;
  }
  if (cut) lines_.put_back(std::move(rest));
  return cut;
}

void TraceReader::accept(std::string_view text) {
  try {
    handle(text);
  } catch (const TraceBound& bound) {
    throw TraceBound(fmt::format("line {}: {}", lines_.number(), bound.what()));
  } catch (const BadTrace& error) {
    throw BadTrace(fmt::format("line {}: {}", lines_.number(), error.what()));
  } catch (const FieldError& error) {
    throw BadTrace(fmt::format("line {}: in its message: {}", lines_.number(), error.what()));
  }
  const Record& record = line_.record;
  ++facts_.records[static_cast<std::size_t>(record.kind)];
  for (Observer* observer : observers_) {
    if ((observer->wants() & records(record.kind)) != 0) observer->on_record(record);
  }
}

void TraceReader::remember(std::size_t bytes) {
  remembered_ += bytes;
  if (remembered_ > bounds_.memory) {
    throw TraceBound(fmt::format("what must be remembered of the trace takes more than {} bytes", bounds_.memory));
  }
}

void TraceReader::handle(std::string_view text) {
  if (ended_) throw BadTrace("nothing may follow the 'end' line");
  parse_line(text, line_);
  if (line_.i != facts_.lines) {
    throw BadTrace(
        fmt::format("event {} is needed here, not {}: lines are missing or out of order", facts_.lines, line_.i));
  }
  ++facts_.lines;
  Record& record = line_.record;
  if (record.time < last_) {
    throw BadTrace(fmt::format("time runs backwards, from {} to {} ns", nanoseconds(last_), nanoseconds(record.time)));
  }
  last_ = record.time;
  check_names(line_, header_.manifest);
  // A message takes about twice as much as its text; of most other lines, somebody keeps a few numbers or the text.
  remember(2 * line_.message.size() + record.text.size() + 16);
  attach_message();
  ledger_->check(record);
  if (record.kind == RecordKind::end) handle_end();
}

std::size_t TraceReader::kind_number(const Json& message) const {
  const Json* name = member_of(message, "kind");
  if (name == nullptr || !name->is_string()) throw BadTrace("a message needs a 'kind'");
  const auto found = kind_numbers_.find(name->get_ref<const std::string&>());
  if (found == kind_numbers_.end()) {
    throw BadTrace(fmt::format("the protocol has no message of this kind: {:.60}",
                               name->dump(-1, ' ', true, Json::error_handler_t::replace)));
  }
  return found->second;
}

void TraceReader::attach_message() {
  Record& record = line_.record;
  if (line_.message_id) {
    message_ = ledger_->find(*line_.message_id);
    if (line_.relayed_by) message_ = Draft::relay(*message_, *line_.relayed_by);
  } else if (!line_.message.empty()) {
    const Json json = Json::parse(line_.message, nullptr, false);
    if (json.is_discarded()) throw BadTrace("the message is not JSON");
    const std::size_t kind = kind_number(json);
    const Ref<Message> message = Draft::read(*(*kinds_)[kind], json);
    if (line_.relayed_by) Draft::set_from(*message, *line_.relayed_by);
    message_ = Ref<const Message>(message);
    check_signers(*message_, header_.manifest);

    // Whatever the text says must be in the message: no field unknown, none of another type, no name twice.
    scratch_.clear();
    write_json(*message_, *notary_, scratch_);
    if (scratch_ != line_.message && Json::parse(scratch_) != json) {
      throw BadTrace(fmt::format("the '{}' message holds something that its kind does not", message_->name()));
    }
    const bool genuine = notary_->verify(*message_);
    ++facts_.signatures;
    facts_.forged += genuine ? 0 : 1;
    for_each_nested(*message_, [&](const Message& nested) {
      ++facts_.signatures;
      facts_.forged += notary_->verify(nested) ? 0 : 1;
    });
    if (genuine != line_.genuine) {
      throw BadTrace(fmt::format("the signature of node {} on message {} is {}genuine, unlike the line says",
                                 message_->signer(), message_->id(), genuine ? "" : "not "));
    }
    if (record.kind == RecordKind::signed_ && !genuine) {
      throw BadTrace(fmt::format("node {} cannot have signed message {}: the signature does not fit", record.node,
                                 message_->id()));
    }
    ledger_->add(message_, kind, genuine);
  } else {
    if (record.kind == RecordKind::signed_) throw BadTrace("a 'signed' line needs its message in full");
    return;
  }
  if (record.kind == RecordKind::signed_ && line_.message.empty())
    throw BadTrace("a 'signed' line needs its message in full");
  record.message = message_.get();
  if (record.kind == RecordKind::signed_ || record.kind == RecordKind::witnessed) {
    if (!line_.has_id) record.id = message_->id();
  }
  if (record.kind == RecordKind::signed_) {
    if (!line_.has_view) record.view = message_->label().view;
    if (!line_.has_slot) record.slot = message_->label().slot;
    if (!line_.has_value) record.value = message_->label().value;
  }
}

void TraceReader::handle_end() {
  const Record& record = line_.record;
  Outcome& outcome = facts_.outcome;
  const auto reason = parse_end_reason(record.text);
  if (!reason) throw BadTrace("the 'end' line gives no known reason");
  outcome.reason = *reason;
  outcome.end = record.time;
  outcome.events = record.count;
  outcome.fingerprint = record.extra.bits;
  const Json network = Json::parse(line_.network, nullptr, false);
  NetworkCounters::each(outcome.network, [&](const char* name, std::uint64_t& count) {
    const Json* number = network.is_object() ? member_of(network, name) : nullptr;
    if (number == nullptr) throw BadTrace(fmt::format("the 'end' line does not say how many messages were {}", name));
    take(*number, count);
  });
  const Json traffic = Json::parse(line_.traffic, nullptr, false);
  if (!traffic.is_object()) throw BadTrace("the 'end' line has no 'traffic'");
  for (const MessageKindFacts& kind : header_.manifest.kinds) {
    const Json* counts = member_of(traffic, kind.name);
    if (counts == nullptr) throw BadTrace(fmt::format("the 'end' line has no traffic of kind '{}'", kind.name));
    KindTraffic& row = outcome.traffic.emplace_back();
    const auto count = [&](const char* name, std::uint64_t& value) {
      const Json* number = member_of(*counts, name);
      if (number == nullptr)
        throw BadTrace(fmt::format("the 'end' line does not say how many '{}' were {}", kind.name, name));
      take(*number, value);
    };
    count("sent", row.sent);
    count("delivered", row.delivered);
    count("dropped", row.dropped);
    count("bytes", row.bytes);
  }
  ledger_->check_end(outcome, header_.manifest);
  ended_ = true;
}

}  // namespace byzsim
