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
using Turn = PendingRequests::Turn;

constexpr NodeId kFirst = 4;

Ref<const Request> request(NodeId client, std::uint64_t number, std::uint64_t answered = 0) {
  auto made = make_ref<Request>();
  made->client = client;
  made->number = number;
  made->answered = answered;
  return made;
}

/// The same by its definition: clients in a list, each with its numbers, what it is in line for, and what it has left.
struct Model {
  struct Mine {
    std::set<std::uint64_t> numbers;
    std::uint64_t pin = 0;
    std::uint64_t moved = 0;
  };
  std::uint64_t window;
  std::list<NodeId> line;
  std::map<NodeId, Mine> clients;
  bool lost = false;

  bool first(NodeId client) const { return !line.empty() && line.front() == client; }
  void leave_place(NodeId client) {
    Mine& mine = clients[client];
    line.remove(client);
    if (mine.numbers.empty()) {
      mine = {};
    } else {
      line.push_back(client);
      mine.pin = *mine.numbers.begin();
    }
  }
  void move_on(Mine& mine, const Request& r) const {
    std::uint64_t to = std::min(r.answered, r.number - 1);
    if (r.number > window) to = std::max(to, r.number - window);
    mine.moved = std::max(mine.moved, to);
    std::erase_if(mine.numbers, [&](std::uint64_t number) { return number <= mine.moved; });
  }

