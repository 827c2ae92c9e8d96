// Match: which messages a rule or a behaviour is about.
//
//   match: {type: commit, view: 0, slot: 1, value: a, signer: [0, 1], from: 0, to: [1, 3], after: 1s, before: 2s, skip:
//   1, first: 3}
//   match: {type: new-view, fields: {view_changes.signer=2.prepared: {size: 0}}}
//
// Everything that is given must hold. `skip` and `first` count messages, not their copies to each receiver: a broadcast
// counts once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adversaries/field_match.hpp"
#include "adversaries/selectors.hpp"
#include "sim/core/options.hpp"
#include "sim/replica/interceptor.hpp"

namespace byzsim {

/// Names that the protocol gives to something.
class NameSelector : public Selector {
 public:
  bool contains(std::string_view name) const;
  const std::vector<std::string>& named() const { return named_; }

 protected:
  template <class Self>
  static Parsed<Self> parse_names(const Node& node) {
    Self set;
    const std::string error = set.read_names(node);
    if (!error.empty()) return Parsed<Self>::fail(error, std::string("expected ") + Self::kForms);
    return Parsed<Self>::of(std::move(set));
  }
  std::string read_names(const Node& node);

 private:
  std::vector<std::string> named_;
};

/// `commit` or `[prepare, commit]`.
class TypeSelector : public NameSelector {
 public:
  static constexpr const char* kForms = "a message type, a list of these or `{not: ...}`";
  static Parsed<TypeSelector> parse(const Node& node) { return parse_names<TypeSelector>(node); }
};

/// `request` or `[request, new-view]`.
class TimerSelector : public NameSelector {
 public:
  static constexpr const char* kForms = "the name of a timer, a list of these or `{not: ...}`";
  static Parsed<TimerSelector> parse(const Node& node) { return parse_names<TimerSelector>(node); }
};

/// What can be said of a message alone, wherever it travels.
struct ContentMatch {
  TypeSelector type;
  NumberSelector view;
  NumberSelector slot;
  ValueSelector value;
  NodeSelector signer;
  FieldMatch fields;

  bool matches(const Message& message, const Powers& powers) const;
  void check(const AdversaryFacts& facts, Diagnostics& errors) const;

  static void describe(auto& row) {
    row("type", &ContentMatch::type, "the message's type, as the protocol's paper calls it: pre-prepare, commit");
    row("view", &ContentMatch::view, "the view it belongs to: 0, [0, 1], 1..5, \">= 2\", {not: 0}");
    row("slot", &ContentMatch::slot, "the slot it belongs to, in the same forms");
    row("value", &ContentMatch::value, "a scripted request that its value holds, by name; `none` for the empty batch");
    row("signer", &ContentMatch::signer, "who signed it: replicas, clients, or corrupted, honest, primary");
    row("fields", &ContentMatch::fields,
        "what it holds, by paths into it: {stable: 0, prepared.*.pre_prepare.value: a, prepared: {size: \">= 2\"}}");
  }
};

struct MatchOptions : ContentMatch {
  NodeSelector from;
  NodeSelector to;
  std::optional<Duration> after;
  std::optional<Duration> before;
  std::uint64_t skip = 0;
  std::optional<std::uint64_t> first;
  std::optional<ContentMatch> contains;

  void check(const AdversaryFacts& facts, Diagnostics& errors) const;

  static void describe(auto& row) {
    ContentMatch::describe(row);
    row("from", &MatchOptions::from, "who put it on the link, which differs from the signer if it is relayed");
    row("to", &MatchOptions::to, "its receiver");
    row("after", &MatchOptions::after, "only from this time on");
    row("before", &MatchOptions::before, "only before this time");
    row("skip", &MatchOptions::skip, "let so many matching messages pass first");
    row("first", &MatchOptions::first, "match no more than so many messages");
    row("contains", &MatchOptions::contains, "a message nested in it, at any depth, that matches this");
  }
};

/// A match that counts.
class Matcher {
 public:
  explicit Matcher(const MatchOptions& options) : options_(options) {}
  bool matches(const Packet& packet, const Powers& powers);
  /// Whether only messages of corrupted senders can match, so that nobody else's need be looked at.
  bool only_corrupted(const Powers& powers) const;

 private:
  const MatchOptions& options_;
  /// Whether what the message holds matches; the copies of a broadcast are looked into once.
  bool content_matches(const Message& message, const Powers& powers);

  std::uint64_t counted_ = 0;
  bool last_passed_ = false;
  Ref<const Message> last_;  // kept, so that no other message takes its place in memory
  Time last_time_ = kNever;
  Ref<const Message> looked_at_;
  Time looked_time_ = kNever;
  bool looked_right_ = false;
};

/// Each reports what it names and the cluster, the script or the protocol does not have.
void check_timers(const TimerSelector& set, const AdversaryFacts& facts, Diagnostics& errors);
void check_nodes(const NodeSelector& set, const AdversaryFacts& facts, Diagnostics& errors);
void check_values(const ValueSelector& set, const AdversaryFacts& facts, Diagnostics& errors);
/// The kind of this name, or null after an error.
const MessageKind* check_type(const std::string& name, Position where, const AdversaryFacts& facts,
                              Diagnostics& errors);

}  // namespace byzsim
