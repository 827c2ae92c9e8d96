#include "adversaries/coalition.hpp"

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>

#include "adversaries/path.hpp"
#include "sim/core/check.hpp"
#include "sim/core/limits.hpp"

namespace byzsim {

void Coalition::remember(const Ref<const Message>& message) {
  if (latest_ == message) return;  // a broadcast is seen by several
  latest_ = message;
  const auto keep = [this](const Message& seen) {
    check_limits();
    if (!known_.emplace(seen.id(), powers_.notary().subject(seen)).second) return;
    memory_.emplace_back(&seen);
    if (memory_.size() <= kMostRemembered) return;
    known_.erase({memory_.front()->id(), powers_.notary().subject(*memory_.front())});
    memory_.pop_front();
  };
  keep(*message);
  for_each_nested(*message, keep);
}

Ref<const Message> Coalition::sign(Ref<Message> draft, NodeId signer) {
  CHECK(powers_.controls(signer));
  powers_.notary().sign(powers_.signer(signer), *draft);
  return draft;
}

Ref<const Message> Coalition::sign_if_able(Ref<Message> draft) {
  return powers_.controls(draft->signer()) ? sign(draft, draft->signer()) : Ref<const Message>(draft);
}

Ref<const Message> Coalition::with_batch(const Message& proposal, const Ref<const Batch>& batch) {
  const auto& facts = facts_of(proposal.kind());
  const FieldFacts* payload = field_with(facts, Role::payload, FieldSort::payload);
  const FieldFacts* value = field_with(facts, Role::value, FieldSort::digest);
  CHECK(payload != nullptr && value != nullptr);
  const Json changes{{std::string(payload->name), json_of(*batch, powers_.notary())},
                     {std::string(value->name), json_of(batch->digest())}};
  return sign_if_able(Draft::altered(proposal, changes, powers_.notary()));
}

Ref<const Message> Coalition::with_value(const Message& vote, Digest value) {
  const FieldFacts* field = field_with(facts_of(vote.kind()), Role::value, FieldSort::digest);
  CHECK(field != nullptr);
  return sign_if_able(Draft::altered(vote, Json{{std::string(field->name), json_of(value)}}, powers_.notary()));
}

const std::vector<FieldFacts>& facts_of(const MessageKind& kind) {
  thread_local std::map<const MessageKind*, std::vector<FieldFacts>> tables;
  auto found = tables.find(&kind);
  if (found == tables.end()) found = tables.emplace(&kind, kind.fields()).first;
  return found->second;
}

const FieldFacts* field_with(const std::vector<FieldFacts>& fields, Role role, FieldSort sort) {
  for (const FieldFacts& field : fields) {
    if (field.role == role && field.sort == sort && !field.list) return &field;
  }
  return nullptr;
}

bool proposes(const MessageKind& kind) {
  const auto& facts = facts_of(kind);
  const FieldFacts* payload = field_with(facts, Role::payload, FieldSort::payload);
  return payload != nullptr && is_batch(*payload) && field_with(facts, Role::value, FieldSort::digest) != nullptr;
}

bool votes(const MessageKind& kind) {
  const auto& facts = facts_of(kind);
  return !kind.traits.phase.empty() && !proposes(kind) && field_with(facts, Role::view, FieldSort::number) != nullptr &&
         field_with(facts, Role::slot, FieldSort::number) != nullptr &&
         field_with(facts, Role::value, FieldSort::digest) != nullptr;
}

Json json_of(const Batch& batch, const Notary& notary) {
  return tree_of(batch, notary);
}

Json json_of(Digest digest) {
  return fmt::format("{:016x}", digest.bits);
}

}  // namespace byzsim
