// SPDX-License-Identifier: Apache-2.0
#include "base/tick_clock.h"

#include "base/clock.h"
#include "support/test.h"

#include <algorithm>
#include <cstdint>

namespace argon {

namespace {

// How far a clock's idea of a span is off the system's, in thousandths.
std::uint64_t errorOf(const TickClock& clock) {
  const std::uint64_t startNs = monotonicNs();
  const std::uint64_t startTicks = clock.now();
  while (monotonicNs() - startNs < 5'000'000) {
    relaxCpu();
  }
  const std::uint64_t knownNs = clock.toNs(clock.now() - startTicks);
  const std::uint64_t realNs = monotonicNs() - startNs;
  return (std::max(knownNs, realNs) - std::min(knownNs, realNs)) * 1000 / realNs;
}

} // namespace

TEST_CASE("a calibrated clock measures spans as the system's clock does") {
  // Beside other work a thread may lose its CPU between two looks at the clocks.
  std::uint64_t best = UINT64_MAX;
  for (int attempt = 0; attempt < 20 && best > 10; ++attempt) {
    best = std::min(best, errorOf(TickClock::calibrate()));
  }

  CHECK(best <= 10);
}

TEST_CASE("a clock of nanoseconds gives them as they are") {
  const TickClock clock = TickClock::ofNanoseconds();

  CHECK(clock.toNs(12'345) == 12'345);
  CHECK(clock.fromNs(12'345) == 12'345);
  CHECK(clock.toNs(UINT64_MAX) == UINT64_MAX);
  const std::uint64_t before = monotonicNs();
  const std::uint64_t now = clock.now();
  CHECK(now >= before);
  CHECK(now <= monotonicNs());
}

TEST_CASE("ticks and nanoseconds convert both ways") {
  const TickClock clock = TickClock::calibrate();
  for (const std::uint64_t durationNs : {1'000U, 1'000'000U, 1'000'000'000U}) {
    const std::uint64_t again = clock.toNs(clock.fromNs(durationNs));
    CHECK(again <= durationNs);
    CHECK(durationNs - again <= 10);
  }
}

} // namespace argon
