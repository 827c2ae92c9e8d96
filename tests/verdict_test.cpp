#include "analysis/aggregate.hpp"
#include "analysis/classify.hpp"
#include "analysis/figures.hpp"
#include "analysis/report.hpp"
#include "tests/records.hpp"
// doctest last: it has a CHECK of its own
#include "tests/doctest.hpp"

using namespace byzsim;
using namespace byzsim::toy;
using namespace std::chrono_literals;

namespace {

Condition condition(std::string_view text) {
  const Parsed<Condition> parsed = Condition::parse(text);
  REQUIRE(parsed.ok);
  return parsed.value;
}

JudgedViolation broken(std::string name, bool safety, Slot slot = kNoSlot) {
  JudgedViolation violation;
  violation.invariant = std::move(name);
  violation.promise = safety ? Promise::safety : Promise::liveness;
  violation.slot = slot;
  violation.message = "it broke";
  return violation;
}

/// A result in which all went well: 10 requests, 20 prepares, latency 1 to 10 ms.
Result good() {
  Result result;
  result.scenario = "toy";
  result.n = 4;
  result.f = 1;
  result.submitted = result.accepted = 10;
  result.seed = 7;
  result.end_reason = EndReason::answered;
  result.traffic = {{"prepare", {20, 19, 1, 800}}};
  result.figures.latency = {10, 5'500'000, 5'000'000, 9'000'000, 10'000'000, 10'000'000};
  result.figures.happened["equivocate"] = 2;
  return result;
}
Result forked() {
  Result result = good();
  result.safety = Safety::violated;
  result.classification = Classification::outside_model;
  result.violations = {broken("agreement", true, 3)};
  result.culprits = {0};
  return result;
}

Verdict weigh(const Expectations& expect, Result& result) {
  apply_expectations(expect, result);
  return result.verdict;
}
Verdict weigh(const Expectations& expect, Result&& result) {
  return weigh(expect, result);
}

}  // namespace

TEST_CASE("classification") {
  const auto safety = [](std::uint32_t n, std::uint32_t f, std::uint32_t faulty, bool beyond) {
    return classify(Promise::safety, {n, f, faulty, 0, beyond});
  };
  const auto liveness = [](std::uint32_t n, std::uint32_t f, std::uint32_t faulty, bool beyond) {
    return classify(Promise::liveness, {n, f, faulty, 0, beyond});
  };
  CHECK(safety(4, 1, 0, false) == Classification::within_model);
  CHECK(safety(4, 1, 1, true) == Classification::within_model);  // safety survives any network
  CHECK(safety(4, 1, 2, false) == Classification::outside_model);
  CHECK(safety(3, 1, 0, false) == Classification::outside_model);
  CHECK(safety(7, 2, 2, false) == Classification::within_model);
  CHECK(safety(6, 2, 0, false) == Classification::outside_model);
  CHECK(liveness(4, 1, 1, false) == Classification::within_model);
  CHECK(liveness(4, 1, 1, true) == Classification::outside_model);
  CHECK(liveness(4, 1, 2, false) == Classification::outside_model);
  CHECK(liveness(3, 1, 0, false) == Classification::outside_model);
  CHECK(explain(Classification::within_model, Promise::safety, {4, 1, 1, false}).starts_with("protocol bug: "));
  CHECK(explain(Classification::none, Promise::safety, {4, 1, 1, false}).empty());
  // What an honest replica keeps by itself nothing excuses.
  for (const std::uint32_t faulty : {0u, 1u, 2u, 4u}) {
    CHECK(classify(Promise::conduct, {4, 1, faulty, 0, true}) == Classification::within_model);
    CHECK(
        explain(Classification::within_model, Promise::conduct, {4, 1, faulty, 0, true}).starts_with("protocol bug: "));
  }
}

