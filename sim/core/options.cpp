#include "sim/core/options.hpp"

#include <fmt/core.h>

namespace byzsim {

namespace detail {

Bound bound(long double value) {
  return {value, real_to_string(static_cast<double>(value))};
}
Bound bound(Duration value) {
  return {static_cast<long double>(value.count()), to_string(value)};
}
Bound bound(ByteCount value) {
  return {static_cast<long double>(value.bytes), to_string(value)};
}
Bound bound(BitRate value) {
  return {static_cast<long double>(value.bits_per_second), to_string(value)};
}

Constraint bounded(std::optional<Bound> least, std::optional<Bound> most) {
  return [least, most](Constraints& constraints) {
    if (least) constraints.at_least = least;
    if (most) constraints.at_most = most;
  };
}

}  // namespace detail

Constraint fraction() {
  return detail::bounded(detail::bound(0.0L), detail::bound(1.0L));
}

Constraint required() {
  return [](Constraints& constraints) { constraints.required = true; };
}

Constraint one_of(std::initializer_list<const char*> words) {
  return [list = std::vector<std::string>(words.begin(), words.end())](Constraints& constraints) {
    constraints.one_of = list;
  };
}

Constraint from_catalogue(const char* kind) {
  return [kind](Constraints& constraints) { constraints.catalogue = kind; };
}

}  // namespace byzsim
