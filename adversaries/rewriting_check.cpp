// Finding, when a scenario is loaded, what a rule's fields would stumble over in a run.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adversaries/rewriting.hpp"

namespace byzsim {

namespace {

class FieldChecker {
 public:
  FieldChecker(const AdversaryFacts& facts, Diagnostics& errors) : facts_(facts), errors_(errors) {}

  void tree(const std::string& where, const std::vector<FieldFacts>& fields, const Node& tree, bool altering,
            bool in_message) {
    if (!tree.is_map()) {
      errors_.error(tree.position,
                    fmt::format("expected a map of fields of {}, found {}", where, tree.describe_kind()));
      return;
    }
    for (std::size_t i = 0; i < tree.keys.size(); ++i) {
      const Node::Key& key = tree.keys[i];
      if (in_message && key.text == "signer") {
        node(tree.items[i]);
        continue;
      }
      const auto steps = steps_of(key.text);
      const auto reached = check_path(where, fields, steps, key.position, facts_, errors_);
      if (!reached) continue;
      if (steps.size() > 1 && !altering) {
        errors_.error(key.position, "a path can only reach into a message that exists",
                      "write the fields as nested maps");
      } else {
        value(*reached, tree.items[i], altering);
      }
    }
  }

 private:
  void value(const FieldFacts& field, const Node& wanted, bool altering) {
    const Node* match = seen_in(wanted);
    if (match != nullptr && field.sort == FieldSort::message) {
      ContentMatch content;
      if (Setting<ContentMatch>::read(*match, content, errors_)) content.check(facts_, errors_);
      return;
    }
    if (field.list) return list(field, wanted, altering);
    switch (field.sort) {
      case FieldSort::number:
        return number(field, wanted, altering);
      case FieldSort::digest:
        if (wanted.is_scalar() && is_digest_word(wanted.scalar)) return;
        return names(field, wanted);
      case FieldSort::payload: {
        const FieldFacts content = content_of(field);
        if (wanted.is_null()) return;
        if (is_batch(field) && wanted.is_scalar()) return names(field, wanted);
        if (content.sort == FieldSort::payload)
          return errors_.error(wanted.position, fmt::format("nothing can be put into '{}'", field.name));
        return value(content, wanted, altering);
      }
      case FieldSort::boolean:
        if (wanted.scalar != "true" && wanted.scalar != "false") wrong(field, wanted, "true or false");
        return;
      case FieldSort::text:
        if (!wanted.is_scalar()) wrong(field, wanted, "text");
        return;
      case FieldSort::members:
        return list(content_of(field), wanted, altering);
      case FieldSort::message:
        if (wanted.is_null()) return;
        if (wanted.is_scalar() && field.message == &Request::kind_info) return name(field, wanted);
        [[fallthrough]];
      case FieldSort::group:
        return tree(name_of(field), fields_in(field), wanted, altering && field.sort == FieldSort::group,
                    field.sort == FieldSort::message);
    }
  }

