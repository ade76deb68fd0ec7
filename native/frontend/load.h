// SPDX-License-Identifier: Apache-2.0
#pragma once

// Load on a block back end, without a guest: a fixed number of requests under way, each answered
// one replaced at once, for a fixed time. Everything but sector numbers is prepared beforehand, so
// that what is measured is the back end. One thread, which may be pinned.

#include "base/histogram.h"
#include "base/result.h"
#include "frontend/session.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::frontend {

enum class LoadPattern : std::uint8_t { Read, Write, RandomRead, RandomWrite };
enum class LoadWait : std::uint8_t {
  /// Looks at the used rings without end and wants no calls.
  Polling,
  /// Sleeps on the call descriptors.
  EventFd,
};

struct LoadOptions {
  LoadPattern pattern = LoadPattern::RandomRead;
  LoadWait wait = LoadWait::Polling;
  std::uint32_t blockBytes = 4096;
  /// Requests under way on each queue.
  std::uint16_t depth = 1;
  std::uint64_t durationNs = 0;
  /// Load before the measurement starts.
  std::uint64_t warmupNs = 0;
  /// The part of the device to use, from its start; 0: all of it.
  std::uint64_t spanBytes = 0;
  std::uint64_t seed = 1;
  std::vector<unsigned> cpus;
  /// Once true, the load ends with Closed as soon as what is under way is answered. Null: the load
  /// cannot be cancelled. Outlives the call; any thread may set it.
  const std::atomic<bool>* isCancelled = nullptr;
};

struct LoadResult {
  std::uint64_t operationCount = 0;
  std::uint64_t byteCount = 0;
  std::uint64_t elapsedNs = 0;
  std::uint64_t errorCount = 0;
  /// In nanoseconds, from the offer of a request to the look that saw its answer.
  HistogramSnapshot latency;
};

/// Descriptors that a ring must have for a depth; the most there can be if that is too little.
[[nodiscard]] std::uint16_t queueSizeFor(std::uint16_t depth);
/// Bytes that a session's arena must have.
[[nodiscard]] std::size_t arenaBytesFor(const LoadOptions& options, std::uint16_t queueCount);

/// Runs on all queues of the session, whose rings must be idle, and leaves them idle. TimedOut if
/// the back end stops answering.
[[nodiscard]] Result<LoadResult> runLoad(Session& session, const LoadOptions& options);

} // namespace argon::frontend