TEST_CASE("classification counts who was faulty when it happened") {
  const auto tell = [](bool lost_before) {
    Story story(4, 1, {0});
    const auto lose = [&] { story.crash(3), story.restart(3, false); };
    if (lost_before) lose();
    story.commits({0, 1, 2}, 0, 1, Digest{77});
    story.decide(1, 0, 1, Digest{77});  // breaks validity
    if (!lost_before) lose();
    return story.end(EndReason::time).classification;
  };
  CHECK(tell(true) == Classification::outside_model);
  CHECK(tell(false) == Classification::within_model);
}

TEST_CASE("a network beyond GST and delta excuses liveness, not safety") {
  Story story;
  story.beyond();
  story.ask(0, 1);
  const Result late = story.end(EndReason::quiet);
  CHECK(late.classification == Classification::outside_model);
  CHECK(late.beyond);
  Story fork;
  fork.beyond();
  fork.ask(0, 1);
  fork.commits({0, 1, 2}, 0, 1, Digest{77});
  fork.decide(1, 0, 1, Digest{77});
  CHECK(fork.end(EndReason::quiet).classification == Classification::within_model);
}

TEST_CASE("without expectations: safety held and liveness not violated") {
  CHECK(weigh({}, good()) == Verdict::met);
  Result fork = forked();
  CHECK(weigh({}, fork) == Verdict::unmet);
  REQUIRE(fork.unmet.size() == 1);
  CHECK(fork.unmet[0] == "expected safety to hold, but agreement was violated at slot 3");
  Result unknown = good();
  unknown.liveness = Liveness::unknown;
  CHECK(weigh({}, unknown) == Verdict::met);
  Result stuck = good();
  stuck.liveness = Liveness::violated;
  stuck.violations = {broken("bounded-liveness", false)};
  CHECK(weigh({}, stuck) == Verdict::unmet);
}

TEST_CASE("expected violations") {
  Expectations expect;
  expect.safety = Safety::violated;
  CHECK(weigh(expect, forked()) == Verdict::met);
  CHECK(weigh(expect, good()) == Verdict::unmet);
  expect.violations = {"agreement"};
  CHECK(weigh(expect, forked()) == Verdict::met);
  Result more = forked();
  more.violations.push_back(broken("validity", true));
  CHECK(weigh(expect, more) == Verdict::unmet);
  CHECK(more.unmet == std::vector<std::string>{"validity was violated, which was not expected"});
  expect.classification = Classification::within_model;
  CHECK(weigh(expect, forked()) == Verdict::unmet);
}

TEST_CASE("culprits exactly, suspects at least") {
  Expectations expect;
  expect.safety = Safety::violated;
  expect.culprits = {NodeRef{false, 0}};
  CHECK(weigh(expect, forked()) == Verdict::met);
  expect.culprits = {NodeRef{false, 0}, NodeRef{true, 1}};
  Result result = forked();
  CHECK(weigh(expect, result) == Verdict::unmet);
  CHECK(result.unmet[0] == "expected evidence against 0, c1, but it convicts 0");
  Expectations suspicion;
  suspicion.suspects = {NodeRef{false, 2}};
  Result suspected = good();
  suspected.suspects = {{0, {"slow"}, {1}}, {2, {"silent"}, {1}}};
  CHECK(weigh(suspicion, suspected) == Verdict::met);
  CHECK(weigh(suspicion, good()) == Verdict::unmet);
}

TEST_CASE("liveness is three-valued") {
  Expectations expect;
  expect.liveness.emplace();
  Result unknown = good();
  unknown.liveness = Liveness::unknown;
  unknown.accepted = 9;
  CHECK(weigh(expect, unknown) == Verdict::inconclusive);
  CHECK(weigh(expect, good()) == Verdict::met);
  expect.liveness->requests = 11;
  Result few = good();
  CHECK(weigh(expect, few) == Verdict::unmet);
  CHECK(few.unmet[0] == "expected 11 answered requests, but there were 10");
}

