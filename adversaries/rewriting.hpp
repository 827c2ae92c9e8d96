// Rewriting: how a rule says what a message should hold, and making that message.
//
// `alter` changes what is there, `forge` fills in an empty message of a kind. In both, a field is set by
//   number      3, or relative to what it was: +1, -1; or `event.view`, `event.slot` of the event that set the rule off
//   digest      a request's name (the digest of the batch of exactly that request), a list of names, `none` for the
//   empty
//               batch, `event.value`, or sixteen hexadecimal digits
//   batch       a request's name, a list of names, [] or `event.value`
//   message     a map of its fields (`signer: 1` says whose it is), or `{seen: MATCH}` for one that was seen on a wire
//   list        a list of these; `{seen: MATCH}` stands for all that were seen, one of each signer
// A path reaches into nested messages and lists: `view_changes.0.prepared: []`, `view_changes.*.view: 7`. Dashes and
// underscores are the same.
//
// Batch and digest go together: setting one sets the other, unless both are set. Every message that was touched is
// signed again if its signer is corrupted, from the inside out; otherwise it keeps a signature that no longer fits.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "adversaries/coalition.hpp"
#include "adversaries/match.hpp"
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

/// The message that was asked for cannot be made now; the text says why. Rules count it as `NAME: impossible`.
class Impossible : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
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
  Json single(const FieldFacts& facts, const Node& wanted, const Json* old, NodeId signer);
  Json nested(const FieldFacts& facts, const Node& wanted, NodeId signer);
  Json number(const Node& wanted, const Json* old) const;
  Ref<const Batch> batch(const Node& wanted) const;
  Json text_of(const Message& message) const;
  Notary& notary() const { return coalition_.powers().notary(); }

  Coalition& coalition_;
  Occasion occasion_;
};

/// Reports every field of `tree` that messages of this kind do not have, and every form that does not fit its field.
void check_fields(const MessageKind& kind, const FieldTree& tree, bool altering, const AdversaryFacts& facts,
                  Diagnostics& errors);

}  // namespace byzsim
