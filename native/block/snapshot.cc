// SPDX-License-Identifier: Apache-2.0
#include "block/snapshot.h"

#include "base/stage_meter.h"
#include "base/tick_clock.h"
#include "block/counters.h"

#include <cstddef>
#include <cstdint>

namespace argon::block {

namespace {

// A request may be taken between the look at the counter and the look at the clock, and counters of
// two CPUs may be a few ticks apart.
std::uint64_t ageOf(std::uint64_t sinceTicks, const TickClock& clock) {
  const std::uint64_t nowTicks = clock.now();
  return sinceTicks == 0 || nowTicks < sinceTicks ? 0 : clock.toNs(nowTicks - sinceTicks);
}

} // namespace

QueueSnapshot readCounters(const QueueCounters& counters, const TickClock& clock) {
  QueueSnapshot snapshot{.reads = counters.requestsOf(RequestKind::Read).get(),
                         .readBytes = counters.bytesOf(RequestKind::Read).get(),
                         .writes = counters.requestsOf(RequestKind::Write).get(),
                         .writtenBytes = counters.bytesOf(RequestKind::Write).get(),
                         .flushes = counters.requestsOf(RequestKind::Flush).get(),
                         .discards = counters.requestsOf(RequestKind::Discard).get(),
                         .discardedBytes = counters.bytesOf(RequestKind::Discard).get(),
                         .writeZeroes = counters.requestsOf(RequestKind::WriteZeroes).get(),
                         .zeroedBytes = counters.bytesOf(RequestKind::WriteZeroes).get(),
                         .failures = counters.failures.get(),
                         .malformedChains = counters.malformedChains.get(),
                         .kicks = counters.kicks.get(),
                         .calls = counters.calls.get(),
                         .inFlight = counters.inFlight.get(),
                         .oldestNs = ageOf(counters.oldestTicks.get(), clock),
                         .chainsPerRound = counters.chainsPerRound.read(),
                         .answersPerPublish = counters.answersPerPublish.read(),
                         .latencyNs = {},
                         .stageNs = {}};
  for (std::size_t kind = 0; kind < kRequestKindCount; ++kind) {
    snapshot.latencyNs[kind] = counters.latencyNs[kind].read();
  }
  for (std::size_t stage = 0; stage < kWaitStageCount; ++stage) {
    snapshot.stageNs[stage] = counters.stageNs[stage].read();
  }
  return snapshot;
}

WorkerSnapshot readCounters(const WorkerCounters& counters) {
  const std::uint64_t nsPerTick = counters.nsPerTick.get();
  WorkerSnapshot snapshot{
      .busyRounds = counters.loop.busyRounds.get(),
      .pollHits = counters.loop.pollHits.get(),
      .pollMisses = counters.loop.pollMisses.get(),
      .sleeps = counters.loop.sleeps.get(),
      .measuredRequests = counters.stages.requests.get(),
      .stageTicks = {},
      .ticksPerSecond = nsPerTick == 0 ? 0
                                       : static_cast<std::uint64_t>(1e9 * 4294967296.0 /
                                                                    static_cast<double>(nsPerTick)),
  };
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    snapshot.stageTicks[stage] = counters.stages.ticks[stage].get();
  }
  return snapshot;
}

} // namespace argon::block
