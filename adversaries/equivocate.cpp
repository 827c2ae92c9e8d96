// Equivocation: the replica proposes one valid batch to some and another to the rest, and votes for both.
//
// Each group sees a consistent story: a proposal it can check, made of real requests, and the coalition's votes for
// that proposal in every phase. Votes are sent with the proposal (`vote: true`) whether or not the honest cores would
// ever cast them; the cores' own votes for that slot are then kept back, or, with `vote: false`, changed to the group's
// value.
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "adversaries/behaviour.hpp"

namespace byzsim {

namespace {

struct EquivocateOptions : BehaviourOptions {
  std::optional<ContentMatch> match;
  std::vector<std::vector<NodeRef>> split;
  std::vector<std::string> instead;
  bool vote = true;

  static void describe(auto& row) {
    BehaviourOptions::describe(row);
    row("match", &EquivocateOptions::match, "which proposals; all of its own unless given");
    row("split", &EquivocateOptions::split,
        "groups of receivers: the first, and whoever is in none, gets the batch as it is; each other one another "
        "batch. The honest replicas in two halves unless given");
    row("instead", &EquivocateOptions::instead,
        "what the second group and those after it are shown: one scripted request each, by name; other pending "
        "requests unless given, or the same in reverse order, or the empty batch");
    row("vote", &EquivocateOptions::vote, "vote for every group's batch in all phases at once, honest cores or not");
  }
  void check(const AdversaryFacts& facts, Diagnostics& errors) const;
};

void EquivocateOptions::check(const AdversaryFacts& facts, Diagnostics& errors) const {
  if (match) match->check(facts, errors);
  for (const auto& group : split) {
    for (const NodeRef node : group) {
      const NodeSelector one = NodeSelector::parse(Node::text(to_string(node))).value;
      check_nodes(one, facts, errors);
    }
  }
  for (const std::string& name : instead) {
    const ValueSelector one = ValueSelector::parse(Node::text(name)).value;
    check_values(one, facts, errors);
  }
}

class Equivocate final : public BehaviourWith<EquivocateOptions> {
 public:
  using BehaviourWith::BehaviourWith;
  void start() override { form_groups(); }
  bool outgoing(Packet& packet) override {
    const Message& message = *packet.message;
    if (message.signer() != packet.from || packet.to >= powers().n()) return true;
    const Label& label = message.label();
    if (proposes(message.kind())) {
      if (options().match && !options().match->matches(message, powers())) return true;
      const std::pair key{label.view, label.slot};
      if (stories_.size() >= kMostStories && !stories_.contains(key)) stories_.erase(stories_.begin());
      return propose(packet, stories_[key]);
    }
    if (!votes(message.kind())) return true;
    const auto story = stories_.find({label.view, label.slot});
    return story == stories_.end() || vote(packet, story->second);
  }

 private:
  /// What each group is told of one slot in one view. All three lists run by group.
  struct Story {
    std::vector<Ref<const Message>> proposals;
    std::vector<Digest> values;
    std::vector<std::vector<Ref<const Message>>> votes;
    std::map<std::pair<const Message*, std::size_t>, Ref<const Message>> changed;  // of the cores' own votes
    std::vector<Ref<const Message>> kept;                                          // so that the keys above stay unique
  };
  static constexpr std::size_t kMostStories = 4096;

  void form_groups();
  std::size_t group_of(NodeId node) const { return node < group_.size() ? group_[node] : 0; }
  bool propose(Packet& packet, Story& story);
  bool vote(Packet& packet, Story& story);
  void tell(const Message& proposal, const Batch& batch, Story& story);
  std::vector<Ref<const Message>> votes_for(const Label& label, Digest value);
  Ref<const Batch> alternative(const Batch& original, const Story& story);
  Ref<const Batch> pending(std::size_t size);

