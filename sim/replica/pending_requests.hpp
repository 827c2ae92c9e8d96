// The requests a replica knows of and has not executed, each client's in a queue of its own, the clients in turn.
//
// Whose turn it is has waited longest: a client takes its turn when its first request is executed, and then goes to the
// end of the line. So before a request at the head of its client's queue has its turn, every other client has at most
// one, however many requests it has stockpiled; a primary that proposes in the same order starves nobody either.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/replica/workload.hpp"

namespace byzsim {

class PendingRequests {
 public:
  /// Of each client at most `most` requests are kept; clients have numbers from `first_client` on.
  PendingRequests(NodeId first_client, std::uint64_t most) : first_client_(first_client), most_(most) {}

  enum class Added : std::uint8_t { fresh, known, refused };
  /// Keeps a request, unless one of its client and number is there, or the client has its share. Amortised O(1) for
  /// numbers in order.
  Added add(const Ref<const Request>& request) {
    Queue& queue = queue_of(request->client);
    auto place = queue.items.end();
    if (!queue.items.empty() && queue.items.back().request->number >= request->number) {
      place = find(queue, request->number);
      if (place != queue.items.end() && place->request->number == request->number) return Added::known;
    }
    if (queue.items.size() >= most_) return Added::refused;
    if (queue.items.empty()) turns_.push_back(request->client);
    queue.items.insert(place, {request, false});
    ++size_;
    ++unproposed_;
    want_turn(queue, request->client);
    return Added::fresh;
  }

  bool empty() const { return size_ == 0; }

  /// The request that has waited longest; there must be one.
  const Ref<const Request>& head() const { return queues_[turns_.front() - first_client_].items.front().request; }

  /// This request is executed, or never will be. True if it was the head, whose client then has had its turn.
  bool remove(NodeId client, std::uint64_t number) {
    Queue& queue = queue_of(client);
    const auto place = find(queue, number);
    if (place == queue.items.end() || place->request->number != number) return false;
    const bool was_head = turns_.front() == client && place == queue.items.begin();
    if (!place->proposed) --unproposed_;
    queue.items.erase(place);
    --size_;
    if (was_head) {
      turns_.pop_front();
      if (!queue.items.empty()) turns_.push_back(client);
    } else if (queue.items.empty()) {
      turns_.erase(std::find(turns_.begin(), turns_.end(), client));
    }
    return was_head;
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
    for (NodeId client : turns_) {
      for (const Item& item : queues_[client - first_client_].items) visit(item.request);
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
    for (NodeId client : turns_) want_turn(queues_[client - first_client_], client);
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
    std::vector<Item> items;  // by number
    bool in_line = false;     // in to_propose_
  };

  Queue& queue_of(NodeId client) {
    if (client - first_client_ >= queues_.size()) queues_.resize(client - first_client_ + 1);
    return queues_[client - first_client_];
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
  std::vector<Queue> queues_;      // by client
  std::deque<NodeId> turns_;       // clients with requests, each once
  std::deque<NodeId> to_propose_;  // clients that may have requests to propose, each once
  std::size_t size_ = 0;
  std::size_t unproposed_ = 0;
};

}  // namespace byzsim
