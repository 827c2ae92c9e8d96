// The requests a replica waits for: whose turn it is, and what a client that lies can do with its share.
#include <rapidcheck.h>

#include <algorithm>
#include <list>
#include <map>
#include <set>

#include "sim/replica/pending_requests.hpp"
#include "tests/run_kit.hpp"
// doctest last: its CHECK takes the place of ours.
#include "tests/doctest.hpp"

namespace {

using namespace byzsim;
using Added = PendingRequests::Added;

constexpr NodeId kFirst = 4;

Ref<const Request> request(NodeId client, std::uint64_t number) {
  auto made = make_ref<Request>();
  made->client = client;
  made->number = number;
  return made;
}

/// The same by its definition: clients in a list, each with its numbers.
struct Model {
  std::size_t most;
  std::list<NodeId> line;
  std::map<NodeId, std::set<std::uint64_t>> numbers;

  Added add(NodeId client, std::uint64_t number) {
    auto& mine = numbers[client];
    if (mine.contains(number)) return Added::known;
    if (mine.size() == most && *mine.rbegin() < number) return Added::refused;
    if (mine.empty()) line.push_back(client);
    mine.insert(number);
    if (mine.size() > most) mine.erase(std::prev(mine.end()));
    return Added::fresh;
  }
  bool take(NodeId client, std::uint64_t number, bool turn) {
    auto& mine = numbers[client];
    const bool first = !line.empty() && line.front() == client;
    mine.erase(number);
    if (turn || mine.empty()) line.remove(client);
    if (turn && !mine.empty()) line.push_back(client);
    return first && turn;
  }
  bool serve(NodeId client, std::uint64_t number) {
    const auto& mine = numbers[client];
    return !mine.empty() && take(client, number, number <= *mine.begin());
  }
  bool remove(NodeId client, std::uint64_t number) {
    const auto& mine = numbers[client];
    if (!mine.contains(number)) return false;
    // What is not its client's turn keeps the place.
    const bool head = line.front() == client && *mine.begin() == number;
    return take(client, number, head);
  }
  std::vector<std::pair<NodeId, std::uint64_t>> all() const {
    std::vector<std::pair<NodeId, std::uint64_t>> list;
    for (const NodeId client : line) {
      for (const std::uint64_t number : numbers.at(client)) list.emplace_back(client, number);
    }
    return list;
  }
};

std::vector<std::pair<NodeId, std::uint64_t>> all(const PendingRequests& pending) {
  std::vector<std::pair<NodeId, std::uint64_t>> list;
  pending.for_each([&](const auto& r) { list.emplace_back(r->client, r->number); });
  return list;
}

TEST_CASE("pending requests: as their definition has it, whatever comes and goes") {
  CHECK(rc::check("equal to a list of queues", [](const std::vector<std::uint16_t>& steps) {
    PendingRequests pending(kFirst, 3);
    Model model{3, {}, {}};
    for (const std::uint16_t step : steps) {
      const NodeId client = kFirst + step / 8 % 5;
      const std::uint64_t number = 1 + step / 64 % 9;
      switch (step % 8) {
        case 0:
          RC_ASSERT(pending.remove(client, number) == model.remove(client, number));
          break;
        case 1:
        case 2:
        case 3:
          RC_ASSERT(pending.serve(client, number) == model.serve(client, number));
          break;
        default:
          RC_ASSERT(pending.add(request(client, number)) == model.add(client, number));
      }
      RC_ASSERT(all(pending) == model.all());
      RC_ASSERT(pending.empty() == model.line.empty());
      if (!pending.empty()) RC_ASSERT(pending.head()->client == model.line.front());
    }
    // A primary takes the clients in turn, one request of each, until there are none.
    pending.begin_proposing();
    std::size_t proposed = 0;
    NodeId last = kNobody;
    while (pending.has_unproposed()) {
      const auto next = pending.next_to_propose();
      const bool others = std::any_of(model.numbers.begin(), model.numbers.end(),
                                      [&](const auto& c) { return c.first != next->client && !c.second.empty(); });
      RC_ASSERT(next->client != last || !others);
      RC_ASSERT(*model.numbers[next->client].begin() == next->number);
      model.numbers[next->client].erase(next->number);
      last = next->client;
      ++proposed;
    }
    RC_ASSERT(proposed == all(pending).size());
  }));
}

TEST_CASE("pending requests: before a request at the head of its queue, no other client is served twice") {
  PendingRequests pending(kFirst, 100);
  for (std::uint64_t number = 1; number <= 50; ++number) pending.add(request(5, number));
  pending.add(request(4, 1));
  // Executed out of turn: client 4's comes first, and then client 5 has its turn.
  CHECK(!pending.serve(4, 1));
  pending.add(request(4, 2));
  CHECK(pending.head()->client == 5);
  CHECK(!pending.serve(5, 2));  // not the first of client 5's, which has not had its turn
  CHECK(pending.head()->number == 1);
  CHECK(pending.serve(5, 1));
  CHECK(pending.head()->client == 4);
  CHECK(!pending.serve(5, 3));  // out of turn: so it goes behind whoever comes meanwhile
  CHECK(pending.add(request(6, 1)) == Added::fresh);
  CHECK(pending.serve(4, 2));
  CHECK(pending.head()->client == 5);
  CHECK(pending.serve(5, 4));
  CHECK(pending.head()->client == 6);
}

TEST_CASE(
    "pending requests: what may have been refused elsewhere is handed on when its client is served, once each time") {
  PendingRequests pending(kFirst, 2);
  const auto handed_on = [&] {
    std::vector<std::uint64_t> numbers;
    pending.hand_on([&](const auto& r) { numbers.push_back(r->number); });
    return numbers;
  };
  pending.add(request(4, 10));
  CHECK(pending.serve(4, 9));  // a primary with 9 and 10 has refused nothing
  CHECK(handed_on().empty());
  pending.add(request(4, 11));
  pending.serve(4, 9);  // with 9 and 10 it has refused 11, but 10 comes first
  CHECK(handed_on().empty());
  pending.serve(4, 10);
  CHECK(handed_on() == std::vector<std::uint64_t>{11});
  CHECK(handed_on().empty());
  pending.serve(4, 3);
  CHECK(handed_on() == std::vector<std::uint64_t>{11});
}

}  // namespace
