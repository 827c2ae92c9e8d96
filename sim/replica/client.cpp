#include "sim/replica/client.hpp"

#include <algorithm>

namespace byzsim {

namespace {
// Timers: the next generated request, then one a scripted request, then one an outstanding request.
constexpr TimerName kNext = 0;
constexpr TimerName kScript = 1;
// No pause between two transmissions grows past this multiple of the first.
constexpr int kMostPatience = 64;
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
    env_.start_timer(kNext, plan_.start + (plan_.open ? plan_.interval(arrivals_.next()) : Duration{}));
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
  Outstanding& waiting = outstanding_[timer - kScript - plan_.script.size()];
  if (!waiting.request) return;
  for (NodeId replica = 0; replica < env_.n(); ++replica) env_.send(replica, waiting.request);
  const auto longer = static_cast<Duration::rep>(static_cast<double>(waiting.patience.count()) * plan_.backoff);
  waiting.patience = std::min(Duration{longer}, plan_.retransmit * kMostPatience);
  env_.start_timer(timer, waiting.patience);
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
  operation.argument = (std::uint64_t{env_.self() + 1} << 32) | next_number_;  // no two clients ever write the same
  operation.padding = plan_.payload;
  return operation;
}

void Client::send_new(const Operation& operation, const std::vector<NodeId>& to, std::string_view name,
                      bool generated) {
  Request request;
  request.client = env_.self();
  request.number = next_number_++;
  request.operation = operation;
  auto signed_request = env_.sign(std::move(request));
  env_.note_submitted(signed_request, name);
  const auto free =
      std::find_if(outstanding_.begin(), outstanding_.end(), [](const Outstanding& o) { return !o.request; });
  const auto index = static_cast<std::size_t>(free - outstanding_.begin());
  if (free == outstanding_.end()) outstanding_.emplace_back();
  outstanding_[index] = {signed_request, {}, plan_.retransmit, generated};
  if (to.empty()) {
    env_.send(plan_.primary(view_), signed_request);
  } else {
    for (NodeId replica : to) env_.send(replica, signed_request);
  }
  env_.start_timer(kScript + static_cast<TimerName>(plan_.script.size() + index), plan_.retransmit);
}

void Client::on(const Reply& reply) {
  if (reply.client != env_.self() || reply.signer() >= env_.n() || !env_.verify(reply)) return;
  for (std::size_t index = 0; index < outstanding_.size(); ++index) {
    Outstanding& waiting = outstanding_[index];
    if (!waiting.request || waiting.request->number != reply.number) continue;
    auto same = std::find_if(waiting.answers.begin(), waiting.answers.end(),
                             [&](const Answer& answer) { return answer.result == reply.result; });
    if (same == waiting.answers.end()) {
      waiting.answers.push_back({reply.result, {}, reply.view});
      same = waiting.answers.end() - 1;
    }
    same->from.insert(reply.signer());
    same->view = std::min(same->view, reply.view);
    if (same->from.size() >= plan_.reply_quorum) accept(index, *same);
    return;
  }
}

void Client::accept(std::size_t index, const Answer& answer) {
  Outstanding done = std::move(outstanding_[index]);
  outstanding_[index] = {};
  env_.stop_timer(kScript + static_cast<TimerName>(plan_.script.size() + index));
  view_ = std::max(view_, answer.view);
  env_.note_accepted(*done.request, answer.result, answer.from.size());
  if (done.generated && !plan_.open && generated_ < plan_.requests) {
    if (plan_.think > Duration{}) {
      env_.start_timer(kNext, plan_.think);
    } else {
      send_generated();
    }
  }
}

}  // namespace byzsim
