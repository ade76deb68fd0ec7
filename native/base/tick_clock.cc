// SPDX-License-Identifier: Apache-2.0
#include "base/tick_clock.h"

#include "base/clock.h"

#include <cpuid.h>

#include <cstdint>

namespace argon {

namespace {

constexpr std::uint64_t kCalibrationNs = 200'000;

// "Invariant TSC", Intel SDM volume 3, 18.17.1, and AMD's manual alike.
bool hasInvariantCounter() {
  constexpr unsigned kLeaf = 0x8000'0007;
  constexpr unsigned kInvariantBit = 1U << 8;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(kLeaf, &eax, &ebx, &ecx, &edx) != 0 && (edx & kInvariantBit) != 0;
}

} // namespace

TickClock TickClock::calibrate() {
  if (!hasInvariantCounter()) {
    return ofNanoseconds();
  }
  const std::uint64_t startNs = monotonicNs();
  const std::uint64_t startTicks = __builtin_ia32_rdtsc();
  std::uint64_t elapsedNs = 0;
  while (elapsedNs < kCalibrationNs) {
    relaxCpu();
    elapsedNs = monotonicNs() - startNs;
  }
  const std::uint64_t elapsedTicks = __builtin_ia32_rdtsc() - startTicks;
  if (elapsedTicks == 0) {
    return ofNanoseconds(); // A counter that stands still.
  }
  return {true, static_cast<std::uint64_t>((Wide{elapsedNs} << 32) / elapsedTicks)};
}

} // namespace argon
