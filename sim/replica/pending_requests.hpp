// The requests a replica knows of and has not executed, each client's in a queue of its own, the clients in turn.
//
// A client takes its place at the end of the line with the first request it has then, and has had its turn when that is
// executed; then it goes to the end again. So before a request at the head of its client's queue has its turn, every
// other client has at most one, however many requests it has stockpiled; a primary that proposes in the same order
// starves nobody either. What comes later with a lower number is executed before and is no reason to wait longer. It
// does not matter how a replica learns of an execution: votes, certificates and states race each other, and whoever has
// fast links decides which of them wins.
//
// A client moves on from numbers by asking for one a whole window higher, and by what it says in a request that is
// executed (moved_on.hpp). What it has moved on from is not kept, so of each client there is a window at most, and
// honest clients are refused nothing. One that asks replicas for different numbers can have them wait for different
// ones only until they have heard its last word, the highest number, which whoever refuses a request has or has
// executed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "sim/replica/by_client.hpp"
#include "sim/replica/moved_on.hpp"
#include "sim/replica/workload.hpp"

namespace byzsim {

class PendingRequests {
 public:
  /// Of each client at most `window` requests are kept.
  explicit PendingRequests(std::uint64_t window) : window_(window) {}

  enum class Added : std::uint8_t { fresh, known, withdrawn };
  /// Keeps a request, unless one of its client and number is there or the client has moved on from it; whatever it
  /// shows its client to have moved on from is dropped. Amortised O(1) for numbers in order.
  Added add(const Ref<const Request>& request) {
    const NodeId client = request->client;
    Queue& queue = queues_[client];
    if (request->number <= queue.moved) return Added::withdrawn;
    auto place = queue.end();
    if (!queue.empty() && queue.items.back().request->number >= request->number) {
      place = find(queue, request->number);
      if (place != queue.end() && place->request->number == request->number) return Added::known;
    }
    const bool first = queue.empty();
    queue.items.insert(place, {request, false});
    ++size_;
    ++unproposed_;
    if (first) to_the_end(queue, client);
    if (const std::uint64_t moved = moved_on_to(request->number, window_); moved > queue.moved) {
      queue.mover = request;
      move_on(queue, moved);
      if (queue.pin <= queue.moved) end_turn(queue, client, Turn::lost);
    }
    want_turn(queue, client);
    return Added::fresh;
  }
  /// What shows that the client has moved on from what `add` refuses; null if that has been executed meanwhile.
  Ref<const Request> last_word(NodeId client) const {
    const Queue* queue = queues_.find(client);
    return queue == nullptr ? nullptr : queue->mover;
  }

  bool empty() const { return size_ == 0; }
  bool has(NodeId client, std::uint64_t number) const { return item_of(client, number) != nullptr; }
  /// Whether `add` would refuse it.
  bool withdrawn(NodeId client, std::uint64_t number) const {
    const Queue* queue = queues_.find(client);
    return queue != nullptr && number <= queue->moved;
  }

  /// `request` is executed, for the first time. That is its client's turn, unless the client is in line for a lower
  /// number.
  void serve(const Request& request) {
    Queue* queue = queues_.find(request.client);
    if (queue == nullptr || queue->empty()) return;
    const bool turn = request.number <= queue->pin;
    erase(*queue, request.number);
    move_on(*queue, moved_on_to(request.number, request.answered, window_));
    if (turn || queue->empty() || queue->pin <= queue->moved)
      end_turn(*queue, request.client, turn ? Turn::served : Turn::lost);
  }
  /// The state has jumped ahead, past executions that nobody saw: `done(request)` is to say which requests will not be
  /// executed any more, and `passed(client, number)` whether any up to that number has become one of them.
  void jumped(auto&& done, auto&& passed) {
    std::vector<NodeId> line;
    for (NodeId client = head_; client != kNobody; client = queues_.find(client)->after) line.push_back(client);
    for (const NodeId client : line) {
      Queue& queue = *queues_.find(client);
      const bool turn = passed(client, queue.pin);
      std::erase_if(queue.items, [&](Item& item) {
        if (item.request && !done(*item.request)) return false;
        if (item.request) forget(item);
        return true;
      });
      queue.first = 0;
      if (queue.mover && done(*queue.mover)) queue.mover = nullptr;
      if (turn || item_of(client, queue.pin) == nullptr) end_turn(queue, client, turn ? Turn::served : Turn::lost);
    }
  }
  /// This request will not be executed any more. If it was its client's turn with it, that is `lost`, or `served` where
  /// it is executed once more.
  enum class Turn : std::uint8_t { served, lost };
  void remove(NodeId client, std::uint64_t number, Turn how) {
    Queue* queue = queues_.find(client);
    if (queue == nullptr || !erase(*queue, number)) return;
    if (queue->empty() || queue->pin == number) end_turn(*queue, client, how);
  }

  // What came of the turn of the client that was first in line; each is so until it is taken.
  bool head_changed() const { return head_served_ || head_lost_; }
  /// It has had its turn.
  bool take_head_served() { return std::exchange(head_served_, false); }
  /// What it was its turn for will never be executed any more, or was so before.
  bool take_head_lost() { return std::exchange(head_lost_, false); }