  Added add(const Request& r) {
    Mine& mine = clients[r.client];
    if (r.number <= mine.moved) return Added::withdrawn;
    if (!mine.numbers.insert(r.number).second) return Added::known;
    const bool fresh = mine.numbers.size() == 1;
    move_on(mine, r);
    if (fresh || mine.pin <= mine.moved) {
      lost = lost || (!fresh && first(r.client));
      leave_place(r.client);
    }
    return Added::fresh;
  }
  Turn serve(const Request& r, bool by_vote) {
    Mine& mine = clients[r.client];
    if (mine.numbers.empty()) return Turn::stays;
    const bool turn = r.number == mine.pin || (by_vote && r.number < mine.pin);
    mine.numbers.erase(r.number);
    move_on(mine, r);
    if (!turn && mine.pin > mine.moved) return Turn::stays;
    const bool was_first = first(r.client);
    leave_place(r.client);
    return !was_first ? Turn::stays : turn ? Turn::over : Turn::lost;
  }
  bool remove(NodeId client, std::uint64_t number) {
    Mine& mine = clients[client];
    if (mine.numbers.erase(number) == 0 || mine.pin != number) return false;
    const bool was_first = first(client);
    leave_place(client);
    return was_first;
  }
  std::vector<std::pair<NodeId, std::uint64_t>> all() const {
    std::vector<std::pair<NodeId, std::uint64_t>> list;
    for (const NodeId client : line) {
      for (const std::uint64_t number : clients.at(client).numbers) list.emplace_back(client, number);
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
  CHECK(rc::check("equal to a list of queues", [](const std::vector<std::uint32_t>& steps) {
    PendingRequests pending(kFirst, 3);
    Model model{3, {}, {}, false};
    for (const std::uint32_t step : steps) {
      const NodeId client = kFirst + step / 16 % 4;
      const std::uint64_t number = 1 + step / 64 % 9;
      const auto r = request(client, number, step / 1024 % 3 == 0 ? step / 4096 % 9 : 0);
      switch (step % 16) {
        case 0:
        case 1:
          RC_ASSERT(pending.remove(client, number) == model.remove(client, number));
          break;
        case 2:
        case 3:
        case 4:
        case 5:
          RC_ASSERT(pending.serve(*r, step % 2 == 0) == model.serve(*r, step % 2 == 0));
          break;
        case 6:
          pending.remove_if([&](const Request& one) { return one.number == number; });
          for (const NodeId one : std::vector<NodeId>(model.line.begin(), model.line.end())) model.remove(one, number);
          break;
        default:
          RC_ASSERT(pending.add(r) == model.add(*r));
          RC_ASSERT(pending.lost_turn() == std::exchange(model.lost, false));
      }
      RC_ASSERT(all(pending) == model.all());
      RC_ASSERT(pending.empty() == model.line.empty());
      if (!pending.empty()) {
        const NodeId head = model.line.front();
        RC_ASSERT(pending.head() == std::make_pair(head, model.clients[head].pin));
      }
    }
    // A primary takes the clients in turn, one request of each, until there are none.
    pending.begin_proposing();
    std::size_t proposed = 0;
    NodeId last = kNobody;
    while (pending.has_unproposed()) {
      const auto next = pending.next_to_propose();
      auto& mine = model.clients[next->client].numbers;
      const bool others = std::any_of(model.clients.begin(), model.clients.end(), [&](const auto& c) {
        return c.first != next->client && !c.second.numbers.empty();
      });
      RC_ASSERT(next->client != last || !others);
      RC_ASSERT(*mine.begin() == next->number);
      mine.erase(next->number);
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
  CHECK(pending.serve(*request(4, 1), true) == Turn::stays);  // out of turn
  pending.add(request(4, 2));
  CHECK(pending.head() == std::pair<NodeId, std::uint64_t>(5, 1));
  CHECK(pending.serve(*request(5, 2), true) == Turn::stays);  // client 5 has not had its turn with that
  CHECK(pending.serve(*request(5, 1), true) == Turn::over);
  CHECK(pending.head() == std::pair<NodeId, std::uint64_t>(4, 2));
  CHECK(pending.serve(*request(5, 3), true) ==
        Turn::stays);  // out of turn: so it goes behind whoever has come meanwhile
  pending.add(request(6, 1));
  CHECK(pending.serve(*request(4, 2), true) == Turn::over);
  CHECK(pending.serve(*request(5, 4), true) == Turn::over);
  CHECK(pending.head() == std::pair<NodeId, std::uint64_t>(6, 1));
}

TEST_CASE(
    "pending requests: nobody is kept waiting by a number that came later, nor served by what was done long ago") {
  PendingRequests pending(kFirst, 1000);
  pending.add(request(4, 100));
  pending.add(request(5, 1));
  pending.add(request(4, 99));  // comes first in its queue, but it is not what client 4 is in line for
  CHECK(pending.head() == std::pair<NodeId, std::uint64_t>(4, 100));
  CHECK(pending.serve(*request(4, 50), false) == Turn::stays);
  CHECK(pending.serve(*request(4, 100), false) == Turn::over);
  CHECK(pending.head() == std::pair<NodeId, std::uint64_t>(5, 1));
  CHECK(pending.serve(*request(5, 1), true) == Turn::over);
  CHECK(pending.head() == std::pair<NodeId, std::uint64_t>(4, 99));
  CHECK(pending.serve(*request(4, 50), true) == Turn::over);
}

TEST_CASE("pending requests: the last word of a client counts, and is there for whoever has not heard it") {
  PendingRequests pending(kFirst, 5);
  for (std::uint64_t number = 2; number <= 5; ++number) CHECK(pending.add(request(4, number)) == Added::fresh);
  CHECK(pending.add(request(4, 1)) == Added::fresh);
  CHECK(pending.add(request(4, 6)) == Added::fresh);  // a window after 1
  CHECK(pending.add(request(4, 1)) == Added::withdrawn);
  CHECK(pending.last_word(4)->number == 6);
  CHECK(!pending.lost_turn());
  CHECK(pending.add(request(4, 7, 4)) == Added::fresh);  // 2 to 4 have been answered; it was the turn of 2
  CHECK(pending.lost_turn());
  CHECK(all(pending) == std::vector<std::pair<NodeId, std::uint64_t>>{{4, 5}, {4, 6}, {4, 7}});
  CHECK(pending.add(request(4, 3)) == Added::withdrawn);
  CHECK(pending.last_word(4)->number == 7);
  CHECK(pending.serve(*request(4, 7), true) == Turn::stays);  // executed before its time: then everybody knows
  CHECK(pending.last_word(4) == nullptr);
  CHECK(pending.serve(*request(4, 20), true) == Turn::lost);
  CHECK(pending.empty());
}

}  // namespace
