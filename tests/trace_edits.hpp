// Every way in which somebody may change a trace, a kind an entry of a table: what they are tried for stands in
// verify_test.cpp.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sim/replica/notary.hpp"
#include "sim/world.hpp"

namespace byzsim::trace_edits {

/// A trace taken apart: lines without their ends, the header first.
using Lines = std::vector<std::string>;

Lines lines_of(std::string_view bytes);
std::string joined(const Lines& lines);

/// What an edit may draw on.
struct Desk {
  std::mt19937_64 random{1};
  Lines original;
  Lines other;  ///< a run of another scenario with as many nodes
  std::uint64_t seed = 1;
  std::uint32_t nodes = 0;
  std::vector<const MessageKind*> kinds;

  /// From 0 to `most`, which is left out.
  std::size_t below(std::size_t most) { return most == 0 ? 0 : static_cast<std::size_t>(random() % most); }
  /// A line after the header; if `part` is given, one that holds it, or 0 if there is none.
  std::size_t pick(const Lines& lines, std::string_view part = {});
};

struct Kind {
  std::string_view name;
  std::size_t share;  ///< of the edits that are tried, in parts
  /// The lines, edited; as they were if this edit found nothing to do.
  std::function<Lines(Desk&)> edit;
};
const std::vector<Kind>& kinds();

}  // namespace byzsim::trace_edits
