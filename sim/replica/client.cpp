#include "sim/replica/client.hpp"

#include <algorithm>

#include "sim/replica/retransmission.hpp"

namespace byzsim {

namespace {
// Timers: the next generated request, then one a scripted request, then one an outstanding request.
constexpr TimerName kNext = 0;
constexpr TimerName kScript = 1;
}  // namespace

Client::Client(Env& env, ClientPlan plan, std::uint64_t seed)
    : env_(env),
      plan_(std::move(plan)),
      operations_(seed, Purpose::client_operation, env.self()),
      arrivals_(seed, Purpose::client_arrival, env.self()) {}

void Client::on_start() {
  for (std::size_t i = 0; i < plan_.script.size(); ++i) {
    env_.start_timer(kScript + static_cast<TimerName>(i), plan_.script[i].at);
  }
  if (plan_.requests > 0) {
    env_.start_timer(kNext, sum_of(plan_.start, plan_.open ? plan_.interval(arrivals_.next()) : Duration{}));
  }
}

void Client::on_timer(TimerName timer) {
  if (timer == kNext) {
    send_generated();
    return;
  }
  if (timer < kScript + plan_.script.size()) {
    const ClientPlan::Scripted& scripted = plan_.script[timer - kScript];
    send_new(scripted.operation ? *scripted.operation : next_operation(), scripted.to, scripted.name, false);
    return;
  }
  Outstanding* waiting = find(number_of_[timer - kScript - plan_.script.size()]);
  if (waiting == nullptr) return;
  for (NodeId replica = 0; replica < env_.n(); ++replica) env_.send(replica, waiting->request);
  Duration& patience = waiting->patience;
  const Duration longest = product_of(plan_.retransmit, kLongestPause);
  const double longer = static_cast<double>(patience.count()) * plan_.backoff;
  patience = longer < static_cast<double>(longest.count()) ? Duration{static_cast<Duration::rep>(longer)} : longest;
  env_.start_timer(timer, patience);
}

void Client::send_generated() {
  ++generated_;
  if (plan_.open && generated_ < plan_.requests) env_.start_timer(kNext, plan_.interval(arrivals_.next()));
  send_new(next_operation(), {}, {}, true);
}

Operation Client::next_operation() {
  Operation operation;
  operation.code = Operation::put;
  operation.key = static_cast<std::uint32_t>(operations_.below(plan_.keys));
  operation.argument =
      (std::uint64_t{env_.self() + 1} << 32) | (first_ + outstanding_.size());  // no two clients ever write the same
  operation.padding = plan_.payload;
  return operation;
}

void Client::send_new(const Operation& operation, const std::vector<NodeId>& to, std::string_view name,
                      bool generated) {
  Request request;
  request.client = env_.self();
  request.number = first_ + outstanding_.size();
  request.answered = first_ - 1;
  request.operation = operation;
  Outstanding waiting;
  waiting.request = env_.sign(std::move(request));
  waiting.to = to;
  waiting.generated = generated;
  const bool waits = outstanding_.size() >= plan_.window;
  env_.note_submitted(waiting.request, name, waits);
  outstanding_.push_back(std::move(waiting));
  transmit_in_window();
}

// The unanswered request of this number, if it has been sent; null otherwise: to what nobody was asked there is no
// answer.
Client::Outstanding* Client::find(std::uint64_t number) {
  if (number < first_ || number >= next_to_send_) return nullptr;
  Outstanding& found = outstanding_[number - first_];
  return found.request ? &found : nullptr;
}

void Client::transmit_in_window() {
  while (next_to_send_ < first_ + outstanding_.size() && next_to_send_ - first_ < plan_.window) {
    transmit(outstanding_[next_to_send_++ - first_]);
  }
}

void Client::transmit(Outstanding& waiting) {
  if (free_timers_.empty()) {
    free_timers_.push_back(static_cast<std::uint32_t>(number_of_.size()));
    number_of_.push_back(0);
  }
  const std::uint32_t index = free_timers_.back();
  free_timers_.pop_back();
  number_of_[index] = waiting.request->number;
  waiting.timer = kScript + static_cast<TimerName>(plan_.script.size()) + index;
  waiting.patience = plan_.retransmit;
  if (waiting.to.empty()) {
    env_.send(plan_.primary(view_), waiting.request);
  } else {
    for (NodeId replica : waiting.to) env_.send(replica, waiting.request);
  }
  env_.start_timer(waiting.timer, waiting.patience);
}

void Client::on(const Reply& reply) {
  if (reply.client != env_.self() || reply.signer() >= env_.n()) return;
  Outstanding* waiting = find(reply.number);
  if (waiting == nullptr || !env_.verify(reply)) return;
  std::vector<Candidate>& candidates = waiting->candidates;
  // A replica that says something else than before takes its word back: it stands behind one result.
  for (Candidate& other : candidates) {
    if (other.result != reply.result) other.from.erase(reply.signer());
  }
  std::erase_if(candidates, [](const Candidate& candidate) { return candidate.from.empty(); });
  auto same = std::find_if(candidates.begin(), candidates.end(),
                           [&](const Candidate& candidate) { return candidate.result == reply.result; });
  if (same == candidates.end()) same = candidates.insert(same, {reply.result, {}, reply.view});
  same->from.insert(reply.signer());
  same->view = std::min(same->view, reply.view);
  if (same->from.size() >= plan_.reply_quorum) accept(reply.number, *same);
}

void Client::accept(std::uint64_t number, const Candidate& candidate) {
  const Outstanding done = std::move(outstanding_[number - first_]);
  while (!outstanding_.empty() && !outstanding_.front().request) {
    outstanding_.pop_front();
    ++first_;
  }
  const auto index = static_cast<std::uint32_t>(done.timer - kScript - plan_.script.size());
  number_of_[index] = 0;
  free_timers_.push_back(index);
  env_.stop_timer(done.timer);
  view_ = std::max(view_, candidate.view);
  env_.note_accepted(*done.request, candidate.result, candidate.from.size());
  transmit_in_window();
  if (done.generated && !plan_.open && generated_ < plan_.requests) {
    if (plan_.think > Duration{}) {
      env_.start_timer(kNext, plan_.think);
    } else {
      send_generated();
    }
  }
}

}  // namespace byzsim
