#include "tests/fuzz/sampler.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "tests/fuzz/validator.hpp"

namespace byzsim::fuzz {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kDeepest = 12;

const std::vector<std::string>& words() {
  static const std::vector<std::string> all{"0",
                                            "1",
                                            "2",
                                            "3",
                                            "4",
                                            "7",
                                            "10ms",
                                            "50ms",
                                            "1s",
                                            "250us",
                                            "1.5s",
                                            "3s",
                                            "0s",
                                            "1ns",
                                            "-5ms",
                                            "1000h",
                                            "2min",
                                            "64B",
                                            "1KiB",
                                            "0B",
                                            "4294967296B",
                                            "1Mbit/s",
                                            "8kbit/s",
                                            "1bit/s",
                                            "c0",
                                            "c1",
                                            "c9",
                                            "2f+1",
                                            "2f",
                                            "n-f",
                                            "ceil((n+f+1)/2)",
                                            "ceil(2n/3)",
                                            "uniform(5ms, 15ms)",
                                            "normal(50ms, 10ms)",
                                            "lognormal(50ms, 0.4)",
                                            "exponential(10ms) + 5ms",
                                            "constant(3ms)",
                                            "empirical(10ms@90%, 80ms@10%)",
                                            "uniform(15ms, 5ms)",
                                            "normal()",
                                            "full-mesh",
                                            "star",
                                            "ring",
                                            "edges",
                                            "random-regular(2)",
                                            "clusters(2)",
                                            "random-regular(99)",
                                            "1..3",
                                            "5",
                                            "3..1",
                                            "a",
                                            "b",
                                            "r",
                                            "none",
                                            "primary",
                                            "corrupted",
                                            "honest",
                                            "all",
                                            "put 1 2",
                                            "add 1 1",
                                            "get 1",
                                            "put",
                                            "commit",
                                            "prepare",
                                            "pre-prepare",
                                            "request",
                                            "reply",
                                            "view-change",
                                            ">= 1",
                                            "held",
                                            "violated",
                                            "drop",
                                            "hold",
                                            "pbft",
                                            "byzsim/v1",
                                            "agreement",
                                            "18446744073709551615",
                                            "9007199254740993",
                                            "",
                                            "x-y",
                                            "\x01",
                                            "750ms +- 3%",
                                            "no",
                                            "~",
                                            "null",
                                            "1e3",
                                            "0x10",
                                            " 1",
                                            "1.0",
                                            "true"};
  return all;
}

/// The words that fit a pattern; some word if none does.
const std::vector<std::string>& words_for(const std::string& pattern) {
  static std::map<std::string, std::vector<std::string>> known;
  auto found = known.find(pattern);
  if (found != known.end()) return found->second;
  std::vector<std::string> fitting;
  for (const std::string& word : words()) {
    if (fits_pattern(word, pattern)) fitting.push_back(word);
  }
  if (fitting.empty()) fitting.push_back("1");
  return known.emplace(pattern, std::move(fitting)).first->second;
}

}  // namespace

Json Sampler::word() {
  switch (choices_.below(8)) {
    case 0:
      return choices_.below(12);
    case 1:
      return choices_.one_in(2);
    case 2:
      return Json::array({choices_.pick(words()), choices_.below(4)});
    case 3:
      return Json{{"not", choices_.pick(words())}};
    default:
      return choices_.pick(words());
  }
}

Json Sampler::of_type(const std::string& type, const Json& schema, int sparse, int depth) {
  if (type == "object") return object(schema, sparse, depth);
  if (type == "array") {
    Json list = Json::array();
    for (std::uint64_t i = choices_.below(4); i > 0 && depth < kDeepest; --i)
      list.push_back(schema.contains("items") ? sample(schema.at("items"), sparse, depth + 1) : word());
    return list;
  }
  if (type == "string")
    return choices_.pick(schema.contains("pattern") ? words_for(schema.at("pattern").get<std::string>()) : words());
  if (type == "boolean") return choices_.one_in(2);
  if (type == "null") return nullptr;
  const double low = schema.value("minimum", 0.0);
  const double high = schema.value("maximum", 1e9);
  if (type == "number") return low + (std::min(high, low + 100) - low) * static_cast<double>(choices_.below(101)) / 100;
  if (choices_.one_in(6)) return static_cast<std::int64_t>(choices_.one_in(2) ? low : std::min(high, 1e15));
  return static_cast<std::int64_t>(low) +
         static_cast<std::int64_t>(choices_.below(static_cast<std::uint64_t>(std::clamp(high - low + 1, 1.0, 12.0))));
}