  std::vector<std::size_t> group_;  // by replica
  std::size_t groups_ = 2;
  std::map<std::pair<View, Slot>, Story> stories_;
  std::set<std::pair<NodeId, std::uint64_t>> ordered_;  // requests that were proposed
  std::deque<Ref<const Request>> pending_;
  std::size_t requests_read_ = 0;
};

void Equivocate::form_groups() {
  group_.assign(powers().n(), 0);
  if (!options().split.empty()) {
    groups_ = options().split.size();
    for (std::size_t i = 0; i < groups_; ++i) {
      for (const NodeRef ref : options().split[i]) {
        if (!ref.client && ref.index < group_.size()) group_[ref.index] = i;
      }
    }
    return;
  }
  std::vector<NodeId> honest;
  for (NodeId node = 0; node < powers().n(); ++node) {
    if (!powers().controls(node)) honest.push_back(node);
  }
  for (std::size_t i = (honest.size() + 1) / 2; i < honest.size(); ++i) group_[honest[i]] = 1;
}

bool Equivocate::propose(Packet& packet, Story& story) {
  if (story.proposals.empty()) {
    const Ref<const Batch> batch = batch_in(*packet.message);
    if (!batch) return true;
    story.proposals.push_back(packet.message);
    tell(*packet.message, *batch, story);
  }
  const std::size_t group = group_of(packet.to);
  if (group >= story.proposals.size()) return true;  // no other batch could be made
  if (group > 0) note("equivocate", packet.from, story.proposals[group]->id());
  packet.message = story.proposals[group];
  if (!options().vote || powers().controls(packet.to)) return true;
  for (const auto& ballot : story.votes[group]) {
    if (ballot->signer() != packet.to) powers().inject({ballot, ballot->signer(), packet.to, {}});
  }
  return true;
}

void Equivocate::tell(const Message& proposal, const Batch& batch, Story& story) {
  story.values.push_back(batch.digest());
  for (const auto& request : batch.requests()) ordered_.insert({request->client, request->number});
  while (story.proposals.size() < groups_) {
    const Ref<const Batch> other = alternative(batch, story);
    if (!other) break;
    for (const auto& request : other->requests()) ordered_.insert({request->client, request->number});
    story.proposals.push_back(coalition().with_batch(proposal, other));
    story.values.push_back(other->digest());
  }
  for (const Digest value : story.values) {
    story.votes.push_back(options().vote ? votes_for(proposal.label(), value) : std::vector<Ref<const Message>>());
  }
}

std::vector<Ref<const Message>> Equivocate::votes_for(const Label& label, Digest value) {
  std::vector<Ref<const Message>> ballots;
  for (const std::string& name : powers().kind_names()) {
    const MessageKind* kind = powers().kind(name);
    if (!votes(*kind)) continue;
    const auto& facts = facts_of(*kind);
    Json fields;
    fields[std::string(field_with(facts, Role::view, FieldSort::number)->name)] = label.view;
    fields[std::string(field_with(facts, Role::slot, FieldSort::number)->name)] = label.slot;
    fields[std::string(field_with(facts, Role::value, FieldSort::digest)->name)] = json_of(value);
    for (const NodeId node : nodes()) {
      if (node < powers().n()) ballots.push_back(coalition().sign(Draft::fresh(*kind, fields), node));
    }
  }
  return ballots;
}

bool Equivocate::vote(Packet& packet, Story& story) {
  const std::size_t group = group_of(packet.to);
  if (group >= story.values.size() || powers().controls(packet.to)) return true;
  if (options().vote) {  // voted with the proposal
    powers().drop(packet);
    return false;
  }
  if (packet.message->label().value == story.values[group]) return true;
  Ref<const Message>& changed = story.changed[{packet.message.get(), group}];
  if (!changed) {
    story.kept.push_back(packet.message);
    changed = coalition().with_value(*packet.message, story.values[group]);
  }
  note("equivocate", packet.from, changed->id());
  packet.message = changed;
  return true;
}

Ref<const Batch> Equivocate::alternative(const Batch& original, const Story& story) {
  const std::size_t number = story.values.size() - 1;
  const auto fresh = [&](const Ref<const Batch>& batch) {
    return batch && std::find(story.values.begin(), story.values.end(), batch->digest()) == story.values.end();
  };
  if (number < options().instead.size()) {
    const Ref<const Request> request = powers().sent_request(options().instead[number]);
    if (request) {
      auto named = make_ref<const Batch>(std::vector{request});
      if (fresh(named)) return named;
    }
  }
  if (auto other = pending(std::max<std::size_t>(original.requests().size(), 1)); fresh(other)) return other;
  auto reversed = make_ref<const Batch>(std::vector(original.requests().rbegin(), original.requests().rend()));
  if (fresh(reversed)) return reversed;
  auto empty = make_ref<const Batch>(std::vector<Ref<const Request>>());
  return fresh(empty) ? empty : nullptr;
}

Ref<const Batch> Equivocate::pending(std::size_t size) {
  constexpr std::size_t kMostPending = 4096;
  const auto& requests = powers().requests();
  for (; requests_read_ < requests.size(); ++requests_read_) pending_.push_back(requests[requests_read_]);
  std::erase_if(pending_, [&](const auto& request) { return ordered_.contains({request->client, request->number}); });
  while (pending_.size() > kMostPending) pending_.pop_front();
  if (pending_.empty()) return nullptr;
  const auto count = static_cast<std::ptrdiff_t>(std::min(size, pending_.size()));
  return make_ref<const Batch>(std::vector(pending_.begin(), pending_.begin() + count));
}

const BehaviourEntry<EquivocateOptions, Equivocate> entry{
    "equivocate", "proposes one valid batch to some and another to the rest, and votes for both"};

}  // namespace

}  // namespace byzsim
