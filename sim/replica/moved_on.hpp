// What a request says of the others of its client: the one rule by which replicas drop what they wait for and forget
// what they have answered.
#pragma once

#include <algorithm>
#include <cstdint>

namespace byzsim {

/// A client that asks for this number has moved on from every number up to the one returned, a whole window below,
/// whatever else its request says.
inline std::uint64_t moved_on_to(std::uint64_t number, std::uint64_t window) {
  return number > window ? number - window : 0;
}
/// The same once the request is executed: now its client's word (Request::answered) counts as well. A client may sign
/// several requests of one number that say different things, so before that nobody knows which word is the one that
/// all will hear. It cannot have been answered a number that it is only now asking for; numbers begin at one.
inline std::uint64_t moved_on_to(std::uint64_t number, std::uint64_t answered, std::uint64_t window) {
  return std::max(std::min(answered, number - 1), moved_on_to(number, window));
}

}  // namespace byzsim
