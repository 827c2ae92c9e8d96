// How many votes make a quorum: the arithmetic, and the rules that protocols have been built with, right and wrong.
//
// Two quorums of q among n intersect in 2q - n replicas; agreement needs at least f + 1 of those, hence q >= (n + f +
// 1)/2. Progress with f silent replicas needs q <= n - f. For n = 3f + 1, and only there, 2f + 1 is both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/options.hpp"

namespace byzsim {

/// A quorum rule as written in a scenario: `2f+1`, `ceil((n+f+1)/2)`, `2f`, `n-f`, `ceil(2n/3)` or a number.
class QuorumRule {
 public:
  QuorumRule() = default;
  static std::optional<QuorumRule> parse(std::string_view text);
  /// Distinct votes needed among n replicas when f may be faulty.
  std::uint32_t of(std::uint32_t n, std::uint32_t f) const;
  std::string text() const;

 private:
  enum class Form { intersecting, two_f_plus_one, two_f, n_minus_f, two_thirds, number };
  Form form_ = Form::intersecting;
  std::uint32_t number_ = 0;
};

/// The smallest quorum of which any two share an honest replica: ceil((n + f + 1) / 2).
constexpr std::uint32_t intersecting_quorum(std::uint32_t n, std::uint32_t f) {
  return (n + f + 2) / 2;
}
/// Agreement inside a view: any two quorums of q share more than f replicas.
constexpr bool quorums_intersect(std::uint32_t n, std::uint32_t f, std::uint32_t q) {
  return 2 * q >= n + f + 1;
}

template <>
struct Setting<QuorumRule> {
  static std::string type() {
    return "a quorum rule, such as `2f+1`, `ceil((n+f+1)/2)`, `2f`, `n-f`, `ceil(2n/3)` or a number";
  }
  static bool read(const Node& node, QuorumRule& out, Diagnostics& errors);
  static Node show(const QuorumRule& value) { return Node::text(value.text()); }
  static Node schema();
};

}  // namespace byzsim
