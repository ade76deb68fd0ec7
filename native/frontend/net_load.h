// SPDX-License-Identifier: Apache-2.0
#pragma once

// Load on a network back end, without a guest: frames sent into one interface are taken out of
// another. But for a flood a fixed number is under way, so that nothing is lost unless the back end
// loses it.
// Everything is prepared beforehand: what is measured is the back end. One thread, which may be
// pinned; it looks at the rings without end.

#include "base/histogram.h"
#include "base/result.h"
#include "frontend/load_frames.h"
#include "frontend/session.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::frontend {

enum class NetLoadPattern : std::uint8_t {
  /// As many frames as go from the first interface to the second.
  Forward,
  /// The same as fast as the first takes them, whether the second has buffers or not.
  Flood,
  /// One frame there and one back, over and over.
  PingPong,
};

struct NetLoadOptions {
  NetLoadPattern pattern = NetLoadPattern::Forward;
  /// From the Ethernet header on; at least kLoadFrameBytesMin.
  std::uint32_t frameBytes = 64;
  LoadTraffic traffic{};
  /// Frames under way; of PingPong always one. Of Flood, how many wait to be taken at most.
  std::uint16_t depth = 128;
  /// Before all else a frame of each flow goes there, and one comes back: they are connections that
  /// both ends have seen.
  bool isAnswered = false;
  std::uint64_t durationNs = 0;
  /// Load before the measurement starts.
  std::uint64_t warmupNs = 0;
  /// The load ends when so many were sent from the first interface and have come out or are lost,
  /// if that is sooner. 0: it does not.
  std::uint64_t sentCountMax = 0;
  std::vector<unsigned> cpus{};
  /// Once true, the load ends with Closed. Null: it cannot be cancelled. Outlives the call; any
  /// thread may set it.
  const std::atomic<bool>* isCancelled = nullptr;
};

struct NetLoadResult {
  /// Taken out while it was measured.
  std::uint64_t frameCount = 0;
  std::uint64_t byteCount = 0;
  std::uint64_t elapsedNs = 0;
  /// At any time, from both interfaces.
  std::uint64_t sentCount = 0;
  /// Of those, never taken out.
  std::uint64_t lostCount = 0;
  /// PingPong: nanoseconds there and back. Forward: none.
  HistogramSnapshot latency;
};

/// Bytes that the arena of each session must have.
[[nodiscard]] std::size_t netArenaBytesFor(const NetLoadOptions& options, std::uint16_t queueSize);

/// Runs on the first pair of rings of each session: split rings that were never used, of at least
/// `depth` entries. Their receiving rings keep the buffers that they were given: the sessions are
/// of no use to others afterwards. TimedOut if the back end takes no frames any more.
[[nodiscard]] Result<NetLoadResult> runNetLoad(Session& source, Session& target,
                                               const NetLoadOptions& options);

} // namespace argon::frontend
