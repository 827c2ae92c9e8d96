// Fact: something out of the ordinary that the shared tables noticed while they took in records.
//
// The tables (votes, ledger, requests, forensics) are fed once for all invariants. As long as everybody agrees they
// only count, and nothing further is called; when something does not fit they raise a fact, and the invariants that
// heed facts of that kind judge it. That is what makes judging cheap: the price of an invariant is paid when it breaks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/ids.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

enum class FactKind : std::uint8_t {
  decided_otherwise,   ///< node decided value in slot where others decided `other`
  decided_twice,       ///< node decided value in slot where itself had decided `other`
  decided_unproposed,  ///< node decided value in slot, and no batch of genuine requests has that name; detail says
                       ///< which
  decided_unbacked,    ///< node decided value in (view, slot) with only `count` deciding votes signed
  executed_astray,     ///< node executed slot out of order, twice, undecided or with another value; detail says which
  state_differs,       ///< node reached state `value` after slot where others reached `other`
  state_made_up,       ///< node took over state `value` after slot, which nobody honest had reached
  applied_twice,       ///< node applied request `count` of client `peer` in slot, and had applied it before
  accepted_otherwise,  ///< client node accepted a result that honest replicas did not compute; detail says more
  votes_conflict,      ///< node signed value and `other` in one (kind, view, slot); messages are the two
  certificates_conflict,  ///< value and `other` both have a quorum of votes in one (phase, view, slot)
  honest_accused,         ///< evidence convicts node, which is honest
};

struct Fact {
  FactKind kind{};
  Time time{};
  NodeId node = kNobody;
  NodeId peer = kNobody;
  View view = kNoView;
  Slot slot = kNoSlot;
  Digest value{};
  Digest other{};
  std::uint64_t count = 0;
  std::vector<NodeId> replicas;         ///< everybody it is about, in increasing order
  std::vector<std::uint64_t> messages;  ///< numbers of the signed messages it is about
  std::string detail;
};

/// A set of fact kinds, as bits.
using FactMask = std::uint32_t;
template <class... Kinds>
constexpr FactMask facts(Kinds... kinds) {
  return ((FactMask{1} << static_cast<unsigned>(kinds)) | ... | 0u);
}

/// Takes facts from the tables; the judge.
class FactSink {
 public:
  virtual ~FactSink() = default;
  virtual void raise(const Fact& fact) = 0;
};

}  // namespace byzsim
