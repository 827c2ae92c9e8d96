#include "analysis/verdict.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/figures.hpp"
#include "analysis/report.hpp"

namespace byzsim {

namespace {

class Weighing {
 public:
  Weighing(const Expectations& expect, Result& result)
      : expect_(expect),
        result_(result),
        cut_short_(result.end_reason == EndReason::events || result.end_reason == EndReason::wall_clock ||
                   result.end_reason == EndReason::interrupted || result.end_reason == EndReason::memory) {}

  void weigh() {
    safety();
    liveness();
    classification();
    culprits();
    suspects();
    violations();
    happened();
    metrics();
    if (cut_short_)
      unknown(fmt::format("the run was cut short ({}), so nothing is certain", to_string(result_.end_reason)));
    for (const std::string& line : result_.unsure) unknown(line);
    result_.verdict = unmet_ ? Verdict::unmet : unknown_ ? Verdict::inconclusive : Verdict::met;
    result_.unmet = std::move(lines_);
  }

 private:
  // `firm`: a longer run could not have mended it, nor a judge that forgets nothing.
  void fail(std::string line, bool firm = false) {
    if (cut_short_ && !firm) return unknown(std::move(line));
    unmet_ = true;
    lines_.push_back(std::move(line));
  }
  // The same for what follows from evidence that may have been forgotten.
  void fail_unless_forgotten(std::string line, bool firm = false) {
    if (!result_.unsure.empty() && !firm) return unknown(std::move(line));
    fail(std::move(line), firm);
  }
  void unknown(std::string line) {
    unknown_ = true;
    lines_.push_back(std::move(line));
  }

  const JudgedViolation* first_violation(bool safety) const {
    for (const JudgedViolation& violation : result_.violations) {
      if (violation.safety() == safety) return &violation;
    }
    return nullptr;
  }
  std::string broken(bool safety) const {
    const JudgedViolation* violation = first_violation(safety);
    if (violation == nullptr) return "it was violated";
    std::string text = fmt::format("{} was violated", violation->invariant);
    if (violation->slot != kNoSlot) text += fmt::format(" at slot {}", violation->slot);
    return text;
  }
  bool violation_expected() const {
    return !expect_.violations.empty() || (expect_.classification && *expect_.classification != Classification::none);
  }

  void safety() {
    if (!expect_.safety && violation_expected()) return;
    const Safety wanted = expect_.safety.value_or(Safety::held);
    if (wanted == result_.safety) return;
    if (wanted == Safety::held) {
      fail(fmt::format("expected safety {}, but {}", expect_.safety ? "held" : "to hold", broken(true)), true);
    } else {
      fail_unless_forgotten("expected safety violated, but it held");
    }
  }

  void liveness() {
    if (!expect_.liveness) {
      const bool excused = violation_expected() || expect_.safety == Safety::violated;
      if (!excused && result_.liveness == Liveness::violated)
        fail(fmt::format("liveness was violated: {}", why(false)));
      return;
    }
    const LivenessExpectation& wanted = *expect_.liveness;
    const Liveness verdict = wanted.verdict.value_or(Liveness::held);
    if (verdict != result_.liveness) {
      std::string line =
          fmt::format("expected liveness {}, but it is {}", to_string(verdict), to_string(result_.liveness));
      if (result_.liveness == Liveness::violated) line += fmt::format(": {}", why(false));
      if (result_.liveness == Liveness::unknown) {
        line += fmt::format(": {} of {} requests were unanswered when the run ended ({})",
                            result_.submitted - result_.accepted, result_.submitted, to_string(result_.end_reason));
        unknown(std::move(line));
      } else {
        fail(std::move(line), result_.liveness == Liveness::violated);
      }
    }
    if (wanted.requests && result_.accepted < *wanted.requests) {
      fail(fmt::format("expected {} answered requests, but there were {}", *wanted.requests, result_.accepted));
    }
  }
  std::string why(bool safety) const {
    const JudgedViolation* violation = first_violation(safety);
    return violation == nullptr ? "" : violation->message;
  }

