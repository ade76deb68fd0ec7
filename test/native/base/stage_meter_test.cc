// SPDX-License-Identifier: Apache-2.0
#include "base/stage_meter.h"

#include "base/clock.h"
#include "base/tick_clock.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>

namespace argon {

namespace {

constexpr std::uint64_t kWorkNs = 50'000;

void work() {
  const std::uint64_t startNs = monotonicNs();
  while (monotonicNs() - startNs < kWorkNs) {
    relaxCpu();
  }
}

std::uint64_t ticksOf(const StageSums& sums, Stage stage) {
  return sums.ticks[static_cast<std::size_t>(stage)].get();
}

// Skips rounds until the next is measured.
void skipToMeasured(StageMeter& meter) {
  for (std::uint32_t round = 1; round < StageMeter::kRoundsPerMeasured; ++round) {
    meter.beginRound();
    REQUIRE_FALSE(meter.isMeasuring());
    meter.endRound(true, 1);
  }
}

} // namespace

TEST_CASE("one round of many is measured, and what it did is kept by stage") {
  StageSums sums;
  StageMeter meter(TickClock::ofNanoseconds(), sums);
  skipToMeasured(meter);
  CHECK(sums.requests.get() == 0);

  meter.beginRound();
  REQUIRE(meter.isMeasuring());
  work();
  {
    const StageScope store(&meter, Stage::Store);
    work();
    {
      const StageScope crypto(&meter, Stage::Crypto);
      work();
    }
  }
  meter.endRound(true, 7);

  CHECK_FALSE(meter.isMeasuring());
  CHECK(sums.requests.get() == 7);
  CHECK(ticksOf(sums, Stage::Ring) >= kWorkNs);
  CHECK(ticksOf(sums, Stage::Store) >= kWorkNs);
  CHECK(ticksOf(sums, Stage::Crypto) >= kWorkNs);
  CHECK(ticksOf(sums, Stage::Complete) == 0);
}

TEST_CASE("a stage within a stage goes back to the outer one, which keeps only its own time") {
  StageSums sums;
  StageMeter meter(TickClock::ofNanoseconds(), sums);
  skipToMeasured(meter);
  const std::uint64_t startNs = monotonicNs();
  meter.beginRound();
  {
    const StageScope store(&meter, Stage::Store);
    const StageScope crypto(&meter, Stage::Crypto);
    work();
  }
  meter.endRound(true, 1);
  const std::uint64_t elapsedNs = monotonicNs() - startNs;

  std::uint64_t sum = 0;
  for (const Counter& ticks : sums.ticks) {
    sum += ticks.get();
  }
  CHECK(sum <= elapsedNs);
  CHECK(ticksOf(sums, Stage::Crypto) >= kWorkNs);
  CHECK(ticksOf(sums, Stage::Store) <= elapsedNs - kWorkNs);
}

TEST_CASE("a measured round without work is forgotten") {
  StageSums sums;
  StageMeter meter(TickClock::ofNanoseconds(), sums);
  skipToMeasured(meter);
  meter.beginRound();
  work();
  meter.endRound(false, 0);

  CHECK(ticksOf(sums, Stage::Ring) == 0);
  CHECK(sums.requests.get() == 0);
}

TEST_CASE("scopes without a meter, or between measured rounds, do nothing") {
  StageSums sums;
  StageMeter meter(TickClock::ofNanoseconds(), sums);
  const StageScope none(nullptr, Stage::Crypto);
  {
    const StageScope idle(&meter, Stage::Crypto);
    work();
  }
  CHECK(ticksOf(sums, Stage::Crypto) == 0);
}

} // namespace argon
