// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counters as they were at a moment: plain values for whoever asks, in their final units.

#include "base/histogram.h"
#include "base/stage_meter.h"
#include "base/tick_clock.h"
#include "block/counters.h"

#include <array>
#include <cstdint>
#include <vector>

namespace argon::block {

struct QueueSnapshot {
  std::uint64_t reads = 0;
  std::uint64_t readBytes = 0;
  std::uint64_t writes = 0;
  std::uint64_t writtenBytes = 0;
  std::uint64_t flushes = 0;
  std::uint64_t discards = 0;
  std::uint64_t discardedBytes = 0;
  std::uint64_t writeZeroes = 0;
  std::uint64_t zeroedBytes = 0;
  std::uint64_t failures = 0;
  std::uint64_t malformedChains = 0;
  std::uint64_t kicks = 0;
  std::uint64_t calls = 0;
  std::uint64_t inFlight = 0;
  /// How long the oldest request under way has been; 0 if there is none.
  std::uint64_t oldestNs = 0;
  HistogramSnapshot chainsPerRound;
  HistogramSnapshot answersPerPublish;
  /// By RequestKind and WaitStage.
  std::array<HistogramSnapshot, kRequestKindCount> latencyNs;
  std::array<HistogramSnapshot, kWaitStageCount> stageNs;
};

struct WorkerSnapshot {
  std::uint64_t busyRounds = 0;
  std::uint64_t pollHits = 0;
  std::uint64_t pollMisses = 0;
  std::uint64_t sleeps = 0;
  /// Requests of the rounds whose stages were measured, and the ticks of each Stage in them.
  std::uint64_t measuredRequests = 0;
  std::array<std::uint64_t, kStageCount> stageTicks{};
  /// 0 if unknown.
  std::uint64_t ticksPerSecond = 0;
};

/// What a card tells of one device: its rings, and the workers that it shares with others.
struct DeviceSnapshot {
  std::vector<QueueSnapshot> queues;
  std::vector<WorkerSnapshot> workers;
};

/// Any thread. `clock` is one of this host.
[[nodiscard]] QueueSnapshot readCounters(const QueueCounters& counters, const TickClock& clock);
[[nodiscard]] WorkerSnapshot readCounters(const WorkerCounters& counters);

} // namespace argon::block
