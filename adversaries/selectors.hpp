// Selectors: how a rule says which numbers, nodes and values it means.
//
//   view: 3          slot: [1, 2]       slot: 1..5        view: ">= 2"       view: {not: 0}
//   to: [1, 2]       from: c0           from: corrupted   to: primary        to: {not: 2}
//   value: a         value: [a, b]      value: none       value: {not: a}
//
// A selector that is not given selects everything.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/options.hpp"
#include "sim/replica/interceptor.hpp"

namespace byzsim {

/// What the three have in common: how they were written, and whether they are turned round.
class Selector {
 public:
  bool everything() const { return everything_; }
  const Node& written() const { return written_; }
  Position position() const { return written_.position; }

 protected:
  /// Notes the form, steps inside `{not: ...}`, and calls `add(scalar)`, which returns an error or nothing, for each
  /// item.
  std::string read(const Node& node, const std::function<std::string(const Node&)>& add);
  bool turned(bool found) const { return found != inverted_; }

  Node written_;
  bool everything_ = true;
  bool inverted_ = false;
};

/// Views and slots.
class NumberSelector : public Selector {
 public:
  static constexpr const char* kForms = "a number, a list, a range `1..5`, a bound `\">= 2\"` or `{not: ...}`";
  static Parsed<NumberSelector> parse(const Node& node);
  bool contains(std::uint64_t number) const;

 private:
  struct Range {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
  };
  std::vector<Range> ranges_;
};

/// Replicas and clients, by name or by what they are at that moment.
class NodeSelector : public Selector {
 public:
  enum class Group : std::uint8_t { all, replicas, clients, corrupted, honest, primary };
  static constexpr const char* kForms =
      "nodes: replicas 0, 1, ..., clients c0, c1, ..., all, replicas, clients, corrupted, honest, primary, a list of "
      "these or "
      "`{not: ...}`";
  static Parsed<NodeSelector> parse(const Node& node);
  /// `view` is what `primary` refers to; without a view nobody is primary.
  bool contains(NodeId node, View view, const Powers& powers) const;
  /// Every node that belongs to it, in increasing order. Where nothing is given or `not` is used, replicas alone.
  std::vector<NodeId> members(View view, const Powers& powers) const;
  /// The nodes named one by one, to be checked against the size of the cluster.
  const std::vector<NodeRef>& named() const { return named_; }
  /// Whether it is plain, without a look at every node, that no honest node belongs to it.
  bool only_corrupted(const Powers& powers) const;
  /// Whether it depends on the view.
  bool relative() const { return std::find(groups_.begin(), groups_.end(), Group::primary) != groups_.end(); }

 private:
  std::vector<NodeRef> named_;
  std::vector<Group> groups_;
};

/// Values, by the scripted requests that their batches hold; `none` is the empty batch.
class ValueSelector : public Selector {
 public:
  static constexpr const char* kForms = "the name of a scripted request, `none`, a list of these or `{not: ...}`";
  static Parsed<ValueSelector> parse(const Node& node);
  /// Whether the batch named `value` holds one of the requests. `message`, if given, may carry the batch or be the
  /// request.
  bool contains(Digest value, const Message* message, const Powers& powers) const;
  bool contains(const Batch& batch, const Powers& powers) const;
  /// Whether it selects request `number` of `client`.
  bool selects_request(NodeId client, std::uint64_t number, const Powers& powers) const;
  const std::vector<std::string>& named() const { return named_; }

 private:
  bool holds_one(const Batch& batch, const Powers& powers) const;
  bool names_request(NodeId client, std::uint64_t number, const Powers& powers) const;

  std::vector<std::string> named_;
  bool none_ = false;
};

/// Any form but nothing at all; the loader says what is wrong.
Node any_form_schema();

template <class S>
requires std::derived_from<S, Selector>
struct Setting<S> {
  static std::string type() { return S::kForms; }
  static bool read(const Node& node, S& out, Diagnostics& errors) {
    auto parsed = S::parse(node);
    if (!parsed) {
      errors.error(node.position, parsed.error, parsed.hint);
      return false;
    }
    out = std::move(parsed.value);
    return true;
  }
  static Node show(const S& value) { return value.written(); }
  static Node schema() { return any_form_schema(); }
};

}  // namespace byzsim