  // A list is given anew, or it is said what to do with the one that is there.
  void list(const FieldFacts& list, const Node& wanted, bool altering) {
    if (wanted.is_list()) return items(list, wanted);
    if (!wanted.is_map() || wanted.keys.empty()) {
      return errors_.error(wanted.position, fmt::format("'{}' is a list, found {}", list.name, wanted.describe_kind()),
                           "a list of what it should hold, or {append: ITEMS}, {remove: PLACES}, {order: PLACES}");
    }
    for (std::size_t i = 0; i < wanted.keys.size(); ++i) {
      const Node::Key& key = wanted.keys[i];
      const Node& what = wanted.items[i];
      const std::vector<std::string> known(std::begin(kListSteps), std::end(kListSteps));
      if (std::find(known.begin(), known.end(), key.text) == known.end()) {
        errors_.error(key.position,
                      fmt::format("'{}' is a list, and '{}' is nothing that can be done with one", list.name, key.text),
                      did_you_mean(key.text, known));
      } else if (!altering) {
        errors_.error(key.position, fmt::format("there is no list yet that '{}' could change", key.text),
                      "write the list itself");
      } else if (key.text == "append") {
        items(list, what);
      } else if (key.text != "order" || what.scalar != "reversed") {
        places(list, key, what);
      }
    }
  }
  void items(const FieldFacts& list, const Node& wanted) {
    if (!wanted.is_list()) return value(item_of(list), wanted, false);
    for (const Node& item : wanted.items) value(item_of(list), item, false);
  }
  void places(const FieldFacts& list, const Node::Key& key, const Node& wanted) {
    const auto one = [&](const Node& step) {
      if (step.is_scalar()) return check_place(list, step.scalar, step.position, facts_, errors_);
      errors_.error(key.position, fmt::format("'{}' takes places, found {}", key.text, step.describe_kind()));
    };
    if (!wanted.is_list()) return one(wanted);
    for (const Node& step : wanted.items) one(step);
  }
  void node(const Node& wanted) {
    const Parsed<NodeRef> ref = parse_node_ref(wanted.scalar);
    if (!wanted.is_scalar() || !ref) {
      errors_.error(wanted.position, fmt::format("{} names no node", wanted.describe_kind()),
                    "replicas are `0`, `1`, ...; clients `c0`, `c1`, ...");
    } else if (ref.value.index >= (ref.value.client ? facts_.clients : facts_.n)) {
      errors_.error(wanted.position, fmt::format("no node {}", to_string(ref.value)));
    }
  }

  void number(const FieldFacts& field, const Node& wanted, bool altering) {
    const std::string& text = wanted.scalar;
    if (wanted.is_scalar() && (text == "event.view" || text == "event.slot" || text == "event.node")) return;
    const bool relative = text.size() > 1 && (text[0] == '+' || text[0] == '-') && parse_unsigned(text.substr(1));
    if (wanted.is_scalar() && relative && altering) return;
    if (relative) {
      errors_.error(wanted.position,
                    fmt::format("'{}' is relative, and there is nothing it could be relative to", text));
    } else if (!wanted.is_scalar() || !number_word(text, facts_.n)) {
      wrong(field, wanted,
            altering ? "a number, a client c0, +1, -1, event.view, event.slot or event.node"
                     : "a number, a client c0, event.view, event.slot or event.node");
    }
  }

  void names(const FieldFacts& field, const Node& wanted) {
    if (wanted.is_list()) {
      for (const Node& item : wanted.items) name(field, item);
    } else if (!wanted.is_scalar() || (wanted.scalar != "none" && wanted.scalar != "event.value")) {
      name(field, wanted);
    }
  }
  void name(const FieldFacts& field, const Node& wanted) {
    if (!wanted.is_scalar())
      return wrong(field, wanted, "the name of a scripted request, a list of these, none or event.value");
    if (std::find(facts_.request_names.begin(), facts_.request_names.end(), wanted.scalar) !=
        facts_.request_names.end())
      return;
    errors_.error(wanted.position, fmt::format("no scripted request is called '{}'", wanted.scalar),
                  facts_.request_names.empty() ? "clients.script gives requests their names"
                                               : did_you_mean(wanted.scalar, facts_.request_names));
  }
  void wrong(const FieldFacts& field, const Node& wanted, std::string_view right) {
    errors_.error(wanted.position, fmt::format("'{}' takes {}, found {}", field.name, right, wanted.describe_kind()));
  }

  const AdversaryFacts& facts_;
  Diagnostics& errors_;
};

}  // namespace

void check_fields(const MessageKind& kind, const FieldTree& tree, bool altering, const AdversaryFacts& facts,
                  Diagnostics& errors) {
  if (tree.node.is_null()) return;
  FieldChecker(facts, errors).tree(std::string(kind.traits.name), facts_of(kind), tree.node, altering, false);
}

}  // namespace byzsim
