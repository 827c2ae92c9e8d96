// Quantities as people write them, read exactly into integers and printed so that they read back the same.
//
// A unit is mandatory: `10` is an error that suggests `10ms`. Only `0` needs none. Fractions are exact or an error
// (`1.5ms` is 1,500,000 ns; `1.5ns` is nothing). Numbers are decimal without leading zeros, so `010` is an error rather
// than 8 or 10. Overflow is an error. Nothing here depends on the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sim/core/ids.hpp"
#include "sim/core/time.hpp"

namespace byzsim {

struct ByteCount {
  std::uint64_t bytes = 0;
  friend constexpr auto operator<=>(const ByteCount&, const ByteCount&) = default;
};

/// 0 is unlimited.
struct BitRate {
  std::uint64_t bits_per_second = 0;
  friend constexpr auto operator<=>(const BitRate&, const BitRate&) = default;
};

/// `1..100`, both ends included; `7` is `7..7`.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  constexpr std::uint64_t count() const { return last - first + 1; }  ///< 0 stands for 2^64
  friend constexpr bool operator==(const SeedRange&, const SeedRange&) = default;
};

/// A value, or why there is none and what would be right.
template <class T>
struct Parsed {
  bool ok = false;
  T value{};
  std::string error;  ///< a sentence without subject: "is not a duration"
  std::string hint;   ///< such as "did you mean '10ms'?"; may be empty
  explicit operator bool() const { return ok; }
  static Parsed of(T v) { return {true, std::move(v), {}, {}}; }
  static Parsed fail(std::string error, std::string hint = {}) {
    return {false, {}, std::move(error), std::move(hint)};
  }
};

Parsed<Duration> parse_duration(std::string_view text);  ///< ns us ms s min h; may be negative
Parsed<ByteCount> parse_bytes(std::string_view text);    ///< B KB MB GB TB KiB MiB GiB TiB
Parsed<BitRate> parse_rate(std::string_view text);       ///< bit/s kbit/s Mbit/s Gbit/s Tbit/s
Parsed<SeedRange> parse_seeds(std::string_view text);
Parsed<std::uint64_t> parse_unsigned(std::string_view text);
Parsed<double> parse_real(std::string_view text);       ///< finite; decimal or with an exponent
Parsed<NodeRef> parse_node_ref(std::string_view text);  ///< `2`, `c0`

/// Exact: the largest of s, ms, us, ns that divides it (`1500ms`, `60s`).
std::string to_string(Duration value);
std::string to_string(ByteCount value);
std::string to_string(BitRate value);
std::string to_string(SeedRange value);
std::string to_string(NodeRef value);
std::string real_to_string(double value);  ///< the shortest text that reads back the same

}  // namespace byzsim
