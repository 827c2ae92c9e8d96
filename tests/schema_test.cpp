#include "sim/scenario/schema.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "sim/scenario/scenario.hpp"
#include "tests/doctest.hpp"

namespace byzsim {
namespace {

using Json = nlohmann::ordered_json;

/// Walks a schema as a draft-07 validator would and collects what is malformed.
void walk(const Json& schema, const Json& root, const std::string& path, std::vector<std::string>& faults) {
  static const std::set<std::string> kTypes{"string", "number", "integer", "boolean", "object", "array", "null"};
  static const std::set<std::string> kKnown{"$schema",
                                            "$ref",
                                            "title",
                                            "description",
                                            "default",
                                            "type",
                                            "const",
                                            "anyOf",
                                            "allOf",
                                            "if",
                                            "then",
                                            "else",
                                            "items",
                                            "properties",
                                            "patternProperties",
                                            "additionalProperties",
                                            "required",
                                            "minProperties",
                                            "maxProperties",
                                            "minimum",
                                            "maximum",
                                            "pattern",
                                            "definitions"};
  if (schema.is_boolean()) return;
  if (!schema.is_object()) return faults.push_back(path + " is no schema");
  const auto type_known = [&](const Json& type) {
    return type.is_string() && kTypes.count(type.get<std::string>()) > 0;
  };
  for (const auto& [key, value] : schema.items()) {
    const std::string at = path + "/" + key;
    if (kKnown.count(key) == 0) faults.push_back(at + " is no keyword");
    if (key == "$ref" && !root.contains(Json::json_pointer(value.get<std::string>().substr(1))))
      faults.push_back(at + " leads nowhere");
    if (key == "type" && value.is_string() && !type_known(value)) faults.push_back(at);
    if (key == "type" && value.is_array()) {
      for (const auto& one : value) {
        if (!type_known(one)) faults.push_back(at);
      }
    }
    if (key == "anyOf" || key == "allOf") {
      if (value.empty()) faults.push_back(at + " is empty");
      for (std::size_t i = 0; i < value.size(); ++i) walk(value[i], root, at + "/" + std::to_string(i), faults);
    }
    if (key == "properties" || key == "patternProperties" || key == "definitions") {
      for (const auto& [name, inner] : value.items()) walk(inner, root, at + "/" + name, faults);
    }
    if (key == "items" || key == "if" || key == "then" || key == "else" || key == "additionalProperties")
      walk(value, root, at, faults);
    if (key == "required" && (!value.is_array() || value.empty())) faults.push_back(at);
    if ((key == "minimum" || key == "maximum") && !value.is_number()) faults.push_back(at);
    if ((key == "description" || key == "pattern") && !value.is_string()) faults.push_back(at);
  }
}

TEST_CASE("the schema is well formed and says what the loader accepts") {
  const Json schema = json_schema();
  std::vector<std::string> faults;
  walk(schema, schema, "", faults);
  CHECK(faults == std::vector<std::string>{});
  CHECK(schema["$schema"] == "http://json-schema.org/draft-07/schema#");
  const Json& scenario = schema["definitions"]["scenario"];
  CHECK(scenario["required"] == Json::parse(R"(["schema", "name", "protocol"])"));
  CHECK(scenario["additionalProperties"] == false);
  CHECK(scenario["patternProperties"]["^x-"] == true);
  CHECK(scenario["properties"].contains("extends"));
  CHECK(scenario["properties"].contains("variants"));
  CHECK(scenario["properties"]["network"]["properties"]["loss"]["maximum"] == 1);
  CHECK(scenario["properties"]["run"]["properties"]["until"]["default"] == "60s");
  CHECK_FALSE(schema["definitions"]["overlay"].contains("required"));
}

TEST_CASE("every key has a sentence of help, and every path can be explained") {
  const Json schema = json_schema();
  for (const auto& [name, property] : schema["definitions"]["scenario"]["properties"].items()) {
    CAPTURE(name);
    CHECK(property.contains("description"));
    CHECK(explain(name).found);
  }
}

TEST_CASE("explain finds keys by path and by last word, and suggests") {
  const Explanation latency = explain("network.latency");
  CHECK(latency.found);
  CHECK(latency.text.find("default: not set") != std::string::npos);
  CHECK(explain("timeline.0.at").text == explain("timeline[].at").text);
  const std::string both = explain("at").text;
  CHECK(both.find("timeline[].at") != std::string::npos);
  CHECK(both.find("clients.script[].at") != std::string::npos);
  CHECK(explain("clients.mode").text.find("requests arrive at their own pace") != std::string::npos);
  CHECK(explain("network.loss").text.find("bounds: from 0 to 1") != std::string::npos);
  const Explanation none = explain("latencyy");
  CHECK_FALSE(none.found);
  CHECK(none.text == "nothing is called 'latencyy'; did you mean 'latency'?");
  CHECK_FALSE(explain("").found);
  CHECK_FALSE(explain("[").found);
}

}  // namespace
}  // namespace byzsim
