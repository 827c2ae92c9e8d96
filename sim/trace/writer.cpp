#include "sim/trace/writer.hpp"

#include <fmt/core.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/core/check.hpp"
#include "sim/replica/notary.hpp"
#include "sim/trace/columns.hpp"
#include "sim/trace/compressor.hpp"
#include "sim/trace/output_file.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 18;  // stays in the cache
constexpr std::size_t kLine = 1024;                    // a line without text and message is shorter than this
constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
constexpr std::uint64_t kMostIds = std::uint64_t{1} << 36;  // ids count signings; beyond this they are inventions

constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* put_digits(char* p, std::uint64_t value) {
  if (value < 10) {
    *p = static_cast<char>('0' + value);
    return p + 1;
  }
  // Backwards into a scratch of fixed size, then forward in one move: cheaper than counting the digits first.
  std::array<char, 48> scratch;
  char* const end = scratch.data() + 24;
  char* q = end;
  while (value >= 100) {
    const std::uint64_t rest = value / 100;
    q -= 2;
    std::memcpy(q, kPairs.data() + 2 * (value - 100 * rest), 2);
    value = rest;
  }
  if (value >= 10) {
    q -= 2;
    std::memcpy(q, kPairs.data() + 2 * value, 2);
  } else {
    *--q = static_cast<char>('0' + value);
  }
  std::memcpy(p, q, 24);  // the lines have room to spare
  return p + (end - q);
}

// Readers that hold numbers as doubles lose what lies past 2^53, so that is written as a text.
char* put_number(char* p, std::uint64_t value) {
  if (value < kExact) [[likely]]
    return put_digits(p, value);
  *p++ = '"';
  p = put_digits(p, value);
  *p++ = '"';
  return p;
}

char* put_digest(char* p, Digest value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  *p++ = '"';
  for (int shift = 60; shift >= 0; shift -= 4) *p++ = kDigits[(value.bits >> shift) & 15];
  *p++ = '"';
  return p;
}

char* put_text(char* p, std::string_view text) {
  std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

class FileSink final : public TraceSink {
 public:
  explicit FileSink(const std::string& path) : file_(path, "trace"), out_(file_, path.ends_with(".zst")) {}
  void write(std::string_view bytes) override { out_.write(bytes); }
  void finish() override {
    out_.finish();
    file_.commit();
  }

 private:
  OutputFile file_;
  Compressor out_;
};

}  // namespace

TraceWriter::TraceWriter(const std::string& path, const TraceHeader& header, const Notary& notary)
    : TraceWriter(std::make_unique<FileSink>(path), header, notary) {}

TraceWriter::TraceWriter(std::unique_ptr<TraceSink> sink, const TraceHeader& header, const Notary& notary)
    : out_(std::move(sink)), notary_(notary), buffer_(new char[kBuffer]) {
  at_ = buffer_.get();
  for (const MessageKindFacts& kind : header.manifest.kinds) kind_names_.push_back(kind.name);
  for (std::size_t k = 0; k < kRecordKinds; ++k) {
    const KindColumns& row = columns()[k];
    KindText text;
    for (std::size_t c = 0; c < kColumns; ++c) {
      const std::string key = fmt::format(",\"{}\":", row.names[c]);
      CHECK_LE(key.size(), text.keys[c].text.size());
      std::memcpy(text.keys[c].text.data(), key.data(), key.size());
      text.keys[c].size = static_cast<std::uint8_t>(key.size());
    }
    const std::string event = fmt::format(",\"event\":\"{}\"", to_string(static_cast<RecordKind>(k)));
    CHECK_LE(event.size(), text.event.size());
    std::memcpy(text.event.data(), event.data(), event.size());
    text.event_size = static_cast<std::uint8_t>(event.size());
    text.always = row.always;
    text.labelled = row.labelled;
    kinds_.push_back(std::move(text));
  }
  number_size_ = static_cast<std::size_t>(put_text(number_text_.data(), "{\"i\":0") - number_text_.data());
  append(to_line(header));
  append("\n");
}

TraceWriter::~TraceWriter() = default;

void TraceWriter::flush() {
  out_->write({buffer_.get(), static_cast<std::size_t>(at_ - buffer_.get())});
  at_ = buffer_.get();
}

void TraceWriter::append(std::string_view bytes) {
  if (static_cast<std::size_t>(buffer_.get() + kBuffer - at_) < bytes.size()) {
    flush();
    if (bytes.size() > kBuffer) {
      out_->write(bytes);
      return;
    }
  }
  at_ = put_text(at_, bytes);
}

char* TraceWriter::begin_line(Time time, const KindText& kind) {
  if (static_cast<std::size_t>(buffer_.get() + kBuffer - at_) < kLine) flush();
  if (time != last_time_) {
    last_time_ = time;
    char* end = put_text(time_text_.data(), ",\"t_ns\":");
    end = put_number(end, static_cast<std::uint64_t>(nanoseconds(time)));
    time_size_ = static_cast<std::size_t>(end - time_text_.data());
  }
  char* p = at_;
  std::memcpy(p, number_text_.data(), number_text_.size());
  p += number_size_;
  std::memcpy(p, time_text_.data(), time_text_.size());
  p += time_size_;
  std::memcpy(p, kind.event.data(), kind.event.size());
  p += kind.event_size;
  ++lines_;
  count_up();
  return p;
}

