// RuleWriter: rules of the adversary's language from decisions. Knows what a protocol's messages hold by their facts
// alone, as the language does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/replica/message.hpp"
#include "tests/fuzz/choices.hpp"

namespace byzsim::fuzz {

class RuleWriter {
 public:
  RuleWriter(Choices& choices, std::vector<const MessageKind*> kinds) : choices_(choices), kinds_(std::move(kinds)) {}
  /// A rule as it would stand in `adversary.rules`. Mostly right: about one part in forty is misspelt or misplaced.
  nlohmann::ordered_json rule();
  /// A MATCH of messages of this kind.
  nlohmann::ordered_json match(const MessageKind& kind, int depth = 0);
  nlohmann::ordered_json nodes();
  nlohmann::ordered_json numbers();
  std::string number();
  std::string time();

 private:
  nlohmann::ordered_json trigger();
  nlohmann::ordered_json action(const MessageKind& kind, bool on_packet);
  nlohmann::ordered_json forge();
  nlohmann::ordered_json fields(const std::vector<FieldFacts>& facts, bool altering, int depth);
  nlohmann::ordered_json value(const FieldFacts& facts, bool altering, int depth);
  nlohmann::ordered_json single(const FieldFacts& facts, bool altering, int depth);
  nlohmann::ordered_json condition(const FieldFacts& facts);
  /// A path from these fields on, and what it leads to.
  std::string path(const std::vector<FieldFacts>& facts, FieldFacts& reached);
  std::string place(const FieldFacts& list);
  std::string request();
  const MessageKind& kind() { return *choices_.pick(kinds_); }
  const MessageKind* next_kind() { return choices_.pick(kinds_); }

  Choices& choices_;
  std::vector<const MessageKind*> kinds_;
};

}  // namespace byzsim::fuzz
