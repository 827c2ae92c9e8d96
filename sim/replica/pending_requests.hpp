// The requests a replica knows of and has not executed, each client's in a queue of its own, the clients in turn.
//
// A client takes its place at the end of the line with the first request it has then, and has had its turn when that is
// executed; then it goes to the end again. So before a request at the head of its client's queue has its turn, every
// other client has at most one, however many requests it has stockpiled; a primary that proposes in the same order
// starves nobody either. What comes later with a lower number is executed before and is no reason to wait longer.
//
// A client moves on from numbers by its own word: by what it says it has been answered, or by a number a whole window
// higher (see ClientRecord). What it has moved on from is not kept, so of each client there is a window at most, and
// honest clients are refused nothing. One that tells replicas of different requests can have them wait for different
// ones only until they have heard its last word, which whoever refuses a request has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "sim/replica/moved_on.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim {

class PendingRequests {
 public:
  /// Of each client at most `window` requests are kept; clients have numbers from `first_client` on.
  PendingRequests(NodeId first_client, std::uint64_t window) : first_client_(first_client), window_(window) {}

  enum class Added : std::uint8_t { fresh, known, withdrawn };
  /// Keeps a request, unless one of its client and number is there or the client has moved on from it; whatever it
  /// shows its client to have moved on from is dropped. Amortised O(1) for numbers in order.
  Added add(const Ref<const Request>& request) {
    Queue& queue = queue_of(request->client);
    if (request->number <= queue.moved) return Added::withdrawn;
    auto place = queue.end();
    if (!queue.empty() && queue.items.back().request->number >= request->number) {
      place = find(queue, request->number);
      if (place != queue.end() && place->request->number == request->number) return Added::known;
    }
    queue.items.insert(place, {request, false});
    ++size_;
    ++unproposed_;
    if (queue.ticket == 0) to_the_end(queue, request->client);
    if (moves_to(*request) > queue.moved) {
      queue.mover = request;
      move_on(queue, moves_to(*request));
      if (queue.pin <= queue.moved) lost_turn_ = end_turn(queue, request->client) || lost_turn_;
    }
    want_turn(queue, request->client);
    return Added::fresh;
  }
  /// What shows that the client has moved on from what `add` refuses; null if that has been executed meanwhile.
  Ref<const Request> last_word(NodeId client) { return queue_of(client).mover; }
  /// Whether the client whose turn it was has moved on from what it was its turn for, since this was asked last.
  bool lost_turn() { return std::exchange(lost_turn_, false); }

  bool empty() const { return size_ == 0; }

  /// A client has had its turn, or has moved on from what it was its turn for; or neither.
  enum class Turn : std::uint8_t { stays, over, lost };
  /// `request` is executed, for the first time; what came of the turn of the client that was first in line. One of a
  /// lower number than what it is its turn for counts as its turn if that is so `by_vote`: whoever catches up with what
  /// others did long ago is not served by it.
  Turn serve(const Request& request, bool by_vote) {
    Queue& queue = queue_of(request.client);
    if (queue.empty()) return Turn::stays;
    const bool turn = request.number == queue.pin || (by_vote && request.number < queue.pin);
    erase(queue, find(queue, request.number), request.number);
    move_on(queue, moves_to(request));
    if (queue.mover && (queue.mover->number == request.number || queue.mover->number <= queue.moved))
      queue.mover = nullptr;
    if (!turn && !queue.empty() && queue.pin > queue.moved) return Turn::stays;
    if (!end_turn(queue, request.client)) return Turn::stays;
    return turn ? Turn::over : Turn::lost;
  }
  /// This request will never be executed any more. True if that was what it was the turn of.
  bool remove(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    if (!erase(queue, find(queue, number), number)) return false;
    return (queue.empty() || queue.pin == number) && end_turn(queue, client);
  }
  /// Removes the requests for which `gone(const Request&)` holds.
  void remove_if(auto&& gone) {
    std::vector<Ref<const Request>> gone_now;
    for_each([&](const Ref<const Request>& request) {
      if (gone(*request)) gone_now.push_back(request);
    });
    for (const auto& request : gone_now) remove(request->client, request->number);
  }
  /// What it is the turn of the first client in line for; there must be one.
  std::pair<NodeId, std::uint64_t> head() const {
    const NodeId client = turns_.front().client;
    return {client, queues_[client - first_client_].pin};
  }

  /// Calls `visit(const Ref<const Request>&)` for every request, client by client in the order of their turns.
  void for_each(auto&& visit) const {
    for (const Place& place : turns_) {
      if (gone(place)) continue;
      const Queue& queue = queues_[place.client - first_client_];
      for (std::size_t i = queue.first; i < queue.items.size(); ++i) visit(queue.items[i].request);
    }
  }

  // --- a primary's side: which of them it has proposed ---

