#include "analysis/judge.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace byzsim {

namespace {

constexpr std::size_t kMostViolations = 250;  // kept of one invariant, so that none pushes out another's

// Entries of the catalogue, which is complete before the first judge is made.
const std::vector<const CatalogueEntry*>& all_invariants() {
  static const std::vector<const CatalogueEntry*> list = Catalogue::list("invariant");
  return list;
}

JudgeBounds bounds_of(const JudgeSettings& settings, const Expectations& expect) {
  JudgeBounds bounds{settings.liveness_within, settings.fairness, settings.view_sync_within};
  if (expect.liveness && expect.liveness->within) bounds.answer_within = expect.liveness->within;
  return bounds;
}

void unite(std::vector<NodeId>& into, const std::vector<NodeId>& more) {
  std::vector<NodeId> sum;
  std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(sum));
  into = std::move(sum);
}

}  // namespace

Judge::Judge(const Manifest& manifest, const JudgeSettings& settings, const Expectations& expect,
             const RunSettings& run)
    : manifest_(manifest),
      books_(manifest, *this),
      bench_{manifest, books_, bounds_of(settings, expect)},
      metrics_(run.warmup, run.series),
      down_(manifest.n) {
  seats_.reserve(all_invariants().size());
  for (const CatalogueEntry* entry : all_invariants()) {
    const bool safety = entry->payload<InvariantMaker>().promise != Promise::liveness;
    const bool chosen =
        std::find(settings.invariants.begin(), settings.invariants.end(), entry->name) != settings.invariants.end();
    // Liveness invariants sleep unless their bound is stated, and bounded-liveness gives the result its liveness.
    if (chosen || !safety || settings.invariants.empty()) seat(*entry);
  }
}

Judge::~Judge() = default;

void Judge::seat(const CatalogueEntry& entry) {
  const auto& maker = entry.payload<InvariantMaker>();
  Seat seat;
  seat.invariant = maker.make(bench_);
  seat.invariant->attach(*this);
  seat.name = entry.name;
  seat.promise = maker.promise;
  seat.wants = seat.invariant->wants();
  seat.heeds = seat.invariant->heeds();
  raw_ |= seat.wants;
  seats_.push_back(std::move(seat));
}

RecordMask Judge::wants() const {
  using enum RecordKind;
  return raw_ | records(signed_, witnessed, view, decided, adopted, applied, executed, submitted, accepted, crashed,
                        restarted, beyond, attack, mark, suspect);
}

// Replies and requests by themselves prove nothing: they are neither votes nor hold any.
bool Judge::wants_messages(const MessageKind& kind) const {
  const KindFacts& facts = books_.kinds.of(kind);
  return (raw_ & records(RecordKind::signed_, RecordKind::witnessed)) != 0 || facts.family != kNoFamily || facts.nests;
}

void Judge::on_record(const Record& record) {
  if ((raw_ >> static_cast<unsigned>(record.kind) & 1) != 0) [[unlikely]]
    return enter_and_fan_out(record);
  enter(record);
}

// Nothing but jumps: this is called for every record.
inline void Judge::enter(const Record& record) {
  switch (record.kind) {
    case RecordKind::signed_:
      return books_.on_signed(record);
    case RecordKind::witnessed:
      return books_.forensics.on_witnessed(record);
    case RecordKind::decided:
      return books_.ledger.on_decided(record);
    case RecordKind::applied:
      return books_.requests.on_applied(record);
    case RecordKind::executed:
      return books_.on_executed(record);
    case RecordKind::adopted:
      return books_.ledger.on_adopted(record);
    case RecordKind::submitted:
      return books_.requests.on_submitted(record);
    case RecordKind::crashed:
    case RecordKind::restarted:
      return on_downtime(record);
    case RecordKind::suspect:
      return books_.forensics.on_suspect(record);
    case RecordKind::attack:
    case RecordKind::mark:
      return metrics_.on_happened(record);
    case RecordKind::accepted:
      return on_accepted(record);
    case RecordKind::view:
    case RecordKind::beyond:
      return on_rare(record);
    default:
      return;
  }
}

void Judge::on_accepted(const Record& record) {
  if (const Asked* request = books_.requests.on_accepted(record)) metrics_.on_accepted(*request, record.time);
}

