#include "tests/trace_edits.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

namespace byzsim::trace_edits {

Lines lines_of(std::string_view bytes) {
  Lines lines;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    lines.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return lines;
}

std::string joined(const Lines& lines) {
  std::string bytes;
  for (const std::string& line : lines) bytes += line + "\n";
  return bytes;
}

std::size_t Desk::pick(const Lines& lines, std::string_view part) {
  if (lines.size() < 2) return 0;
  const std::size_t start = 1 + below(lines.size() - 1);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::size_t at = 1 + (start - 1 + i) % (lines.size() - 1);
    if (part.empty() || lines[at].find(part) != std::string::npos) return at;
  }
  return 0;
}

namespace {

using Ordered = nlohmann::ordered_json;

void renumber(Lines& lines) {
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t comma = lines[i].find(',');
    if (lines[i].starts_with("{\"i\":") && comma != std::string::npos)
      lines[i] = fmt::format("{{\"i\":{}{}", i - 1, lines[i].substr(comma));
  }
}

std::string time_of(const std::string& line) {
  const std::size_t begin = line.find("\"t_ns\":") + 7;
  return line.substr(begin, line.find(',', begin) - begin);
}

/// Takes the time of the line before it, so that time does not run backwards.
void insert(Lines& lines, std::size_t at, const std::string& rest) {
  const std::string time = at > 1 ? time_of(lines[at - 1]) : "0";
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), fmt::format("{{\"i\":0,\"t_ns\":{},{}}}", time, rest));
}

/// Another value of the same sort.
Ordered changed(const Ordered& value, Desk& desk) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number_unsigned()) {
    const std::uint64_t number = value.get<std::uint64_t>();
    constexpr std::array<std::uint64_t, 5> kNotable{0, 1, 2, 4294967294, std::uint64_t{1} << 40};
    switch (desk.below(4)) {
      case 0:
        return number + 1;
      case 1:
        return number == 0 ? 3 : number - 1;
      case 2:
        return desk.below(6);
      default:
        return kNotable[desk.below(kNotable.size())];
    }
  }
  if (value.is_string()) {
    std::string text = value.get<std::string>();
    if (text.empty()) return "x";
    char& c = text[desk.below(text.size())];
    c = std::isxdigit(static_cast<unsigned char>(c)) != 0 ? "0123456789abcdef"[desk.below(16)] : 'x';
    return text;
  }
  if (value.is_array()) {
    Ordered list = value;
    if (!list.empty()) list.erase(desk.below(list.size()));
    return list;
  }
  return 7;
}

/// The line with the value of one key, chosen among those that `wanted` names (all if empty), changed.
std::string with_changed(const std::string& line, Desk& desk, const std::vector<std::string>& wanted,
                         const std::vector<std::string>& spared = {}) {
  Ordered json = Ordered::parse(line, nullptr, false);
  if (!json.is_object()) return line;
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) {
    const auto in = [&key = key](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), key) != list.end();
    };
    if ((wanted.empty() || in(wanted)) && !in(spared) && !value.is_object()) keys.push_back(key);
  }
  if (keys.empty()) return line;
  Ordered& value = json[keys[desk.below(keys.size())]];
  value = changed(value, desk);
  return json.dump();
}

/// The messages of a line, the nested ones among them.
void collect_messages(Ordered& json, std::vector<Ordered*>& found) {
  if (json.is_object() && json.contains("tag") && json.contains("signer")) found.push_back(&json);
  if (!json.is_structured()) return;
  for (Ordered& item : json) collect_messages(item, found);
}

