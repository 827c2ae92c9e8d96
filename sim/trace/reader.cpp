#include "sim/trace/reader.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "sim/core/check.hpp"
#include "sim/replica/notary.hpp"

namespace byzsim {

TraceReader::TraceReader(const std::string& path) : TraceReader(open_file(path)) {}

TraceReader::TraceReader(std::unique_ptr<ByteSource> bytes, LineBounds bounds) : lines_(std::move(bytes), bounds) {
  std::string_view first;
  if (!lines_.next(first)) throw BadTrace("the file is empty");
  header_ = parse_header(first);
}

TraceFacts TraceReader::replay(const std::vector<const MessageKind*>& kinds, const Notary& notary,
                               const std::vector<Observer*>& observers) {
  CHECK(ledger_ == nullptr);
  ledger_ = std::make_unique<MessageLedger>(kinds.size());
  kinds_ = &kinds;
  notary_ = &notary;
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
  std::string_view text;
  while (lines_.next(text)) {
    try {
      handle(text);
    } catch (const BadTrace& error) {
      throw BadTrace(fmt::format("line {}: {}", lines_.number(), error.what()));
    } catch (const FieldError& error) {
      throw BadTrace(fmt::format("line {}: in its message: {}", lines_.number(), error.what()));
    }
    const Record& record = line_.record;
    for (Observer* observer : observers) {
      if ((observer->wants() & records(record.kind)) != 0) observer->on_record(record);
    }
  }
  if (!ended_)
    throw BadTrace(fmt::format("the trace stops after line {} without an 'end' line: it was cut off", lines_.number()));
  return facts_;
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
  attach_message();
  ledger_->check(record);
  if (record.kind == RecordKind::end) handle_end();
}

std::size_t TraceReader::kind_number(const Json& message) const {
  const Json* name = member_of(message, "kind");
  if (name == nullptr || !name->is_string()) throw BadTrace("a message needs a 'kind'");
  const auto found = kind_numbers_.find(name->get_ref<const std::string&>());
  if (found == kind_numbers_.end()) throw BadTrace("the protocol has no message of this kind: " + name->dump());
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