void Judge::on_downtime(const Record& record) {
  const bool crashed = record.kind == RecordKind::crashed;
  if (!crashed) books_.on_restarted(record);
  if (record.node >= manifest_.n) return;
  if (crashed) {
    down_[record.node].begin(record.time);
  } else {
    down_[record.node].end(record.time);
  }
}

void Judge::on_rare(const Record& record) {
  if (record.kind == RecordKind::view) {
    if (books_.roster.honest_replica(record.node)) metrics_.on_view(record);
  } else {
    on_beyond(record);
  }
}

// What was held back shows only when it is let go, so what happened first may be told later.
void Judge::on_beyond(const Record& record) {
  const Time since = record.count == 0 ? record.time : at(Duration(static_cast<std::int64_t>(record.count)));
  if (beyond_ && since >= beyond_at_) return;
  beyond_ = true;
  beyond_at_ = since;
  beyond_how_ = record.text;
}

void Judge::enter_and_fan_out(const Record& record) {
  enter(record);
  fan_out(record);
}

void Judge::fan_out(const Record& record) {
  const RecordMask bit = records(record.kind);
  for (Seat& seat : seats_) {
    if ((seat.wants & bit) != 0) seat.invariant->on_record(record);
  }
}

void Judge::raise(const Fact& fact) {
  const FactMask bit = facts(fact.kind);
  for (Seat& seat : seats_) {
    if ((seat.heeds & bit) != 0) seat.invariant->on_fact(fact);
  }
}

void Judge::report(const Invariant& by, Violation violation) {
  const auto seat = std::find_if(seats_.begin(), seats_.end(), [&](const Seat& s) { return s.invariant.get() == &by; });
  violation.invariant = seat->name;
  // Most late requests change nothing.
  for (std::size_t i = 0; i < violations_.size(); ++i) {
    JudgedViolation& known = violations_[i];
    if (known.invariant != violation.invariant || known.slot != violation.slot) continue;
    if (violation.time < known.time || excused(i)) break;
    return unite(known.replicas, violation.replicas);
  }
  const ModelFacts facts = model_at(violation.time, violation.within);
  std::size_t lightest = violations_.size();  // of this invariant, where it may tell of no more
  for (std::size_t i = 0; i < violations_.size(); ++i) {
    JudgedViolation& known = violations_[i];
    if (known.invariant != violation.invariant) continue;
    if (known.slot == violation.slot) {
      std::vector<NodeId> all = known.replicas;
      unite(all, violation.replicas);
      if (outweighs(violation, facts, i)) retell(i, std::move(violation), facts);
      known.replicas = std::move(all);
      return;
    }
    if (seat->reported == kMostViolations && outweighs(violation, facts, i)) lightest = i;
  }
  if (seat->reported == kMostViolations) {
    ++seat->dropped;
    if (lightest < violations_.size() && excused(lightest)) retell(lightest, std::move(violation), facts);
    return;
  }
  ++seat->reported;
  JudgedViolation judged;
  static_cast<Violation&>(judged) = std::move(violation);
  judged.promise = seat->promise;
  violations_.push_back(std::move(judged));
  facts_then_.push_back(facts);
  if (seat->promise == Promise::liveness || safety_broken_) return;
  safety_broken_ = true;
  if (callback_) callback_(violations_.back());
}

void Judge::remark(const Invariant& by, const std::string& text) {
  const auto seat = std::find_if(seats_.begin(), seats_.end(), [&](const Seat& s) { return s.invariant.get() == &by; });
  for (JudgedViolation& known : violations_) {
    if (known.invariant == seat->name) known.message += text;
  }
}

bool Judge::excused(std::size_t told) const {
  const JudgedViolation& known = violations_[told];
  return outside(known.promise, facts_then_[told], known.time);
}

// Of several violations of one promise the first that nothing excuses is the one to tell of, in whatever order they
// show.
bool Judge::outweighs(const Violation& violation, const ModelFacts& facts, std::size_t told) const {
  const bool excuse = outside(violations_[told].promise, facts, violation.time);
  return excuse == excused(told) ? violation.time < violations_[told].time : !excuse;
}

void Judge::retell(std::size_t told, Violation violation, const ModelFacts& facts) {
  static_cast<Violation&>(violations_[told]) = std::move(violation);
  facts_then_[told] = facts;
}

