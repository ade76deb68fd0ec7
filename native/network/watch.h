// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an operator asks a card's engine for: traces, flow logs of interfaces and, in a test
// environment, a capture. Makes what the engine needs for them, on the caller's thread, and takes
// out what it has put down.
//
// One thread at a time, and neither the engine's nor the session's: each call waits for the engine
// to come between two rounds, except those that take. Nothing is called after the engine's stop();
// outlives the engine's thread.

#include "base/result.h"
#include "network/engine.h"
#include "network/interface.h"
#include "vpc/capture.h"
#include "vpc/flow_log.h"
#include "vpc/observer.h"
#include "vpc/trace.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace argon::network {

class Watch {
public:
  /// Records or frames of one take.
  static constexpr std::size_t kTakeCountMax = 4096;
  /// Frames of a capture that may wait to be taken; half a megabyte.
  static constexpr std::size_t kCapturedCountMax = 2048;

  explicit Watch(Engine& engine) : engine_(engine) {}
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() = default;

  /// As vpc::rehearse().
  [[nodiscard]] Result<vpc::Trace> trace(const vpc::TraceQuestion& question);

  /// As vpc::Pipeline has it, of now; none without a policy.
  [[nodiscard]] std::optional<std::uint32_t> conntrackAvailable(InterfaceIndex index);

  /// Logs an interface, in intervals of so many seconds. NotFound if it is in no policy.
  Result<void> startFlowLog(InterfaceIndex index, std::uint32_t intervalSeconds);
  /// Harmless if it is not logged.
  void stopFlowLog(InterfaceIndex index);
  /// What has been recorded since the last time, at most kTakeCountMax.
  [[nodiscard]] std::vector<vpc::FlowLogRecord> takeFlowLog();

  /// Begins a capture of one interface, or of all if none is named, in the place of one that there
  /// is. PermissionDenied in production.
  Result<void> startCapture(vpc::Environment environment,
                            std::optional<InterfaceIndex> only = std::nullopt);
  /// Frames that have not been taken are lost. Harmless if there is none.
  void stopCapture();
  /// What has been captured since the last time, at most kTakeCountMax frames.
  [[nodiscard]] std::vector<vpc::CapturedFrame> takeCapture();

private:
  Result<void> observe();

  Engine& engine_;
  // Made with the first flow log or capture, and the engine's to use from then on.
  std::unique_ptr<vpc::Observer> observer_;
  std::unique_ptr<vpc::Capture> capture_;
};

} // namespace argon::network
