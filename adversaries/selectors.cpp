#include "adversaries/selectors.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace byzsim {

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> whole_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const Parsed<std::uint64_t> parsed = parse_unsigned(text);
  if (!parsed) return std::nullopt;
  return parsed.value;
}

template <class S>
Parsed<S> finished(S set, const std::string& error) {
  if (error.empty()) return Parsed<S>::of(std::move(set));
  return Parsed<S>::fail(error, fmt::format("expected {}", S::kForms));
}

}  // namespace

std::string Selector::read(const Node& node, const std::function<std::string(const Node&)>& add) {
  written_ = node;
  everything_ = false;
  const Node* inner = &node;
  if (node.is_map()) {
    inner = node.items.size() == 1 ? node.find("not") : nullptr;
    if (inner == nullptr) return "the only map that may stand here is `{not: ...}`";
    inverted_ = true;
  }
  if (inner->is_scalar()) return add(*inner);
  if (!inner->is_list()) return fmt::format("{} cannot stand here", inner->describe_kind());
  for (const Node& item : inner->items) {
    if (!item.is_scalar()) return fmt::format("{} cannot stand in this list", item.describe_kind());
    if (std::string error = add(item); !error.empty()) return error;
  }
  return {};
}

Parsed<NumberSelector> NumberSelector::parse(const Node& node) {
  NumberSelector set;
  std::string error = set.read(node, [&set](const Node& item) -> std::string {
    const std::string_view text = item.scalar;
    if (const auto number = whole_number(text)) {
      set.ranges_.push_back({*number, *number});
      return {};
    }
    if (const std::size_t dots = text.find(".."); dots != std::string::npos) {
      const auto low = whole_number(text.substr(0, dots));
      const auto high = whole_number(text.substr(dots + 2));
      if (low && high && *low > *high) return fmt::format("the range '{}' is empty", text);
      if (low && high) {
        set.ranges_.push_back({*low, *high});
        return {};
      }
    }
    for (const std::string_view sign : {">=", "<=", ">", "<"}) {
      if (!text.starts_with(sign)) continue;
      const auto bound = whole_number(text.substr(sign.size()));
      if (!bound) break;
      if (sign == ">=") set.ranges_.push_back({*bound, kMost});
      if (sign == "<=") set.ranges_.push_back({0, *bound});
      if (sign == ">" && *bound < kMost) set.ranges_.push_back({*bound + 1, kMost});
      if (sign == "<" && *bound > 0) set.ranges_.push_back({0, *bound - 1});
      return {};
    }
    return fmt::format("'{}' is no set of numbers", text);
  });
  return finished(std::move(set), error);
}

bool NumberSelector::contains(std::uint64_t number) const {
  if (everything_) return true;
  return turned(std::any_of(ranges_.begin(), ranges_.end(),
                            [&](const Range& range) { return range.low <= number && number <= range.high; }));
}

Parsed<NodeSelector> NodeSelector::parse(const Node& node) {
  static constexpr std::pair<std::string_view, Group> kGroups[] = {
      {"all", Group::all},         {"replicas", Group::replicas},
      {"clients", Group::clients}, {"corrupted", Group::corrupted},
      {"honest", Group::honest},   {"primary", Group::primary}};
  NodeSelector set;
  std::string error = set.read(node, [&set](const Node& item) -> std::string {
    if (const Parsed<NodeRef> ref = parse_node_ref(item.scalar)) {
      set.named_.push_back(ref.value);
      return {};
    }
    for (const auto& [name, group] : kGroups) {
      if (item.scalar != name) continue;
      set.groups_.push_back(group);
      return {};
    }
    return fmt::format("'{}' names no node", item.scalar);
  });
  return finished(std::move(set), error);
}

bool NodeSelector::contains(NodeId node, View view, const Powers& powers) const {
  if (everything_) return true;
  const auto in_group = [&](Group group) {
    switch (group) {
      case Group::all:
        return true;
      case Group::replicas:
        return node < powers.n();
      case Group::clients:
        return node >= powers.n();
      case Group::corrupted:
        return powers.controls(node);
      case Group::honest:
        return !powers.controls(node);
      case Group::primary:
        return view != kNoView && powers.primary(view) == node;
    }
    return false;
  };
  return turned(std::any_of(named_.begin(), named_.end(), [&](NodeRef ref) { return ref.node(powers.n()) == node; }) ||
                std::any_of(groups_.begin(), groups_.end(), in_group));
}

bool NodeSelector::only_corrupted(const Powers& powers) const {
  return !everything_ && !inverted_ &&
         std::all_of(groups_.begin(), groups_.end(), [](Group group) { return group == Group::corrupted; }) &&
         std::all_of(named_.begin(), named_.end(), [&](NodeRef ref) { return powers.controls(ref.node(powers.n())); });
}

std::vector<NodeId> NodeSelector::members(View view, const Powers& powers) const {
  // Turned round, or not given, it means replicas: nobody who writes `{not: 2}` means every client.
  const bool only_replicas = everything_ || inverted_;
  const NodeId end = only_replicas ? powers.n() : powers.n() + powers.clients();
  std::vector<NodeId> list;
  for (NodeId node = 0; node < end; ++node) {
    if (contains(node, view, powers)) list.push_back(node);
  }
  return list;
}

Parsed<ValueSelector> ValueSelector::parse(const Node& node) {
  ValueSelector set;
  std::string error = set.read(node, [&set](const Node& item) -> std::string {
    if (item.scalar == "none") {
      set.none_ = true;
    } else {
      set.named_.push_back(item.scalar);
    }
    return {};
  });
  return finished(std::move(set), error);
}

bool ValueSelector::names_request(NodeId client, std::uint64_t number, const Powers& powers) const {
  return std::any_of(named_.begin(), named_.end(), [&](const std::string& name) {
    const Ref<const Request> request = powers.named_request(name);
    return request && request->client == client && request->number == number;
  });
}

bool ValueSelector::selects_request(NodeId client, std::uint64_t number, const Powers& powers) const {
  return everything_ || turned(names_request(client, number, powers));
}

bool ValueSelector::holds_one(const Batch& batch, const Powers& powers) const {
  return std::any_of(batch.requests().begin(), batch.requests().end(),
                     [&](const auto& request) { return names_request(request->client, request->number, powers); });
}

bool ValueSelector::contains(const Batch& batch, const Powers& powers) const {
  return everything_ || turned((none_ && batch.requests().empty()) || holds_one(batch, powers));
}

bool ValueSelector::contains(Digest value, const Message* message, const Powers& powers) const {
  if (everything_) return true;
  if (message != nullptr) {
    if (const auto* request = as<Request>(*message)) return selects_request(request->client, request->number, powers);
    if (const auto* reply = as<Reply>(*message)) return selects_request(reply->client, reply->number, powers);
  }
  Ref<const Batch> batch = message != nullptr ? batch_in(*message) : nullptr;
  if (!batch) batch = powers.batch(value);
  bool found = none_ && (value == Batch::null() || (batch && batch->requests().empty()));
  if (!batch) {
    // Nobody has shown this batch yet; a forged vote may be for the batch of exactly one named request.
    for (const std::string& name : named_) {
      const Ref<const Request> request = powers.named_request(name);
      found = found || (request && Batch({request}).digest() == value);
    }
  }
  if (batch) found = found || holds_one(*batch, powers);
  return turned(found);
}

Node any_form_schema() {
  Node types = Node::list();
  for (const char* type : {"string", "number", "boolean", "array", "object"}) types.push(Node::text(type));
  return Node::map().put("type", std::move(types));
}

}  // namespace byzsim