// Whether it was down at `when`, or so shortly before that it had no chance to help meeting the bound that was missed.
bool Judge::down_before(NodeId node, Time when, Duration within) const {
  const Downtime* last = down_[node].last_by(when);
  return last != nullptr && (last->until == kNever || later(last->until, within) > when);
}

// Whether a broken promise is excused, as far as is known by now.
bool Judge::outside(Promise promise, ModelFacts facts, Time when) const {
  facts.beyond = beyond_ && beyond_at_ <= when;
  return classify(promise, facts) == Classification::outside_model;
}

// What was true up to then. What happens after a promise was broken excuses nothing.
ModelFacts Judge::model_at(Time when, Duration within) const {
  ModelFacts facts{manifest_.n, manifest_.f, 0, 0, false};
  for (NodeId id = 0; id < manifest_.n; ++id) {
    if (books_.roster.faulty_at(id, when)) {
      ++facts.faulty;
    } else if (down_before(id, when, within)) {
      ++facts.down;
    }
  }
  return facts;
}

void Judge::conclude(Result& result, const Outcome& outcome) {
  books_.requests.on_end();
  for (Seat& seat : seats_) seat.invariant->on_end(outcome);

  bool live_broken = false;
  for (std::size_t i = 0; i < violations_.size(); ++i) {
    JudgedViolation& violation = violations_[i];
    live_broken = live_broken || !violation.safety();
    ModelFacts facts = facts_then_[i];
    facts.beyond = beyond_ && beyond_at_ <= violation.time;
    violation.classification = classify(violation.promise, facts);
    // One bug within the model outweighs whatever else broke.
    if (result.classification == Classification::none || (result.classification == Classification::outside_model &&
                                                          violation.classification == Classification::within_model)) {
      result.classification = violation.classification;
      result.explanation = explain(violation.classification, violation.promise, facts);
    }
  }
  result.safety = safety_broken_ ? Safety::violated : Safety::held;
  result.liveness = live_broken ? Liveness::violated : Liveness::held;
  for (const Seat& seat : seats_) {
    if (live_broken || seat.promise != Promise::liveness) continue;
    if (seat.invariant->held() != Liveness::held) result.liveness = seat.invariant->held();
  }
  result.violations = std::move(violations_);
  for (const Seat& seat : seats_) result.violations_dropped += seat.dropped;
}

