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
      if (in_message && tree.keys[i].text == "signer") continue;
      const Node::Key& key = tree.keys[i];
      const std::size_t dot = key.text.find('.');
      const FieldFacts* field = find(fields, key.text.substr(0, dot));
      if (field == nullptr) {
        std::vector<std::string> names;
        for (const FieldFacts& known : fields) names.emplace_back(known.name);
        errors_.error(key.position, fmt::format("{} has no field '{}'", where, key.text.substr(0, dot)),
                      did_you_mean(key.text.substr(0, dot), names));
      } else if (dot == std::string::npos) {
        value(*field, tree.items[i], altering, field->list);
      } else if (!altering) {
        errors_.error(key.position, "a path can only reach into a message that exists",
                      "write the fields as nested maps");
      } else {
        path(*field, key, dot + 1, tree.items[i], field->list);
      }
    }
  }

 private:
  static const FieldFacts* find(const std::vector<FieldFacts>& fields, std::string_view name) {
    const auto same = [](char a, char b) { return a == b || ((a == '-' || a == '_') && (b == '-' || b == '_')); };
    for (const FieldFacts& field : fields) {
      if (std::equal(field.name.begin(), field.name.end(), name.begin(), name.end(), same)) return &field;
    }
    return nullptr;
  }

  void path(const FieldFacts& field, const Node::Key& key, std::size_t from, const Node& wanted, bool list) {
    const std::size_t dot = key.text.find('.', from);
    const std::string step = key.text.substr(from, dot == std::string::npos ? dot : dot - from);
    if (list) {
      if (step != "*" && !parse_unsigned(step)) {
        errors_.error(key.position,
                      fmt::format("'{}' is a list: a number or `*` is needed after it, not '{}'", field.name, step));
      } else if (dot == std::string::npos) {
        value(field, wanted, true, false);
      } else {
        path(field, key, dot + 1, wanted, false);
      }
      return;
    }
    if (field.sort != FieldSort::message && field.sort != FieldSort::group) {
      errors_.error(key.position, fmt::format("there is nothing inside '{}'", field.name));
      return;
    }
    Node inner = Node::map();
    inner.put(key.text.substr(from), wanted, key.position);
    tree(name_of(field), inside(field), inner, true, false);
  }

  void value(const FieldFacts& field, const Node& wanted, bool altering, bool list) {
    const Node* match = wanted.is_map() && wanted.items.size() == 1 ? wanted.find("seen") : nullptr;
    if (match != nullptr && field.sort == FieldSort::message) {
      ContentMatch content;
      if (Setting<ContentMatch>::read(*match, content, errors_)) content.check(facts_, errors_);
      return;
    }
    if (list) {
      if (!wanted.is_list()) {
        errors_.error(wanted.position, fmt::format("'{}' is a list, found {}", field.name, wanted.describe_kind()));
      } else {
        for (const Node& item : wanted.items) value(field, item, false, false);
      }
      return;
    }
    switch (field.sort) {
      case FieldSort::number:
        return number(field, wanted, altering);
      case FieldSort::digest:
        if (wanted.is_scalar() && is_digest(wanted.scalar)) return;
        return names(field, wanted);
      case FieldSort::payload:
        return names(field, wanted);
      case FieldSort::boolean:
        if (wanted.scalar != "true" && wanted.scalar != "false") wrong(field, wanted, "true or false");
        return;
      case FieldSort::text:
        if (!wanted.is_scalar()) wrong(field, wanted, "text");
        return;
      case FieldSort::members:
        if (!wanted.is_list()) wrong(field, wanted, "a list of replicas");
        return;
      case FieldSort::message:
        if (wanted.is_null() || (wanted.is_scalar() && field.message == &Request::kind_info)) return;
        [[fallthrough]];
      case FieldSort::group:
        return tree(name_of(field), inside(field), wanted, altering && field.sort == FieldSort::group, true);
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
    } else if (!wanted.is_scalar() || !parse_unsigned(text)) {
      wrong(field, wanted,
            altering ? "a number, +1, -1, event.view or event.slot" : "a number, event.view or event.slot");
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
  static bool is_digest(std::string_view text) {
    return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }
  static std::string name_of(const FieldFacts& field) {
    return std::string(field.sort == FieldSort::message ? field.message->traits.name : field.name);
  }
  static const std::vector<FieldFacts>& inside(const FieldFacts& field) {
    return field.sort == FieldSort::message ? facts_of(*field.message) : field.fields;
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
