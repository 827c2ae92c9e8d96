#include "adversaries/adversary.hpp"

#include <algorithm>

#include "adversaries/rule.hpp"
#include "sim/core/limits.hpp"

namespace byzsim {

void Stage::wake(Duration after, std::uint32_t token) {
  powers().wake(after, (static_cast<std::uint64_t>(position_) << 32) | token);
}

void Stage::resume(Packet packet) {
  adversary_->resume(std::move(packet), position_);
}

void Stage::release_others(std::string_view name) {
  adversary_->release(name);
}

Adversary::Adversary(const AdversarySettings& settings, Powers& powers) : settings_(settings), coalition_(powers) {
  for (const Choice& choice : settings_.behaviours) add(choice.entry->payload<BehaviourFactory>().make(choice));
  std::size_t number = 0;
  for (const Choice& choice : settings_.rules) add(std::make_unique<Rule>(choice.as<RuleOptions>(), ++number));
  for (const std::string& name : powers.kind_names()) {
    const MessageKind* kind = powers.kind(name);
    auto& [_, concerned] = stages_by_kind_.emplace_back(kind, std::vector<std::uint32_t>{});
    for (const std::uint32_t position : every_stage_) {
      if (stages_[position]->acts_on(*kind)) concerned.push_back(position);
    }
  }
}

void Adversary::add(std::unique_ptr<Stage> stage) {
  stage->coalition_ = &coalition_;
  stage->adversary_ = this;
  stage->position_ = static_cast<std::uint32_t>(stages_.size());
  watches_everyone_ = watches_everyone_ || stage->watches_everyone();
  needs_memory_ = needs_memory_ || stage->needs_memory();
  wants_ |= stage->wants();
  every_stage_.push_back(stage->position_);
  stages_.push_back(std::move(stage));
}

void Adversary::on_start() {
  for (const auto& stage : stages_) stage->start();
}

const std::vector<std::uint32_t>& Adversary::stages_for(const MessageKind& kind) const {
  for (const auto& [known, concerned] : stages_by_kind_) {
    if (known == &kind) return concerned;
  }
  return every_stage_;
}

std::size_t Adversary::next_for(const MessageKind& kind, std::size_t from) const {
  const std::vector<std::uint32_t>& concerned = stages_for(kind);
  const auto next = std::lower_bound(concerned.begin(), concerned.end(), from);
  return next == concerned.end() ? stages_.size() : *next;
}

bool Adversary::act(std::size_t stage, Packet& packet) {
  check_limits();
  return !stages_[stage]->acts_for(packet.from) || stages_[stage]->outgoing(packet);
}

// As deep as it may go, it is a loop: a thousand rules that each duplicate what the one before sent are no call within
// a call within a call. No stage changes the kind of a message.
bool Adversary::pass(Packet& first, std::size_t next) {
  struct Passing {
    explicit Passing(bool& now) : now_(now) { now_ = true; }
    ~Passing() { now_ = false; }
    bool& now_;
  } const passing(passing_);
  std::vector<Resumed> others;
  bool goes_on = true;
  while (true) {
    for (; !resumed_.empty(); resumed_.pop_back()) others.push_back(std::move(resumed_.back()));
    if (others.empty()) {
      if (goes_on) next = next_for(first.message->kind(), next);
      if (!goes_on || next == stages_.size()) return goes_on;
      goes_on = act(next++, first);
      continue;
    }
    Resumed& other = others.back();
    other.next = next_for(other.packet.message->kind(), other.next);
    if (other.next == stages_.size()) {
      Packet ready = std::move(other.packet);
      others.pop_back();
      coalition_.powers().inject(std::move(ready));
    } else if (!act(other.next++, other.packet)) {
      others.pop_back();
    }
  }
}

bool Adversary::outgoing(Packet& packet) {
  if (needs_memory_) coalition_.remember(packet.message);
  return pass(packet, 0);
}

bool Adversary::incoming(const Packet& packet) {
  if (needs_memory_) coalition_.remember(packet.message);
  for (const auto& stage : stages_) {
    check_limits();
    if (stage->acts_for(packet.to) && !stage->incoming(packet)) return false;
  }
  return true;
}

void Adversary::on_event(const Record& record) {
  for (const auto& stage : stages_) {
    check_limits();
    stage->on_event(record);
  }
}

void Adversary::on_wakeup(std::uint64_t token) {
  const std::size_t position = token >> 32;
  CHECK_LT(position, stages_.size());
  stages_[position]->on_wakeup(token & 0xffffffff);
}

void Adversary::on_end() {
  for (const auto& stage : stages_) stage->end();
}

void Adversary::resume(Packet packet, std::uint32_t position) {
  if (passing_) {
    check_limits();
    resumed_.push_back({std::move(packet), position + std::size_t{1}});
  } else if (pass(packet, position + 1)) {
    coalition_.powers().inject(std::move(packet));
  }
}

bool Adversary::release(std::string_view name) {
  bool found = false;
  for (const auto& stage : stages_) {
    if (stage->name() != name) continue;
    stage->release();
    found = true;
  }
  return found;
}

std::unique_ptr<Interceptor> make_adversary(const AdversarySettings& settings, Powers& powers) {
  if (settings.behaviours.empty() && settings.rules.empty()) return nullptr;
  return std::make_unique<Adversary>(settings, powers);
}

namespace {
const bool registered = [] {
  interceptor_factory() = make_adversary;
  adversary_check() = check_adversary;
  return true;
}();
}  // namespace

}  // namespace byzsim