// What had to be forgotten, and whether it could have changed what is said of the run.
void Judge::weigh_the_forgotten(Result& result) const {
  const VoteIndex& votes = books_.votes;
  const Ledger& ledger = books_.ledger;
  const auto forgot = [&](const char* what, NodeId signer, std::uint64_t count) {
    if (count > 0) result.forgotten.push_back({what, signer, count});
  };
  std::vector<Slot> forks;
  for (const JudgedViolation& violation : result.violations) {
    if (violation.invariant == "agreement") forks.push_back(violation.slot);
  }
  const bool forks_untold = std::any_of(seats_.begin(), seats_.end(),
                                        [](const Seat& seat) { return seat.name == "agreement" && seat.dropped > 0; });
  bool blame = false;  // whether somebody may owe its acquittal to it
  if (votes.forgotten_below() != kNoSlot) {
    forgot("slots", kNobody, votes.forgotten_below() - std::max<Slot>(votes.settled_below(), 1));
    // Of forks that are not told, nobody knows any more which slots they were in.
    blame = forks_untold || std::any_of(forks.begin(), forks.end(), [&](Slot slot) { return votes.forgotten(slot); });
  }
  forgot("old values", kNobody, votes.values_lost().count);
  const bool old_forks = votes.values_lost().count > 0 &&
                         (forks_untold || std::any_of(forks.begin(), forks.end(),
                                                      [&](Slot slot) { return votes.values_lost().covers(slot); }));
  for (NodeId id = 0; id < manifest_.n; ++id) {
    const FaultyVotes::Lost lost = votes.lost(id);
    const std::uint64_t claims = books_.forensics.claims_forgotten(id);
    forgot("votes", id, lost.count);
    forgot("claims", id, claims);
    // Votes for slots that honest replicas never reached had no part in anything.
    const bool forked =
        forks_untold || std::any_of(forks.begin(), forks.end(), [&](Slot slot) { return lost.covers(slot); });
    const bool of_old = old_forks && votes.had_honest_days(id) && !books_.roster.honest(id);
    const bool could = (lost.count > 0 && (lost.lowest < votes.front() || forked)) || claims > 0 || of_old;
    blame = blame || (could && !books_.forensics.convicted(id));
  }
  for (const auto& [signer, count] : ledger.values_forgotten()) forgot("values", signer, count);

  const auto unsure = [&](std::uint64_t count, std::initializer_list<std::string_view> invariants, const char* why) {
    std::vector<std::string_view> judged;
    for (const std::string_view name : invariants) {
      if (std::any_of(seats_.begin(), seats_.end(), [&](const Seat& seat) { return seat.name == name; }))
        judged.push_back(name);
    }
    if (count == 0 || judged.empty()) return;
    result.unsure.push_back(fmt::format("{} {}, so {} {} not certain", count, why, fmt::join(judged, " and "),
                                        judged.size() == 1 ? "is" : "are"));
  };
  unsure(ledger.unchecked_votes(), {"decided-quorum"}, "decisions rest on votes that may have been forgotten");
  unsure(ledger.unchecked_values(), {"validity"}, "values that were decided may have been shown and forgotten");
  unsure(ledger.unfollowed(), {"agreement", "prefix-order", "state-agreement"},
         "decisions and states were too far ahead to be followed");
  unsure(books_.requests.unfollowed(), {"client-safety", "no-duplicate-execution"},
         "requests were executed too far ahead to be followed");
  unsure(votes.untallied(), {"vote-once", "certificate-uniqueness"},
         "votes of honest replicas came for what had been forgotten");
  // Only a quorum of liars can make a rival of them that no vote of an honest replica gives away.
  if (books_.roster.faulty_replicas() >= manifest_.quorum)
    unsure(votes.certificates_lost(), {"certificate-uniqueness"}, "certificates were forgotten");
  // Agreement breaks only if two quorums overlap in liars, 2q - n of them at least.
  const std::uint64_t due = 2 * std::uint64_t{manifest_.quorum} - std::min(2 * manifest_.quorum, manifest_.n);
  const auto proved = static_cast<std::uint64_t>(std::count_if(result.culprits.begin(), result.culprits.end(),
                                                               [&](NodeId culprit) { return culprit < manifest_.n; }));
  if (!forks.empty() && blame && proved < due) {
    result.unsure.push_back(fmt::format(
        "{} replicas are proved guilty where {} must be, and what was forgotten may prove the others", proved, due));
  }
}

Result Judge::finish(const Outcome& outcome) {
  Result result;
  result.scenario = manifest_.scenario;
  result.variant = manifest_.variant;
  result.protocol = manifest_.protocol;
  result.n = manifest_.n;
  result.f = manifest_.f;
  result.quorum = manifest_.quorum;
  result.seed = manifest_.seed;
  result.scenario_hash = manifest_.scenario_hash;
  result.fingerprint = outcome.fingerprint;
  conclude(result, outcome);
  result.faulty = books_.roster.faulty().members();
  result.culprits = books_.forensics.culprits();
  result.evidence = books_.forensics.evidence();
  result.suspects = books_.forensics.suspects();
  weigh_the_forgotten(result);
  result.end_reason = outcome.reason;
  result.end = outcome.end;
  result.events = outcome.events;
  result.decisions = books_.ledger.decided_by_all();
  result.delays = books_.ledger.delays();
  result.submitted = books_.requests.submitted();
  result.accepted = books_.requests.accepted();
  result.figures = metrics_.finish(outcome);
  if (const std::uint64_t count = books_.forensics.conflicting_signatures()) {
    result.figures.happened["conflicting-signatures"] = count;
  }
  if (const std::uint64_t count = books_.forensics.unjustified_messages()) {
    result.figures.happened["unjustified-messages"] = count;
  }
  if (const std::uint64_t count = books_.forensics.contradicted_claims()) {
    result.figures.happened["contradicted-claims"] = count;
  }
  for (std::size_t i = 0; i < manifest_.kinds.size(); ++i) {
    result.traffic.push_back(
        {manifest_.kinds[i].name, i < outcome.traffic.size() ? outcome.traffic[i] : KindTraffic{}});
  }
  result.network = outcome.network;
  result.beyond = beyond_;
  result.beyond_at = beyond_at_;
  result.beyond_how = beyond_how_;
  return result;
}

}  // namespace byzsim