TEST_CASE("a run that was cut short is inconclusive, unless what broke cannot be mended") {
  Expectations expect;
  expect.happened["equivocate"] = condition(">= 3");
  for (EndReason reason : {EndReason::events, EndReason::wall_clock, EndReason::interrupted}) {
    Result result = good();
    result.end_reason = reason;
    CHECK(weigh({}, result) == Verdict::inconclusive);
    CHECK(weigh(expect, result) == Verdict::inconclusive);
    Result fork = forked();
    fork.end_reason = reason;
    CHECK(weigh({}, fork) == Verdict::unmet);
  }
  Result whole = good();
  CHECK(weigh(expect, whole) == Verdict::unmet);
  CHECK(whole.unmet[0] == "expected equivocate to have happened >= 3 times, but it was 2");
}

TEST_CASE("figures by path") {
  Result result = good();
  result.fingerprint = 0xabc;
  result.culprits = {0, 2};
  const Json report = to_json(result);
  const auto number = [&](std::string_view path) { return figure_at(report, path).number; };
  CHECK(number("latency.p90") == 9e6);
  CHECK(number("messages.sent") == 20);
  CHECK(number("messages.sent.prepare") == 20);
  CHECK(number("messages.by_type.prepare.dropped") == 1);
  CHECK(number("messages.bytes.prepare") == 800);
  CHECK(number("culprits") == 2);
  CHECK(number("happened.equivocate") == 2);
  CHECK(number("happened.nothing-of-the-kind") == 0);
  CHECK(figure_at(report, "safety").word == "held");
  CHECK(figure_at(report, "latency.p9").sort == Figure::Sort::unknown);
  CHECK(figure_at(report, "latency.p9").word.find("latency.p90") != std::string::npos);
  Result idle = good();
  idle.figures.latency = {};
  CHECK(figure_at(to_json(idle), "latency.mean").sort == Figure::Sort::nothing);
}

TEST_CASE("conditions on figures") {
  Expectations expect;
  expect.metrics["latency.p99"] = condition("<= 10ms");
  expect.metrics["messages.sent.prepare"] = condition("20");
  expect.metrics["safety"] = condition("held");
  CHECK(weigh(expect, good()) == Verdict::met);
  expect.metrics["latency.p99"] = condition("< 10ms");
  expect.metrics["latancy.mean"] = condition("> 0ns");
  Result result = good();
  CHECK(weigh(expect, result) == Verdict::unmet);
  REQUIRE(result.unmet.size() == 2);
  CHECK(result.unmet[0].starts_with("there is no figure 'latancy.mean'; did you mean 'latency'"));
  CHECK(result.unmet[1] == "expected latency.p99 < 10ms, but it is 10 ms");
  // Never rounded to what would have met the expectation.
  CHECK(shown(10'000'400, condition("<= 10ms")) == "10.0004 ms");
  CHECK(shown(10'400'300, condition("<= 10ms")) == "10.4 ms");
  CHECK(shown(1'234'567, condition("< 1MB")) == "1.23 MB (1234567 B)");
}

TEST_CASE("percentiles are the nearest rank, computed by hand") {
  std::vector<std::int64_t> ten;
  for (std::int64_t i = 10; i >= 1; --i) ten.push_back(i * 100);
  const LatencySummary summary = summarize(ten);
  CHECK(summary.count == 10);
  CHECK(summary.mean == 550);
  CHECK(summary.p50 == 500);
  CHECK(summary.p90 == 900);
  CHECK(summary.p99 == 1000);
  CHECK(summary.max == 1000);
  CHECK(summarize({7}).p50 == 7);
  CHECK(summarize({1, 2}).mean == 2);  // 1.5 rounds up
  CHECK(summarize({1, 1, 2}).mean == 1);
  CHECK(nearest_rank(100, 99) == 98);
  CHECK(nearest_rank(101, 99) == 99);
  CHECK(nearest_rank(1000, 99.9) == 998);
  CHECK(nearest_rank(5, 0) == 0);
  CHECK(nearest_rank(5, 100) == 4);
}

