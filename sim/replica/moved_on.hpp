// What a request says of the others of its client: the one rule by which replicas drop what they wait for and forget what
// they have answered.
#pragma once

#include <algorithm>
#include <cstdint>

namespace byzsim {

/// The client has moved on from every number up to the one returned, by its word (Request::answered) or by being a whole
/// window higher. It cannot have been answered a number that it is only now asking for; numbers begin at one.
inline std::uint64_t moved_on_to(std::uint64_t number, std::uint64_t answered, std::uint64_t window) {
  return std::max(std::min(answered, number - 1), number > window ? number - window : 0);
}

}  // namespace byzsim
