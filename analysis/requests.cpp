#include "analysis/requests.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace byzsim {

bool RangeSet::insert(std::uint64_t number) {
  const auto after = ranges_.upper_bound(number);
  const auto before = after == ranges_.begin() ? ranges_.end() : std::prev(after);
  if (before != ranges_.end() && number <= before->second) return false;
  const bool joins_last = before != ranges_.end() && before->second + 1 == number;
  const bool joins_next = after != ranges_.end() && number + 1 == after->first;
  if (joins_last) {
    before->second = joins_next ? after->second : number;
    if (joins_next) ranges_.erase(after);
  } else if (joins_next) {
    auto range = ranges_.extract(after);
    range.key() = number;
    ranges_.insert(std::move(range));
  } else {
    ranges_.emplace_hint(after, number, number);
  }
  return true;
}

bool RangeSet::contains(std::uint64_t number) const {
  const auto after = ranges_.upper_bound(number);
  return after != ranges_.begin() && number <= std::prev(after)->second;
}

RequestBook::RequestBook(const Manifest& manifest, const Roster& roster, FactSink& facts)
    : roster_(roster), facts_(facts), n_(manifest.n), count_(manifest.clients), cursors_(manifest.n) {}

RequestBook::Client* RequestBook::client(NodeId node) {
  if (node < n_ || node - n_ >= count_) return nullptr;
  if (node - n_ >= clients_.size()) clients_.resize(node - n_ + 1);
  return &clients_[node - n_];
}

Asked* RequestBook::asked(NodeId node, std::uint64_t number) {
  Client* who = client(node);
  if (who == nullptr) return nullptr;
  const auto begin = who->asked.begin() + static_cast<std::ptrdiff_t>(who->head);
  if (begin != who->asked.end() && begin->number == number) return &*begin;
  const auto found = std::lower_bound(begin, who->asked.end(), number,
                                      [](const Asked& request, std::uint64_t value) { return request.number < value; });
  return found != who->asked.end() && found->number == number ? &*found : nullptr;
}

void RequestBook::on_submitted(const Record& record) {
  Client* who = client(record.node);
  if (who == nullptr || !roster_.honest(record.node)) return;
  ++submitted_;
  Asked request;
  request.number = record.id;
  request.submitted = record.time;
  if (who->asked.size() > who->head && who->asked.back().number >= record.id) {
    const auto begin = who->asked.begin() + static_cast<std::ptrdiff_t>(who->head);
    who->asked.insert(std::upper_bound(begin, who->asked.end(), record.id,
                                       [](std::uint64_t value, const Asked& other) { return value < other.number; }),
                      request);
  } else {
    who->asked.push_back(request);
  }
}

void RequestBook::on_applied(const Record& record) {
  if (!roster_.honest_replica(record.node)) return;
  Cursor& cursor = cursors_[record.node];
  if (cursor.slot != record.slot) {
    cursor.slot = record.slot;
    cursor.place = 0;
  }
  if (cursor.astray) [[unlikely]]
    return apply_astray(record, cursor);
  Order* order = slots_.open(record.slot);
  if (order == nullptr) {
    // Below, all honest replicas are past this slot: a replay after a restart.
    unfollowed_ += record.slot >= slots_.end() ? 1 : 0;
    return;
  }
  const std::uint32_t place = cursor.place++;
  if (place < order->applied.size()) {
    const Applied& common = order->applied[place];
    if (common.client == record.peer && common.number == record.id && common.result == record.count) [[likely]]
      return;
  } else if (!order->closed) {
    order->applied.push_back({record.peer, record.id, record.count});
    Client* who = client(record.peer);
    if (who != nullptr && !who->applied.insert(record.id)) raise_duplicate(record);
    note_result(record.peer, record.id, record.count, true);
    return;
  }
  go_astray(record.slot, place, cursor);
  apply_astray(record, cursor);
}

// At this place of this slot.
void RequestBook::go_astray(Slot slot, std::uint32_t place, Cursor& cursor) {
  cursor.astray = true;
  if (!left_ || left_->slot != slot || left_->place != place) {
    const auto common = std::make_shared<Common>();
    common->slot = slot;
    common->place = place;
    for (std::size_t c = 0; c < clients_.size(); ++c) {
      if (!clients_[c].applied.empty()) common->applied.emplace(static_cast<NodeId>(n_ + c), clients_[c].applied);
    }
    slots_.for_each([&](Slot at, const Order& order) {
      if (at < slot) return;
      for (std::size_t i = at == slot ? place : 0; i < order.applied.size(); ++i)
        common->ahead.insert({order.applied[i].client, order.applied[i].number});
    });
    left_ = common;
  }
  cursor.common = left_;
}

