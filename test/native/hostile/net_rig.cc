// SPDX-License-Identifier: Apache-2.0
#include "hostile/net_rig.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "network/frames.h"
#include "support/deadline.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace argon::hostile {

using frontend::NetDriver;
using frontend::Session;
using test::Bytes;
using test::FrameKind;

namespace {

constexpr std::uint16_t kBufferCount = 64;
// A frame of the largest MTU.
constexpr std::uint32_t kBufferBytes = 2048;

std::unique_ptr<NetDriver> makeDriver(Session& session, std::uint16_t bufferCount) {
  Result<std::unique_ptr<NetDriver>> made =
      NetDriver::create(session, {.bufferCount = bufferCount, .bufferBytes = kBufferBytes});
  REQUIRE_OK(made);
  return *std::move(made);
}

Session::Options hostileOptions(std::size_t regionCount, std::uint16_t queueSize) {
  Session::Options options = test::NetBackend::sessionOptions();
  options.queueSize = queueSize;
  options.regionCount = regionCount;
  // Room for rings of the largest size too.
  options.arenaBytes = std::size_t{512} * 1024 + std::size_t{queueSize} * 64;
  return options;
}

} // namespace

NetGuest::NetGuest(const test::NetBackend& backend, std::uint32_t index,
                   const Session::Options& options)
    : owned_(backend.connect(index, options)), driver_(makeDriver(*owned_, kBufferCount)) {}

NetGuest::NetGuest(Session& session) : driver_(makeDriver(session, 8)) {}

void NetGuest::offer(const Bytes& frame) {
  REQUIRE_OK(driver_->offer({.bytes = frame}));
  ++offeredCount_;
}

void NetGuest::waitSent() {
  for (; offeredCount_ > 0; --offeredCount_) {
    REQUIRE_OK(driver_->waitSent());
  }
}

void NetGuest::drain() {
  for (;;) {
    const Result<std::optional<NetDriver::Received>> received = driver_->take();
    REQUIRE_OK(received);
    if (!received->has_value()) break;
  }
  REQUIRE_OK(driver_->refill());
}

void NetGuest::expect(const Bytes& frame) {
  const Result<NetDriver::Received> received = driver_->receive();
  REQUIRE_OK(received);
  CHECK(received->bytes == frame);
  REQUIRE_OK(driver_->refill());
}

void checkServed(NetGuest& left, NetGuest& right) {
  static std::uint32_t seed = 0;
  for (auto [from, to] : {std::pair(&left, &right), std::pair(&right, &left)}) {
    to->drain();
    const Bytes frame = test::makeFrame(FrameKind::Udp4, 1000, ++seed);
    from->offer(frame);
    from->waitSent();
    to->expect(frame);
  }
}

NetRig::NetRig(std::size_t regionCount, std::uint16_t queueSize)
    : backend_({.interfaceCount = 4}),
      session_(backend_.connect(0, hostileOptions(regionCount, queueSize))),
      peer_(std::make_unique<NetGuest>(backend_, 1)), left_(backend_, 2), right_(backend_, 3) {}

void NetRig::restart(std::uint16_t ring, std::uint32_t base) {
  REQUIRE(session_->stopQueue(ring).has_value());
  // What is said from here on is said of the ring that starts.
  static_cast<void>(frontend::waitForEvent(session_->callFd(ring), 0));
  static_cast<void>(frontend::waitForEvent(session_->errFd(ring), 0));
  session_->ring(ring).reset(base);
  REQUIRE_OK(session_->startQueue(ring, base));
  REQUIRE(frontend::waitForEvent(session_->callFd(ring), test::kDeadlineMs));
}

void NetRig::connectPlainPeer() {
  peer_ = nullptr;
  Session::Options options = test::NetBackend::sessionOptions();
  options.wantedFeatures = virtio::FeatureSet().with(virtio::spec::F_VERSION_1);
  peer_ = std::make_unique<NetGuest>(backend_, 1, options);
}

void NetRig::sendToHostile(unsigned count) {
  for (unsigned number = 0; number < count; ++number) {
    peer_->offer(test::makeFrame(FrameKind::Udp4, number % 2 == 0 ? 60 : 3000, number));
  }
  peer_->waitSent();
}

void NetRig::checkAllServed() {
  restart(0);
  restart(1);
  frontend::Arena& arena = session_->arena();
  const std::size_t mark = arena.mark();
  {
    NetGuest honest(*session_);
    checkServed(honest, *peer_);
  }
  checkNeighbors();
  restart(0);
  restart(1);
  arena.releaseTo(mark);
}

} // namespace argon::hostile
