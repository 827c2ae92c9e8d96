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
  bool served = false;

  bool first(NodeId client) const { return !line.empty() && line.front() == client; }
  void leave_place(NodeId client, Turn how) {
    Mine& mine = clients[client];
    if (first(client)) (how == Turn::served ? served : lost) = true;
    line.remove(client);
    if (mine.numbers.empty()) {
      mine = {};
    } else {
      line.push_back(client);
      mine.pin = *mine.numbers.begin();
    }
  }
  void move_on(Mine& mine, const Request& r, std::uint64_t answered) const {
    std::uint64_t to = std::min(answered, r.number - 1);
    if (r.number > window) to = std::max(to, r.number - window);
    mine.moved = std::max(mine.moved, to);
    std::erase_if(mine.numbers, [&](std::uint64_t number) { return number <= mine.moved; });
  }

  Added add(const Request& r) {
    Mine& mine = clients[r.client];
    if (r.number <= mine.moved) return Added::withdrawn;
    if (!mine.numbers.insert(r.number).second) return Added::known;
    const bool fresh = mine.numbers.size() == 1;
    move_on(mine, r, 0);  // what it says of answers counts once it is executed
    if (fresh || mine.pin <= mine.moved) leave_place(r.client, Turn::lost);
    return Added::fresh;
  }
  void serve(const Request& r) {
    Mine& mine = clients[r.client];
    if (mine.numbers.empty()) return;
    const bool turn = r.number <= mine.pin;
    mine.numbers.erase(r.number);
    move_on(mine, r, r.answered);
    if (turn || mine.pin <= mine.moved) leave_place(r.client, turn ? Turn::served : Turn::lost);
  }
  void remove(NodeId client, std::uint64_t number, Turn how) {
    Mine& mine = clients[client];
    if (mine.numbers.erase(number) != 0 && mine.pin == number) leave_place(client, how);
  }
  /// These have been executed unseen.
  void jump(const std::set<std::pair<NodeId, std::uint64_t>>& done) {
    for (const NodeId client : std::list<NodeId>(line)) {
      Mine& mine = clients[client];
      const bool turn = std::any_of(done.begin(), done.end(),
                                    [&](const auto& d) { return d.first == client && d.second <= mine.pin; });
      std::erase_if(mine.numbers, [&](std::uint64_t number) { return done.contains({client, number}); });
      if (turn) leave_place(client, Turn::served);
    }
  }
  std::vector<std::pair<NodeId, std::uint64_t>> all() const {
    std::vector<std::pair<NodeId, std::uint64_t>> list;
    for (std::size_t round = 0, added = 1; added > 0; ++round) {
      added = 0;
      for (const NodeId client : line) {
        std::vector<std::uint64_t> mine{clients.at(client).pin};
        for (const std::uint64_t number : clients.at(client).numbers) {
          if (number != mine[0]) mine.push_back(number);
        }
        if (round >= mine.size()) continue;
        list.emplace_back(client, mine[round]);
        ++added;
      }
    }
    return list;
  }
};

std::vector<std::pair<NodeId, std::uint64_t>> all(const PendingRequests& pending, std::uint64_t most = 1'000'000) {
  std::vector<std::pair<NodeId, std::uint64_t>> list;
  pending.for_each_in_turn(most, [&](const auto& r) { list.emplace_back(r->client, r->number); });
  return list;
}