Lines deleted(Desk& desk, bool number_again) {
  Lines lines = desk.original;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(desk.pick(lines)));
  if (number_again) renumber(lines);
  return lines;
}
Lines doubled(Desk& desk, bool number_again) {
  Lines lines = desk.original;
  const std::size_t at = desk.pick(lines);
  const std::string copy = lines[at];
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), copy);
  if (number_again) renumber(lines);
  return lines;
}
Lines swapped(Desk& desk, bool number_again) {
  Lines lines = desk.original;
  const std::size_t at = desk.pick(lines);
  if (at + 1 < lines.size()) std::swap(lines[at], lines[at + 1]);
  if (number_again) renumber(lines);
  return lines;
}
Lines cut(Desk& desk, bool end_put_back) {
  Lines lines = desk.original;
  const std::string end = lines.back();
  lines.resize(1 + desk.below(lines.size() - 1));
  if (end_put_back) {
    lines.push_back(end);
    renumber(lines);
  }
  return lines;
}
Lines moved(Desk& desk, bool number_again) {
  switch (desk.below(4)) {
    case 0:
      return deleted(desk, number_again);
    case 1:
      return doubled(desk, number_again);
    case 2:
      return swapped(desk, number_again);
    default:
      return number_again ? deleted(desk, true) : cut(desk, false);
  }
}
/// All lines of one kind: without its witnesses, nobody has received what convicts a liar.
Lines without_kind(Desk& desk) {
  static constexpr std::array kNames{"witnessed", "crashed", "restarted", "beyond",  "network", "suspect", "signed",
                                     "attack",    "mark",    "decided",   "applied", "view",    "accepted"};
  Lines lines = desk.original;
  const std::string event = fmt::format("\"event\":\"{}\"", kNames[desk.below(kNames.size())]);
  lines.erase(std::remove_if(lines.begin() + 1, lines.end(),
                             [&](const std::string& line) { return line.find(event) != std::string::npos; }),
              lines.end());
  renumber(lines);
  return lines;
}

Lines bytes(Desk& desk) {
  std::string text = joined(desk.original);
  const std::size_t header = desk.original[0].size();
  // Half of them behind the header, which is long.
  const std::size_t at = desk.below(2) == 0 ? desk.below(text.size()) : header + desk.below(text.size() - header);
  switch (desk.below(4)) {
    case 0:
      text[at] = static_cast<char>(text[at] ^ (1 << desk.below(8)));
      break;
    case 1:
      text[at] = static_cast<char>(desk.below(256));
      break;
    case 2:
      text.erase(at, 1 + desk.below(4));
      break;
    default:
      text.insert(at, 1, "0123456789,:\"{}[] \n-etr"[desk.below(23)]);
  }
  Lines lines = lines_of(text);
  if (!text.ends_with('\n')) lines.back() += "\nx";  // so that joining does not mend what was torn off
  return lines;
}

Lines header_field(Desk& desk) {
  Lines lines = desk.original;
  lines[0] = with_changed(lines[0], desk, {}, {"tool", "file", "reproduce", "variant"});
  return lines;
}
Lines header_label(Desk& desk) {
  Lines lines = desk.original;
  lines[0] = with_changed(lines[0], desk, {"tool", "file", "reproduce", "variant", "name"});
  return lines;
}
/// A setting of the scenario, with the hash as it should then be or as it was.
Lines header_scenario(Desk& desk) {
  Lines lines = desk.original;
  Ordered json = Ordered::parse(lines[0]);
  Ordered* at = &json["scenario"];
  for (int depth = 0; depth < 4 && at->is_structured() && !at->empty(); ++depth) {
    auto item = at->begin();
    std::advance(item, static_cast<std::ptrdiff_t>(desk.below(at->size())));
    at = &*item;
  }
  *at = changed(*at, desk);
  lines[0] = json.dump();
  return lines;
}

Lines message_part(Desk& desk, bool nested) {
  Lines lines = desk.original;
  std::size_t at = desk.pick(lines, "\"tag\":");
  const auto nests = [](const std::string& line) { return line.find("\"tag\":") != line.rfind("\"tag\":"); };
  for (std::size_t i = 0; nested && !nests(lines[at]) && i < lines.size(); ++i) at = at % (lines.size() - 1) + 1;
  Ordered json = Ordered::parse(lines[at], nullptr, false);
  std::vector<Ordered*> found;
  if (json.is_object()) collect_messages(json, found);
  if (nested && found.size() < 2) return lines;
  if (found.empty()) return lines;
  Ordered& message = *found[nested ? 1 + desk.below(found.size() - 1) : 0];
  static constexpr std::array kParts{"signer", "id", "tag", "kind"};
  if (desk.below(2) == 0 && !message["fields"].empty()) {
    auto field = message["fields"].begin();
    std::advance(field, static_cast<std::ptrdiff_t>(desk.below(message["fields"].size())));
    *field = changed(*field, desk);
  } else {
    Ordered& part = message[nested ? "tag" : kParts[desk.below(kParts.size())]];
    part = changed(part, desk);
  }
  lines[at] = json.dump();
  return lines;
}

