#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "analysis/report.hpp"
#include "sim/core/visible.hpp"

namespace byzsim {

namespace {

// Readers that hold numbers as doubles lose what lies past 2^53.
Json number(std::uint64_t value) {
  if (value >= std::uint64_t{1} << 53) return std::to_string(value);
  return value;
}
Json number(std::int64_t value) {
  return value < 0 ? Json(value) : number(static_cast<std::uint64_t>(value));
}
Json hash(std::uint64_t bits) {
  return fmt::format("{:016x}", bits);
}
Json slot_or_null(Slot slot) {
  return slot == kNoSlot ? Json() : number(slot);
}

Json node(const Result& result, NodeId id) {
  if (id < result.n) return id;
  return result.name(id);
}
Json nodes(const Result& result, const std::vector<NodeId>& list) {
  Json out = Json::array();
  for (NodeId id : list) out.push_back(node(result, id));
  return out;
}

Json violations(const Result& result) {
  Json list = Json::array();
  for (const JudgedViolation& violation : result.violations) {
    Json ids = Json::array();
    for (std::uint64_t id : violation.messages) ids.push_back(number(id));
    list.push_back({{"invariant", violation.invariant},
                    {"kind", violation.safety() ? "safety" : "liveness"},
                    {"replicas", nodes(result, violation.replicas)},
                    {"slot", slot_or_null(violation.slot)},
                    {"time_ns", number(nanoseconds(violation.time))},
                    {"message", violation.message},
                    {"classification", to_string(violation.classification)},
                    {"messages", std::move(ids)}});
  }
  return list;
}

const char* sort_name(Evidence::Sort sort) {
  switch (sort) {
    case Evidence::Sort::conflict:
      return "conflict";
    case Evidence::Sort::unjustified:
      return "unjustified";
    case Evidence::Sort::contradiction:
      break;
  }
  return "contradiction";
}

Json evidence(const Result& result) {
  Json list = Json::array();
  for (const Evidence& proof : result.evidence) {
    Json exhibits = Json::array();
    for (const Exhibit& exhibit : proof.exhibits) {
      const std::string kind = exhibit.kind < result.traffic.size() ? result.traffic[exhibit.kind].kind : "";
      Json one{{"id", number(exhibit.id)},
               {"kind", kind},
               {"signer", node(result, exhibit.signer)},
               {"view", slot_or_null(exhibit.view)},
               {"slot", slot_or_null(exhibit.slot)},
               {"value", exhibit.value ? hash(exhibit.value.bits) : Json()}};
      if (!exhibit.requests.empty()) one["requests"] = exhibit.requests;
      exhibits.push_back(std::move(one));
    }
    list.push_back({{"culprit", node(result, proof.culprit)},
                    {"kind", sort_name(proof.sort)},
                    {"time_ns", number(nanoseconds(proof.time))},
                    {"reason", proof.reason},
                    {"messages", std::move(exhibits)}});
  }
  return list;
}

Json suspects(const Result& result) {
  Json list = Json::array();
  for (const Suspect& suspect : result.suspects) {
    list.push_back({{"replica", node(result, suspect.replica)},
                    {"reasons", suspect.reasons},
                    {"accusers", nodes(result, suspect.accusers)}});
  }
  return list;
}

Json forgotten(const Result& result) {
  Json list = Json::array();
  for (const Forgotten& item : result.forgotten) {
    list.push_back({{"what", item.what},
                    {"signer", item.signer == kNobody ? Json() : node(result, item.signer)},
                    {"count", number(item.count)}});
  }
  return list;
}

Json network(const Result& result) {
  Json json = Json::object();
  NetworkCounters::each(result.network, [&](const char* name, std::uint64_t count) { json[name] = number(count); });
  json["beyond"] = result.beyond;
  json["beyond_at_ns"] = result.beyond ? number(nanoseconds(result.beyond_at)) : Json();
  json["beyond_how"] = result.beyond_how;
  return json;
}

Json messages(const Result& result) {
  const KindTraffic total = result.total();
  Json by_type = Json::object();
  for (const NamedTraffic& kind : result.traffic) {
    by_type[kind.kind] = {{"sent", number(kind.traffic.sent)},
                          {"delivered", number(kind.traffic.delivered)},
                          {"dropped", number(kind.traffic.dropped)},
                          {"bytes", number(kind.traffic.bytes)}};
  }
  return {{"sent", number(total.sent)},
          {"delivered", number(total.delivered)},
          {"dropped", number(total.dropped)},
          {"by_type", std::move(by_type)}};
}

Json latency(const LatencySummary& latency) {
  const auto figure = [&](std::int64_t value) { return latency.count == 0 ? Json() : number(value); };
  return {{"count", number(latency.count)}, {"mean", figure(latency.mean)}, {"p50", figure(latency.p50)},
          {"p90", figure(latency.p90)},     {"p99", figure(latency.p99)},   {"max", figure(latency.max)}};
}

Json series(const Result& result) {
  Json list = Json::array();
  for (const SeriesPoint& point : result.figures.series) {
    list.push_back({{"from_ns", number(nanoseconds(point.from))},
                    {"accepted", number(point.accepted)},
                    {"latency_mean", point.accepted == 0 ? Json() : number(point.latency_mean)}});
  }
  return list;
}

Json decide_delay(const DecisionDelays& delays) {
  const auto slots = static_cast<std::int64_t>(delays.slots);
  return {{"count", number(delays.slots)},
          {"mean", slots == 0 ? Json() : number((delays.total.count() + slots / 2) / slots)},
          {"max", slots == 0 ? Json() : number(delays.longest.count())}};
}

}  // namespace

Json to_json(const Result& r) {
  Json happened = Json::object();
  for (const auto& [name, count] : r.figures.happened) happened[name] = number(count);
  Json json{{"scenario", r.scenario},
            {"variant", r.variant},
            {"file", r.file},
            {"protocol", r.protocol},
            {"n", r.n},
            {"f", r.f},
            {"quorum", r.quorum},
            {"seed", number(r.seed)},
            {"verdict", to_string(r.verdict)},
            {"safety", to_string(r.safety)},
            {"liveness", to_string(r.liveness)},
            {"violations", violations(r)},
            {"violations_dropped", number(r.violations_dropped)},
            {"classification", to_string(r.classification)},
            {"explanation", r.explanation},
            {"culprits", nodes(r, r.culprits)},
            {"evidence", evidence(r)},
            {"suspects", suspects(r)},
            {"faulty", nodes(r, r.faulty)},
            {"forgotten", forgotten(r)},
            {"unsure", r.unsure},
            {"decisions", number(r.decisions)},
            {"decide_delay", decide_delay(r.delays)},
            {"requests",
             {{"submitted", number(r.submitted)},
              {"accepted", number(r.accepted)},
              {"measured", number(r.figures.measured)}}},
            {"views", {{"highest", number(r.figures.highest_view)}, {"entered", number(r.figures.views_entered)}}},
            {"events", number(r.events)},
            {"messages", messages(r)},
            {"bytes", number(r.total().bytes)},
            {"sim_time_ns", number(nanoseconds(r.end))},
            {"latency", latency(r.figures.latency)},
            {"throughput", r.figures.throughput},
            {"series", series(r)},
            {"happened", std::move(happened)},
            {"network", network(r)},
            {"end_reason", to_string(r.end_reason)},
            {"fingerprint", hash(r.fingerprint)},
            {"scenario_hash", hash(r.scenario_hash)},
            {"unmet", r.unmet},
            {"reproduce", r.reproduce}};
  for (const auto& [kind, count] : r.taken_on_trust) json["taken_on_trust"][kind] = number(count);
  return json;
}

std::string json_line(const Result& result) {
  // Texts come from users' files; a stray byte must not cost a finished result.
  return visible_json(to_json(result).dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

std::string json_line(const AggregateResult& result) {
  const auto counts = [](const std::map<std::string, std::uint64_t>& from) {
    Json out = Json::object();
    for (const auto& [name, count] : from) out[name] = number(count);
    return out;
  };
  Json figures = Json::object();
  for (const auto& [expression, value] : result.figures) figures[expression] = value;
  // A reader of single results finds every key where it is used to it, filled from the run in which most broke.
  Json json = to_json(result.worst);
  json["verdict"] = to_string(result.verdict);
  json["unmet"] = result.unmet;
  json["reproduce"] = result.reproduce;
  if (result.safety.contains("violated")) json["safety"] = "violated";
  if (result.liveness.contains("violated")) json["liveness"] = "violated";
  json["seeds"] = {
      {"first", number(result.first_seed)}, {"last", number(result.last_seed)}, {"runs", number(result.runs)}};
  json["aggregate"] = std::move(figures);
  json["counts"] = {
      {"verdict", counts(result.verdicts)}, {"safety", counts(result.safety)}, {"liveness", counts(result.liveness)}};
  return visible_json(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace byzsim
