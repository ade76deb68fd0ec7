// SPDX-License-Identifier: Apache-2.0
#pragma once

// A running network card and its interfaces. Shared by the JavaScript object and by work under way
// on it; for any thread, all of it blocking.

#include "addon/bell.h"
#include "addon/device_place.h"
#include "addon/js_log_sink.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/interface.h"
#include "network/punt_lane.h"
#include "network/service_namespace.h"
#include "uplink/tap.h"
#include "vpc/capture.h"
#include "vpc/flow_log.h"
#include "vpc/snapshot.h"
#include "vpc/trace.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace argon::addon {

class RunningNetworkCard {
public:
  /// `backplane`: the card's end of a slot channel, or closed.
  static Result<std::shared_ptr<RunningNetworkCard>>
  start(const network::NetworkCard::Options& options, std::unique_ptr<JsLogSink> log,
        UniqueFd backplane);

  Result<void> add(const network::NetworkCard::InterfaceOptions& options, const DevicePlace& place);
  /// Serves an interface to a TAP device that it makes; AlreadyExists as add() and openTap(). Rings
  /// the bell when the device carries nothing any more, and closes it with the interface.
  Result<void> addUplink(const network::NetworkCard::InterfaceOptions& options,
                         const uplink::TapOptions& tap, const std::shared_ptr<Bell>& onFailure);
  Result<void> remove(network::InterfaceIndex index);
  Result<void> setPolicy(std::shared_ptr<const vpc::Snapshot> policy);
  Result<network::InterfaceSnapshot> snapshot(network::InterfaceIndex index);

  // Services; what does not wait is for the JavaScript thread.

  /// Rings the bell when questions come. Once.
  void serveQuestions(const std::shared_ptr<Bell>& bell);
  [[nodiscard]] network::PuntLane& datagrams() { return card_->datagrams(); }
  [[nodiscard]] const network::PuntLane& streams() { return card_->streams(); }
  /// Makes the namespace of services over TCP. Blocks.
  Result<network::StreamSockets> openStreams();

  // As network::Watch.
  Result<vpc::Trace> trace(const vpc::TraceQuestion& question);
  Result<void> startFlowLog(network::InterfaceIndex index, std::uint32_t intervalSeconds);
  Result<void> stopFlowLog(network::InterfaceIndex index);
  Result<std::vector<vpc::FlowLogRecord>> takeFlowLog();
  Result<void> startCapture(vpc::Environment environment,
                            std::optional<network::InterfaceIndex> only);
  Result<void> stopCapture();
  Result<std::vector<vpc::CapturedFrame>> takeCapture();

  /// Removes all interfaces and ends the threads. Harmless when stopped already.
  void stop();
  [[nodiscard]] bool hasStopped();

private:
  RunningNetworkCard(std::unique_ptr<JsLogSink> log, std::unique_ptr<network::NetworkCard> card)
      : log_(std::move(log)), card_(std::move(card)) {}
  Result<void> openUplink(const network::NetworkCard::InterfaceOptions& options,
                          const uplink::TapOptions& tap, const std::shared_ptr<Bell>& onFailure);
  void removeAndWait(network::InterfaceIndex index);

  // Order matters: the card writes to the log until it has stopped.
  std::unique_ptr<JsLogSink> log_;
  std::unique_ptr<network::NetworkCard> card_;
  // The engine's thread has it too. JavaScript's thread sets it, stop() ends it.
  std::shared_ptr<Bell> bell_;
  // Held for each call: none takes longer than the session thread needs to answer, which never
  // waits for this lock.
  std::mutex mutex_;
  std::set<network::InterfaceIndex> interfaces_;
  // Those of uplinks, which the session thread has too.
  std::map<network::InterfaceIndex, std::shared_ptr<Bell>> uplinkBells_;
  bool hasStopped_ = false;
};

} // namespace argon::addon
