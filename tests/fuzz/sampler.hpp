// Sampler: documents made from a schema by decisions. What the schema leaves open (selectors, fields, actions) comes
// from a pool of words that fit somewhere.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/fuzz/choices.hpp"

namespace byzsim::fuzz {

class Sampler {
 public:
  Sampler(const nlohmann::ordered_json& root, Choices& choices) : root_(root), choices_(choices) {}
  /// Something that fits `schema`, mostly. Of an object's keys that need not be there one in `sparse` is.
  nlohmann::ordered_json sample(const nlohmann::ordered_json& schema, int sparse = 4, int depth = 0);
  /// Damages one place: another type, another word, a key more or less.
  void damage(nlohmann::ordered_json& document);

 private:
  nlohmann::ordered_json word();
  nlohmann::ordered_json object(const nlohmann::ordered_json& schema, int sparse, int depth);
  nlohmann::ordered_json of_type(const std::string& type, const nlohmann::ordered_json& schema, int sparse, int depth);

  const nlohmann::ordered_json& root_;
  Choices& choices_;
};

}  // namespace byzsim::fuzz
