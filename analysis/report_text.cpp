#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/human.hpp"
#include "analysis/report.hpp"
#include "sim/core/visible.hpp"

namespace byzsim {

namespace {

constexpr std::size_t kMostLines = 40;      // of the message sequence
constexpr std::size_t kMostViolations = 8;  // shown one by one

enum class Ink { plain, bold, dim, good, bad, warn };

class Page {
 public:
  explicit Page(const TextStyle& style) : style_(style) {}

  /// Colour is marked by bytes that no text holds, and becomes escape codes when the line is made visible: so a name in
  /// a file can hold an escape code and print it, and none gets through.
  std::string ink(Ink ink, std::string_view text) const {
    if (!style_.colour || ink == Ink::plain) return std::string(text);
    return fmt::format("{}{}{}{}", kBegin, static_cast<int>(ink), text, kEnd);
  }
  void line(std::string_view text = {}) {
    static constexpr const char* kCodes[] = {"0", "1", "2", "32", "31", "33"};
    constexpr char kMarks[] = {kBegin, kEnd, '\0'};
    for (std::size_t mark = 0; style_.colour && (mark = text.find_first_of(kMarks)) != std::string_view::npos;) {
      const bool begins =
          text[mark] == kBegin && mark + 1 < text.size() && text[mark + 1] >= '0' && text[mark + 1] < '6';
      out_ += visible(text.substr(0, mark));
      out_ += fmt::format("\x1b[{}m", begins ? kCodes[text[mark + 1] - '0'] : "0");
      text.remove_prefix(mark + (begins ? 2 : 1));
    }
    out_ += visible(text);
    out_ += '\n';
  }
  void heading(std::string_view text) {
    line();
    line(ink(Ink::bold, text));
  }
  std::string take() { return std::move(out_); }

