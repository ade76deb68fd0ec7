// SPDX-License-Identifier: Apache-2.0
#pragma once

// What interfaces and the engine count. One writer, the engine's thread, and any number of readers.

#include "base/counter.h"
#include "base/data_thread.h"
#include "packet/headers.h"
#include "vpc/drop_reason.h"
#include "vpc/interface_state.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace argon::network {

/// Seen from the guest, as its own counters are. Names that ENA has are ENA's.
struct InterfaceCounters {
  Counter txFrames;
  Counter txBytes;
  /// Sent, and of no meaning: chains that break the rules of virtio, or headers that lie.
  Counter txMalformed;
  /// Sent to where nothing receives: no cable, nobody at its other end, or by a ring that is
  /// disabled.
  Counter txUnreachable;
  Counter rxFrames;
  Counter rxBytes;
  /// Lost because the guest had no buffers for them.
  Counter rxOverruns;
  /// Lost because they do not fit the guest's buffers, or what it agreed to receive.
  Counter rxUnfit;
  /// For services that are not there, or had no room.
  Counter puntsLost;
  /// Rings that broke.
  Counter brokenRings;
  Counter kicks;
  Counter calls;

  void noteSent(std::uint64_t bytes) {
    txFrames.add(1);
    txBytes.add(bytes);
  }
};

struct EngineCounters {
  LoopCounters loop;
};

/// What a policy did to an interface's frames; the counters of native/vpc as plain values.
struct PolicySnapshot {
  std::uint64_t answers = 0;
  std::uint64_t punts = 0;
  std::uint64_t bw_in_allowance_exceeded = 0;
  std::uint64_t bw_out_allowance_exceeded = 0;
  std::uint64_t pps_allowance_exceeded = 0;
  std::uint64_t conntrack_allowance_exceeded = 0;
  std::uint64_t linklocal_allowance_exceeded = 0;
  /// As of when it was asked for; none if the interface is in no policy.
  std::optional<std::uint32_t> conntrack_allowance_available;
  /// By vpc::DropReason, and of the malformed ones by packet::ParseFault.
  std::array<std::uint64_t, vpc::kDropReasonCount> drops{};
  std::array<std::uint64_t, packet::kParseFaultCount> faults{};
};

/// All of an interface as plain values.
struct InterfaceSnapshot {
  std::uint64_t txFrames = 0;
  std::uint64_t txBytes = 0;
  std::uint64_t txMalformed = 0;
  std::uint64_t txUnreachable = 0;
  std::uint64_t rxFrames = 0;
  std::uint64_t rxBytes = 0;
  std::uint64_t rxOverruns = 0;
  std::uint64_t rxUnfit = 0;
  std::uint64_t puntsLost = 0;
  std::uint64_t brokenRings = 0;
  std::uint64_t kicks = 0;
  std::uint64_t calls = 0;
  PolicySnapshot policy;
};

/// Any thread. A frame may show in one number and not yet in another.
[[nodiscard]] inline PolicySnapshot readCounters(const vpc::InterfaceCounters& counters) {
  PolicySnapshot taken{.answers = counters.answers.get(),
                       .punts = counters.punts.get(),
                       .bw_in_allowance_exceeded = counters.bw_in_allowance_exceeded.get(),
                       .bw_out_allowance_exceeded = counters.bw_out_allowance_exceeded.get(),
                       .pps_allowance_exceeded = counters.pps_allowance_exceeded.get(),
                       .conntrack_allowance_exceeded = counters.conntrack_allowance_exceeded.get(),
                       .linklocal_allowance_exceeded = counters.linklocal_allowance_exceeded.get(),
                       .conntrack_allowance_available = std::nullopt};
  const auto value = [](const Counter& counter) { return counter.get(); };
  std::ranges::transform(counters.drops, taken.drops.begin(), value);
  std::ranges::transform(counters.faults, taken.faults.begin(), value);
  return taken;
}

/// The same; `policy` is null while there was none.
[[nodiscard]] inline InterfaceSnapshot readCounters(const InterfaceCounters& counters,
                                                    const vpc::InterfaceCounters* policy) {
  return {.txFrames = counters.txFrames.get(),
          .txBytes = counters.txBytes.get(),
          .txMalformed = counters.txMalformed.get(),
          .txUnreachable = counters.txUnreachable.get(),
          .rxFrames = counters.rxFrames.get(),
          .rxBytes = counters.rxBytes.get(),
          .rxOverruns = counters.rxOverruns.get(),
          .rxUnfit = counters.rxUnfit.get(),
          .puntsLost = counters.puntsLost.get(),
          .brokenRings = counters.brokenRings.get(),
          .kicks = counters.kicks.get(),
          .calls = counters.calls.get(),
          .policy = policy == nullptr ? PolicySnapshot() : readCounters(*policy)};
}

} // namespace argon::network
