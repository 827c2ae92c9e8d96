// Record: one thing that happened in a run. The world emits them, observers listen.
//
// Records are small and of fixed size. Which members a kind fills is written beside it; the others keep their defaults.
// The same records come out of a trace, with the messages rebuilt from their text, so that an observer cannot tell the
// two apart.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/core/ids.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

class Message;
struct MessageKind;

enum class RecordKind : std::uint8_t {
  signed_,  ///< node signed `message` (label in view, slot, value; number in id)
  sent,     ///< node put message id on its links; to peer, or to every other replica if kNobody; count receivers, bytes
            ///< each
  delivered,  ///< node received message id from peer
  dropped,    ///< message id from peer will not reach node; text says why: loss, cut, adversary, crashed, full
  witnessed,  ///< node is the first honest one other than the signer to receive `message` id
  timer,      ///< a timer of node fired; count is its number
  view,       ///< node entered view
  prepared,   ///< node prepared value in (view, slot)
  decided,    ///< node decided value in slot, in view, by count distinct voters
  adopted,    ///< node took over by state transfer the state `value` that covers every slot up to slot
  applied,    ///< node applied request (peer = client, id = request number) in slot; count is the result
  executed,   ///< node applied all of slot, which holds value; extra is the digest of its state
  submitted,  ///< client node first sent request id (its number); value names the request, message is the request
  accepted,   ///< client node accepted result count for its request id; bytes is the number of matching replies
  crashed,    ///< node stopped
  restarted,  ///< node is back; count 1 if its state was kept, 0 if lost
  network,    ///< a partition or cut began (count 1) or healed (count 0); text describes it
  beyond,     ///< the network went beyond GST and delta, earlier than told before: message id, from peer to node; text
              ///< says how; count is since when, in ns, at least 1 (0: since now)
  attack,     ///< the adversary acted: node (or kNobody) did text; id is the message, if any; count how many at once
  mark,       ///< node reached the rare branch named text
  suspect,    ///< node suspects peer; text says why
  end,        ///< the run ended; text says why; count events, extra the fingerprint
};
inline constexpr std::size_t kRecordKinds = static_cast<std::size_t>(RecordKind::end) + 1;
std::string_view to_string(RecordKind kind);

struct Record {
  RecordKind kind = RecordKind::end;
  NodeId node = kNobody;
  NodeId peer = kNobody;
  std::uint64_t bytes = 0;
  Time time{};
  View view = kNoView;
  Slot slot = kNoSlot;
  Digest value{};
  Digest extra{};
  std::uint64_t id = 0;
  std::uint64_t count = 0;
  const Message* message = nullptr;  ///< for signed_, witnessed and submitted
  std::string_view text{};           ///< valid only during the call
};

/// A set of record kinds, as bits.
using RecordMask = std::uint32_t;
template <class... Kinds>
constexpr RecordMask records(Kinds... kinds) {
  return ((RecordMask{1} << static_cast<unsigned>(kinds)) | ... | 0u);
}
inline constexpr RecordMask kAllRecords = (RecordMask{1} << kRecordKinds) - 1;

/// Listens to a run, online or from a trace. An observer never changes a run.
class Observer {
 public:
  virtual ~Observer() = default;
  /// The kinds it needs; the world builds no record that nobody wants.
  virtual RecordMask wants() const = 0;
  /// Of signed_ and witnessed: whether it needs those of messages of this kind. Most messages are votes of many and
  /// replies to few, and whoever looks for conflicting votes has no use for the replies.
  virtual bool wants_messages(const MessageKind&) const { return true; }
  virtual void on_record(const Record& record) = 0;
};

}  // namespace byzsim
