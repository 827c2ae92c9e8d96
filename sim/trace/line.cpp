#include "sim/trace/line.hpp"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/trace/columns.hpp"

namespace byzsim {

namespace {

std::string shown(std::string_view text) {
  // What an error quotes: short, and free of bytes that would not be text.
  std::string start(text.substr(0, 24));
  for (char& c : start) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text.empty() ? "the end of the line" : fmt::format("'{}'", start);
}

std::uint64_t digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw BadTrace(fmt::format("a whole number of at most 64 bits is needed, not {}", shown(text)));
  }
  return value;
}

std::optional<RecordKind> kind_named(std::string_view name) {
  for (std::size_t k = 0; k < kRecordKinds; ++k) {
    if (to_string(static_cast<RecordKind>(k)) == name) return static_cast<RecordKind>(k);
  }
  return std::nullopt;
}

std::uint32_t narrow(std::uint64_t value, std::string_view name) {
  if (value > 0xffffffff) throw BadTrace(fmt::format("'{}' is too large: {}", name, value));
  return static_cast<std::uint32_t>(value);
}

}  // namespace

void LineScanner::skip_spaces() {
  while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == '\r'))
    rest_.remove_prefix(1);
}

bool LineScanner::accept(char c) {
  skip_spaces();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  skip_spaces();
  return true;
}

void LineScanner::expect(char c) {
  if (!accept(c)) throw BadTrace(fmt::format("not JSON: '{}' is needed at {}", c, shown(rest_)));
}

void LineScanner::expect_end() {
  skip_spaces();
  if (!rest_.empty()) throw BadTrace(fmt::format("not JSON: nothing may follow the object, but {} does", shown(rest_)));
}

std::string_view LineScanner::quoted() {
  if (!rest_.starts_with('"')) throw BadTrace(fmt::format("not JSON: a text is needed at {}", shown(rest_)));
  for (std::size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '\\') {
      ++i;
    } else if (rest_[i] == '"') {
      const std::string_view inside = rest_.substr(1, i - 1);
      rest_.remove_prefix(i + 1);
      return inside;
    }
  }
  throw BadTrace(fmt::format("not JSON: the text {} does not end", shown(rest_)));
}

std::string_view LineScanner::key() {
  const std::string_view name = quoted();
  expect(':');
  return name;
}

std::uint64_t LineScanner::number() {
  if (rest_.starts_with('"')) return digits(quoted());
  std::size_t size = 0;
  while (size < rest_.size() && rest_[size] >= '0' && rest_[size] <= '9') ++size;
  const std::string_view text = rest_.substr(0, size);
  if (text.empty()) throw BadTrace(fmt::format("a whole number is needed, not {}", shown(rest_)));
  rest_.remove_prefix(size);
  return digits(text);
}

Digest LineScanner::digest() {
  const std::string_view text = quoted();
  Digest value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.bits, 16);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw BadTrace(fmt::format("16 hexadecimal digits are needed, not {}", shown(text)));
  }
  return value;
}

bool LineScanner::boolean() {
  const bool yes = rest_.starts_with("true");
  if (!yes && !rest_.starts_with("false")) throw BadTrace(fmt::format("true or false is needed, not {}", shown(rest_)));
  rest_.remove_prefix(yes ? 4 : 5);
  return yes;
}

bool LineScanner::null() {
  if (!rest_.starts_with("null")) return false;
  rest_.remove_prefix(4);
  return true;
}

