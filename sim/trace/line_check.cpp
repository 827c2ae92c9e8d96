#include "sim/trace/line_check.hpp"

#include <fmt/core.h>

#include "sim/replica/message.hpp"

namespace byzsim {

namespace {

/// Who a line may be about.
enum class Who : std::uint8_t {
  anybody,  ///< or nobody
  node,
  replica,
  client,
  unchecked,
};

struct Names {
  Who node = Who::anybody;
  Who peer = Who::anybody;
};

constexpr Names names_in(RecordKind kind) {
  switch (kind) {
    case RecordKind::signed_:
    case RecordKind::sent:
    case RecordKind::witnessed:
    case RecordKind::timer:
    case RecordKind::crashed:
    case RecordKind::restarted:
    case RecordKind::suspect:
      return {.node = Who::node};
    case RecordKind::delivered:
    case RecordKind::dropped:
      return {.node = Who::node, .peer = Who::node};
    case RecordKind::view:
    case RecordKind::prepared:
    case RecordKind::decided:
    case RecordKind::adopted:
    case RecordKind::executed:
      return {.node = Who::replica};
    case RecordKind::applied:
      return {.node = Who::replica, .peer = Who::unchecked};
    case RecordKind::submitted:
    case RecordKind::accepted:
      return {.node = Who::client};
    default:
      return {};
  }
}

void check(Who who, NodeId id, const char* role, RecordKind kind, const Manifest& manifest) {
  const std::uint32_t nodes = manifest.n + manifest.clients;
  const auto refuse = [&](const std::string& needed) {
    throw BadTrace(id == kNobody ? fmt::format("a '{}' line needs {} as '{}'", to_string(kind), needed, role)
                                 : fmt::format("node {} cannot be the '{}' of a '{}' line: {} is needed", id, role,
                                               to_string(kind), needed));
  };
  switch (who) {
    case Who::unchecked:
      return;
    case Who::anybody:
      if (id >= nodes && id != kNobody) refuse(fmt::format("one of the {} nodes of this run", nodes));
      return;
    case Who::node:
      if (id >= nodes) refuse(fmt::format("one of the {} nodes of this run", nodes));
      return;
    case Who::replica:
      if (id >= manifest.n) refuse(fmt::format("one of the {} replicas of this run", manifest.n));
      return;
    case Who::client:
      if (id < manifest.n || id >= nodes) refuse(fmt::format("one of the {} clients of this run", manifest.clients));
      return;
  }
}

void check_signer(const Message& message, std::uint32_t nodes) {
  if (message.signer() >= nodes && message.signer() != kNobody) {
    throw BadTrace(fmt::format("node {} cannot have signed message {}: this run has {} nodes", message.signer(),
                               message.id(), nodes));
  }
}

}  // namespace

void check_names(const TraceLine& line, const Manifest& manifest) {
  const Record& record = line.record;
  const Names names = names_in(record.kind);
  check(names.node, record.node, "node", record.kind, manifest);
  check(names.peer, record.peer, "peer", record.kind, manifest);
  if (line.relayed_by) check(Who::node, *line.relayed_by, "relayed_by", record.kind, manifest);
}

void check_signers(const Message& message, const Manifest& manifest) {
  const std::uint32_t nodes = manifest.n + manifest.clients;
  check_signer(message, nodes);
  for_each_nested(message, [nodes](const Message& nested) { check_signer(nested, nodes); });
}

}  // namespace byzsim