TEST_CASE("latency leaves out the warm-up, the series shows it") {
  Story story;
  story.run.warmup = 1s;
  story.run.series = 500ms;
  const auto early = story.ask(0, 1);
  story.pass(200ms);
  story.slot(1, early);
  story.now = at(1s);
  const auto late = story.ask(0, 2);
  story.pass(300ms);
  story.slot(2, late);
  story.now = at(3s);
  const Result result = story.end();
  CHECK(result.accepted == 2);
  CHECK(result.figures.latency.count == 1);
  CHECK(result.figures.latency.mean == 300'000'000);
  CHECK(result.figures.measured == 1);
  // One answer from the end of the warm-up, at 1 s, to the last answer, at 1.3 s: the stray second and a half is no
  // work.
  CHECK(result.figures.throughput == doctest::Approx(1 / 0.3));
  REQUIRE(result.figures.series.size() == 3);
  CHECK(result.figures.series[0].accepted == 1);
  CHECK(result.figures.series[0].latency_mean == 200'000'000);
  CHECK(result.figures.series[1].accepted == 0);
  CHECK(result.figures.series[2].from == at(1s));
}

TEST_CASE("aggregates") {
  Expectations expect;
  for (const char* text : {"mean(latency.mean)", "min(latency.mean)", "max(latency.mean)", "stddev(latency.mean)",
                           "p50(latency.mean)", "median(latency.mean)", "sum(decisions)"}) {
    expect.aggregate[text] = condition(">= 0");
  }
  expect.aggregate["fraction(safety=violated)"] = condition("0.25");
  expect.aggregate["fraction(happened.equivocate>=2)"] = condition("1");
  expect.aggregate["fraction(verdict=met)"] = condition(">= 0.7");
  Aggregate aggregate(expect);
  for (std::int64_t i = 1; i <= 4; ++i) {
    Result result = i == 4 ? forked() : good();
    result.seed = static_cast<std::uint64_t>(i);
    result.decisions = 5;
    result.figures.latency.mean = i * 10;
    apply_expectations({}, result);
    aggregate.add(result);
  }
  const AggregateResult result = aggregate.finish();
  CHECK(result.unmet == std::vector<std::string>{});
  CHECK(result.verdict == Verdict::met);
  CHECK(result.runs == 4);
  CHECK(result.figures.at("mean(latency.mean)") == 25);
  CHECK(result.figures.at("min(latency.mean)") == 10);
  CHECK(result.figures.at("max(latency.mean)") == 40);
  CHECK(result.figures.at("stddev(latency.mean)") == doctest::Approx(12.909944));
  CHECK(result.figures.at("p50(latency.mean)") == 20);
  CHECK(result.figures.at("median(latency.mean)") == 20);
  CHECK(result.figures.at("sum(decisions)") == 20);
  CHECK(result.figures.at("fraction(verdict=met)") == 0.75);
  CHECK(json_line(result).find("\"runs\":4") != std::string::npos);
}

TEST_CASE("aggregates: without a fraction every run must be met; mistakes are named") {
  Expectations expect;
  expect.aggregate["mean(latency.mean)"] = condition("> 0");
  Aggregate aggregate(expect);
  for (Result result : {good(), forked()}) {
    apply_expectations({}, result);
    aggregate.add(result);
  }
  const AggregateResult result = aggregate.finish();
  CHECK(result.verdict == Verdict::unmet);
  CHECK(result.unmet[0].starts_with("seed 7 is unmet: expected safety"));
  Expectations wrong;
  wrong.aggregate["maen(latency.mean)"] = condition("> 0");
  wrong.aggregate["mean(latency.maen)"] = condition("> 0");
  wrong.aggregate["mean(safety)"] = condition("> 0");
  wrong.aggregate["mean"] = condition("> 0");
  Aggregate mistaken(wrong);
  mistaken.add(good());
  CHECK(mistaken.finish().unmet.size() == 4);
  CHECK(Aggregate({}).finish().verdict == Verdict::inconclusive);
}