std::string_view LineScanner::raw() {
  const std::string_view start = rest_;
  std::size_t depth = 0;
  do {
    if (rest_.empty()) throw BadTrace("not JSON: a value does not end");
    const char c = rest_.front();
    if (c == '"') {
      static_cast<void>(quoted());
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    rest_.remove_prefix(1);
  } while (depth > 0);
  return start.substr(0, start.size() - rest_.size());
}

std::string_view LineScanner::text(std::string& buffer) {
  const std::string_view inside = quoted();
  bool plain = true;
  for (const char c : inside) plain = plain && static_cast<unsigned char>(c - 0x20) < 0x60 && c != '\\';
  if (plain) return inside;
  const auto decoded = nlohmann::json::parse(fmt::format("\"{}\"", inside), nullptr, false);
  if (!decoded.is_string()) throw BadTrace(fmt::format("not a JSON text: {}", shown(inside)));
  buffer = decoded.get<std::string>();
  return buffer;
}

void parse_line(std::string_view text, TraceLine& line) {
  LineScanner scan(text);
  scan.expect('{');
  const auto first = [&](std::string_view name) {
    if (const std::string_view key = scan.key(); key != name) {
      throw BadTrace(fmt::format("a line begins with i, t_ns and event, in this order; here '{}' stands for '{}'",
                                 shown(key), name));
    }
  };
  first("i");
  line.i = scan.number();
  scan.expect(',');
  first("t_ns");
  const std::uint64_t time = scan.number();
  if (time > static_cast<std::uint64_t>(INT64_MAX)) throw BadTrace(fmt::format("the time {} ns is out of range", time));
  scan.expect(',');
  first("event");
  const std::string_view name = scan.text(line.text_buffer);
  const auto kind = kind_named(name);
  if (!kind) throw BadTrace(fmt::format("unknown event {}", shown(name)));

  line.record = Record{};
  Record& record = line.record;
  record.kind = *kind;
  record.time = at(Duration(static_cast<std::int64_t>(time)));
  line.has_id = line.has_view = line.has_slot = line.has_value = false;
  line.genuine = true;
  line.relayed_by.reset();
  line.message_id.reset();
  line.message = line.traffic = line.network = {};

  const KindColumns& row = columns()[static_cast<std::size_t>(*kind)];
  std::uint32_t seen = 0;  // columns, then the five keys that are none
  const auto once = [&](unsigned bit, std::string_view key) {
    if (((seen >> bit) & 1) != 0) throw BadTrace(fmt::format("'{}' stands there twice", key));
    seen |= 1u << bit;
  };
  const auto named = [&](std::uint64_t nothing) { return scan.null() ? nothing : scan.number(); };
  while (scan.accept(',')) {
    const std::string_view key = scan.key();
    unsigned column = 0;
    while (column < kColumns && row.names[column] != key) ++column;
    if (column < kColumns) once(column, key);
    switch (static_cast<Column>(column)) {
      case Column::node:
        record.node = narrow(named(kNobody), key);
        break;
      case Column::peer:
        record.peer = narrow(named(kNobody), key);
        break;
      case Column::id:
        record.id = scan.number();
        line.has_id = true;
        break;
      case Column::view:
        record.view = named(kNoView);
        line.has_view = true;
        break;
      case Column::slot:
        record.slot = named(kNoSlot);
        line.has_slot = true;
        break;
      case Column::value:
        record.value = scan.digest();
        line.has_value = true;
        break;
      case Column::extra:
        record.extra = scan.digest();
        break;
      case Column::count:
        record.count = scan.number();
        break;
      case Column::bytes:
        record.bytes = scan.number();
        break;
      case Column::text:
        record.text = scan.text(line.text_buffer);
        break;
      default:
        if (key == "message") {
          once(10, key);
          if (scan.at_object()) {
            line.message = scan.raw();
          } else {
            line.message_id = scan.number();
          }
        } else if (key == "genuine") {
          once(11, key);
          line.genuine = scan.boolean();
        } else if (key == "relayed_by") {
          once(12, key);
          line.relayed_by = narrow(scan.number(), key);
        } else if (key == "network" && *kind == RecordKind::end) {
          once(13, key);
          line.network = scan.raw();
        } else if (key == "traffic" && *kind == RecordKind::end) {
          once(14, key);
          line.traffic = scan.raw();
        } else {
          throw BadTrace(fmt::format("unknown key {} in a '{}' line", shown(key), to_string(*kind)));
        }
    }
  }
  scan.expect('}');
  scan.expect_end();
}

}  // namespace byzsim
