// SPDX-License-Identifier: Apache-2.0
#pragma once

// What interfaces and the engine count. One writer, the engine's thread, and any number of readers.

#include "base/counter.h"
#include "base/data_thread.h"

#include <cstdint>

namespace argon::network {

/// Seen from the guest, as its own counters are. Names that ENA has are ENA's.
struct InterfaceCounters {
  Counter txFrames;
  Counter txBytes;
  /// Sent, and of no meaning: chains that break the rules of virtio, or headers that lie.
  Counter txMalformed;
  /// Sent to where nothing receives: no cable, or nobody at its other end.
  Counter txUnreachable;
  Counter rxFrames;
  Counter rxBytes;
  /// Lost because the guest had no buffers for them.
  Counter rxOverruns;
  /// Lost because they do not fit the guest's buffers, or what it agreed to receive.
  Counter rxUnfit;
  /// Rings that broke.
  Counter brokenRings;
  Counter kicks;
  Counter calls;
};

struct EngineCounters {
  LoopCounters loop;
};

/// The same as plain values.
struct InterfaceSnapshot {
  std::uint64_t txFrames = 0;
  std::uint64_t txBytes = 0;
  std::uint64_t txMalformed = 0;
  std::uint64_t txUnreachable = 0;
  std::uint64_t rxFrames = 0;
  std::uint64_t rxBytes = 0;
  std::uint64_t rxOverruns = 0;
  std::uint64_t rxUnfit = 0;
  std::uint64_t brokenRings = 0;
  std::uint64_t kicks = 0;
  std::uint64_t calls = 0;
};

/// Any thread. A frame may show in one number and not yet in another.
[[nodiscard]] inline InterfaceSnapshot readCounters(const InterfaceCounters& counters) {
  return {.txFrames = counters.txFrames.get(),
          .txBytes = counters.txBytes.get(),
          .txMalformed = counters.txMalformed.get(),
          .txUnreachable = counters.txUnreachable.get(),
          .rxFrames = counters.rxFrames.get(),
          .rxBytes = counters.rxBytes.get(),
          .rxOverruns = counters.rxOverruns.get(),
          .rxUnfit = counters.rxUnfit.get(),
          .brokenRings = counters.brokenRings.get(),
          .kicks = counters.kicks.get(),
          .calls = counters.calls.get()};
}

} // namespace argon::network
