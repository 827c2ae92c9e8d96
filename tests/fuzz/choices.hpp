// Choices: bytes as a sequence of decisions, so that a fuzzer that changes a byte changes one thing about a document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace byzsim::fuzz {

class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}

  bool done() const { return data_ == end_; }
  /// A number below `bound`. Once the bytes are used up always 0: the first of any alternatives, so that what is
  /// being made comes to an end.
  std::uint64_t below(std::uint64_t bound) {
    std::uint64_t value = 0;
    for (std::uint64_t reach = 1; reach < bound && data_ != end_; reach <<= 8) {
      value = (value << 8) | *data_++;
      if (reach > (std::uint64_t{1} << 55)) break;
    }
    return bound == 0 ? 0 : value % bound;
  }
  /// True once in `times`; never once the bytes are used up.
  bool one_in(std::uint64_t times) { return below(times) == times - 1; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[below(list.size())];
  }
  std::string pick(std::initializer_list<const char*> list) { return list.begin()[below(list.size())]; }

 private:
  const std::uint8_t* data_;
  const std::uint8_t* end_;
};

}  // namespace byzsim::fuzz
