// SPDX-License-Identifier: Apache-2.0
#include "block/snapshot.h"

#include "base/clock.h"
#include "base/tick_clock.h"
#include "block/counters.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace argon::block {

TEST_CASE("a snapshot of a ring has each counter under its name") {
  const auto counters = std::make_unique<QueueCounters>();
  for (std::size_t kind = 0; kind < kRequestKindCount; ++kind) {
    counters->requests[kind].set(10 + kind);
    counters->bytes[kind].set(20 + kind);
    counters->latencyNs[kind].record(100 + kind);
  }
  counters->failures.set(1);
  counters->malformedChains.set(2);
  counters->kicks.set(3);
  counters->calls.set(4);
  counters->inFlight.set(5);
  counters->chainsPerRound.record(6);
  counters->answersPerPublish.record(7);
  counters->stageNs[static_cast<std::size_t>(WaitStage::Device)].record(8);

  const QueueSnapshot snapshot = readCounters(*counters, TickClock::ofNanoseconds());

  CHECK(snapshot.reads == 10);
  CHECK(snapshot.readBytes == 20);
  CHECK(snapshot.writes == 11);
  CHECK(snapshot.writtenBytes == 21);
  CHECK(snapshot.flushes == 12);
  CHECK(snapshot.discards == 13);
  CHECK(snapshot.discardedBytes == 23);
  CHECK(snapshot.writeZeroes == 14);
  CHECK(snapshot.zeroedBytes == 24);
  CHECK(snapshot.failures == 1);
  CHECK(snapshot.malformedChains == 2);
  CHECK(snapshot.kicks == 3);
  CHECK(snapshot.calls == 4);
  CHECK(snapshot.inFlight == 5);
  CHECK(snapshot.oldestNs == 0);
  CHECK(snapshot.chainsPerRound.max() == 6);
  CHECK(snapshot.answersPerPublish.max() == 7);
  CHECK(snapshot.latencyNs[4].max() == 104);
  CHECK(snapshot.stageNs[2].max() == 8);
}

TEST_CASE("the oldest request's age is what has passed since, and never less than nothing") {
  const auto counters = std::make_unique<QueueCounters>();
  const TickClock clock = TickClock::ofNanoseconds();
  counters->oldestTicks.set(monotonicNs() - 5'000'000'000);
  CHECK(readCounters(*counters, clock).oldestNs >= 5'000'000'000);
  counters->oldestTicks.set(monotonicNs() + 5'000'000'000);
  CHECK(readCounters(*counters, clock).oldestNs == 0);
}

TEST_CASE("a snapshot of a worker has its counters and the rate of its ticks") {
  WorkerCounters counters;
  CHECK(readCounters(counters).ticksPerSecond == 0);
  counters.loop.busyRounds.set(1);
  counters.loop.pollHits.set(2);
  counters.loop.pollMisses.set(3);
  counters.loop.sleeps.set(4);
  counters.nsPerTick.set(std::uint64_t{1} << 31); // Half a nanosecond.
  counters.stages.requests.set(5);
  counters.stages.ticks[3].set(6);

  const WorkerSnapshot snapshot = readCounters(counters);

  CHECK(snapshot.busyRounds == 1);
  CHECK(snapshot.pollHits == 2);
  CHECK(snapshot.pollMisses == 3);
  CHECK(snapshot.sleeps == 4);
  CHECK(snapshot.measuredRequests == 5);
  CHECK(snapshot.stageTicks[3] == 6);
  CHECK(snapshot.ticksPerSecond == 2'000'000'000);
}

} // namespace argon::block