 private:
  static constexpr char kBegin = '\xff';
  static constexpr char kEnd = '\xfe';
  TextStyle style_;
  std::string out_;
};

Ink ink_of(Verdict verdict) {
  return verdict == Verdict::met ? Ink::good : verdict == Verdict::unmet ? Ink::bad : Ink::warn;
}

std::string_view sign_of(Verdict verdict) {
  return verdict == Verdict::met ? "MET" : verdict == Verdict::unmet ? "UNMET" : "INCONCLUSIVE";
}

std::string named(const Result& r, NodeId id) {
  return id < r.n ? fmt::format("replica {}", id) : fmt::format("client {}", id - r.n);
}

std::string listed(const Result& r, const std::vector<NodeId>& nodes) {
  std::vector<std::string> names;
  for (NodeId id : nodes) names.push_back(r.name(id));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string plural(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", human_count(count), what, count == 1 ? "" : "s");
}

void headline(Page& page, const Result& r) {
  page.line(fmt::format("{}  {}{}", page.ink(ink_of(r.verdict), sign_of(r.verdict)), page.ink(Ink::bold, r.scenario),
                        r.variant.empty() ? "" : fmt::format(" ({})", r.variant)));
  std::string what = fmt::format("{}, n = {}, f = {}, quorum {}, seed {}", r.protocol, r.n, r.f, r.quorum, r.seed);
  if (!r.faulty.empty()) what += fmt::format("; faulty: {}", listed(r, r.faulty));
  page.line(fmt::format("  {}", page.ink(Ink::dim, what)));
  for (const std::string& line : r.unmet) page.line(fmt::format("  {} {}", page.ink(ink_of(r.verdict), "!"), line));
}

void promises(Page& page, const Result& r) {
  page.line();
  page.line(
      fmt::format("  safety    {}", page.ink(r.safety == Safety::held ? Ink::good : Ink::bad, to_string(r.safety))));
  const Ink ink = r.liveness == Liveness::held ? Ink::good : r.liveness == Liveness::violated ? Ink::bad : Ink::warn;
  page.line(fmt::format("  liveness  {}, {} of {} requests answered", page.ink(ink, to_string(r.liveness)),
                        human_count(r.accepted), human_count(r.submitted)));
}

void violations(Page& page, const Result& r) {
  if (r.violations.empty()) return;
  page.heading("What broke");
  for (std::size_t i = 0; i < r.violations.size() && i < kMostViolations; ++i) {
    const JudgedViolation& violation = r.violations[i];
    page.line(fmt::format("  {}, at {}{}", page.ink(Ink::bad, violation.invariant), human(violation.time - kStart),
                          violation.replicas.empty()
                              ? ""
                              : fmt::format(", {} {}", violation.replicas.size() == 1 ? "replica" : "replicas",
                                            listed(r, violation.replicas))));
    page.line(fmt::format("    {}", violation.message));
  }
  const std::uint64_t more =
      r.violations_dropped + (r.violations.size() > kMostViolations ? r.violations.size() - kMostViolations : 0);
  if (more > 0) page.line(fmt::format("  {} more not shown", human_count(more)));
  page.line(fmt::format("  {}: {}", page.ink(Ink::bold, to_string(r.classification)), r.explanation));
}

std::string value_text(const Exhibit& exhibit, const Sequence* sequence) {
  if (!exhibit.value) return "";
  const std::string digest = fmt::format("{:016x}", exhibit.value.bits);
  if (sequence == nullptr) return digest;
  const std::string letter = sequence->letter(exhibit.value);
  return letter == digest ? digest : fmt::format("{} = {}", letter, digest);
}

void culprits(Page& page, const Result& r, const Sequence* sequence) {
  if (r.evidence.empty()) return;
  page.heading("Who did it, proved by their own signatures");
  for (NodeId culprit : r.culprits) {
    // One proof is enough for a reader: the one that shows the most.
    const auto shows = [&](const Evidence& proof) {
      return proof.culprit == culprit && !proof.exhibits.front().requests.empty();
    };
    auto found = std::find_if(r.evidence.begin(), r.evidence.end(), shows);
    if (found == r.evidence.end()) {
      found = std::find_if(r.evidence.begin(), r.evidence.end(),
                           [&](const Evidence& proof) { return proof.culprit == culprit; });
    }
    if (found == r.evidence.end()) continue;
    const Evidence& proof = *found;
    const auto proofs = std::count_if(r.evidence.begin(), r.evidence.end(),
                                      [&](const Evidence& other) { return other.culprit == proof.culprit; });
    page.line(fmt::format(
        "  {} {}{}", page.ink(Ink::bad, named(r, proof.culprit)), proof.reason,
        proofs > 1 ? fmt::format(" (and {} more)", plural(static_cast<std::uint64_t>(proofs - 1), "proof")) : ""));
    for (const Exhibit& exhibit : proof.exhibits) {
      const std::string kind = exhibit.kind < r.traffic.size() ? r.traffic[exhibit.kind].kind : "message";
      std::string text = fmt::format("    {} #{}", kind, exhibit.id);
      const std::string value = value_text(exhibit, sequence);
      if (!value.empty()) text += fmt::format("  {}", value);
      const std::string& requests = exhibit.requests;
      if (!requests.empty()) text += fmt::format("  {}", requests);
      page.line(text);
    }
    if (proof.sort != Evidence::Sort::unjustified) {
      page.line(page.ink(Ink::dim, fmt::format("    Honest replicas had both by {}. An honest signer signs only one.",
                                               human(proof.time - kStart))));
    }
  }
}

void suspects(Page& page, const Result& r) {
  if (r.suspects.empty()) return;
  page.heading("Who is suspected, without proof");
  for (const Suspect& suspect : r.suspects) {
    page.line(fmt::format("  {} by {}: {}", page.ink(Ink::warn, named(r, suspect.replica)), listed(r, suspect.accusers),
                          fmt::join(suspect.reasons, "; ")));
  }
}

void forgotten(Page& page, const Result& r) {
  if (r.forgotten.empty()) return;
  page.heading("What the judge had to forget");
  for (const Forgotten& item : r.forgotten) {
    std::string text = plural(item.count, item.what.substr(0, item.what.size() - 1));
    if (item.signer != kNobody) text += fmt::format(" of {}", named(r, item.signer));
    page.line(fmt::format("  {}", text));
  }
  if (r.unsure.empty()) page.line(page.ink(Ink::dim, "  Nothing that is said here depends on it."));
  for (const std::string& line : r.unsure) page.line(fmt::format("  {} {}", page.ink(Ink::warn, "!"), line));
}

void trust(Page& page, const Result& r) {
  if (r.taken_on_trust.empty()) return;
  constexpr std::size_t kWidth = 80;
  page.heading("Taken on trust, for the scenario was not run again");
  std::string line = "  all lines:";
  for (auto kind = r.taken_on_trust.begin(); kind != r.taken_on_trust.end(); ++kind) {
    const std::string part = fmt::format(" {} {}{}", human_count(kind->second), kind->first,
                                         std::next(kind) == r.taken_on_trust.end() ? "." : ",");
    if (line.size() + part.size() > kWidth) {
      page.line(line);
      line = " ";
    }
    line += part;
  }
  page.line(line);
  page.line("  Their signatures fit, but the keys follow from the seed in the header: whoever");
  page.line("  has byzsim can sign for anybody.");
}

// Width on a terminal of text whose only characters beyond ASCII are single-width.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}
std::string padded(const std::string& text, std::size_t to) {
  return text + std::string(width(text) < to ? to - width(text) : 0, ' ');
}

void story(Page& page, const Sequence& sequence) {
  std::size_t hidden = 0;
  const std::vector<Sequence::Line> lines = sequence.lines(kMostLines, hidden);
  if (lines.empty()) return;
  page.heading(fmt::format("Slot {}, message by message", sequence.about().slot));
  for (const Sequence::Legend& value : sequence.legend()) {
    page.line(fmt::format("  {} is {:016x}{}", page.ink(Ink::bold, value.letter), value.value.bits,
                          value.meaning.empty() ? "" : fmt::format(": {}", value.meaning)));
  }
  std::size_t when = 0;
  std::size_t who = 0;
  std::size_t what = 0;
  for (const Sequence::Line& line : lines) {
    when = std::max(when, width(line.when));
    who = std::max(who, width(line.who));
    if (!line.note.empty()) what = std::max(what, width(line.what));
  }
  for (const Sequence::Line& line : lines) {
    std::string text = fmt::format("{}  {}  ", padded(line.when, when), padded(line.who, who));
    text += line.note.empty() ? line.what : padded(line.what, what);
    const std::string note = line.note.empty() ? "" : page.ink(Ink::dim, "  " + line.note);
    page.line(line.offending ? fmt::format("{} {}{}", page.ink(Ink::bad, ">"), page.ink(Ink::bad, text), note)
                             : fmt::format("  {}{}", text, note));
  }
  if (hidden > 0) page.line(fmt::format("  {} more not shown", human_count(hidden)));
}

void row(Page& page, std::string_view name, std::string_view text) {
  page.line(fmt::format("  {:<11} {}", name, text));
}

void figures(Page& page, const Result& r) {
  page.heading("Figures");
  const LatencySummary& latency = r.figures.latency;
  if (latency.count > 0) {
    const auto time = [](std::int64_t ns) { return human(Duration(ns)); };
    row(page, "latency",
        fmt::format("mean {}, p50 {}, p90 {}, p99 {}, max {}", time(latency.mean), time(latency.p50), time(latency.p90),
                    time(latency.p99), time(latency.max)));
    row(page, "throughput", fmt::format("{} requests a second", human_number(r.figures.throughput)));
  }
  row(page, "decisions",
      fmt::format("{} by every honest replica{}", plural(r.decisions, "slot"),
                  r.figures.highest_view > 0 ? fmt::format("; highest view {}", r.figures.highest_view) : ""));
  const KindTraffic total = r.total();
  row(page, "messages",
      fmt::format("{} sent, {} delivered, {} dropped, {}", human_count(total.sent), human_count(total.delivered),
                  human_count(total.dropped), human_bytes(total.bytes)));
  std::vector<std::string> kinds;
  for (const NamedTraffic& kind : r.traffic) {
    if (kind.traffic.sent > 0) kinds.push_back(fmt::format("{} {}", kind.kind, human_count(kind.traffic.sent)));
  }
  if (!kinds.empty()) row(page, "", fmt::format("{}", fmt::join(kinds, ", ")));
  if (!r.figures.happened.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, count] : r.figures.happened)
      names.push_back(fmt::format("{} {}", name, human_count(count)));
    row(page, "happened", fmt::format("{}", fmt::join(names, ", ")));
  }
  std::vector<std::string> counts;
  NetworkCounters::each(r.network, [&](const char* name, std::uint64_t count) {
    if (count > 0) counts.push_back(fmt::format("{} {}", human_count(count), name));
  });
  if (!counts.empty()) row(page, "network", fmt::format("{}", fmt::join(counts, ", ")));
  if (r.beyond) {
    row(page, "network", fmt::format("went beyond GST and delta at {}: {}", human(r.beyond_at - kStart), r.beyond_how));
  }
  row(page, "ended",
      fmt::format("at {} simulated, after {} ({})", human(r.end - kStart), plural(r.events, "event"),
                  to_string(r.end_reason)));
  for (const SeriesPoint& point : r.figures.series) {
    row(page, "series",
        fmt::format("from {}: {} answered{}", human(point.from - kStart), human_count(point.accepted),
                    point.accepted == 0 ? "" : fmt::format(", mean {}", human(Duration(point.latency_mean)))));
  }
}

}  // namespace