Lines field_of(Desk& desk, const std::vector<std::string_view>& events, const std::vector<std::string>& wanted,
               const std::vector<std::string>& spared = {}) {
  Lines lines = desk.original;
  const std::string_view event = events.empty() ? std::string_view{} : events[desk.below(events.size())];
  const std::size_t at = desk.pick(lines, event.empty() ? std::string() : fmt::format("\"event\":\"{}\"", event));
  if (at > 0) lines[at] = with_changed(lines[at], desk, wanted, spared);
  return lines;
}

Lines end_line(Desk& desk) {
  Lines lines = desk.original;
  Ordered json = Ordered::parse(lines.back());
  switch (desk.below(4)) {
    case 0:
      json["network"] = Ordered::parse(with_changed(json["network"].dump(), desk, {}));
      break;
    case 1: {
      Ordered& traffic = json["traffic"];
      auto kind = traffic.begin();
      std::advance(kind, static_cast<std::ptrdiff_t>(desk.below(traffic.size())));
      *kind = Ordered::parse(with_changed(kind->dump(), desk, {}));
      break;
    }
    case 2: {
      static constexpr std::array kReasons{"answered",   "quiet",     "time",       "events",
                                           "wall-clock", "violation", "interrupted"};
      json["why"] = kReasons[desk.below(kReasons.size())];
      break;
    }
    default:
      json = Ordered::parse(with_changed(json.dump(), desk, {"t_ns", "events", "fingerprint"}));
  }
  lines.back() = json.dump();
  return lines;
}

Lines invented(Desk& desk) {
  Lines lines = desk.original;
  const std::size_t node = desk.below(desk.nodes);
  const std::size_t other = desk.below(desk.nodes);
  const std::uint64_t slot = 1 + desk.below(5);
  const std::string value = fmt::format("{:016x}", desk.random());
  std::vector<std::string> all{
      fmt::format(R"("event":"restarted","node":{},"state_kept":{})", node, desk.below(2)),
      fmt::format(R"("event":"crashed","node":{})", node),
      fmt::format(R"("event":"decided","node":{},"view":0,"slot":{},"value":"{}","voters":3)", node, slot, value),
      fmt::format(R"("event":"executed","node":{},"slot":{},"value":"{}","state":"{}")", node, slot, value, value),
      fmt::format(R"("event":"applied","node":{},"client":{},"request":{},"slot":{},"result":0)", node, other, slot,
                  slot),
      fmt::format(R"("event":"adopted","node":{},"slot":{},"state":"{}")", node, slot, value),
      fmt::format(R"("event":"accepted","node":{},"request":{},"result":0,"replies":2)", node, slot),
      fmt::format(R"("event":"view","node":{},"view":{})", node, desk.below(9)),
      fmt::format(R"("event":"suspect","node":{},"whom":{},"why":"invented")", node, other),
      fmt::format(R"("event":"beyond","node":{},"from":{},"id":1,"how":"invented")", node, other),
      fmt::format(R"("event":"dropped","node":{},"from":{},"id":1,"why":"adversary")", node, other),
      fmt::format(R"("event":"attack","node":{},"what":"equivocate","count":1)", node),
      fmt::format(R"("event":"mark","node":{},"branch":"invented")", node),
      R"("event":"network","began":1,"what":"invented")",
      fmt::format(R"("event":"timer","node":{},"timer":0)", node),
  };
  insert(lines, 1 + desk.below(lines.size() - 1), all[desk.below(all.size())]);
  renumber(lines);
  return lines;
}

