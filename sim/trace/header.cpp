#include "sim/trace/header.hpp"

#include <fmt/core.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace byzsim {

namespace {

using Json = nlohmann::ordered_json;

Json kinds_json(const Manifest& manifest) {
  Json kinds = Json::array();
  for (const MessageKindFacts& kind : manifest.kinds) {
    kinds.push_back(
        {{"name", kind.name}, {"phase", kind.phase}, {"decides", kind.decides}, {"exclusive", kind.exclusive}});
  }
  return kinds;
}

const Json& field(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw BadTrace(fmt::format("line 1: the header has no '{}'", name));
  return *found;
}
[[noreturn]] void wrong(const char* name, const char* needed) {
  throw BadTrace(fmt::format("line 1: '{}' in the header must be {}", name, needed));
}
std::string text(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_string()) wrong(name, "a text");
  return value.get<std::string>();
}
bool boolean(const Json& object, const char* name) {
  const Json& value = field(object, name);
  if (!value.is_boolean()) wrong(name, "true or false");
  return value.get<bool>();
}
std::uint64_t number(const Json& object, const char* name, std::uint64_t most) {
  const Json& value = field(object, name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) wrong(name, "a whole number within its bounds");
  return value.get<std::uint64_t>();
}
std::int64_t time_ns(const Json& value, const char* name) {
  if (!value.is_number_integer()) wrong(name, "a whole number of nanoseconds");
  return value.get<std::int64_t>();
}
std::uint64_t wide(const Json& object, const char* name, int base) {
  const std::string digits = text(object, name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) wrong(name, "a number of 64 bits, as a text");
  return value;
}

}  // namespace

std::string to_line(const TraceHeader& header) {
  const Manifest& manifest = header.manifest;
  Json line;
  line["schema"] = kTraceSchema;
  line["tool"] = header.tool;
  line["seed"] = std::to_string(manifest.seed);
  line["scenario_hash"] = fmt::format("{:016x}", manifest.scenario_hash);
  line["file"] = header.file;
  line["reproduce"] = header.reproduce;
  line["name"] = manifest.scenario;
  line["variant"] = manifest.variant;
  line["protocol"] = manifest.protocol;
  line["n"] = manifest.n;
  line["f"] = manifest.f;
  line["quorum"] = manifest.quorum;
  line["clients"] = manifest.clients;
  line["faulty"] = manifest.faulty.members();
  line["gst_ns"] = nanoseconds(manifest.gst);
  line["delta_ns"] = manifest.delta ? Json(manifest.delta->count()) : Json(nullptr);
  line["kinds"] = kinds_json(manifest);
  line["scenario"] = header.scenario.empty() ? Json(nullptr) : Json::parse(header.scenario);
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

TraceHeader parse_header(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (json.is_discarded()) throw BadTrace("line 1: this is not JSON, so it is no trace of byzsim");
  if (!json.is_object() || !json.contains("schema") || !json["schema"].is_string()) {
    throw BadTrace("line 1: there is no 'schema', so it is no trace of byzsim");
  }
  if (const std::string schema = text(json, "schema"); schema != kTraceSchema) {
    throw BadTrace(fmt::format("line 1: the schema is '{}'; this byzsim reads '{}'", schema, kTraceSchema));
  }
  TraceHeader header;
  header.tool = text(json, "tool");
  header.file = text(json, "file");
  header.reproduce = text(json, "reproduce");
  Manifest& manifest = header.manifest;
  manifest.seed = wide(json, "seed", 10);
  manifest.scenario_hash = wide(json, "scenario_hash", 16);
  manifest.scenario = text(json, "name");
  manifest.variant = text(json, "variant");
  manifest.protocol = text(json, "protocol");
  constexpr std::uint64_t kMostNodes = 1'000'000;  // far above what the schema admits; keeps sets of nodes small
  manifest.n = static_cast<std::uint32_t>(number(json, "n", kMostNodes));
  manifest.f = static_cast<std::uint32_t>(number(json, "f", kMostNodes));
  manifest.quorum = static_cast<std::uint32_t>(number(json, "quorum", 0xffffffff));
  manifest.clients = static_cast<std::uint32_t>(number(json, "clients", kMostNodes));
  const Json& faulty = field(json, "faulty");
  if (!faulty.is_array()) wrong("faulty", "a list of nodes");
  for (const Json& node : faulty) {
    if (!node.is_number_unsigned() || node.get<std::uint64_t>() >= manifest.n + manifest.clients) {
      wrong("faulty", "a list of nodes of this run");
    }
    manifest.faulty.insert(node.get<NodeId>());
  }
  manifest.gst = at(Duration(time_ns(field(json, "gst_ns"), "gst_ns")));
  if (const Json& delta = field(json, "delta_ns"); !delta.is_null())
    manifest.delta = Duration(time_ns(delta, "delta_ns"));
  const Json& kinds = field(json, "kinds");
  if (!kinds.is_array()) wrong("kinds", "a list");
  for (const Json& kind : kinds) {
    if (!kind.is_object()) wrong("kinds", "a list of message kinds");
    manifest.kinds.push_back(
        {text(kind, "name"), text(kind, "phase"), boolean(kind, "decides"), boolean(kind, "exclusive")});
  }
  header.scenario = field(json, "scenario").dump(-1, ' ', false, Json::error_handler_t::replace);
  return header;
}

std::string difference(const Manifest& recorded, const Manifest& expected) {
  const auto differ = [](std::string_view what, const auto& a, const auto& b) {
    return a == b ? std::string() : fmt::format("the trace says {} {}, its scenario makes it {}", what, a, b);
  };
  const auto hex = [](std::uint64_t value) { return fmt::format("{:016x}", value); };
  for (const std::string& found : {
           differ("scenario hash", hex(recorded.scenario_hash), hex(expected.scenario_hash)),
           differ("seed", recorded.seed, expected.seed),
           differ("protocol", recorded.protocol, expected.protocol),
           differ("n", recorded.n, expected.n),
           differ("f", recorded.f, expected.f),
           differ("quorum", recorded.quorum, expected.quorum),
           differ("clients", recorded.clients, expected.clients),
           differ("GST", nanoseconds(recorded.gst), nanoseconds(expected.gst)),
           differ("number of message kinds", recorded.kinds.size(), expected.kinds.size()),
       }) {
    if (!found.empty()) return found;
  }
  if (!(recorded.faulty == expected.faulty)) return "the trace names other faulty nodes than its scenario does";
  if (recorded.delta != expected.delta) return "the trace has another delta than its scenario";
  for (std::size_t i = 0; i < recorded.kinds.size(); ++i) {
    if (std::string found = differ("message kind", recorded.kinds[i].name, expected.kinds[i].name); !found.empty())
      return found;
  }
  return {};
}

}  // namespace byzsim