void RequestBook::apply_astray(const Record& record, Cursor& cursor) {
  const std::pair<NodeId, std::uint64_t> name{record.peer, record.id};
  const bool again = !cursor.own.insert(name).second || cursor.common->holds(name);
  if (again && record.slot > cursor.replayed) raise_duplicate(record);
  note_result(record.peer, record.id, record.count, false);
}

void RequestBook::on_executed(const Record& record) {
  if (!roster_.honest_replica(record.node)) return;
  if (Order* order = slots_.find(record.slot)) order->closed = true;
}

void RequestBook::on_restarted(const Record& record) {
  if (record.node >= n_) return;
  Cursor& cursor = cursors_[record.node];
  cursor.replayed = std::max(cursor.replayed, cursor.slot);
  cursor.slot = 0;
}

void RequestBook::note_result(NodeId client_node, std::uint64_t number, std::uint64_t result, bool common) {
  Asked* request = asked(client_node, number);
  if (request == nullptr) return;
  if (!common) {
    // In a fork a request may have more than one honest result; the client may hold any of them.
    if (!request->accepted) other_results_.insert({{client_node, number}, result});
    if (!request->accepted || request->executed) return;
  }
  if (request->executed) return;
  request->executed = true;
  request->result = result;
  if (request->accepted) {
    if (request->answer != result) {
      raise_otherwise(client_node, *request, fmt::format("honest replicas computed {}", result));
    }
    tidy(*client(client_node));
  }
}

const Asked* RequestBook::on_accepted(const Record& record) {
  answered_ = false;
  Client* who = client(record.node);
  if (who == nullptr || !roster_.honest(record.node)) return nullptr;
  Asked* request = asked(record.node, record.id);
  if (request == nullptr || request->accepted) return nullptr;
  ++accepted_;
  answered_ = true;
  request->accepted = true;
  request->answer = record.count;
  request->answered = record.time;
  if (!other_results_.empty() && other_results_.contains({{record.node, record.id}, record.count})) {
    request->executed = true;
  } else if (request->executed && request->result != record.count) {
    raise_otherwise(record.node, *request, fmt::format("honest replicas computed {}", request->result));
  }
  last_ = *request;
  if (request->executed) tidy(*who);
  return &last_;
}

void RequestBook::on_end() {
  if (unfollowed_ > 0) return;  // what is missing may have been among these
  for (std::size_t c = 0; c < clients_.size(); ++c) {
    for (std::size_t i = clients_[c].head; i < clients_[c].asked.size(); ++i) {
      const Asked& request = clients_[c].asked[i];
      if (!request.accepted || request.executed) continue;
      raise_otherwise(static_cast<NodeId>(n_ + c), request, "no honest replica executed the request");
    }
  }
}

// Requests that are done with make room once they are the older half.
void RequestBook::tidy(Client& who) {
  while (who.head < who.asked.size() && who.asked[who.head].accepted && who.asked[who.head].executed) ++who.head;
  if (who.head == who.asked.size()) {
    who.asked.clear();
    who.head = 0;
  } else if (who.head > 64 && who.head * 2 > who.asked.size()) {
    who.asked.erase(who.asked.begin(), who.asked.begin() + static_cast<std::ptrdiff_t>(who.head));
    who.head = 0;
  }
}

void RequestBook::raise_duplicate(const Record& record) {
  Fact fact;
  fact.kind = FactKind::applied_twice;
  fact.time = record.time;
  fact.node = record.node;
  fact.peer = record.peer;
  fact.slot = record.slot;
  fact.count = record.id;
  fact.replicas = {record.node};
  facts_.raise(fact);
}

// The promise was broken when the client believed the answer, whenever that shows.
void RequestBook::raise_otherwise(NodeId client_node, const Asked& request, std::string why) {
  Fact fact;
  fact.kind = FactKind::accepted_otherwise;
  fact.time = request.answered;
  fact.node = client_node;
  fact.count = request.number;
  fact.detail = fmt::format("client {} accepted {} for its request {}, but {}", client_node - n_, request.answer,
                            request.number, why);
  facts_.raise(fact);
}

}  // namespace byzsim