  /// What it is the turn of the first in line for; there must be one.
  const Ref<const Request>& head() const { return item_of(head_, queues_.find(head_)->pin)->request; }
  /// Calls `visit(const Ref<const Request>&)` for so many requests: one of each client in the order of their turns,
  /// then another of each, and so on. What it is a client's turn for comes first, then the others by number.
  void for_each_in_turn(std::uint64_t most, auto&& visit) const {
    struct Place {
      const Queue* queue;
      std::size_t pinned;  // where what it is the turn for stands; those before it move up by one
    };
    std::vector<Place> line;
    for (NodeId client = head_; client != kNobody && line.size() < most; client = queues_.find(client)->after) {
      const Queue* queue = queues_.find(client);
      line.push_back({queue, static_cast<std::size_t>(item_of(client, queue->pin) - queue->items.data())});
    }
    std::uint64_t visited = 0;
    for (std::size_t round = 0; !line.empty() && visited < most; ++round) {
      std::erase_if(line, [&](const Place& at) { return round >= at.queue->items.size() - at.queue->first; });
      for (const auto& [queue, pinned] : line) {
        if (visited++ == most) return;
        const std::size_t next = queue->first + round;
        visit(queue->items[round == 0 ? pinned : next <= pinned ? next - 1 : next].request);
      }
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
    for (NodeId client = head_; client != kNobody; client = queues_.find(client)->after)
      want_turn(*queues_.find(client), client);
  }
  /// This one has been proposed, if it is here.
  void mark_proposed(NodeId client, std::uint64_t number) {
    Item* item = item_of(client, number);
    if (item == nullptr || item->proposed) return;
    item->proposed = true;
    --unproposed_;
  }
  /// Proposes this one again, though it has been proposed: what a primary does that does not look for duplicates.
  void propose_again(NodeId client, std::uint64_t number) {
    Item* item = item_of(client, number);
    if (item == nullptr || !item->proposed) return;
    item->proposed = false;
    ++unproposed_;
    want_turn(*queues_.find(client), client);
  }
  bool has_unproposed() const { return unproposed_ > 0; }
  /// Takes the next request to propose; has_unproposed() must hold.
  Ref<const Request> next_to_propose() {
    while (true) {
      const NodeId client = to_propose_.front();
      to_propose_.pop_front();
      Queue& queue = *queues_.find(client);
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
    std::uint64_t pin = 0;     // what its client is in line for, while there are items
    std::uint64_t moved = 0;   // its client has moved on from every number up to here; 0 while there are no items
    Ref<const Request> mover;  // which shows that
    NodeId before = kNobody;   // in the line of clients with requests
    NodeId after = kNobody;
    bool in_line = false;  // in to_propose_

    Items::iterator begin() { return items.begin() + static_cast<std::ptrdiff_t>(first); }
    Items::iterator end() { return items.end(); }
    bool empty() const { return first == items.size(); }
  };
  static constexpr std::uint64_t kQueueBytes = 80;

  static Items::iterator find(Queue& queue, std::uint64_t number) {
    if (!queue.empty() && queue.begin()->request->number == number) return queue.begin();
    return std::lower_bound(queue.begin(), queue.end(), number,
                            [](const Item& item, std::uint64_t wanted) { return item.request->number < wanted; });
  }
  Item* item_of(NodeId client, std::uint64_t number) {
    Queue* queue = queues_.find(client);
    if (queue == nullptr) return nullptr;
    const auto place = find(*queue, number);
    return place == queue->end() || place->request->number != number ? nullptr : &*place;
  }
  const Item* item_of(NodeId client, std::uint64_t number) const {
    return const_cast<PendingRequests*>(this)->item_of(client, number);
  }
  bool erase(Queue& queue, std::uint64_t number) {
    if (queue.mover && queue.mover->number <= number) queue.mover = nullptr;  // executed, and with it what it shows
    const auto place = find(queue, number);
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
    if (queue.mover && queue.mover->number <= to) queue.mover = nullptr;
    const auto kept = std::upper_bound(queue.begin(), queue.end(), to, [](std::uint64_t up_to, const Item& item) {
      return up_to < item.request->number;
    });
    drop_front(queue, static_cast<std::size_t>(kept - queue.begin()));
  }

  // To the end of the line, or out of it.
  void end_turn(Queue& queue, NodeId client, Turn how) {
    if (head_ == client) (how == Turn::served ? head_served_ : head_lost_) = true;
    (queue.before == kNobody ? head_ : queues_.find(queue.before)->after) = queue.after;
    (queue.after == kNobody ? tail_ : queues_.find(queue.after)->before) = queue.before;
    if (!queue.empty()) return to_the_end(queue, client);
    queue.moved = 0;
    queue.mover = nullptr;
  }
  void to_the_end(Queue& queue, NodeId client) {
    queue.pin = queue.begin()->request->number;
    queue.before = tail_;
    queue.after = kNobody;
    (tail_ == kNobody ? head_ : queues_.find(tail_)->after) = client;
    tail_ = client;
  }

  void want_turn(Queue& queue, NodeId client) {
    if (queue.in_line) return;
    queue.in_line = true;
    to_propose_.push_back(client);
  }

  std::uint64_t window_;
  ByClient<Queue, kQueueBytes> queues_;
  NodeId head_ = kNobody;  // of the line of clients with requests
  NodeId tail_ = kNobody;
  bool head_served_ = false;
  bool head_lost_ = false;
  std::deque<NodeId> to_propose_;  // clients that may have requests to propose, each once
  std::size_t size_ = 0;
  std::size_t unproposed_ = 0;
};

}  // namespace byzsim
