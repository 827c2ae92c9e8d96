// MessageLedger: what a trace has said of its messages so far, and the rules that hold between its lines.
//
//   1. A message is signed, or written in full, before anything else is said of it.
//   2. A message reaches a node, or is lost on the way, only after somebody has sent it; and if a single node has sent
//      it so far, it comes from that node.
//   3. A node that has crashed receives nothing until it restarts.
//   4. Who signs is the signer of what is signed.
//   5. A client submits its requests in the order of their numbers, each once.
//   6. At the end, as many deliveries of each kind have been recorded as the run counted.
//
// Every function throws BadTrace (without the line number) where a rule is broken. About 50 ns a call, whatever numbers
// a trace makes up.
#pragma once

#include <cstdint>
#include <map>
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
  const Ref<const Message>& find(std::uint64_t id);
  /// Applies the rules to a record whose message, if it has one, has been added.
  void check(const Record& record);
  /// Rule 6.
  void check_end(const Outcome& outcome, const Manifest& manifest) const;

 private:
  static constexpr std::uint32_t kNoKind = ~std::uint32_t{0};
  struct Entry {
    Ref<const Message> message;    // null until a genuine one is added
    std::uint32_t kind = kNoKind;  // until any is added
    NodeId sender = kNobody;
    bool mixed = false;  // messages of several kinds have this number
    bool several_senders = false;
  };
  Entry* lookup(std::uint64_t id);
  Entry& made(std::uint64_t id);
  Entry& known(const Record& record);
  void check_arrival(const Record& record, const Entry& entry) const;

  // A run numbers its messages from 1 on and leaves few numbers out. What is numbered otherwise was made up, and is
  // kept where no choice of numbers makes it slow or large.
  std::vector<Entry> entries_;  // by number
  std::map<std::uint64_t, Entry> far_entries_;
  std::uint64_t count_ = 0;
  std::map<NodeId, std::uint64_t> submitted_;  // the last number of each client
  std::vector<std::uint64_t> delivered_;
  std::uint64_t unplaced_ = 0;  // deliveries whose kind is uncertain
  ReplicaSet down_;
};

}  // namespace byzsim
