// A link or an uplink of limited capacity: one message at a time, the others wait.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/core/time.hpp"
#include "sim/core/units.hpp"

namespace byzsim {

/// How long `bytes` take at `rate`, rounded up to a nanosecond; nothing if the rate is unlimited (0).
constexpr Duration transmission_time(std::uint64_t bytes, BitRate rate) {
  if (rate.bits_per_second == 0) return Duration{};
  constexpr std::uint64_t per_byte = 8'000'000'000;  // bits a byte times nanoseconds a second
  if (bytes <= (~std::uint64_t{0} - rate.bits_per_second) / per_byte) {
    return Duration{static_cast<std::int64_t>((bytes * per_byte + rate.bits_per_second - 1) / rate.bits_per_second)};
  }
  const auto wide =
      (static_cast<unsigned __int128>(bytes) * per_byte + rate.bits_per_second - 1) / rate.bits_per_second;
  constexpr auto most = static_cast<unsigned __int128>(Duration::max().count());
  return Duration{static_cast<std::int64_t>(wide < most ? wide : most)};
}

/// Serves messages in order of readiness, where messages may be announced out of that order: a relayed message is ready
/// at a relay later than one that the relay itself sends afterwards. A message takes the first gap that is long enough;
/// what has been promised stays. So a late announcement may wait for up to one transmission more than it would have.
///
/// A backlog may hold as many gaps too short for anything as there are messages under way, so spans are kept in blocks,
/// and a block without a gap of the length is passed over whole.
class Pipe {
 public:
  /// When the last bit has left. `now` is the time of the announcement; it never decreases, and `ready >= now`.
  Time transmit(Time ready, Duration length, Time now) {
    forget(now);
    const auto block = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Block& each) {
      return each.spans.empty() || each.spans.back().end <= ready;
    });
    std::size_t b = static_cast<std::size_t>(block - blocks_.begin());
    if (b == blocks_.size()) {
      return b == 0 || blocks_[0].spans.empty() ? begin(ready, length) : take({b - 1, last(b - 1)}, ready, length);
    }
    const auto span = std::partition_point(block->spans.begin(), block->spans.end(),
                                           [&](const Span& each) { return each.end <= ready; });
    std::size_t i = static_cast<std::size_t>(span - block->spans.begin());
    if (later(ready, length) <= span->start) {
      if (i > 0) return take({b, i - 1}, ready, length);
      if (b > 0) return take({b - 1, last(b - 1)}, ready, length);
      return begin(ready, length);
    }
    while (gap_after({b, i}) < length) {
      if (i < last(b)) {
        ++i;
        continue;
      }
      do ++b;
      while (blocks_[b].widest < length);
      i = 0;
    }
    return take({b, i}, blocks_[b].spans[i].end, length);
  }

 private:
  struct Span {
    Time start, end;
  };
  struct Block {
    std::vector<Span> spans;  // disjoint, in order, as blocks are
    Duration widest{};        // the longest gap that follows one of them
  };
  struct Place {
    std::size_t block, span;
  };
  static constexpr std::size_t kMost = 128;

  std::size_t last(std::size_t block) const { return blocks_[block].spans.size() - 1; }

  Duration gap_after(Place at) const {
    const Span& span = blocks_[at.block].spans[at.span];
    if (at.span < last(at.block)) return blocks_[at.block].spans[at.span + 1].start - span.end;
    return at.block + 1 < blocks_.size() ? blocks_[at.block + 1].spans.front().start - span.end : Duration::max();
  }

  /// Blocks that are over; a single one stays for its memory.
  void forget(Time now) {
    std::size_t past = 0;
    while (past < blocks_.size() && (blocks_[past].spans.empty() || blocks_[past].spans.back().end <= now)) ++past;
    if (past == 0) return;
    if (past == blocks_.size()) blocks_[--past].spans.clear();
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(past));
  }

  /// Before whatever is kept.
  Time begin(Time start, Duration length) {
    const Time end = later(start, length);
    if (blocks_.empty()) blocks_.emplace_back();
    blocks_[0].spans.insert(blocks_[0].spans.begin(), Span{start, end});
    tidy(0);
    return end;
  }

  /// In the gap after the span at `before`.
  Time take(Place before, Time start, Duration length) {
    const Time end = later(start, length);
    std::vector<Span>& spans = blocks_[before.block].spans;
    if (spans[before.span].end == start) {
      spans[before.span].end = end;
    } else {
      spans.insert(spans.begin() + static_cast<std::ptrdiff_t>(before.span) + 1, Span{start, end});
    }
    tidy(before.block);
    return end;
  }

  void tidy(std::size_t b) {
    if (blocks_[b].spans.size() > kMost) {
      Block half;
      const auto middle = blocks_[b].spans.begin() + kMost / 2;
      half.spans.assign(middle, blocks_[b].spans.end());
      blocks_[b].spans.erase(middle, blocks_[b].spans.end());
      blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(b) + 1, std::move(half));
      measure(b + 1);
    }
    measure(b);
  }

  void measure(std::size_t b) {
    Duration widest{};
    for (std::size_t i = 0; i <= last(b); ++i) widest = std::max(widest, gap_after({b, i}));
    blocks_[b].widest = widest;
  }

  std::vector<Block> blocks_;
};

}  // namespace byzsim
