// Action: what a rule does. One class an action, with one registration line; `do` names it.
//
//   do: hold            do: {delay: 10ms}            do: [{alter: {slot: +1}}, duplicate]
//
// An action on a packet may change it, or take it off the wire. One that needs no packet can also follow an event.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "adversaries/rewriting.hpp"
#include "sim/core/options.hpp"

namespace byzsim {

class Rule;
struct AdversarySettings;

class Action {
 public:
  virtual ~Action() = default;
  /// False: the packet is taken off the wire.
  virtual bool on_packet(Packet&, const Occasion& occasion) {
    on_event(occasion);
    return true;
  }
  virtual void on_event(const Occasion&) {}
  /// Lets go of what it holds.
  virtual void release() {}
  /// The run is over: drops what it holds.
  virtual void end() {}
  virtual bool needs_memory() const { return false; }

 protected:
  Rule& rule() { return *rule_; }
  std::string_view name() const { return name_; }

 private:
  friend class Rule;
  Rule* rule_ = nullptr;
  std::string_view name_;
};

/// The actions of a rule, as `do` lists them.
struct Actions {
  Node written;
  std::vector<Choice> list;
};
template <>
struct Setting<Actions> {
  static std::string type() { return "an action, such as `hold` or `delay: 10ms`, or a list of them"; }
  static bool read(const Node& node, Actions& out, Diagnostics& errors);
  static Node show(const Actions& value) { return value.written; }
  static Node schema() { return any_form_schema(); }
};

/// What an action is checked against.
struct ActionChecks {
  const AdversarySettings& settings;
  const AdversaryFacts& facts;
  const TypeSelector* types = nullptr;  ///< of the rule's match; null if it acts on an event
  Position where;
  Diagnostics& errors;
};

/// What the catalogue keeps of an action.
struct ActionFactory {
  std::unique_ptr<Action> (*make)(const Choice& choice) = nullptr;
  void (*check)(const Choice& choice, const ActionChecks& checks) = nullptr;
  bool needs_packet = false;  ///< goes with `match` only
  bool takes_fields = false;  ///< its map is not options but the fields of a message
};

/// Registers an action: `const ActionEntry<HoldOptions, Hold> hold{"hold", "keeps the message back", {.needs_packet =
/// true}};` Options may have `void check(const ActionChecks&) const`.
template <class Options, class A>
class ActionEntry {
 public:
  ActionEntry(const char* name, const char* summary, ActionFactory traits = {})
      : registered_("action", name, summary, complete(traits)) {}

 private:
  static ActionFactory complete(ActionFactory traits) {
    traits.make = [](const Choice& choice) -> std::unique_ptr<Action> {
      if constexpr (std::is_same_v<Options, NoOptions>) {
        return std::make_unique<A>(NoOptions{});
      } else {
        return std::make_unique<A>(choice.as<Options>());
      }
    };
    traits.check = [](const Choice& choice, const ActionChecks& checks) {
      if constexpr (requires(const Options& options) { options.check(checks); }) choice.as<Options>().check(checks);
    };
    return traits;
  }
  Registered<Options, ActionFactory> registered_;
};

}  // namespace byzsim
