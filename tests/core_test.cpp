// The engine's parts: queue, scheduler, streams, tallies, windows, the replicated service.
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <queue>

#include "sim/core/radix_heap.hpp"
#include "sim/core/random.hpp"
#include "sim/core/scheduler.hpp"
#include "sim/replica/service.hpp"
#include "sim/replica/slot_window.hpp"
#include "sim/replica/tally.hpp"
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;

// The reference: a sorted map of first-in-first-out lists, as plain as can be.
class ReferenceQueue {
 public:
  void push(const QueueEntry& entry) { entries_[entry.key].push_back(entry); }
  QueueEntry pop() {
    auto first = entries_.begin();
    const QueueEntry entry = first->second.front();
    first->second.pop_front();
    if (first->second.empty()) entries_.erase(first);
    return entry;
  }
  bool empty() const { return entries_.empty(); }

 private:
  std::map<std::uint64_t, std::deque<QueueEntry>> entries_;
};

}  // namespace

TEST_CASE("the radix heap pops exactly what a reference queue pops, ties in order of insertion") {
  CHECK(rc::check("equal to the reference", [](const std::vector<std::uint32_t>& steps) {
    RadixHeap heap;
    ReferenceQueue reference;
    std::uint64_t now = 0;
    std::uint32_t serial = 0;
    const auto pop_both = [&] {
      const QueueEntry expected = reference.pop();
      const QueueEntry actual = heap.pop();
      RC_ASSERT(actual == expected);
      now = expected.key;
    };
    for (const std::uint32_t step : steps) {
      if (step % 3 == 0 && !reference.empty()) {
        pop_both();
      } else {
        // Small distances make ties, large ones cross many buckets.
        const std::uint64_t distance = step % 5 == 0 ? 0 : std::uint64_t{step} << (step % 29);
        const QueueEntry entry{now + distance, serial++, step};
        heap.push(entry);
        reference.push(entry);
      }
    }
    while (!reference.empty()) pop_both();
    RC_ASSERT(heap.empty());
  }));
}

TEST_CASE("pop_until leaves what is later in place") {
  RadixHeap heap;
  heap.push({5, 1, 0});
  heap.push({9, 2, 0});
  QueueEntry entry;
  CHECK(!heap.pop_until(4, entry));
  CHECK(heap.pop_until(5, entry));
  CHECK(entry.what == 1);
  CHECK(!heap.pop_until(8, entry));
  heap.push({7, 3, 0});
  CHECK(heap.pop_until(8, entry));
  CHECK(entry.what == 3);
  CHECK(heap.pop_until(9, entry));
  CHECK(heap.empty());
}

TEST_CASE("a timer fires once, at its last deadline, and not if it was stopped") {
  Scheduler scheduler(1);
  const std::uint32_t a = scheduler.make_timer(3, 7);
  const std::uint32_t b = scheduler.make_timer(4, 8);
  scheduler.start_timer(a, at(Duration{10}));
  scheduler.start_timer(a, at(Duration{30}));  // later: the entry at 10 must not fire it
  scheduler.start_timer(b, at(Duration{20}));
  scheduler.stop_timer(b);
  Event event;
  REQUIRE(scheduler.next(at(Duration{100}), event));
  CHECK(scheduler.now() == at(Duration{30}));
  CHECK(event.node == 3);
  CHECK(event.what == 7);
  CHECK(!scheduler.next(at(Duration{100}), event));

  scheduler.start_timer(a, at(Duration{90}));
  scheduler.start_timer(a, at(Duration{40}));  // earlier
  REQUIRE(scheduler.next(at(Duration{100}), event));
  CHECK(scheduler.now() == at(Duration{40}));
  CHECK(!scheduler.next(at(Duration{100}), event));
  scheduler.start_timer(b, at(Duration{50}));
  scheduler.stop_timer(b);
  scheduler.start_timer(b, at(Duration{60}));  // stopped, then started again
  REQUIRE(scheduler.next(at(Duration{100}), event));
  CHECK(scheduler.now() == at(Duration{60}));
}

TEST_CASE("the fingerprint tells apart time, kind, node and subject") {
  const auto fingerprint = [](Duration when, EventKind kind, NodeId node, std::uint64_t subject) {
    Scheduler scheduler(1);
    scheduler.at(at(when), kind, 0, node);
    Event event;
    scheduler.next(kNever, event);
    scheduler.fired(event, subject);
    return scheduler.fingerprint();
  };
  const std::uint64_t base = fingerprint(Duration{5}, EventKind::deliver, 1, 9);
  CHECK(base == fingerprint(Duration{5}, EventKind::deliver, 1, 9));
  CHECK(base != fingerprint(Duration{6}, EventKind::deliver, 1, 9));
  CHECK(base != fingerprint(Duration{5}, EventKind::process, 1, 9));
  CHECK(base != fingerprint(Duration{5}, EventKind::deliver, 2, 9));
  CHECK(base != fingerprint(Duration{5}, EventKind::deliver, 1, 8));
}

