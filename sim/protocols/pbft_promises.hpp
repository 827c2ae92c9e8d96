// What PBFT lets itself be held to in random worlds: which of its options are sound, and how soon it answers.
#pragma once

#include <algorithm>
#include <string>

#include "sim/core/random.hpp"
#include "sim/protocols/pbft_options.hpp"
#include "sim/replica/protocol.hpp"

namespace byzsim::pbft {

/// Sets the options to sound values drawn at random; the switches that stand for bugs stay off.
inline void vary(Options& options, Stream& draw, std::uint32_t n, std::uint32_t f) {
  const auto between = [&](std::uint64_t low, std::uint64_t high) { return low + draw.below(high - low + 1); };
  // Any two quorums share an honest replica, and the honest replicas are one: nothing else is sound.
  const std::uint32_t least = intersecting_quorum(n, f);
  if (draw.chance(300'000) && least <= n - f)
    options.quorum = *QuorumRule::parse(std::to_string(between(least, n - f)));
  // Most worlds wait for some view changes. A timeout below the true delay is sound: it doubles.
  options.view_timeout = std::chrono::milliseconds(between(2, 40)) * (draw.chance(150'000) ? 1 : 25);
  options.retransmit = std::chrono::milliseconds(between(2, 25)) * (draw.chance(150'000) ? 2 : 20);
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
    options.window = options.checkpoint_interval * between(1, 3) + draw.below(2);
  }
}

/// Far above what is needed, so that only what never comes is missed. The timeout at GST is at most twice what it took
/// to get there; after it, f faulty primaries in a row double it, and it may have to grow past what a view change
/// takes.
inline Duration answered_within(const Options& options, const LivenessFacts& facts) {
  const Duration resend = options.retransmit * options.retransmit_growth;
  const Duration step = 2 * (options.view_timeout + facts.gst + resend * 2) + 16 * facts.delta + facts.client_pause;
  const auto views = std::int64_t{1} << (std::min(facts.f, 6u) + 3);
  const auto ahead = static_cast<std::int64_t>(std::min<std::uint64_t>(facts.ahead, 1000));
  return std::min<Duration>(step * views + ahead * (options.view_timeout + facts.delta), std::chrono::hours(10));
}

}  // namespace byzsim::pbft
