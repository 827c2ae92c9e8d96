#include "tests/fuzz/validator.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <regex>
#include <stdexcept>

namespace byzsim::fuzz {

namespace {

using Json = nlohmann::ordered_json;

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "null") return value.is_null();
  throw std::logic_error("no such type: " + type);
}

class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}

  std::string check(const Json& value, const Json& schema, const std::string& where) const {
    if (schema.is_boolean()) return schema.get<bool>() ? "" : where + " is not allowed";
    for (const auto& [key, wanted] : schema.items()) {
      const std::string flaw = keyword(key, wanted, value, schema, where);
      if (!flaw.empty()) return flaw;
    }
    return {};
  }

 private:
  std::string keyword(const std::string& key, const Json& wanted, const Json& value, const Json& schema,
                      const std::string& where) const {
    const auto unless = [&](bool right) { return right ? "" : fmt::format("{}: {} {}", where, key, wanted.dump()); };
    if (key == "$schema" || key == "title" || key == "description" || key == "default" || key == "definitions" ||
        key == "then" || key == "else" || key == "patternProperties") {
      return {};  // said to people, or looked at with another keyword
    }
    if (key == "$ref") return check(value, root_.at(Json::json_pointer(wanted.get<std::string>().substr(1))), where);
    if (key == "type") {
      if (wanted.is_string()) return unless(is_of_type(value, wanted));
      return unless(std::any_of(wanted.begin(), wanted.end(), [&](const Json& one) { return is_of_type(value, one); }));
    }
    if (key == "const") return unless(value == wanted);
    if (key == "anyOf") {
      return unless(
          std::any_of(wanted.begin(), wanted.end(), [&](const Json& one) { return check(value, one, where).empty(); }));
    }
    if (key == "allOf") {
      for (const Json& one : wanted) {
        if (std::string flaw = check(value, one, where); !flaw.empty()) return flaw;
      }
      return {};
    }
    if (key == "if") {
      const char* branch = check(value, wanted, where).empty() ? "then" : "else";
      return schema.contains(branch) ? check(value, schema.at(branch), where) : "";
    }
    if (key == "minimum") return unless(!value.is_number() || value.get<double>() >= wanted.get<double>());
    if (key == "maximum") return unless(!value.is_number() || value.get<double>() <= wanted.get<double>());
    if (key == "pattern") return unless(!value.is_string() || fits_pattern(value, wanted));
    if (key == "items") {
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
        if (std::string flaw = check(value[i], wanted, fmt::format("{}.{}", where, i)); !flaw.empty()) return flaw;
      }
      return {};
    }
    if (key == "required") {
      for (const Json& name : wanted) {
        if (value.is_object() && !value.contains(name.get<std::string>())) return where + " lacks " + name.dump();
      }
      return {};
    }
    if (key == "minProperties") return unless(!value.is_object() || value.size() >= wanted.get<std::size_t>());
    if (key == "maxProperties") return unless(!value.is_object() || value.size() <= wanted.get<std::size_t>());
    if (key == "properties") return properties(wanted, value, schema, where);
    if (key == "additionalProperties")
      return schema.contains("properties") ? "" : properties(Json::object(), value, schema, where);
    throw std::logic_error("the validator does not know " + key);
  }

  std::string properties(const Json& known, const Json& value, const Json& schema, const std::string& where) const {
    if (!value.is_object()) return {};
    for (const auto& [name, inner] : value.items()) {
      const std::string place = where + "." + name;
      bool met = known.contains(name);
      std::string flaw = met ? check(inner, known.at(name), place) : "";
      if (flaw.empty() && schema.contains("patternProperties")) {
        for (const auto& [pattern, one] : schema.at("patternProperties").items()) {
          if (!std::regex_search(name, std::regex(pattern))) continue;
          met = true;
          flaw = check(inner, one, place);
        }
      }
      if (flaw.empty() && !met && schema.contains("additionalProperties"))
        flaw = check(inner, schema.at("additionalProperties"), place);
      if (!flaw.empty()) return flaw;
    }
    return {};
  }

  const Json& root_;
};

}  // namespace

bool fits_pattern(const std::string& text, const std::string& pattern) {
  static std::map<std::string, std::regex> compiled;
  auto found = compiled.find(pattern);
  if (found == compiled.end()) found = compiled.emplace(pattern, std::regex(pattern)).first;
  return text.size() < 1000 && std::regex_search(text, found->second);
}

std::string misfit(const Json& document, const Json& schema) {
  return Validator(schema).check(document, schema, "document");
}

}  // namespace byzsim::fuzz