TEST_CASE("streams do not share draws") {
  Stream a(1, Purpose::test, 0);
  Stream b(1, Purpose::test, 1);
  Stream c(2, Purpose::test, 0);
  Stream d(1, Purpose::latency, 0);
  const std::uint64_t first = a.next();
  CHECK(first == Stream(1, Purpose::test, 0).next());
  CHECK(first != b.next());
  CHECK(first != c.next());
  CHECK(first != d.next());
}

TEST_CASE("a tally counts identities, and one liar cannot fill it") {
  Tally tally;
  CHECK(tally.add(Digest{1}, 0));
  CHECK(!tally.add(Digest{1}, 0));
  CHECK(tally.add(Digest{1}, 70));
  CHECK(tally.count(Digest{1}) == 2);
  std::size_t counted = 0;
  for (std::uint64_t value = 2; value < 100; ++value) counted += tally.add(Digest{value}, 5) ? 1 : 0;
  CHECK(counted == 1);  // one value beside the first, however many it sends
  CHECK(tally.add(Digest{1}, 5));
  CHECK(tally.count(Digest{50}) == 0);
  CHECK(tally.voters(Digest{1}) == ReplicaSet{0, 5, 70});
  tally.clear();
  CHECK(tally.count(Digest{1}) == 0);
  CHECK(tally.add(Digest{9}, 5));
}

TEST_CASE("a slot window keeps what lies above its low end, like a map") {
  struct Cell {
    int value = 0;
    void reset() { value = 0; }
  };
  CHECK(rc::check("equal to a map", [](const std::vector<std::uint16_t>& steps) {
    SlotWindow<Cell> window;
    std::map<Slot, int> reference;
    Slot low = 0;
    for (const std::uint16_t step : steps) {
      if (step % 4 == 0) {
        low += step % 7;
        window.advance(low);
        reference.erase(reference.begin(), reference.upper_bound(low));
      } else {
        const Slot slot = low + 1 + step % 40;
        window.at(slot).value = step;
        reference[slot] = step;
      }
      RC_ASSERT(window.low() == low);
      // RC_ASSERT evaluates all of its expression, so what may be null is looked at before.
      const auto value_of = [&](Slot slot) {
        const Cell* cell = window.find(slot);
        return cell == nullptr ? 0 : cell->value;
      };
      for (const auto& [slot, value] : reference) RC_ASSERT(value_of(slot) == value);
      for (Slot slot = low + 1; slot <= window.high(); ++slot)
        RC_ASSERT(reference.contains(slot) || value_of(slot) == 0);
      Slot visited = low;
      window.for_each([&](Slot slot, Cell& cell) {
        RC_ASSERT(slot > visited);
        RC_ASSERT(&cell == window.find(slot));
        visited = slot;
      });
    }
  }));
}

TEST_CASE("states are equal exactly if their digests are, whatever the order of unrelated keys") {
  const auto request = [](NodeId client, std::uint64_t number, std::uint32_t key, std::uint64_t value) {
    Request r;
    r.client = client;
    r.number = number;
    r.operation = {Operation::put, key, value, 0};
    return r;
  };
  Service a, b, c;
  a.apply(request(4, 1, 10, 5));
  a.apply(request(5, 1, 20, 6));
  b.apply(request(5, 1, 20, 6));
  b.apply(request(4, 1, 10, 5));
  c.apply(request(4, 1, 10, 5));
  c.apply(request(5, 1, 20, 7));
  CHECK(a.digest() == b.digest());
  CHECK(a.digest() != c.digest());
  CHECK(a.executed(4, 1));
  CHECK(!a.executed(4, 2));
  CHECK(a.snapshot()->digest() == a.digest());
  Service restored;
  restored.restore(*a.snapshot());
  CHECK(restored.digest() == a.digest());
  CHECK(restored.result(5, 1) == 6);
  // Out of order and back in order.
  b.apply(request(4, 3, 1, 1));
  CHECK(!b.executed(4, 2));
  CHECK(b.snapshot()->digest() == b.digest());
  b.apply(request(4, 2, 1, 1));
  CHECK(b.executed(4, 3));
  CHECK(b.snapshot()->digest() == b.digest());
}

