// The requests a replica knows of and has not executed, each client's in a queue of its own, the clients in turn.
//
// Whose turn it is has waited longest: a client has had its turn when its first request is executed, or one before that,
// and then goes to the end of the line. So before a request at the head of its client's queue has its turn, every other
// client has at most one, however many requests it has stockpiled; a primary that proposes in the same order starves
// nobody either.
//
// Of each client the lowest numbers are kept, up to its window, which no honest client exceeds. A client that tells
// replicas of different requests can fill its share at one of them and have the others wait for what that one refuses;
// whatever may have been refused elsewhere is handed on again when its turn comes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include "sim/replica/workload.hpp"

namespace byzsim {

class PendingRequests {
 public:
  /// Of each client at most `most` requests are kept; clients have numbers from `first_client` on.
  PendingRequests(NodeId first_client, std::uint64_t most) : first_client_(first_client), most_(most) {}

  enum class Added : std::uint8_t { fresh, known, refused };
  /// Keeps a request, unless one of its client and number is there, or the client's share is full of lower numbers; of
  /// a full share the highest gives way. Amortised O(1) for numbers in order.
  Added add(const Ref<const Request>& request) {
    Queue& queue = queue_of(request->client);
    auto place = queue.items.end();
    if (!queue.items.empty() && queue.items.back().request->number >= request->number) {
      place = find(queue, request->number);
      if (place != queue.items.end() && place->request->number == request->number) return Added::known;
    }
    if (queue.items.size() >= most_) {
      if (place == queue.items.end()) return Added::refused;
      if (!queue.items.back().proposed) --unproposed_;
      --size_;
      std::move_backward(place, queue.items.end() - 1, queue.items.end());
      *place = {request, false};
    } else {
      if (queue.items.empty()) to_the_end(queue, request->client);
      queue.items.insert(place, {request, false});
    }
    ++size_;
    ++unproposed_;
    want_turn(queue, request->client);
    return Added::fresh;
  }

  bool empty() const { return size_ == 0; }

  /// The first request of the client whose turn it is; there must be one.
  const Ref<const Request>& head() const {
    return queues_[turns_.front().client - first_client_].items.front().request;
  }

  /// This request is executed, for the first time. True if it was its client's turn, and has been now.
  bool serve(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    if (queue.items.empty()) return false;
    // A replica that knows this one keeps nothing beyond, if its share is full.
    if (number <= std::numeric_limits<std::uint64_t>::max() - most_)
      queue.doubtful = std::min(queue.doubtful, number + most_);
    const bool turn = number <= queue.items.front().request->number;
    const bool first = turns_.front().client == client;
    erase(queue, find(queue, number), number);
    if (queue.items.empty()) {
      leave(queue);
    } else {
      if (turn) to_the_end(queue, client);
      if (queue.items.front().request->number >= queue.doubtful && !queue.to_hand_on) {
        queue.to_hand_on = true;
        to_hand_on_.push_back(client);
      }
    }
    skip_gone();
    return first && turn;
  }
  /// This request will never be executed any more. True if that was what it was the turn of.
  bool remove(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    const auto place = find(queue, number);
    const bool first = !queue.items.empty() && turns_.front().client == client && place == queue.items.begin();
    if (!erase(queue, place, number)) return false;
    if (queue.items.empty()) {
      leave(queue);
    } else if (first) {
      to_the_end(queue, client);
    }
    skip_gone();
    return first;
  }
  /// Removes the requests for which `gone(const Request&)` holds. True if the head was among them.
  bool remove_if(auto&& gone) {
    bool was_head = false;
    for (std::size_t c = 0; c < queues_.size(); ++c) {
      for (std::size_t i = queues_[c].items.size(); i-- > 0;) {
        const Ref<const Request> request = queues_[c].items[i].request;
        if (gone(*request)) was_head = remove(request->client, request->number) || was_head;
      }
    }
    return was_head;
  }