void TraceWriter::count_up() {
  char* digit = number_text_.data() + number_size_ - 1;
  while (*digit == '9') *digit-- = '0';
  if (*digit != ':') [[likely]] {
    ++*digit;
    return;
  }
  digit[1] = '1';  // 99 becomes 100: a digit more
  number_text_[number_size_++] = '0';
}

char* TraceWriter::put_columns(char* p, const Record& record, const KindText& kind) {
  // What a column is worth writing against: the message's own label where the line holds the message.
  std::uint64_t id = 0;
  Label label;
  if (record.message != nullptr && (kind.labelled || record.kind == RecordKind::witnessed)) {
    id = record.message->id();
    if (kind.labelled) label = record.message->label();
  }
  const auto key = [&](Column column) {
    const Key& name = kind.keys[static_cast<std::size_t>(column)];
    std::memcpy(p, name.text.data(), name.text.size());
    p += name.size;
  };
  const auto always = [&](Column column) { return ((kind.always >> static_cast<unsigned>(column)) & 1) != 0; };
  const auto number = [&](Column column, std::uint64_t value, std::uint64_t usual) {
    if (value == usual && !always(column)) return;
    key(column);
    p = put_number(p, value);
  };
  // For numbers of which one value means "nothing": written as null where something is expected, left out elsewhere.
  const auto name = [&](Column column, std::uint64_t value, std::uint64_t usual, std::uint64_t nothing) {
    if (value == usual && (value == nothing || !always(column))) return;
    key(column);
    p = value == nothing ? put_text(p, "null") : put_number(p, value);
  };
  const auto digest = [&](Column column, Digest value, Digest usual) {
    if (value == usual && !always(column)) return;
    key(column);
    p = put_digest(p, value);
  };
  name(Column::node, record.node, kNobody, kNobody);
  name(Column::peer, record.peer, kNobody, kNobody);
  number(Column::id, record.id, id);
  name(Column::view, record.view, label.view, kNoView);
  name(Column::slot, record.slot, label.slot, kNoSlot);
  digest(Column::value, record.value, label.value);
  digest(Column::extra, record.extra, {});
  number(Column::count, record.count, 0);
  number(Column::bytes, record.bytes, 0);
  return p;
}

void TraceWriter::on_record(const Record& record) {
  if (record.kind == RecordKind::end) return;  // finish() writes it, with what the world counted
  const KindText& kind = kinds_[static_cast<std::size_t>(record.kind)];
  char* p = put_columns(begin_line(record.time, kind), record, kind);
  const bool message = record.message != nullptr && shows_message(record);
  const bool text = !record.text.empty() || ((kind.always >> static_cast<unsigned>(Column::text)) & 1) != 0;
  if (!text && !message) [[likely]] {
    *p++ = '}';
    *p++ = '\n';
    at_ = p;
    return;
  }
  at_ = p;
  if (text) {
    const Key& key = kind.keys[static_cast<std::size_t>(Column::text)];
    append({key.text.data(), key.size});
    append(Json(record.text).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (message) put_message(record);
  append("}\n");
}

// A message that was signed is told by its id when it is sent; arrivals and losses are always told by id alone.
bool TraceWriter::shows_message(const Record& record) const {
  constexpr RecordMask kAlways = records(RecordKind::signed_, RecordKind::witnessed, RecordKind::submitted);
  if ((records(record.kind) & kAlways) != 0) return true;
  return record.kind == RecordKind::sent && !(is_known(record.message->id()) && notary_.verify(*record.message));
}

void TraceWriter::put_message(const Record& record) {
  const Message& message = *record.message;
  const std::uint64_t id = message.id();
  if (message.from() != message.signer() && message.from() != kNobody)
    append(fmt::format(",\"relayed_by\":{}", message.from()));
  const bool genuine = notary_.verify(message);
  if (genuine && record.kind != RecordKind::signed_ && is_known(id)) {
    append(fmt::format(",\"message\":{}", id));
    return;
  }
  if (id < kMostIds) {
    if (id >= known_.size()) known_.resize(id + 1 + id / 2, false);
    // A message that nobody vouches for may carry the id of the one it was made from: it is no reference for later
    // lines.
    if (genuine) known_[id] = true;
  }
  scratch_.assign(genuine ? ",\"message\":" : ",\"genuine\":false,\"message\":");
  write_json(message, notary_, scratch_);
  append(scratch_);
}

void TraceWriter::finish(const Outcome& outcome) {
  Record end;
  end.time = outcome.end;
  end.count = outcome.events;
  end.extra = Digest{outcome.fingerprint};
  const KindText& kind = kinds_[static_cast<std::size_t>(RecordKind::end)];
  at_ = put_columns(begin_line(end.time, kind), end, kind);
  append(fmt::format(",\"why\":\"{}\",\"network\":{{", to_string(outcome.reason)));
  const char* comma = "";
  NetworkCounters::each(outcome.network, [&](const char* name, std::uint64_t count) {
    append(fmt::format("{}\"{}\":{}", std::exchange(comma, ","), name, count));
  });
  append("},\"traffic\":{");
  for (std::size_t k = 0; k < outcome.traffic.size(); ++k) {
    const KindTraffic& traffic = outcome.traffic[k];
    CHECK_LT(k, kind_names_.size());
    append(fmt::format("{}\"{}\":{{\"sent\":{},\"delivered\":{},\"dropped\":{},\"bytes\":{}}}", k == 0 ? "" : ",",
                       kind_names_[k], traffic.sent, traffic.delivered, traffic.dropped, traffic.bytes));
  }
  append("}}\n");
  flush();
  out_->finish();
}

}  // namespace byzsim
