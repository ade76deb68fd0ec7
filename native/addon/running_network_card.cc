// SPDX-License-Identifier: Apache-2.0
#include "addon/running_network_card.h"

#include "addon/bell.h"
#include "addon/device_place.h"
#include "addon/js_log_sink.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/device.h"
#include "network/interface.h"
#include "network/service_namespace.h"
#include "uplink/tap.h"
#include "uplink/tap_port.h"
#include "vhost_user/listener.h"
#include "vhost_user/session.h"
#include "vpc/capture.h"
#include "vpc/flow_log.h"
#include "vpc/snapshot.h"
#include "vpc/trace.h"

#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

Error hasBeenStopped() { return {ErrorKind::Closed, "the card has been stopped"}; }

} // namespace

Result<std::shared_ptr<RunningNetworkCard>>
RunningNetworkCard::start(const network::NetworkCard::Options& options,
                          std::unique_ptr<JsLogSink> log, UniqueFd backplane) {
  Result<std::unique_ptr<network::NetworkCard>> card =
      network::NetworkCard::start(options, *log, std::move(backplane));
  if (!card) {
    log->close();
    return std::move(card).error();
  }
  return std::shared_ptr<RunningNetworkCard>(
      new RunningNetworkCard(std::move(log), *std::move(card)));
}

Result<void> RunningNetworkCard::add(const network::NetworkCard::InterfaceOptions& options,
                                     const DevicePlace& place) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  const vhost_user::Session::Options session{.regionPolicy = place.policy};
  if (place.slot) {
    ARGON_TRY(card_->addSlotInterface(options, *place.slot, session));
  } else {
    ARGON_TRY_ASSIGN(vhost_user::ListeningSocket socket,
                     vhost_user::ListeningSocket::create(place.socketPath));
    ARGON_TRY(card_->addInterface(options, std::move(socket), session));
  }
  interfaces_.insert(options.index);
  return {};
}

Result<void> RunningNetworkCard::addUplink(const network::NetworkCard::InterfaceOptions& options,
                                           const uplink::TapOptions& tap,
                                           const std::shared_ptr<Bell>& onFailure) {
  const std::scoped_lock lock(mutex_);
  Result<void> opened = openUplink(options, tap, onFailure);
  if (!opened) onFailure->close();
  return opened;
}

Result<void> RunningNetworkCard::openUplink(const network::NetworkCard::InterfaceOptions& options,
                                            const uplink::TapOptions& tap,
                                            const std::shared_ptr<Bell>& onFailure) {
  if (hasStopped_) return hasBeenStopped();
  ARGON_TRY_ASSIGN(UniqueFd opened, uplink::openTap(tap));
  // A function must be copyable, so what it moves is shared for the way.
  const auto way = std::make_shared<UniqueFd>(std::move(opened));
  ARGON_TRY(card_->addInterfaceAt(
      options, [way, onFailure](EventLoop& loop, network::NetworkDevice& device, const Log& log) {
        return std::make_unique<uplink::TapPort>(std::move(*way), loop, device, log,
                                                 [onFailure] { onFailure->ring(); });
      }));
  interfaces_.insert(options.index);
  uplinkBells_.emplace(options.index, onFailure);
  return {};
}

Result<void> RunningNetworkCard::remove(network::InterfaceIndex index) {
  const std::scoped_lock lock(mutex_);
  if (interfaces_.erase(index) == 0) {
    return Error(ErrorKind::NotFound, "there is no such interface");
  }
  removeAndWait(index);
  return {};
}

Result<void> RunningNetworkCard::setPolicy(std::shared_ptr<const vpc::Snapshot> policy) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->setPolicy(std::move(policy));
}

Result<network::InterfaceSnapshot> RunningNetworkCard::snapshot(network::InterfaceIndex index) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->snapshot(index);
}

void RunningNetworkCard::serveQuestions(const std::shared_ptr<Bell>& bell) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) {
    bell->close();
    return;
  }
  bell_ = bell;
  card_->datagrams().serve([bell] { bell->ring(); });
}

Result<network::StreamSockets> RunningNetworkCard::openStreams() {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  ARGON_TRY_ASSIGN(network::ServiceNamespace made, network::ServiceNamespace::create());
  ARGON_TRY(card_->openStreams(std::move(made.tun)));
  return std::move(made.sockets);
}

Result<vpc::Trace> RunningNetworkCard::trace(const vpc::TraceQuestion& question) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->watch().trace(question);
}

Result<void> RunningNetworkCard::startFlowLog(network::InterfaceIndex index,
                                              std::uint32_t intervalSeconds) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->watch().startFlowLog(index, intervalSeconds);
}

Result<void> RunningNetworkCard::stopFlowLog(network::InterfaceIndex index) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  card_->watch().stopFlowLog(index);
  return {};
}

Result<std::vector<vpc::FlowLogRecord>> RunningNetworkCard::takeFlowLog() {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->watch().takeFlowLog();
}

Result<void> RunningNetworkCard::startCapture(vpc::Environment environment,
                                              std::optional<network::InterfaceIndex> only) {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->watch().startCapture(environment, only);
}

Result<void> RunningNetworkCard::stopCapture() {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  card_->watch().stopCapture();
  return {};
}

Result<std::vector<vpc::CapturedFrame>> RunningNetworkCard::takeCapture() {
  const std::scoped_lock lock(mutex_);
  if (hasStopped_) return hasBeenStopped();
  return card_->watch().takeCapture();
}

void RunningNetworkCard::removeAndWait(network::InterfaceIndex index) {
  std::promise<void> removed;
  card_->removeInterface(index, [&removed] { removed.set_value(); });
  removed.get_future().wait();
  if (const auto found = uplinkBells_.find(index); found != uplinkBells_.end()) {
    found->second->close();
    uplinkBells_.erase(found);
  }
}

void RunningNetworkCard::stop() {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(hasStopped_, true)) return;
  for (const network::InterfaceIndex index : std::exchange(interfaces_, {})) {
    removeAndWait(index);
  }
  card_->stop();
  if (bell_ != nullptr) bell_->close();
  log_->close();
}

bool RunningNetworkCard::hasStopped() {
  const std::scoped_lock lock(mutex_);
  return hasStopped_;
}

} // namespace argon::addon
