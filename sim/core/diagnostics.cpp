#include "sim/core/diagnostics.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "sim/core/visible.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMost = 200;         // more than anyone reads
constexpr std::size_t kMostColumns = 160;  // of an offending line, so that a minified file does not fill the screen

std::string_view line_of(std::string_view text, std::uint32_t line) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// The part of a line around a byte column, safe for a terminal, and the number of characters before the column.
std::string excerpt(std::string_view line, std::size_t column, std::size_t& indent) {
  std::size_t begin = 0;
  if (line.size() > kMostColumns && column > kMostColumns / 2) begin = std::min(column - kMostColumns / 2, line.size());
  while (begin < line.size() && continues(line[begin])) ++begin;
  std::size_t end = std::min(line.size(), begin + kMostColumns);
  while (end < line.size() && continues(line[end])) ++end;
  std::string shown = begin > 0 ? "..." : "";
  indent = shown.size();
  // A blank for a tab, so that the mark below stands under its column; whatever else cannot be shown is written out.
  const auto part = [&](std::size_t from, std::size_t to) {
    std::string text(line.substr(from, to - from));
    std::replace(text.begin(), text.end(), '\t', ' ');
    return visible(text);
  };
  const std::size_t middle = std::clamp(column, begin, end);
  const std::string before = part(begin, middle);
  indent += static_cast<std::size_t>(std::count_if(before.begin(), before.end(), [](char c) { return !continues(c); }));
  shown += before + part(middle, end);
  return end < line.size() ? shown + "..." : shown;
}

auto order(const Diagnostic& d) {
  return std::tie(d.position, d.severity, d.message);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Damerau's optimal string alignment: a transposition ('dealy') is one edit.
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

/// Letters only, lower case, so that `viewTimeout`, `view-timeout` and `view_timeout` are one word.
std::string folded(std::string_view word) {
  std::string out;
  for (char c : word) {
    if (c == '-' || c == '_' || c == ' ') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

}  // namespace

std::uint32_t Diagnostics::add_source(std::string name, std::string text) {
  sources_.push_back({std::move(name), std::move(text)});
  return static_cast<std::uint32_t>(sources_.size());
}

void Diagnostics::error(Position where, std::string message, std::string hint) {
  unread_.push_back(path_);
  add({Severity::error, where, std::move(message), std::move(hint)});
}

void Diagnostics::warning(Position where, std::string message, std::string hint) {
  add({Severity::warning, where, std::move(message), std::move(hint)});
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.position.source == 0) diagnostic.position = around_;
  for (const Diagnostic& known : all_) {
    if (order(known) == order(diagnostic)) return;
  }
  (diagnostic.severity == Severity::error ? errors_ : warnings_) += 1;
  if (all_.size() < kMost) all_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> list = all_;
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  return list;
}

std::string Diagnostics::place(Position where) const {
  if (where.source == 0 || where.source > sources_.size()) return {};
  const std::string name = visible(sources_[where.source - 1].name);
  return where.line == 0 ? name : fmt::format("{}:{}:{}", name, where.line, where.column);
}

std::string Diagnostics::render() const {
  std::string out;
  for (const Diagnostic& d : sorted()) {
    const std::string at = place(d.position);
    const std::string hint = visible(d.hint);
    out += fmt::format("{}{}{}: {}", at, at.empty() ? "" : ": ", d.severity == Severity::error ? "error" : "warning",
                       visible(d.message));
    if (d.position.line == 0 || at.empty()) {
      out += hint.empty() ? "\n" : fmt::format("; {}\n", hint);
      continue;
    }
    std::size_t indent = 0;
    const std::string_view line = line_of(sources_[d.position.source - 1].text, d.position.line);
    const std::string shown = excerpt(line, d.position.column > 0 ? d.position.column - 1 : 0, indent);
    out += fmt::format("\n  {}\n  {:{}}^{}{}\n", shown, "", indent, hint.empty() ? "" : " ", hint);
  }
  const std::size_t total = errors_ + warnings_;
  if (total > all_.size()) out += fmt::format("... and {} more\n", total - all_.size());
  return out;
}

bool Diagnostics::unread(std::string_view path) const {
  return std::any_of(unread_.begin(), unread_.end(), [&](std::string_view known) {
    return known.starts_with(path) && (known.size() == path.size() || known[path.size()] == '.');
  });
}

Diagnostics::Scope::Scope(Diagnostics& diagnostics, std::string_view key)
    : diagnostics_(diagnostics), length_(diagnostics.path_.size()) {
  if (length_ > 0) diagnostics_.path_ += '.';
  diagnostics_.path_ += key.substr(0, 60);
}

Diagnostics::Scope::Scope(Diagnostics& diagnostics, std::size_t index)
    : diagnostics_(diagnostics), length_(diagnostics.path_.size()) {
  diagnostics_.path_ += fmt::format(".{}", index);
}

Diagnostics::Scope::~Scope() {
  diagnostics_.path_.resize(length_);
}

std::string closest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 64) return {};
  const std::string wanted = folded(word);
  std::string best;
  std::size_t least = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::string other = folded(candidate);
    std::size_t distance = edit_distance(wanted, other);
    // What was left out at the end is nearer than as many changes in the middle.
    if (wanted.size() >= 3 && other.size() > wanted.size() && other.starts_with(wanted)) distance = 1;
    if (distance < least && distance < other.size()) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  if (const std::string near = closest(word, candidates); !near.empty()) return fmt::format("did you mean '{}'?", near);
  if (candidates.empty() || candidates.size() > 32) return {};
  std::string list = "known:";
  for (const std::string& candidate : candidates) list += (list.back() == ':' ? " " : ", ") + candidate;
  return list;
}

}  // namespace byzsim
