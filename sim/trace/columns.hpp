// How a record stands in a trace line: which members each kind writes, and under which names. Writer and reader both
// read this table, so they cannot differ.
//
// A line holds `i`, `t_ns` and `event`, then the columns of its kind. A member outside its kind's columns is written
// too, under its plain name, but only if it differs from its default: whatever a record holds, its line gives it back.
// A node, view or slot that names nothing is left out. `signed` and `witnessed` lines leave out the id that their
// message has anyway, `signed` lines also its view, slot and value; where the record differs from its message there, it
// is written, null for "nothing".
//
// The message of a `signed`, `witnessed` or `submitted` record follows as `message`: in full if no earlier line holds
// it or nobody vouches for it, as its id otherwise. A `sent` line has it only if nobody vouches for it. `genuine` is
// false beside a message whose signature does not fit; `relayed_by` is there if somebody else than the signer put it on
// the link.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/trace/record.hpp"

namespace byzsim {

/// The members of a Record that a line can hold, in the order in which it holds them.
enum class Column : std::uint8_t { node, peer, id, view, slot, value, extra, count, bytes, text };
inline constexpr std::size_t kColumns = 10;

struct KindColumns {
  /// By Column. Names have at most 12 characters.
  std::array<std::string_view, kColumns> names{"node",  "peer",  "id",    "view",  "slot",
                                               "value", "extra", "count", "bytes", "text"};
  std::uint16_t always = 0;  ///< columns written even if the member has its default value, as bits

  bool labelled = false;  ///< leaves out the view, slot and value that its message has anyway

  bool writes(Column column) const { return ((always >> static_cast<unsigned>(column)) & 1) != 0; }
};

/// The columns of each kind, by its number.
const std::array<KindColumns, kRecordKinds>& columns();

}  // namespace byzsim