  void classification() {
    if (!expect_.classification || *expect_.classification == result_.classification) return;
    fail(fmt::format("expected classification {}, but it is {}", to_string(*expect_.classification),
                     to_string(result_.classification)));
  }

  std::string listed(const std::vector<NodeId>& nodes) const {
    std::vector<std::string> names;
    for (NodeId node : nodes) names.push_back(result_.name(node));
    return names.empty() ? "nobody" : fmt::format("{}", fmt::join(names, ", "));
  }
  std::vector<NodeId> nodes(const std::vector<NodeRef>& refs) const {
    std::vector<NodeId> list;
    for (NodeRef ref : refs) list.push_back(ref.node(result_.n));
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
  }

  void culprits() {
    if (!expect_.culprits) return;
    const std::vector<NodeId> wanted = nodes(*expect_.culprits);
    if (wanted == result_.culprits) return;
    const bool too_many =
        !std::includes(wanted.begin(), wanted.end(), result_.culprits.begin(), result_.culprits.end());
    fail_unless_forgotten(
        fmt::format("expected evidence against {}, but it convicts {}", listed(wanted), listed(result_.culprits)),
        too_many);
  }

  void suspects() {
    if (!expect_.suspects) return;
    std::vector<NodeId> suspected;
    for (const Suspect& suspect : result_.suspects) suspected.push_back(suspect.replica);
    for (NodeId node : nodes(*expect_.suspects)) {
      if (std::find(suspected.begin(), suspected.end(), node) != suspected.end()) continue;
      fail(fmt::format("expected {} among the suspects, but suspected are: {}", result_.name(node), listed(suspected)));
    }
  }

  void violations() {
    if (expect_.violations.empty()) return;
    const std::set<std::string> wanted(expect_.violations.begin(), expect_.violations.end());
    std::set<std::string> broken;
    for (const JudgedViolation& violation : result_.violations) broken.insert(violation.invariant);
    for (const std::string& name : wanted) {
      if (!broken.contains(name)) fail_unless_forgotten(fmt::format("expected {} to be violated, but it held", name));
    }
    for (const std::string& name : broken) {
      if (!wanted.contains(name)) fail(fmt::format("{} was violated, which was not expected", name), true);
    }
  }

  void happened() {
    for (const auto& [name, condition] : expect_.happened) {
      const auto found = result_.figures.happened.find(name);
      const std::uint64_t count = found == result_.figures.happened.end() ? 0 : found->second;
      if (condition.holds(static_cast<double>(count))) continue;
      std::string line =
          fmt::format("expected {} to have happened {} times, but it was {}", name, condition.text(), count);
      if (count == 0 && !result_.figures.happened.empty()) {
        std::vector<std::string> names;
        for (const auto& [other, times] : result_.figures.happened)
          names.push_back(fmt::format("{} ({})", other, times));
        line += fmt::format("; what happened: {}", fmt::join(names, ", "));
      }
      fail(std::move(line));
    }
  }

  void metrics() {
    if (expect_.metrics.empty()) return;
    const Json report = to_json(result_);
    for (const auto& [path, condition] : expect_.metrics) {
      const Figure figure = figure_at(report, path);
      if (figure.sort == Figure::Sort::unknown) {
        fail(fmt::format("there is no figure '{}'{}{}", path, figure.word.empty() ? "" : "; ", figure.word), true);
      } else if (!holds(condition, figure)) {
        fail(fmt::format("expected {} {}, but it is {}", path, condition.text(), shown(figure, condition)));
      }
    }
  }

  const Expectations& expect_;
  Result& result_;
  bool cut_short_;
  bool unmet_ = false;
  bool unknown_ = false;
  std::vector<std::string> lines_;
};

}  // namespace

void apply_expectations(const Expectations& expect, Result& result) {
  Weighing(expect, result).weigh();
}

}  // namespace byzsim