std::string text_report(const Result& result, const TextStyle& style, const Sequence* sequence) {
  Page page(style);
  headline(page, result);
  promises(page, result);
  trust(page, result);
  violations(page, result);
  culprits(page, result, sequence);
  suspects(page, result);
  forgotten(page, result);
  if (sequence != nullptr) story(page, *sequence);
  if (style.figures) figures(page, result);
  page.heading("Reproduce");
  if (!result.reproduce.empty()) page.line(fmt::format("  {}", result.reproduce));
  page.line(page.ink(Ink::dim,
                     fmt::format("  fingerprint {:016x}, scenario {:016x}", result.fingerprint, result.scenario_hash)));
  return page.take();
}

std::string text_report(const AggregateResult& result, const TextStyle& style) {
  Page page(style);
  page.line(fmt::format("{}  {}{}", page.ink(ink_of(result.verdict), sign_of(result.verdict)),
                        page.ink(Ink::bold, result.scenario),
                        result.variant.empty() ? "" : fmt::format(" ({})", result.variant)));
  page.line(fmt::format("  {}", page.ink(Ink::dim, fmt::format("{}, {} runs, seeds {} to {}", result.protocol,
                                                               result.runs, result.first_seed, result.last_seed))));
  for (const std::string& line : result.unmet)
    page.line(fmt::format("  {} {}", page.ink(ink_of(result.verdict), "!"), line));
  page.line();
  const auto counts = [&](std::string_view name, const std::map<std::string, std::uint64_t>& from) {
    std::vector<std::string> parts;
    for (const auto& [word, count] : from) parts.push_back(fmt::format("{} {}", word, human_count(count)));
    row(page, name, fmt::format("{}", fmt::join(parts, ", ")));
  };
  counts("runs", result.verdicts);
  counts("safety", result.safety);
  counts("liveness", result.liveness);
  for (const auto& [expression, value] : result.figures) {
    const bool fraction = expression.starts_with("fraction(");
    const bool time =
        !fraction && (expression.find("latency") != std::string::npos || expression.find("_ns") != std::string::npos);
    row(page, expression,
        time && value >= 0 && value < 9e18 ? human(Duration(std::llround(value))) : fmt::format("{:.6g}", value));
  }
  if (!result.reproduce.empty()) {
    page.heading("Reproduce");
    page.line(fmt::format("  {}", result.reproduce));
  }
  return page.take();
}

}  // namespace byzsim