Json Sampler::object(const Json& schema, int sparse, int depth) {
  Json made = Json::object();
  const auto needed = [&](const std::string& name) {
    if (!schema.contains("required")) return false;
    const Json& list = schema.at("required");
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  if (schema.contains("properties")) {
    for (const auto& [name, inner] : schema.at("properties").items()) {
      if (depth > kDeepest && !needed(name)) continue;
      if (needed(name) || choices_.one_in(static_cast<std::uint64_t>(sparse)))
        made[name] = sample(inner, sparse, depth + 1);
    }
  }
  const bool exactly_one = schema.value("maxProperties", 0) == 1;
  if (exactly_one && schema.contains("properties") && made.size() != 1) {
    const Json& all = schema.at("properties");
    auto chosen = all.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(choices_.below(all.size())));
    made = Json{{chosen.key(), sample(chosen.value(), sparse, depth + 1)}};
  }
  const bool open = schema.contains("additionalProperties") && schema.at("additionalProperties").is_object();
  if (open && depth < kDeepest && (choices_.one_in(3) || schema.contains("minProperties"))) {
    made[choices_.pick({"a", "safety", "latency.mean", "mean(latency.mean)", "state-transfer", "fixed"})] =
        sample(schema.at("additionalProperties"), sparse, depth + 1);
  }
  if (choices_.one_in(20)) made["x-mine"] = word();
  return made;
}

Json Sampler::sample(const Json& schema, int sparse, int depth) {
  if (!schema.is_object()) return word();
  if (schema.contains("$ref"))
    return sample(root_.at(Json::json_pointer(schema.at("$ref").get<std::string>().substr(1))), sparse, depth + 1);
  if (schema.contains("const")) return schema.at("const");
  if (schema.contains("anyOf")) {
    const Json& options = schema.at("anyOf");
    return sample(options[choices_.below(options.size())], sparse, depth + 1);
  }
  Json made;
  if (!schema.contains("type")) {
    made = schema.contains("properties") ? object(schema, sparse, depth) : word();
  } else {
    const Json& type = schema.at("type");
    if (type.is_array() && type.size() > 3) return word();  // any form
    made = of_type(type.is_array() ? type[choices_.below(type.size())].get<std::string>() : type.get<std::string>(),
                   schema, sparse, depth);
  }
  // What holds only under a condition: the options of the protocol that was named.
  for (const char* part : {"allOf"}) {
    if (!schema.contains(part) || !made.is_object()) continue;
    for (const Json& one : schema.at(part)) {
      const Json& then = one.contains("if") && one.contains("then") && misfit(made, one.at("if")).empty()
                             ? one.at("then")
                         : one.contains("if") && one.contains("else") ? one.at("else")
                                                                      : one;
      if (!then.contains("properties")) continue;
      for (const auto& [name, inner] : then.at("properties").items()) {
        if (!made.contains(name) && choices_.one_in(static_cast<std::uint64_t>(sparse)) && inner.is_object())
          made[name] = sample(inner, sparse, depth + 1);
      }
    }
  }
  return made;
}

void Sampler::damage(Json& document) {
  Json* place = &document;
  for (int depth = 0; depth < 8 && place->is_structured() && !place->empty(); ++depth) {
    if (depth > 0 && choices_.one_in(4)) break;
    auto it = place->begin();
    std::advance(it, static_cast<std::ptrdiff_t>(choices_.below(place->size())));
    place = &*it;
  }
  switch (choices_.below(4)) {
    case 0:
      if (place->is_object()) {
        (*place)[choices_.pick({"name", "n", "until", "latencyy", "at", "do"})] = word();
      } else {
        *place = word();
      }
      break;
    case 1:
      if (place->is_object() && !place->empty()) {
        place->erase(place->begin());
      } else {
        *place = nullptr;
      }
      break;
    case 2:
      *place = choices_.one_in(2) ? Json::object() : Json::array();
      break;
    default:
      *place = word();
  }
}

}  // namespace byzsim::fuzz
