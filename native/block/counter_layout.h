// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the counters of a card lie in memory that it shares with whoever reads them: a sealed memfd
// of kCounterMemoryBytes that costs only the pages in which something was counted. Its size is
// fixed, so that neither side maps more than there is.
//
//   0        CounterHeader   says that the rest is laid out as here
//   4096     DeviceEntry     × kCounterDevicesMax: which rings are whose
//   69632    WorkerEntry     × kCounterWorkersMax: the first `workerCount` of them are used
//   77824    QueueCounters   × kCounterQueuesMax, kCounterQueueStride bytes apart
//
// The card writes, anybody with the memory reads. An entry of a device is changed under its
// sequence: odd while it is being changed, and another number afterwards.

#include "base/counter.h"
#include "block/counters.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::block {

/// Raised with every change of what is laid out here, QueueCounters and WorkerCounters included.
constexpr std::uint64_t kCounterVersion = 1;
constexpr std::uint64_t kCounterMagic = 0x31544E434E475241; // "ARGNCNT1"

/// Arbitrary; more than a card here has of each. What is beyond counts in memory of its own.
constexpr std::size_t kCounterDevicesMax = 1024;
constexpr std::size_t kCounterWorkersMax = 64;
constexpr std::size_t kCounterQueuesMax = 16'384;
constexpr std::size_t kCounterIdBytes = 24;

struct CounterHeader {
  /// Written last, with release.
  Counter magic;
  Counter version;
  /// Of the whole memory, of QueueCounters and of WorkerCounters: what the version stands for.
  Counter totalBytes;
  Counter queueBytes;
  Counter workerBytes;
  Counter workerCount;
};
static_assert(sizeof(CounterHeader) == 48);

struct DeviceEntry {
  Counter sequence;
  /// The first of the device's rings times 2^32, and their number: 0 if the entry is free.
  Counter place;
  /// The device's id, filled up with zeros.
  std::array<Counter, kCounterIdBytes / 8> id;
  std::array<Counter, 3> unused;
};
static_assert(sizeof(DeviceEntry) == 64);

/// Of its own cache lines: each worker writes one.
struct WorkerEntry {
  WorkerCounters counters;
  std::array<Counter, 6> unused;
};
static_assert(sizeof(WorkerEntry) == 128);

/// Whole pages, which are given back when the device goes.
constexpr std::size_t kCounterQueueStride = 6 * std::size_t{4096};
static_assert(sizeof(QueueCounters) <= kCounterQueueStride);

constexpr std::size_t kCounterDevicesAt = 4096;
constexpr std::size_t kCounterWorkersAt =
    kCounterDevicesAt + kCounterDevicesMax * sizeof(DeviceEntry);
constexpr std::size_t kCounterQueuesAt =
    kCounterWorkersAt + kCounterWorkersMax * sizeof(WorkerEntry);
static_assert(kCounterWorkersAt == 69'632 && kCounterQueuesAt == 77'824);
constexpr std::size_t kCounterMemoryBytes =
    kCounterQueuesAt + kCounterQueuesMax * kCounterQueueStride;

static_assert(std::is_standard_layout_v<DeviceEntry> && std::is_trivially_copyable_v<DeviceEntry>);

} // namespace argon::block
