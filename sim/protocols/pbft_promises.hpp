// What PBFT lets itself be held to in random worlds: which of its options are sound, and how soon it answers.
#pragma once

#include <algorithm>
#include <string>

#include "sim/core/random.hpp"
#include "sim/protocols/pbft_options.hpp"
#include "sim/replica/protocol.hpp"
#include "sim/replica/retransmission.hpp"

namespace byzsim::pbft {

inline constexpr std::uint32_t kMostAnswered = 64;  ///< slots in the answer to one STATUS

/// Sets the options to sound values drawn at random; the switches that stand for bugs stay off.
inline void vary(Options& options, Stream& draw, std::uint32_t n, std::uint32_t f) {
  const auto between = [&](std::uint64_t low, std::uint64_t high) { return low + draw.below(high - low + 1); };
  // Any two quorums share an honest replica, and the honest replicas are one: nothing else is sound.
  const std::uint32_t least = intersecting_quorum(n, f);
  if (draw.chance(300'000) && least <= n - f)
    options.quorum = *QuorumRule::parse(std::to_string(between(least, n - f)));
  // Most worlds wait for some view changes. A timeout below the true delay is sound: it doubles.
  // One draw a statement: the order in which operands are evaluated is the compiler's.
  const bool fast = draw.chance(150'000);
  const bool patient = draw.chance(400'000);  // so that no view but a faulty primary's fails, and the bound is small
  options.view_timeout = std::chrono::milliseconds(between(2, 40) * (fast ? 1 : patient ? 250 : 25));
  const bool often = draw.chance(150'000);
  options.retransmit = std::chrono::milliseconds(between(2, 25) * (often ? 2 : 20));
  if (draw.chance(200'000)) options.retransmit_growth = static_cast<std::uint32_t>(between(2, 3));
  options.batch = draw.chance(600'000) ? 1 : static_cast<std::uint32_t>(between(2, 64));
  options.pipeline = draw.chance(500'000) ? 32 : static_cast<std::uint32_t>(between(1, 8));
  if (draw.chance(300'000)) options.timer_convention = TimerConvention::doubling;
  if (draw.chance(250'000)) options.client_window = between(1, 12);
  if (draw.chance(350'000)) {  // nothing is ever collected
    options.checkpoint_interval = 10'000;
    options.window = 20'000;
  } else if (draw.chance(800'000)) {
    options.checkpoint_interval = between(1, 8);
    options.window = options.checkpoint_interval * between(1, 3);
    options.window += draw.below(2);
  }
}

/// How soon after max(submission, GST) a request of an honest client is answered: the bound at the top of pbft.cpp,
/// whose letters these are. At most a hundred years.
inline Duration answered_within(const Options& options, const LivenessFacts& facts) {
  using Wide = __int128;
  constexpr Wide kMost = Wide{100} * 365 * 86'400 * 1'000'000'000;
  const auto ceil_div = [](Wide a, Wide b) { return (a + b - 1) / b; };
  const Wide d = facts.delta.count();
  const Wide t = options.view_timeout.count();
  const Wide a = std::min<Wide>(facts.ahead, 1'000'000);
  const Wide r = options.retransmit.count() * Wide{options.retransmit_growth > 1 ? kLongestPause : 1};
  const Wide lacked = std::min<Wide>(facts.decided, 2 * Wide{options.window});
  const Wide state = facts.decided >= options.checkpoint_interval ? 1 : 0;
  const Wide rounds = std::max<Wide>(ceil_div(lacked, kMostAnswered) + state, 1);
  const Wide groups = ceil_div(facts.n - 1, facts.f + 1);
  const Wide pauses = facts.gst.count() > 0 || 2 * d > r ? 2 * groups + 2 : groups + 2;
  const Wide big_r = rounds * (pauses * r + 3 * d);
  const Wide slots = ceil_div(a, options.batch);
  const Wide big_d = 7 * d + 3 * d * ceil_div(slots, options.pipeline) +
                     d * ceil_div(slots, options.checkpoint_interval) + big_r * (slots / (2 * Wide{options.window}));
  // Views in which a timeout that begins at T is shorter than `enough`.
  const auto growing = [&](Wide enough) {
    int views = 0;
    if (t < enough) {
      for (views = 1; (t << (views - 1)) < enough;) ++views;
    }
    return Wide{views};
  };
  const Wide m = facts.f + growing(big_d) * (1 + facts.n * a) + growing(big_r + big_d);
  if (m > 60) return Duration{static_cast<std::int64_t>(kMost)};
  const Wide power = Wide{1} << static_cast<int>(m);
  const bool osdi99 = options.timer_convention == TimerConvention::osdi99;
  Wide w = (t + facts.gst.count()) * power;
  if (facts.gst.count() == 0) w = osdi99 ? (m == 0 ? 0 : t * power / 2) : t * (power - 1);
  w = std::min(w, kMost);
  const Wide turn = std::max<Wide>(w, 2 * r + 4 * d) + big_d;
  const Wide total = facts.client_pause.count() + big_r + w + m * 3 * d + big_d + a * turn;
  return Duration{static_cast<std::int64_t>(std::min(total, kMost))};
}

}  // namespace byzsim::pbft
