// SPDX-License-Identifier: Apache-2.0
#pragma once

// A rate with a burst, kept as one moment in time: the generic cell rate algorithm (ITU-T I.371).
// What was taken moves the moment ahead of the clock; how far ahead it is, times the rate, is what
// has been taken and not yet earned. No timer, no slices of time, no smallest rate.
//
// More may be taken while no more than the burst is unearned. A request larger than that is let in
// too when its turn comes, and those after it wait until it has been earned: debt is carried. So in
// any window of time t no more is taken than rate * t + burst + one request.
//
// Any number of threads take, without a lock. Times are nanoseconds of one monotonic clock.

#include <array>
#include <atomic>
#include <cstdint>

namespace argon {

/// `unitsPerSecond` is 0 for no limit.
struct RateLimit {
  std::uint64_t unitsPerSecond = 0;
  std::uint64_t burstUnits = 0;

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

class RateBucket {
public:
  /// Debt and burst are worth 104 days at most, whatever was asked for.
  static constexpr std::uint64_t kDebtNsMax = std::uint64_t{1} << 53;
  /// Of the word that is a bucket's state, those of its moment.
  static constexpr unsigned kTimeBits = 60;
  /// More units than this at once count as this many.
  static constexpr std::uint64_t kUnitsMax = std::uint64_t{1} << 30;

  /// Takes `units` and returns 0; or takes nothing and returns when to try again, later than
  /// `nowNs`: the exact moment if nobody else takes meanwhile.
  [[nodiscard]] std::uint64_t take(std::uint64_t units, std::uint64_t nowNs) {
    return isUnlimited() ? 0 : takeLimited(units, nowNs);
  }
  /// Takes without asking; what was not earned is debt.
  void charge(std::uint64_t units, std::uint64_t nowNs);
  /// Returns what was just taken and was not used.
  void giveBack(std::uint64_t units);

  /// Changes the limit. What has been taken and not earned stays so, in units: a change is neither
  /// a free burst nor a punishment. One thread at a time; others may take meanwhile.
  void setLimit(RateLimit limit, std::uint64_t nowNs);
  /// On the thread that sets it.
  [[nodiscard]] RateLimit limit() const { return limit_; }

private:
  // What a take needs to know, in the terms of the word below.
  struct Terms {
    std::atomic<std::uint64_t> unitsPerSecond{0};
    std::atomic<std::uint64_t> burstTicks{0};
  };

  [[nodiscard]] const Terms& termsOf(std::uint64_t word) const {
    return terms_[(word >> kTimeBits) % terms_.size()];
  }
  // Acquire: pairs with setLimit(), so that the terms are those of the generation or newer.
  [[nodiscard]] bool isUnlimited() const {
    const Terms& terms = termsOf(word_.load(std::memory_order_acquire));
    return terms.unitsPerSecond.load(std::memory_order_relaxed) == 0;
  }
  [[nodiscard]] std::uint64_t takeLimited(std::uint64_t units, std::uint64_t nowNs);

  // The generation of the limit in the upper 4 bits; the moment, in sixteenths of a nanosecond and
  // modulo 2^60, in the others. The generation makes a take fail that began before a change.
  std::atomic<std::uint64_t> word_{0};
  // By generation modulo 4: what a slow taker still looks at is not overwritten by the next change.
  std::array<Terms, 4> terms_;
  RateLimit limit_;
};

} // namespace argon
