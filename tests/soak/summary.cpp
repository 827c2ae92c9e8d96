#include "tests/soak/summary.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sim/core/catalogue.hpp"

namespace byzsim::soak {

namespace {

template <class Map>
std::string list_of(const Map& counts) {
  std::string out;
  for (const auto& [what, count] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", what, count);
  return out.empty() ? "none" : out;
}

/// A list with commas, broken at the width of a page.
std::string paragraph(const std::string& title, const std::string& text) {
  std::string out = title;
  std::size_t column = title.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t comma = std::min(text.find(", ", at), text.size());
    const std::string word = text.substr(at, comma - at) + (comma < text.size() ? "," : "");
    if (column + word.size() + 1 > 110) {
      out += "\n              ";
      column = 14;
    }
    out += " " + word;
    column += word.size() + 1;
    at = comma + 2;
  }
  return out + "\n";
}

}  // namespace

void Summary::add(const Trial& trial) {
  ++worlds_;
  events_ += trial.events;
  ++classes_[trial.kind];
  ++sizes_[trial.n];
  if (!trial.ended.empty()) ++ends_[trial.ended];
  complete_ += trial.complete ? 1 : 0;
  if (!trial.mechanism.empty()) ++mechanisms_[trial.recipe + ": " + trial.mechanism];
  for (const Finding& finding : trial.findings) ++findings_[finding.kind];
  for (const auto& [what, count] : trial.happened) {
    // Sentences and the names of rules are for the reader of one run.
    if (what.find(' ') != std::string::npos && what.find(": full") == std::string::npos) continue;
    Reached& reached = happened_[what];
    ++reached.worlds;
    reached.times += count;
  }
  for (const auto& [what, count] : trial.written) written_[what] += count;
}

std::vector<std::string> Summary::unreached() const {
  std::vector<std::string> missing;
  for (const char* kind : {"behaviour", "action"}) {
    for (const std::string& name : Catalogue::names(kind)) {
      if (!written_.contains(std::string(kind) + " " + name)) {
        missing.push_back(std::string(kind) + " " + name + " (never written)");
      } else if (!happened_.contains(name) && name != "credulous") {  // which says nothing of itself
        missing.push_back(std::string(kind) + " " + name + " (never did anything)");
      }
    }
  }
  return missing;
}

std::string Summary::text() const {
  std::string out = fmt::format("{} worlds, {} events\n", worlds_, events_);
  out += paragraph("  owed       ", list_of(classes_));
  out += paragraph("  replicas   ", list_of(sizes_));
  out += paragraph("  ended      ", list_of(ends_));
  std::uint64_t violated = 0;
  for (const auto& [mechanism, count] : mechanisms_) violated += count;
  out += fmt::format("  agreement   violated in {} worlds, completeness owed in {} worlds\n", violated, complete_);
  for (const auto& [mechanism, count] : mechanisms_) out += fmt::format("              {:>6}  {}\n", count, mechanism);
  std::map<std::string, std::uint64_t> reached;
  for (const auto& [what, r] : happened_) reached[what] = r.worlds;
  out += paragraph("  written    ", list_of(written_));
  out += paragraph("  happened   ", list_of(reached) + " (in so many worlds)");
  std::string missing;
  for (const std::string& what : unreached()) missing += (missing.empty() ? "" : ", ") + what;
  out += paragraph("  unreached  ", missing.empty() ? "nothing" : missing);
  out += paragraph("  findings   ", list_of(findings_));
  return out;
}

}  // namespace byzsim::soak
