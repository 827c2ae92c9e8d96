// Random numbers by counter: the k-th draw of a stream is a pure function of (seed, purpose, subject, k).
//
// Streams do not share state, so one more consumer shifts nobody's draws, and two runs that differ in one setting stay
// comparable draw for draw. The mixing function is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014), applied
// to a Weyl sequence that starts at a mixed key. A draw costs about 2 ns and is the same on every platform.
#pragma once

#include <cstdint>

namespace byzsim {

constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// What a stream is for. The number is part of every draw: never renumber, only append.
enum class Purpose : std::uint64_t {
  latency = 1,
  link_base = 2,
  loss = 3,
  duplication = 4,
  reordering = 5,
  topology = 6,
  partition = 7,
  client_arrival = 8,
  client_operation = 9,
  adversary = 10,
  keys = 11,
  test = 12,
};

/// What all streams of one purpose share; `mix64(family + subject)` is the key of one of them.
constexpr std::uint64_t stream_family(std::uint64_t seed, Purpose purpose) {
  return mix64(mix64(seed + 0x9e3779b97f4a7c15ULL) + static_cast<std::uint64_t>(purpose));
}

/// The key of a stream; keep it where a draw needs only a counter.
constexpr std::uint64_t stream_key(std::uint64_t seed, Purpose purpose, std::uint64_t subject = 0) {
  return mix64(stream_family(seed, purpose) + subject);
}

/// Draw number `counter` of the stream with this key: 64 uniform bits.
constexpr std::uint64_t draw(std::uint64_t key, std::uint64_t counter) {
  return mix64(key + (counter + 1) * 0x9e3779b97f4a7c15ULL);
}

/// A uniform integer in [0, bound), bound > 0, from 64 random bits (bias below bound / 2^64).
constexpr std::uint64_t scale_to(std::uint64_t bits, std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits) * bound) >> 64);
}

/// A stream that counts for itself, for uses off the hot path.
class Stream {
 public:
  constexpr Stream(std::uint64_t seed, Purpose purpose, std::uint64_t subject = 0)
      : key_(stream_key(seed, purpose, subject)) {}
  constexpr std::uint64_t next() { return draw(key_, counter_++); }
  constexpr std::uint64_t below(std::uint64_t bound) { return scale_to(next(), bound); }
  /// True with probability `millionths` / 1,000,000.
  constexpr bool chance(std::uint64_t millionths) { return below(1'000'000) < millionths; }

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace byzsim
