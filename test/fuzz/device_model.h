// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a block device does with all that a scene offers, told slowly: the oracle for one ring. It
// can tell only if no request writes where the device reads chains, heads or tables; there the
// outcome hangs on when the device looks.

#include "fuzz/guest_scene.h"
#include "fuzz/work_script.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::fuzz {

/// What a device counts; as block::QueueCounters has it.
struct Counts {
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

  friend bool operator==(const Counts&, const Counts&) = default;
};

struct Prediction {
  /// False if the outcome cannot be told.
  bool isCertain = true;
  /// True if the ring breaks.
  bool isBroken = false;
  /// Where the ring would go on, as GET_VRING_BASE has it.
  std::uint32_t base = 0;
  /// The arena afterwards, and the store.
  std::vector<std::byte> memory;
  std::vector<std::byte> store;
  Counts counts;
};

[[nodiscard]] Prediction predict(const GuestScene& scene, const WorkScript& script,
                                 std::span<const std::byte> store, std::span<const std::byte> id);

} // namespace argon::fuzz
