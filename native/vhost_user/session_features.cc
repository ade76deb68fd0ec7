// SPDX-License-Identifier: Apache-2.0

// The session's handlers for what concerns the device as a whole: features, status, reset,
// in-flight tracking, dirty log, back-end requests.

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/backend_channel.h"
#include "vhost_user/connection.h"
#include "vhost_user/device.h"
#include "vhost_user/dirty_log.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/message_table.h"
#include "vhost_user/session.h"
#include "vhost_user/spec/messages.h"
#include "vhost_user/vring.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace argon::vhost_user {

namespace {

// The shorter form of the text has no padding at its end.
spec::InflightDescription readInflightDescription(std::span<const std::byte> payload) {
  spec::InflightDescription description{};
  std::memcpy(&description, payload.data(), std::min(payload.size(), sizeof description));
  return description;
}

} // namespace

virtio::FeatureSet Session::offeredFeatures() const {
  return device_.offeredFeatures().with(spec::F_PROTOCOL_FEATURES).with(spec::F_LOG_ALL);
}

Result<Session::Handled> Session::handleSetFeatures(const Message& message) {
  const virtio::FeatureSet asked(message.as<std::uint64_t>());
  if (!asked.isSubsetOf(offeredFeatures())) {
    return Error(ErrorKind::Protocol,
                 concat("features ", hex(asked.bits()), " were not all offered"));
  }
  if (hasStarted() && asked.without(spec::F_LOG_ALL) != features_.without(spec::F_LOG_ALL)) {
    return Error(ErrorKind::Protocol, "features cannot change while a ring is started");
  }
  if (hasStarted() && asked == features_) {
    return Handled::Done;
  }
  // A front end turns logging on and off under running rings.
  return afterRestarting([this, asked] {
    features_ = asked;
    hasFeatures_ = true;
    if (!asked.has(spec::F_PROTOCOL_FEATURES)) {
      // "If PROTOCOL_FEATURES has not been negotiated, the ring starts directly in the enabled
      // state."
      for (Vring& vring : vrings_) {
        vring.enablement = Vring::Enablement::Enabled;
      }
    }
  });
}

Result<Session::Handled> Session::handleNetSetMtu(const Message& message) {
  ARGON_TRY(device_.setMtu(message.as<std::uint64_t>()));
  return Handled::Done;
}

Result<Session::Handled> Session::handleSetStatus(const Message& message) {
  const auto status = message.as<std::uint64_t>();
  if (status > spec::kStatusMask) {
    return Error(ErrorKind::Protocol, concat("a device status of ", hex(status)));
  }
  // Writing 0 resets the device (virtio 1.2, 2.1.2).
  if (status == 0) {
    return resetDevice();
  }
  status_ = static_cast<std::uint8_t>(status);
  return Handled::Done;
}

// "Disable all rings and reset all internal device state to the initial state, ready to be
// reinitialized." Memory, descriptors to call and protocol features are the session's and stay:
// QEMU does not send them again.
Result<Session::Handled> Session::resetDevice() {
  return afterStopping([](const Vring&) { return true; },
                       [this]() -> Result<Handled> {
                         for (Vring& vring : vrings_) {
                           vring =
                               Vring{.call = std::move(vring.call), .err = std::move(vring.err)};
                         }
                         features_ = {};
                         hasFeatures_ = false;
                         status_ = 0;
                         // What it says of positions is not true of rings that begin anew.
                         inflight_ = nullptr;
                         device_.reset();
                         return Handled::Done;
                       });
}

Result<Session::Handled> Session::handleSetBackendReqFd(Message& message) {
  ARGON_TRY_ASSIGN(backendChannel_,
                   BackendChannel::create(std::move(message.fds.front()), connection_.fd()));
  return Handled::Done;
}

void Session::notifyConfigChanged() {
  if (isEnding_ || !backendChannel_ || !protocolFeatures_.has(spec::PROTOCOL_F_CONFIG)) {
    return;
  }
  if (const Result<void> sent = backendChannel_->sendConfigChange(); !sent) {
    log_.warn(
        concat("the front end was not told of a new configuration: ", sent.error().message()));
  }
}

Result<Session::Handled> Session::handleSetLogBase(Message& message) {
  ARGON_TRY_ASSIGN(std::shared_ptr<const DirtyLog> log,
                   DirtyLog::map(message.as<spec::LogDescription>(), std::move(message.fds.front()),
                                 options_.regionPolicy));
  const MessageRule& rule = *message.rule;
  return afterStopping([](const Vring&) { return true; },
                       [this, log = std::move(log), &rule]() -> Result<Handled> {
                         dirtyLog_ = log;
                         retryRings();
                         ARGON_TRY(connection_.replyU64(rule, 0));
                         return Handled::Replied;
                       });
}

// Answers with a region for as many queues as the front end wants, or with an empty one, which it
// takes as "no tracking".
Result<Session::Handled> Session::handleGetInflightFd(const Message& message) {
  const spec::InflightDescription wanted = readInflightDescription(message.payload);
  spec::InflightDescription answer{};
  UniqueFd file;
  if (wanted.queueCount != 0 && wanted.queueCount <= vrings_.size() && wanted.queueSize != 0 &&
      wanted.queueSize <= virtio::spec::kQueueSizeMax) {
    const RingLayout layout =
        features_.has(virtio::spec::F_RING_PACKED) ? RingLayout::Packed : RingLayout::Split;
    answer = {.mmapSize = InflightRegion::sizeBytes(layout, wanted.queueCount, wanted.queueSize),
              .mmapOffset = 0,
              .queueCount = wanted.queueCount,
              .queueSize = wanted.queueSize};
    ARGON_TRY_ASSIGN(file, InflightRegion::createFile(answer.mmapSize));
  }
  const std::array<int, 1> fds = {file.get()};
  ARGON_TRY(connection_.reply(*message.rule,
                              std::as_bytes(std::span(&answer, 1)).first(message.payload.size()),
                              std::span(fds).first(file ? 1 : 0)));
  return Handled::Replied;
}

Result<Session::Handled> Session::handleSetInflightFd(Message& message) {
  ARGON_TRY_ASSIGN(std::shared_ptr<const InflightRegion> region,
                   InflightRegion::map(readInflightDescription(message.payload),
                                       std::move(message.fds.front()), options_.regionPolicy));
  return afterRestarting([this, region = std::move(region)] { inflight_ = region; });
}

} // namespace argon::vhost_user