/// The seed in the header is all that one needs to sign in anybody's name: a vote of this run, signed again with
/// another value, and received by everybody.
Lines forged(Desk& desk) {
  Lines lines = desk.original;
  const std::size_t at = desk.pick(lines, "\"event\":\"signed\"");
  const Ordered line = Ordered::parse(lines[at], nullptr, false);
  if (!line.is_object() || !line.contains("message")) return lines;
  Ordered text = line["message"];
  const std::string name = text["kind"];
  const auto kind =
      std::find_if(desk.kinds.begin(), desk.kinds.end(), [&](const MessageKind* k) { return k->traits.name == name; });
  if (kind == desk.kinds.end() || text["fields"].empty()) return lines;
  auto field = text["fields"].begin();
  std::advance(field, static_cast<std::ptrdiff_t>(desk.below(text["fields"].size())));
  if (field->is_structured()) return lines;
  *field = changed(*field, desk);
  KeyRing ring(desk.seed, desk.nodes);
  Notary notary(ring);
  const auto signer = static_cast<NodeId>(text["signer"].get<std::uint64_t>() % desk.nodes);
  std::string written;
  try {
    const Ref<Message> message = Draft::read(**kind, text);
    notary.sign(ring.issue(signer), *message);
    write_json(*message, notary, written);
  } catch (const FieldError&) {
    return lines;
  }
  const std::string id = std::to_string(1000 + desk.below(1'000'000));
  const std::size_t where = written.find("\"id\":1,");
  if (where != std::string::npos) written.replace(where, 7, "\"id\":" + id + ",");
  const std::size_t place = at + 1 + desk.below(lines.size() - at - 1);
  insert(lines, place, fmt::format(R"("event":"signed","node":{},"message":{})", signer, written));
  for (std::size_t node = 0; node < std::min<std::size_t>(desk.nodes, 4); ++node) {
    if (node != signer)
      insert(lines, place + 1, fmt::format(R"("event":"witnessed","node":{},"message":{})", node, id));
  }
  renumber(lines);
  return lines;
}

Lines of_another_run(Desk& desk) {
  Lines lines = desk.original;
  if (desk.below(4) == 0) {  // the whole body under this header, or the other header over this body
    Lines other = desk.other;
    if (desk.below(2) == 0) {
      other[0] = lines[0];
      return other;
    }
    lines[0] = other[0];
    return lines;
  }
  const std::size_t from = desk.pick(desk.other);
  const std::size_t count = 1 + desk.below(std::min<std::size_t>(3, desk.other.size() - from));
  const std::size_t at = 1 + desk.below(lines.size() - 1);
  const std::string time = at > 1 ? time_of(lines[at - 1]) : "0";
  for (std::size_t i = 0; i < count; ++i) {
    Ordered json = Ordered::parse(desk.other[from + i]);
    json["t_ns"] = Ordered::parse(time);
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at + i), json.dump());
  }
  renumber(lines);
  return lines;
}

Lines spelled_otherwise(Desk& desk) {
  Lines lines = desk.original;
  std::string& line = lines[desk.below(lines.size())];
  const std::size_t comma = line.find(',', desk.below(line.size()));
  if (comma != std::string::npos) line.insert(comma + 1, " ");
  return lines;
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"lines deleted, doubled, swapped, cut; numbers left", 2, [](Desk& d) { return moved(d, false); }},
      {"the same, numbered again", 2, [](Desk& d) { return moved(d, true); }},
      {"cut short, end line put back", 1, [](Desk& d) { return cut(d, true); }},
      {"all lines of one kind left out", 1, without_kind},
      {"bytes", 6, bytes},
      {"spaces", 1, spelled_otherwise},
      {"header: what the run is", 1, header_field},
      {"header: a setting of the scenario", 1, header_scenario},
      {"header: tool, file, name, variant, reproduce", 1, header_label},
      {"signed message: field, signer, number, signature, kind", 2, [](Desk& d) { return message_part(d, false); }},
      {"signature or field of a nested message", 2, [](Desk& d) { return message_part(d, true); }},
      {"line number, time", 1,
       [](Desk& d) {
         return field_of(d, {}, {"i", "t_ns"});
       }},
      {"fields of sent, delivered, dropped", 2,
       [](Desk& d) {
         return field_of(d, {"sent", "delivered", "dropped"}, {}, {"i", "t_ns"});
       }},
      {"other unsigned fields", 2,
       [](Desk& d) {
         return field_of(d,
                         {"decided", "applied", "executed", "submitted", "accepted", "view", "witnessed", "mark",
                          "attack", "suspect", "restarted", "crashed", "prepared", "timer", "beyond"},
                         {}, {"i", "t_ns"});
       }},
      {"end line", 1, end_line},
      {"invented unsigned line", 3, invented},
      {"invented message with a good signature", 2, forged},
      {"lines or header of another run", 2, of_another_run},
  };
  return all;
}

}  // namespace byzsim::trace_edits