TEST_CASE("pending requests: as their definition has it, whatever comes and goes") {
  CHECK(rc::check("equal to a list of queues", [](const std::vector<std::uint32_t>& steps) {
    PendingRequests pending(3);
    Model model{3, {}, {}};
    for (const std::uint32_t step : steps) {
      const NodeId client = kFirst + step / 16 % 4;
      const std::uint64_t number = 1 + step / 64 % 9;
      const auto r = request(client, number, step / 1024 % 3 == 0 ? step / 4096 % 9 : 0);
      const Turn how = step / 32 % 2 == 0 ? Turn::served : Turn::lost;
      switch (step % 16) {
        case 0: {
          const std::set<std::pair<NodeId, std::uint64_t>> done{
              {client, number}, {kFirst + step / 256 % 4, 1 + step / 1024 % 9}, {kFirst + step / 4096 % 4, 1}};
          pending.jumped(
              [&](const Request& gone) {
                return done.contains({gone.client, gone.number});
              },
              [&](NodeId who, std::uint64_t up_to) {
                return std::any_of(done.begin(), done.end(),
                                   [&](const auto& d) { return d.first == who && d.second <= up_to; });
              });
          model.jump(done);
          break;
        }
        case 1:
          pending.remove(client, number, how);
          model.remove(client, number, how);
          break;
        case 2:
        case 3:
        case 4:
        case 5:
          pending.serve(*r);
          model.serve(*r);
          break;
        default:
          RC_ASSERT(pending.add(r) == model.add(*r));
      }
      RC_ASSERT(all(pending) == model.all());
      RC_ASSERT(pending.empty() == model.line.empty());
      const auto everybody = model.all();
      if (!everybody.empty()) {
        RC_ASSERT(std::make_pair(pending.head()->client, pending.head()->number) == everybody[0]);
        RC_ASSERT(all(pending, 3).size() == std::min<std::size_t>(3, everybody.size()));
      }
      RC_ASSERT(pending.head_changed() == (model.served || model.lost));
      RC_ASSERT(pending.take_head_served() == std::exchange(model.served, false));
      RC_ASSERT(pending.take_head_lost() == std::exchange(model.lost, false));
      RC_ASSERT(!pending.head_changed());
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

/// What an execution does to the turn of whoever comes first.
enum class Came { nothing, served, lost };
Came serve(PendingRequests& pending, const Ref<const Request>& r) {
  pending.serve(*r);
  if (pending.take_head_served()) return Came::served;
  return pending.take_head_lost() ? Came::lost : Came::nothing;
}

TEST_CASE("pending requests: before a request at the head of its queue, no other client is served twice") {
  PendingRequests pending(100);
  for (std::uint64_t number = 1; number <= 50; ++number) pending.add(request(5, number));
  pending.add(request(4, 1));
  CHECK(serve(pending, request(4, 1)) == Came::nothing);  // out of turn
  pending.add(request(4, 2));
  CHECK(serve(pending, request(5, 2)) == Came::nothing);  // client 5 has not had its turn with that
  CHECK(serve(pending, request(5, 1)) == Came::served);
  CHECK(serve(pending, request(5, 3)) == Came::nothing);  // out of turn: it goes behind whoever has come meanwhile
  pending.add(request(6, 1));
  CHECK(serve(pending, request(4, 2)) == Came::served);
  CHECK(serve(pending, request(5, 4)) == Came::served);
  CHECK(serve(pending, request(6, 1)) == Came::served);
}

TEST_CASE("pending requests: nobody is kept waiting by a number that came later") {
  PendingRequests pending(1000);
  pending.add(request(4, 100));
  pending.add(request(5, 1));
  pending.add(request(4, 99));  // comes first in its queue, but it is not what client 4 is in line for
  CHECK(serve(pending, request(4, 101)) == Came::nothing);
  CHECK(serve(pending, request(4, 50)) == Came::served);
  CHECK(serve(pending, request(5, 1)) == Came::served);
  CHECK(serve(pending, request(4, 100)) == Came::nothing);  // now it is in line for 99
  CHECK(serve(pending, request(4, 98)) == Came::served);
}

TEST_CASE("pending requests: the highest number is a client's last word, for whoever has not heard it") {
  PendingRequests pending(5);
  for (std::uint64_t number = 2; number <= 5; ++number) CHECK(pending.add(request(4, number)) == Added::fresh);
  CHECK(pending.add(request(4, 1)) == Added::fresh);
  CHECK(pending.add(request(4, 6)) == Added::fresh);  // a window after 1
  CHECK(pending.add(request(4, 1)) == Added::withdrawn);
  CHECK(pending.last_word(4)->number == 6);
  CHECK(!pending.head_changed());
  CHECK(pending.add(request(4, 7)) == Added::fresh);  // a window after 2, for which it was the turn
  CHECK(pending.take_head_lost());
  CHECK(all(pending) == std::vector<std::pair<NodeId, std::uint64_t>>{{4, 3}, {4, 4}, {4, 5}, {4, 6}, {4, 7}});
  CHECK(pending.add(request(4, 2)) == Added::withdrawn);
  CHECK(pending.last_word(4)->number == 7);
  CHECK(serve(pending, request(4, 7)) == Came::nothing);  // executed before its time: then everybody knows
  CHECK(pending.last_word(4) == nullptr);
  CHECK(serve(pending, request(4, 20)) == Came::lost);
  CHECK(pending.empty());
}

TEST_CASE("pending requests: what a request says of answers counts only once that very request is executed") {
  PendingRequests pending(100);
  CHECK(pending.add(request(4, 50, 49)) == Added::fresh);  // its client has signed another 50, which says nothing
  CHECK(pending.add(request(4, 3)) == Added::fresh);
  CHECK(pending.add(request(4, 50)) == Added::known);
  CHECK(serve(pending, request(4, 50)) == Came::served);
  CHECK(all(pending) == std::vector<std::pair<NodeId, std::uint64_t>>{{4, 3}});
  CHECK(pending.add(request(4, 60)) == Added::fresh);
  CHECK(serve(pending, request(4, 51, 50)) == Came::lost);
  CHECK(all(pending) == std::vector<std::pair<NodeId, std::uint64_t>>{{4, 60}});
}

}  // namespace
