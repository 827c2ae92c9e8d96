// Draw: what the generator of random worlds asks of chance. A world is a pure function of (seed, number).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/node.hpp"
#include "sim/core/random.hpp"
#include "sim/core/time.hpp"
#include "sim/core/units.hpp"

namespace byzsim::soak {

class Draw {
 public:
  Draw(std::uint64_t seed, std::uint64_t number) : stream_(seed, Purpose::test, number) {}
  Stream& stream() { return stream_; }

  bool odds(std::uint64_t percent) { return stream_.below(100) < percent; }
  std::uint64_t below(std::uint64_t bound) { return stream_.below(bound); }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + stream_.below(high - low + 1); }
  /// From `low` to `high`, in milliseconds, small values as likely as large ones: uniform within an octave.
  Duration spread(Duration low, Duration high) {
    const auto least = static_cast<std::uint64_t>(low / std::chrono::milliseconds(1));
    const auto most = static_cast<std::uint64_t>(high / std::chrono::milliseconds(1));
    if (most <= least) return low;
    std::uint64_t octaves = 0;
    while (((least + 1) << octaves) <= most) ++octaves;
    const std::uint64_t from = ((least + 1) << below(octaves)) - 1;
    return std::chrono::milliseconds(std::min(most, between(from, 2 * from + 1)));
  }
  /// Whole milliseconds from `low` to `high`, all as likely.
  Duration within(Duration low, Duration high) {
    const auto least = low / std::chrono::milliseconds(1);
    const auto most = std::max(least, high / std::chrono::milliseconds(1));
    return std::chrono::milliseconds(between(static_cast<std::uint64_t>(least), static_cast<std::uint64_t>(most)));
  }
  template <class List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }
  const char* word(std::initializer_list<const char*> words) { return words.begin()[below(words.size())]; }
  /// So many of the list, in the order of the list.
  template <class T>
  std::vector<T> some(std::vector<T> list, std::size_t count) {
    while (list.size() > count) list.erase(list.begin() + static_cast<std::ptrdiff_t>(below(list.size())));
    return list;
  }
  template <class T>
  std::vector<T> shuffled(std::vector<T> list) {
    for (std::size_t left = list.size(); left > 1; --left) std::swap(list[left - 1], list[below(left)]);
    return list;
  }

 private:
  Stream stream_;
};

// --- writing scenarios ---

inline Node text(std::string value) {
  return Node::text(std::move(value));
}
inline Node time_node(Duration value) {
  return Node::plain(to_string(value));
}
inline Node number(std::uint64_t value) {
  return Node::number(value);
}
inline Node number_list(const std::vector<std::uint32_t>& values) {
  Node list = Node::list();
  for (const std::uint32_t value : values) list.push(number(value));
  return list;
}
/// A map from keys and values in turn.
inline Node map_of(std::initializer_list<std::pair<const char*, Node>> entries) {
  Node map = Node::map();
  for (const auto& [key, value] : entries) map.put(key, value);
  return map;
}

}  // namespace byzsim::soak