TEST_CASE("an answer is kept until its client has moved on, by its own word or by a whole window") {
  const auto request = [](std::uint64_t number, std::uint64_t answered) {
    Request r;
    r.client = 7;
    r.number = number;
    r.answered = answered;
    r.operation = {Operation::put, 1, 100 + number, 0};
    return r;
  };
  Service service(4);
  for (std::uint64_t number = 1; number <= 4; ++number) service.apply(request(number, 0));
  for (std::uint64_t number = 1; number <= 4; ++number) CHECK(service.result(7, number) == 100 + number);
  service.apply(request(5, 2));  // answers to 1 and 2 have arrived
  CHECK(!service.result(7, 2));
  CHECK(service.executed(7, 2));
  CHECK(service.result(7, 3) == 103);
  service.apply(request(10, 0));  // a window ahead of 6, which the client thereby gives up
  CHECK(service.executed(7, 6));
  CHECK(!service.result(7, 5));
  CHECK(!service.executed(7, 7));
  service.apply(request(8, 99));  // nobody has been answered what he is only asking for
  CHECK(!service.executed(7, 9));
  CHECK(service.executed(7, 7));
  CHECK(service.result(7, 8) == 108);
  CHECK(service.snapshot()->digest() == service.digest());
  CHECK(service.snapshot()->flaw() == "");
}

TEST_CASE("the digest kept up to date is the digest of the snapshot, whatever clients do") {
  CHECK(rc::check("kept and formed anew", [](const std::vector<std::uint16_t>& steps) {
    Service service(16);
    for (const std::uint16_t step : steps) {
      Request r;
      r.client = 9 + step % 3;
      r.number = 1 + step / 4 % 50;
      r.answered = step / 256 % 40;
      if (step % 11 == 0) {  // at the other end of the numbers, where nothing may wrap around
        r.number = std::numeric_limits<std::uint64_t>::max() - step / 4 % 20;
        r.answered = step % 2 == 0 ? r.number - step / 256 % 4 : r.answered;
      }
      r.operation = {step % 2u, step % 5u, step, 0};
      const bool news = !service.executed(r.client, r.number);
      const std::uint64_t before = service.done_up_to(r.client, r.number);
      service.apply(r);
      RC_ASSERT(service.executed(r.client, r.number));
      RC_ASSERT((service.done_up_to(r.client, r.number) > before) == news);
      const Ref<const Snapshot> snapshot = service.snapshot();
      RC_ASSERT(snapshot->digest() == service.digest());
      RC_ASSERT(snapshot->flaw().empty());
      for (const ClientRecord& record : snapshot->clients) RC_ASSERT(record.answers.size() <= 16u);
    }
  }));
}

TEST_CASE("a snapshot is refused unless it is in the form that a replica would make, and its digest covers answers") {
  Service service;
  for (const std::uint64_t number : {1, 3, 4}) {
    Request r;
    r.client = 5;
    r.number = number;
    r.operation = {Operation::add, 1, number, 0};
    service.apply(r);
  }
  const Ref<const Snapshot> genuine = service.snapshot();
  REQUIRE(genuine->flaw() == "");
  const auto changed = [&](auto&& change) {
    Snapshot copy = *genuine;
    change(copy.clients.at(0));
    return copy;
  };
  CHECK(changed([](ClientRecord& r) { r.answers[0].result = 666; }).digest() != genuine->digest());
  // The digest is a sum, so it does not see the order; the form does.
  const Snapshot unsorted = changed([](ClientRecord& r) { std::swap(r.beyond[0], r.beyond[1]); });
  CHECK(unsorted.digest() == genuine->digest());
  CHECK(unsorted.flaw() != "");
  CHECK(changed([](ClientRecord& r) { std::swap(r.answers[0], r.answers[1]); }).flaw() != "");
  CHECK(changed([](ClientRecord& r) { r.answers.pop_back(); }).flaw() != "");
  CHECK(changed([](ClientRecord& r) { r.beyond.push_back(4); }).flaw() != "");
  CHECK(changed([](ClientRecord& r) { r.beyond = {2, 3}; }).flaw() != "");
  CHECK(changed([](ClientRecord& r) { r.moved = 2; }).flaw() != "");
  // A floor below what has been moved on from, with a count that wraps around to the right one.
  CHECK(changed([](ClientRecord& r) {
          r.moved = 1;
          r.floor = 0;
          r.beyond = {5, 6};
          r.answers = {{2, 7}};
        }).flaw() != "");
  // A floor so high that what lies above it comes round to what lies below.
  CHECK(changed([](ClientRecord& r) {
          r.moved = r.floor = std::numeric_limits<std::uint64_t>::max();
          r.beyond = {5};
          r.answers = {{5, 7}};
        }).flaw() != "");
  CHECK(changed([](ClientRecord& r) { r.client = kNobody; }).flaw() != "");
  Snapshot twice = *genuine;
  twice.clients.push_back(twice.clients[0]);
  CHECK(twice.flaw() != "");
}
