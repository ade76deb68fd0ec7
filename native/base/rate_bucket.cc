// SPDX-License-Identifier: Apache-2.0
#include "base/rate_bucket.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace argon {

namespace {

__extension__ using Wide = unsigned __int128;

// Sixteenths of a nanosecond: what a request costs is rounded up to one, which takes 0.1 % off a
// rate of 20 million a second and less off any lower one.
constexpr unsigned kTickShift = 4;
constexpr std::uint64_t kTicksPerSecond = std::uint64_t{1'000'000'000} << kTickShift;

constexpr unsigned kTimeBits = RateBucket::kTimeBits;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;

constexpr std::uint64_t kSpanTicksMax = RateBucket::kDebtNsMax << kTickShift;
// A take adds at most kSpanTicksMax to at most that much. A bucket is thought to be ahead of the
// clock when it has not been touched for 600 days; nothing runs that long.
constexpr std::uint64_t kAheadTicksMax = 2 * kSpanTicksMax;

std::uint64_t ticksOf(std::uint64_t units, std::uint64_t unitsPerSecond) {
  // Fits: 2^30 * 16e9 < 2^64.
  const std::uint64_t scaled = std::min(units, RateBucket::kUnitsMax) * kTicksPerSecond;
  const std::uint64_t ticks = scaled / unitsPerSecond + (scaled % unitsPerSecond == 0 ? 0 : 1);
  return std::min(ticks, kSpanTicksMax);
}

// left * right / divisor, rounded up, at most `limit`.
std::uint64_t scale(std::uint64_t left, std::uint64_t right, std::uint64_t divisor,
                    std::uint64_t limit) {
  const Wide quotient = (Wide{left} * right + (divisor - 1)) / divisor;
  return quotient > limit ? limit : static_cast<std::uint64_t>(quotient);
}

// How far the moment is ahead of the clock; 0 if it has passed.
std::uint64_t aheadOf(std::uint64_t word, std::uint64_t nowNs) {
  const std::uint64_t distance = (word - (nowNs << kTickShift)) & kTimeMask;
  return distance <= kAheadTicksMax ? distance : 0;
}

std::uint64_t wordOf(std::uint64_t generation, std::uint64_t nowNs, std::uint64_t aheadTicks) {
  const std::uint64_t moment = ((nowNs << kTickShift) + aheadTicks) & kTimeMask;
  return (generation << kTimeBits) | moment;
}

std::uint64_t generationOf(std::uint64_t word) { return word >> kTimeBits; }

} // namespace

std::uint64_t RateBucket::takeLimited(std::uint64_t units, std::uint64_t nowNs) {
  // Acquire: pairs with setLimit(), so that the terms are those of the generation or newer. If
  // newer, the exchange fails.
  std::uint64_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    const Terms& terms = termsOf(word);
    const std::uint64_t rate = terms.unitsPerSecond.load(std::memory_order_relaxed);
    if (rate == 0) {
      return 0;
    }
    const std::uint64_t burstTicks = terms.burstTicks.load(std::memory_order_relaxed);
    const std::uint64_t ahead = aheadOf(word, nowNs);
    if (ahead > burstTicks) {
      constexpr std::uint64_t kTickMask = (std::uint64_t{1} << kTickShift) - 1;
      return nowNs + ((ahead - burstTicks + kTickMask) >> kTickShift);
    }
    const std::uint64_t after = wordOf(generationOf(word), nowNs, ahead + ticksOf(units, rate));
    if (word_.compare_exchange_weak(word, after, std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      return 0;
    }
  }
}

void RateBucket::charge(std::uint64_t units, std::uint64_t nowNs) {
  std::uint64_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t rate = termsOf(word).unitsPerSecond.load(std::memory_order_relaxed);
    if (rate == 0) {
      return;
    }
    const std::uint64_t ahead =
        std::min(aheadOf(word, nowNs) + ticksOf(units, rate), kAheadTicksMax);
    if (word_.compare_exchange_weak(word, wordOf(generationOf(word), nowNs, ahead),
                                    std::memory_order_acq_rel, std::memory_order_acquire)) {
      return;
    }
  }
}

void RateBucket::giveBack(std::uint64_t units) {
  std::uint64_t word = word_.load(std::memory_order_acquire);
  for (;;) {
    const std::uint64_t rate = termsOf(word).unitsPerSecond.load(std::memory_order_relaxed);
    if (rate == 0) {
      return;
    }
    const std::uint64_t before = (word & ~kTimeMask) | ((word - ticksOf(units, rate)) & kTimeMask);
    if (word_.compare_exchange_weak(word, before, std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      return;
    }
  }
}

void RateBucket::setLimit(RateLimit limit, std::uint64_t nowNs) {
  const RateLimit old = limit_;
  limit_ = limit;
  const std::uint64_t generation =
      (generationOf(word_.load(std::memory_order_relaxed)) + 1) % (1U << (64 - kTimeBits));
  Terms& terms = terms_[generation % terms_.size()];
  const std::uint64_t rate = limit.unitsPerSecond;
  terms.unitsPerSecond.store(rate, std::memory_order_relaxed);
  terms.burstTicks.store(rate == 0 ? 0
                                   : scale(limit.burstUnits, kTicksPerSecond, rate, kSpanTicksMax),
                         std::memory_order_relaxed);
  std::uint64_t word = word_.load(std::memory_order_acquire);
  std::uint64_t after = 0;
  do {
    const bool isCarried = rate != 0 && old.unitsPerSecond != 0;
    const std::uint64_t ahead = isCarried ? aheadOf(word, nowNs) : 0;
    after = wordOf(generation, nowNs,
                   isCarried ? scale(ahead, old.unitsPerSecond, rate, kAheadTicksMax) : 0);
    // Release: the terms come before the generation that names them.
  } while (!word_.compare_exchange_weak(word, after, std::memory_order_acq_rel,
                                        std::memory_order_acquire));
}

} // namespace argon