  /// Nothing has been proposed yet.
  void begin_proposing() {
    to_propose_.clear();
    unproposed_ = size_;
    for (Queue& queue : queues_) {
      queue.in_line = false;
      for (Item& item : queue.items) item.proposed = false;
    }
    for (const Place& place : turns_) {
      if (!gone(place)) want_turn(queues_[place.client - first_client_], place.client);
    }
  }
  /// This one has been proposed, if it is here.
  void mark_proposed(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    const auto place = find(queue, number);
    if (place == queue.end() || place->request->number != number || place->proposed) return;
    place->proposed = true;
    --unproposed_;
  }
  /// Proposes this one again, though it has been proposed: what a primary does that does not look for duplicates.
  void propose_again(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    const auto place = find(queue, number);
    if (place == queue.end() || place->request->number != number || !place->proposed) return;
    place->proposed = false;
    ++unproposed_;
    want_turn(queue, client);
  }
  bool has_unproposed() const { return unproposed_ > 0; }
  /// Takes the next request to propose; has_unproposed() must hold.
  Ref<const Request> next_to_propose() {
    while (true) {
      const NodeId client = to_propose_.front();
      to_propose_.pop_front();
      Queue& queue = queue_of(client);
      queue.in_line = false;
      const auto item = std::find_if(queue.begin(), queue.end(), [](const Item& i) { return !i.proposed; });
      if (item == queue.end()) continue;
      item->proposed = true;
      --unproposed_;
      if (unproposed_ > 0) want_turn(queue, client);
      return item->request;
    }
  }

 private:
  struct Item {
    Ref<const Request> request;
    bool proposed = false;
  };
  using Items = std::vector<Item>;
  struct Queue {
    Items items;  // by number, from the `first` on: what is taken off the front leaves a gap for a while
    std::size_t first = 0;
    std::uint64_t pin = 0;     // what it is in line for
    std::uint64_t ticket = 0;  // of its place in turns_; 0 if it has none
    std::uint64_t moved = 0;   // its client has moved on from every number up to here; 0 while there are no items
    Ref<const Request> mover;  // which shows that
    bool in_line = false;      // in to_propose_

    Items::iterator begin() { return items.begin() + static_cast<std::ptrdiff_t>(first); }
    Items::iterator end() { return items.end(); }
    bool empty() const { return first == items.size(); }
  };
  struct Place {
    NodeId client;
    std::uint64_t ticket;
  };

  Queue& queue_of(NodeId client) {
    if (client - first_client_ >= queues_.size()) queues_.resize(client - first_client_ + 1);
    return queues_[client - first_client_];
  }
  std::uint64_t moves_to(const Request& request) const {
    return moved_on_to(request.number, request.answered, window_);
  }
  static Items::iterator find(Queue& queue, std::uint64_t number) {
    if (!queue.empty() && queue.begin()->request->number == number) return queue.begin();
    return std::lower_bound(queue.begin(), queue.end(), number,
                            [](const Item& item, std::uint64_t wanted) { return item.request->number < wanted; });
  }
  bool erase(Queue& queue, Items::iterator place, std::uint64_t number) {
    if (place == queue.end() || place->request->number != number) return false;
    if (place != queue.begin()) {
      forget(*place);
      queue.items.erase(place);
    } else {
      drop_front(queue, 1);
    }
    return true;
  }
  void forget(Item& item) {
    if (!item.proposed) --unproposed_;
    --size_;
    item.request = nullptr;
  }
  void drop_front(Queue& queue, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) forget(queue.items[queue.first++]);
    if (2 * queue.first < queue.items.size()) return;
    queue.items.erase(queue.items.begin(), queue.begin());
    queue.first = 0;
  }
  void move_on(Queue& queue, std::uint64_t to) {
    if (to <= queue.moved) return;
    queue.moved = to;
    const auto kept = std::upper_bound(queue.begin(), queue.end(), to, [](std::uint64_t up_to, const Item& item) {
      return up_to < item.request->number;
    });
    drop_front(queue, static_cast<std::size_t>(kept - queue.begin()));
  }

  // To the end of the line, or out of it. True if it was first.
  bool end_turn(Queue& queue, NodeId client) {
    const bool first = turns_.front().client == client;
    if (!queue.empty()) {
      to_the_end(queue, client);
    } else {
      queue.ticket = 0;
      queue.moved = 0;
      queue.mover = nullptr;
      --waiting_clients_;
    }
    while (!turns_.empty() && gone(turns_.front())) turns_.pop_front();
    return first;
  }
  // Its old place stays behind and counts no more.
  void to_the_end(Queue& queue, NodeId client) {
    if (queue.ticket == 0) ++waiting_clients_;
    queue.ticket = ++tickets_;
    queue.pin = queue.begin()->request->number;
    turns_.push_back({client, queue.ticket});
    if (turns_.size() > 2 * waiting_clients_ + 16) std::erase_if(turns_, [&](const Place& p) { return gone(p); });
  }
  bool gone(const Place& place) const { return queues_[place.client - first_client_].ticket != place.ticket; }

  void want_turn(Queue& queue, NodeId client) {
    if (queue.in_line) return;
    queue.in_line = true;
    to_propose_.push_back(client);
  }

  NodeId first_client_;
  std::uint64_t window_;
  std::vector<Queue> queues_;  // by client
  std::deque<Place> turns_;    // clients with requests; the first place always counts
  std::uint64_t tickets_ = 0;
  std::size_t waiting_clients_ = 0;
  bool lost_turn_ = false;
  std::deque<NodeId> to_propose_;  // clients that may have requests to propose, each once
  std::size_t size_ = 0;
  std::size_t unproposed_ = 0;
};

}  // namespace byzsim
