// SPDX-License-Identifier: Apache-2.0
#pragma once

// What rings and workers count. Each struct has one writer, its worker, and any number of readers
// on any thread; nothing in them is a pointer and all of it is zero in fresh memory, so that they
// can lie in pages shared with whoever reads them. The layout is fixed: members are 8 bytes or
// arrays of such, in this order; one that is new goes to the end.
//
// Latencies are in nanoseconds. A reader may see a request in one member and not yet in another.

#include "base/counter.h"
#include "base/data_thread.h"
#include "base/histogram.h"
#include "base/stage_meter.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::block {

/// What a request was, as far as statistics tell it apart. Other: it failed, or asked for an id.
enum class RequestKind : std::uint8_t { Read, Write, Flush, Discard, WriteZeroes, Other };
/// Those that have statistics of their own, which is all but Other.
constexpr std::size_t kRequestKindCount = 5;

/// The parts of a request's time, of one request of many (QueueMeter says which).
enum class WaitStage : std::uint8_t {
  /// From taken to handed to the store that keeps the data, limits included.
  Wait,
  Crypto,
  /// In the store that keeps the data.
  Device,
  /// From there to published.
  Complete,
};
constexpr std::size_t kWaitStageCount = 4;

/// Sizes of batches; 32,768 is the largest ring.
using SizeHistogram = Histogram<2, 16>;

/// What a ring has done since its device was added.
struct QueueCounters {
  /// Requests that succeeded, and their bytes, by kind.
  std::array<Counter, kRequestKindCount> requests;
  std::array<Counter, kRequestKindCount> bytes;
  /// Answered with IOERR or UNSUPP.
  Counter failures;
  /// Chains that broke the rules of virtio.
  Counter malformedChains;
  Counter kicks;
  Counter calls;
  /// Now: chains that were taken and are not published.
  Counter inFlight;
  /// Now: when the oldest of them was taken, in ticks; 0 if there is none.
  Counter oldestTicks;
  /// Nanoseconds of a tick, times 2^32; 0 before the ring is first started.
  Counter nsPerTick;
  /// Chains taken in a round that took any, and answers published at once.
  SizeHistogram chainsPerRound;
  SizeHistogram answersPerPublish;
  /// Before the latencies, so that a device that only reads touches three pages.
  std::array<CompactHistogram, kWaitStageCount> stageNs;
  /// From taken to published, of every request that succeeded.
  std::array<CompactHistogram, kRequestKindCount> latencyNs;

  /// Not of Other.
  [[nodiscard]] const Counter& requestsOf(RequestKind kind) const {
    return requests[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] const Counter& bytesOf(RequestKind kind) const {
    return bytes[static_cast<std::size_t>(kind)];
  }
};
static_assert(std::is_standard_layout_v<QueueCounters> &&
              std::is_trivially_copyable_v<QueueCounters>);
static_assert(offsetof(QueueCounters, chainsPerRound) == 17 * 8 &&
              sizeof(QueueCounters) ==
                  17 * 8 + 2 * sizeof(SizeHistogram) + 9 * sizeof(CompactHistogram));

/// What a worker has done since it was started.
struct WorkerCounters {
  LoopCounters loop;
  /// Nanoseconds of a tick, times 2^32.
  Counter nsPerTick;
  StageSums stages;
};
static_assert(std::is_standard_layout_v<WorkerCounters> && sizeof(WorkerCounters) == 10 * 8);

} // namespace argon::block
