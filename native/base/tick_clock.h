// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"

#include <cstdint>

namespace argon {

/// The cheapest moment there is: the CPU's time-stamp counter, about 8 ns to read, the same on all
/// CPUs. Where it does not run at one rate, ticks are nanoseconds of CLOCK_MONOTONIC. A value;
/// readable from any thread.
class TickClock {
public:
  /// Looks at the counter's rate for a fifth of a millisecond, which tells it to 0.1 %.
  [[nodiscard]] static TickClock calibrate();
  /// Ticks are nanoseconds.
  [[nodiscard]] static constexpr TickClock ofNanoseconds() { return {false, kOne}; }

  [[nodiscard]] std::uint64_t now() const {
    return isCounter_ ? __builtin_ia32_rdtsc() : monotonicNs();
  }
  /// A difference of two moments in nanoseconds.
  [[nodiscard]] std::uint64_t toNs(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>((Wide{ticks} * nsPerTick_) >> 32);
  }
  /// A duration in ticks, for comparing.
  [[nodiscard]] std::uint64_t fromNs(std::uint64_t durationNs) const {
    return static_cast<std::uint64_t>((Wide{durationNs} << 32) / nsPerTick_);
  }
  /// Nanoseconds of a tick, times 2^32.
  [[nodiscard]] std::uint64_t nsPerTick() const { return nsPerTick_; }

private:
  __extension__ using Wide = unsigned __int128; // A product of ticks and a 32.32 number.
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 32;

  constexpr TickClock(bool isCounter, std::uint64_t nsPerTick)
      : isCounter_(isCounter), nsPerTick_(nsPerTick) {}

  bool isCounter_;
  std::uint64_t nsPerTick_;
};

} // namespace argon
