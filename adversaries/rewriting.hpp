// Rewriting: how a rule says what a message should hold, and making that message.
//
// `alter` changes what is there, `forge` fills in an empty message of a kind. In both, a field is set by
//   number      3, `c0` (that node), or relative to what it was: +1, -1; or `event.view`, `event.slot`, `event.node` of
//               the event that set the rule off
//   digest      a request's name (the digest of the batch of exactly that request), a list of names, `none` for the
//               empty batch, `event.value`, or sixteen hexadecimal digits
//   batch       a request's name, a list of names, [] or `event.value`
//   payload     as the list or the map of fields that it is made of
//   message     a map of its fields (`signer: 1` says whose it is), or `{seen: MATCH}` for one that was seen on a wire
//   list        a list of these; `{seen: MATCH}` stands for all that were seen, one of each signer. Or what to do with
//               the list there is, in the order written: {remove: PLACES, order: PLACES, append: ITEMS}
// A path reaches inside; see path.hpp. What is shared by reference is never changed: whatever was touched is made anew.
//
// Batch and digest go together: setting one sets the other, unless both are set. Every message that was touched is
// signed again if its signer is corrupted, from the inside out; otherwise it keeps a signature that no longer fits.
#pragma once

#include <string>
#include <vector>

#include "adversaries/coalition.hpp"
#include "adversaries/match.hpp"
#include "adversaries/path.hpp"
#include "sim/core/limits.hpp"
#include "sim/core/options.hpp"

namespace byzsim {

/// Fields as they are written in a scenario, kept with their positions.
struct FieldTree {
  Node node = Node::map();
  /// Whether some field is made of messages that were seen.
  bool recalls() const;
};
template <>
struct Setting<FieldTree> {
  static std::string type() { return "a map of fields"; }
  static bool read(const Node& node, FieldTree& out, Diagnostics& errors);
  static Node show(const FieldTree& value) { return value.node; }
  static Node schema();
};

/// What set a rule off; what `event.…` and `primary` refer to.
struct Occasion {
  View view = kNoView;
  Slot slot = kNoSlot;
  Digest value{};
  NodeId node = kNobody;
};

class Rewriter {
 public:
  Rewriter(Coalition& coalition, const Occasion& occasion) : coalition_(coalition), occasion_(occasion) {}

  /// `message` with these fields changed. Throws Impossible.
  Ref<const Message> altered(const Message& message, const FieldTree& changes);
  /// A new message in this node's name. Throws Impossible.
  Ref<const Message> forged(const MessageKind& kind, NodeId signer, const FieldTree& fields);
  /// The same, starting from a message that exists instead of an empty one. Throws Impossible.
  Ref<const Message> forged_like(const Message& message, NodeId signer, const FieldTree& changes);
  /// What was seen and matches, oldest first; with `one_each`, the first of every signer.
  std::vector<Ref<const Message>> seen(const ContentMatch& match, bool one_each) const;

 private:
  /// One change: the path that is left to go, and what to put there.
  struct Edit {
    std::vector<std::string> path;
    const Node* to = nullptr;
  };
  static std::vector<Edit> edits_of(const Node& tree);

  Json edited(const std::vector<FieldFacts>& facts, Json fields, const std::vector<Edit>& edits, NodeId signer);
  void edit_inside(const FieldFacts& facts, Json& old, const Edit& edit, std::size_t step, NodeId signer);
  Json resolved(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer);
  Json payload(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer);
  Json items(const FieldFacts& list, const Node& wanted, NodeId signer);
  Json reworked(const FieldFacts& list, const Node& steps, Json old, NodeId signer);
  std::vector<std::size_t> places(const FieldFacts& list, const Node& wanted, const Json& old) const;
  Json recalled(const FieldFacts& facts, const Node& match, bool all) const;
  Json single(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer);
  Json nested(const FieldFacts& facts, const Node& wanted, NodeId signer);
  Json number(const Node& wanted, const Json* old) const;
  Ref<const Batch> batch(const Node& wanted) const;
  Json tree(const Message& message) const;
  Ref<Message> drafted(const Message& message, const Json& fields) const;
  /// Counts a value that is made, for as long as the rewriting lasts, and ends the run where that is too much: a line of
  /// a scenario can double a list as often as it likes.
  void count(const Json& made) const;
  Notary& notary() const { return coalition_.powers().notary(); }

  Coalition& coalition_;
  Occasion occasion_;
  mutable Footprint made_;
};

/// The match under `seen`, if that is what the node says.
const Node* seen_in(const Node& node);

/// What `alter` may do with a list that is there.
inline constexpr const char* kListSteps[] = {"append", "remove", "order"};

/// Reports every field of `tree` that messages of this kind do not have, and every form that does not fit its field.
void check_fields(const MessageKind& kind, const FieldTree& tree, bool altering, const AdversaryFacts& facts,
                  Diagnostics& errors);

}  // namespace byzsim
