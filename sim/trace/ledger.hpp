// MessageLedger: what a trace has said of its messages so far, and the rules that hold between its lines.
//
//   1. A message is signed, or written in full, before anything else is said of it.
//   2. A message reaches a node, or is lost on the way, only after somebody has sent it; and if a single node has sent
//   it
//      so far, it comes from that node.
//   3. A node that has crashed receives nothing until it restarts.
//   4. Who signs is the signer of what is signed.
//   5. At the end, as many deliveries of each kind have been recorded as the run counted.
//
// Every function throws BadTrace (without the line number) where a rule is broken. About 50 ns a call.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/replica/message.hpp"
#include "sim/trace/header.hpp"
#include "sim/trace/outcome.hpp"
#include "sim/trace/record.hpp"

namespace byzsim {

class MessageLedger {
 public:
  explicit MessageLedger(std::size_t kinds) : delivered_(kinds, 0) {}

  /// A line holds this message in full; it is of kind number `kind`.
  void add(const Ref<const Message>& message, std::size_t kind, bool genuine);
  /// The genuine message that an earlier line holds in full.
  const Ref<const Message>& find(std::uint64_t id) const;
  /// Applies the rules to a record whose message, if it has one, has been added.
  void check(const Record& record);
  /// Rule 5.
  void check_end(const Outcome& outcome, const Manifest& manifest) const;

 private:
  static constexpr std::size_t kNoKind = ~std::size_t{0};
  struct Entry {
    Ref<const Message> message;  // null until a genuine one is added
    std::size_t kind = kNoKind;
    bool mixed = false;  // messages of several kinds have this number
    NodeId sender = kNobody;
    bool several_senders = false;
  };
  Entry& known(const Record& record);
  void check_arrival(const Record& record, const Entry& entry) const;

  std::unordered_map<std::uint64_t, Entry> entries_;
  std::vector<std::uint64_t> delivered_;
  std::uint64_t unplaced_ = 0;  // deliveries whose kind is uncertain
  ReplicaSet down_;
};

}  // namespace byzsim
