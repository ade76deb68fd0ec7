// SPDX-License-Identifier: Apache-2.0
#include "network/device.h"

#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "network/config.h"
#include "network/engine.h"
#include "network/interface.h"
#include "vhost_user/device.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

namespace argon::network {

NetworkDevice::NetworkDevice(InterfaceIndex index, std::uint16_t pairCount, EventLoop& loop,
                             Engine& engine, Log log)
    : index_(index), pairCount_(pairCount), loop_(loop), engine_(engine),
      pendingCalls_(std::size_t{pairCount} * virtio::spec::net::kQueuesPerPair) {
  ARGON_CHECK(pairCount > 0 && pairCount <= kPairCountMax);
  engine_.post([this, log = std::move(log)] { engine_.addInterface(index_, counters_, log); });
}

NetworkDevice::~NetworkDevice() { ARGON_CHECK(isClosed_); }

void NetworkDevice::close(std::function<void()> done) {
  engine_.post([this, done = std::move(done)] {
    engine_.removeInterface(index_);
    loop_.post([this, done] {
      isClosed_ = true;
      done();
    });
  });
}

// No CONFIG: QEMU has the configuration space itself, and some of its versions crash when they warn
// of a back end's. No INFLIGHT_SHMFD: a ring goes on behind its last used entry, for all is
// answered in order; a frame that is sent twice harms nobody.
vhost_user::DeviceKind NetworkDevice::kind() const {
  return {.protocolFeatures = virtio::FeatureSet().with(vhost_user::spec::PROTOCOL_F_MTU),
          .ringsPerQueue = virtio::spec::net::kQueuesPerPair,
          .answersInOrder = true};
}

void NetworkDevice::readConfig(std::span<std::byte> /*into*/) const {}

Result<void> NetworkDevice::writeConfig(std::size_t /*offset*/,
                                        std::span<const std::byte> /*bytes*/) {
  return Error(ErrorKind::Unsupported, "the configuration space is the front end's");
}

Result<void> NetworkDevice::setMtu(std::uint64_t mtuBytes) {
  if (mtuBytes < kMtuMin || mtuBytes > kMtuMax) {
    return Error(ErrorKind::InvalidArgument,
                 concat("an MTU of ", mtuBytes, " bytes, not ", kMtuMin, " to ", kMtuMax));
  }
  return {};
}

void NetworkDevice::startRing(vhost_user::RingStart start) {
  engine_.post([this, start = std::move(start)] { engine_.startRing(index_, start); });
}

void NetworkDevice::stopRing(std::uint16_t index, StopDone done) {
  engine_.post([this, index, done = std::move(done)] {
    engine_.stopRing(index_, index, [this, done](std::uint32_t base) {
      loop_.post([done, base] { done(base); });
    });
  });
}

void NetworkDevice::setCall(std::uint16_t index, vhost_user::SharedFd call) {
  if (pendingCalls_.put(index, std::move(call))) {
    engine_.post([this, index] { engine_.setCall(index_, index, pendingCalls_.take(index)); });
  }
}

} // namespace argon::network
