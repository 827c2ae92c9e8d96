// Printing structs by their descriptions.
#include "sim/core/catalogue.hpp"
#include "sim/core/description.hpp"

namespace byzsim {

namespace {

Node show_options(const Choice& choice) {
  if (choice.entry == nullptr || choice.entry->options == nullptr) return Node::map();
  return show_struct(*choice.entry->options(), choice.options.get());
}

Node show_choice(const Choice& choice) {
  return Node::map().put(choice.name, show_options(choice));
}

Node show_field(const Field& field, const void* value) {
  if (field.form == Field::Form::plain) {
    Node shown = field.type->show(value);
    // No text where a name has to stand means that none was given.
    const bool named = !field.constraints.one_of.empty() || !field.constraints.catalogue.empty();
    return named && shown.is_scalar() && shown.scalar.empty() ? Node() : shown;
  }
  if (field.form == Field::Form::choice) {
    const auto& choice = *static_cast<const Choice*>(value);
    return choice.entry == nullptr ? Node() : show_choice(choice);
  }
  Node list = Node::list();
  for (const Choice& choice : *static_cast<const std::vector<Choice>*>(value)) {
    list.push(field.form == Field::Form::each ? show_options(choice) : show_choice(choice));
  }
  return list;
}

}  // namespace

Node show_struct(const Description& description, const void* value) {
  Node map = Node::map();
  void* object = const_cast<void*>(value);  // members are reached through one kind of function, which only points
  for (const Field& field : description.fields) {
    Node shown = show_field(field, field.member(object));
    if (!shown.is_null()) map.put(field.key, std::move(shown));
  }
  if (description.rest) {
    const Node rest = show_options(*static_cast<const Choice*>(description.rest->choice(object)));
    for (std::size_t i = 0; i < rest.items.size(); ++i) map.put(rest.keys[i].text, rest.items[i]);
  }
  return map;
}

Node default_of(const Description& description, const Field& field) {
  if (description.make == nullptr || field.constraints.required) return {};
  const std::shared_ptr<void> sample = description.make();
  return show_field(field, field.member(sample.get()));
}

}  // namespace byzsim