  /// Calls `visit(const Ref<const Request>&)` for every request, client by client in the order of their turns.
  void for_each(auto&& visit) const {
    for (const Turn& turn : turns_) {
      const Queue& queue = queues_[turn.client - first_client_];
      if (queue.ticket != turn.ticket) continue;
      for (const Item& item : queue.items) visit(item.request);
    }
  }
  /// Calls `visit(const Ref<const Request>&)` for what a primary may have refused, since it knew of more than this
  /// replica; of each client that has been served since the last call at most one, the next that it would have a turn
  /// for.
  void hand_on(auto&& visit) {
    if (to_hand_on_.empty()) return;
    for (NodeId client : std::exchange(to_hand_on_, {})) {
      Queue& queue = queues_[client - first_client_];
      queue.to_hand_on = false;
      if (!queue.items.empty()) visit(queue.items.front().request);
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
    for (const Turn& turn : turns_) {
      Queue& queue = queues_[turn.client - first_client_];
      if (queue.ticket == turn.ticket) want_turn(queue, turn.client);
    }
  }
  /// This one has been proposed, if it is here.
  void mark_proposed(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    const auto place = find(queue, number);
    if (place == queue.items.end() || place->request->number != number || place->proposed) return;
    place->proposed = true;
    --unproposed_;
  }
  /// Proposes this one again, though it has been proposed: what a primary does that does not look for duplicates.
  void propose_again(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    const auto place = find(queue, number);
    if (place == queue.items.end() || place->request->number != number || !place->proposed) return;
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
      const auto item = std::find_if(queue.items.begin(), queue.items.end(), [](const Item& i) { return !i.proposed; });
      if (item == queue.items.end()) continue;
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
  struct Queue {
    std::vector<Item> items;         // by number
    std::uint64_t ticket = 0;        // of its place in turns_; 0 if it has none
    std::uint64_t doubtful = kNone;  // from this number on a primary may have refused what is here
    bool in_line = false;            // in to_propose_
    bool to_hand_on = false;         // in to_hand_on_
  };
  struct Turn {
    NodeId client;
    std::uint64_t ticket;
  };
  static constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

  Queue& queue_of(NodeId client) {
    if (client - first_client_ >= queues_.size()) queues_.resize(client - first_client_ + 1);
    return queues_[client - first_client_];
  }
  bool erase(Queue& queue, std::vector<Item>::iterator place, std::uint64_t number) {
    if (place == queue.items.end() || place->request->number != number) return false;
    if (!place->proposed) --unproposed_;
    queue.items.erase(place);
    --size_;
    return true;
  }
  // Its old place stays behind and counts no more.
  void to_the_end(Queue& queue, NodeId client) {
    if (queue.ticket == 0) ++waiting_clients_;
    queue.ticket = ++tickets_;
    turns_.push_back({client, queue.ticket});
    if (turns_.size() > 2 * waiting_clients_ + 16) std::erase_if(turns_, [&](const Turn& turn) { return gone(turn); });
  }
  void leave(Queue& queue) {
    queue.ticket = 0;
    queue.doubtful = kNone;
    --waiting_clients_;
  }
  bool gone(const Turn& turn) const { return queues_[turn.client - first_client_].ticket != turn.ticket; }
  void skip_gone() {
    while (!turns_.empty() && gone(turns_.front())) turns_.pop_front();
  }
  static std::vector<Item>::iterator find(Queue& queue, std::uint64_t number) {
    if (!queue.items.empty() && queue.items.front().request->number == number) return queue.items.begin();
    return std::lower_bound(queue.items.begin(), queue.items.end(), number,
                            [](const Item& item, std::uint64_t wanted) { return item.request->number < wanted; });
  }
  void want_turn(Queue& queue, NodeId client) {
    if (queue.in_line) return;
    queue.in_line = true;
    to_propose_.push_back(client);
  }

  NodeId first_client_;
  std::uint64_t most_;
  std::vector<Queue> queues_;  // by client
  std::deque<Turn> turns_;     // clients with requests; the first place always counts
  std::uint64_t tickets_ = 0;
  std::size_t waiting_clients_ = 0;
  std::deque<NodeId> to_propose_;  // clients that may have requests to propose, each once
  std::vector<NodeId> to_hand_on_;
  std::size_t size_ = 0;
  std::size_t unproposed_ = 0;
};

}  // namespace byzsim
