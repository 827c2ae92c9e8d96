// Conditions on what a message holds, by paths: `fields: {state.clients.client=c0.floor: ">= 2", prepared: {size: 0}}`.
//
// All must hold; each holds if something that its path leads to fits (see path.hpp). What fits, by what stands there:
//   number     as for views and slots, or nodes: 3, [1, 2], 1..5, ">= 2", {not: 0}, c0, corrupted
//   digest     sixteen hexadecimal digits, or as for values: the batch that it names holds the request `a`; none;
//              {not: a}
//   batch      the same of the batch itself
//   list       {size: ">= 3"}, or for a list of numbers these in this order: [4, 3]
//   message    none, if there is none; {not: none}
//   truth, text   the word itself
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adversaries/path.hpp"
#include "adversaries/selectors.hpp"
#include "sim/core/options.hpp"

namespace byzsim {

class FieldMatch {
 public:
  bool empty() const { return conditions_.empty(); }
  /// Whether `message` holds what is asked of it.
  bool matches(const Message& message, const Powers& powers) const;
  /// Reports every path that messages of this kind do not have, and every condition that does not fit what is there.
  void check(const MessageKind& kind, const AdversaryFacts& facts, Diagnostics& errors) const;
  Position position() const { return written_.position; }

 private:
  friend struct Setting<FieldMatch>;
  /// Read once in every form that it could have; which one counts depends on what the path leads to.
  struct Condition {
    std::vector<std::string> steps;
    Position where;
    Node wanted;
    std::optional<NumberSelector> numbers;
    std::optional<NodeSelector> nodes;
    std::optional<ValueSelector> values;
    std::optional<NumberSelector> size;
  };
  static bool fits(const Condition& condition, const FieldFacts& facts, const nlohmann::ordered_json& value,
                   const Powers& powers);

  Node written_ = Node::map();
  std::vector<Condition> conditions_;
};

template <>
struct Setting<FieldMatch> {
  static std::string type() { return "a map from paths to what must stand there"; }
  static bool read(const Node& node, FieldMatch& out, Diagnostics& errors);
  static Node show(const FieldMatch& value) { return value.written_; }
  static Node schema();
};

}  // namespace byzsim
