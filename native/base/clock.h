// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>

namespace argon {

/// Nanoseconds of CLOCK_MONOTONIC: for intervals and deadlines. Through the vDSO, about 20 ns.
[[nodiscard]] inline std::uint64_t monotonicNs() {
  timespec now{};
  // Fails for a clock that is not there or a bad pointer only.
  static_cast<void>(::clock_gettime(CLOCK_MONOTONIC, &now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// Tells the CPU that this is a spin loop, so that its sibling thread gets more of the core.
inline void relaxCpu() { __builtin_ia32_pause(); }

} // namespace argon
