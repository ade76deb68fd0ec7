// SPDX-License-Identifier: Apache-2.0

// The messages about the device as a whole: features, status, reset, tracking, log, requests.

#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/fake_device.h"
#include "support/memfd.h"
#include "support/session_scene.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::SessionScene;
using test::Told;

constexpr virtio::FeatureSet kFeatures =
    virtio::FeatureSet().with(virtio::spec::F_VERSION_1).with(spec::F_PROTOCOL_FEATURES);

std::vector<std::byte> inflightPayload(const spec::InflightDescription& description,
                                       std::size_t bytes) {
  std::vector<std::byte> payload(bytes);
  std::memcpy(payload.data(), &description,
              sizeof description < bytes ? sizeof description : bytes);
  return payload;
}

} // namespace

TEST_CASE("the status is kept as it was set, and is a byte") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  CHECK(scene.peer.askU64(Request::GET_STATUS) == 0);
  CHECK(scene.peer.tellU64(Request::SET_STATUS, 0xff) == Told::Accepted);
  CHECK(scene.peer.askU64(Request::GET_STATUS) == 0xff);
  CHECK(scene.peer.tellU64(Request::SET_STATUS, 0x100) != Told::Accepted);
}

TEST_CASE("a reset stops rings and forgets them, and keeps memory and call descriptors") {
  for (const bool isByStatus : {true, false}) {
    CAPTURE(isByStatus);
    SessionScene scene;
    REQUIRE(scene.peer.startRing(0, 9) == Told::Accepted);
    REQUIRE(scene.peer.tellU64(Request::SET_STATUS, 7) == Told::Accepted);

    REQUIRE((isByStatus ? scene.peer.tellU64(Request::SET_STATUS, 0)
                        : scene.peer.tell(Request::RESET_DEVICE, {})) == Told::Accepted);

    CHECK_FALSE(scene.device.isStarted(0));
    CHECK(scene.device.resetCount() == 1);
    CHECK(scene.peer.askU64(Request::GET_STATUS) == 0);
    CHECK(scene.peer.getBase(0) == 0);
    REQUIRE(scene.peer.tellU64(Request::SET_FEATURES, kFeatures.bits()) == Told::Accepted);
    REQUIRE(scene.peer.tellState(Request::SET_VRING_NUM, 0, 16) == Told::Accepted);
    REQUIRE(scene.peer.setAddr(0) == Told::Accepted);
    REQUIRE(scene.peer.tellFd(Request::SET_VRING_KICK, 0, scene.peer.kick()) == Told::Accepted);
    CHECK_FALSE(scene.device.isStarted(0));
    REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);
    REQUIRE(scene.device.isStarted(0));
    CHECK(scene.device.ring(0).start->call != nullptr);
  }
}

TEST_CASE("under running rings only logging is turned on and off") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const UniqueFd file = test::makeMemfd(4096, test::Sealed::Yes);
  REQUIRE(scene.peer.tell(Request::SET_LOG_BASE,
                          test::bytesOf(spec::LogDescription{.size = 4096, .offset = 0}),
                          std::array{file.get()}) == Told::Accepted);
  REQUIRE(scene.device.isStarted(0));
  CHECK_FALSE(scene.device.ring(0).start->queue.isLogging());

  const std::uint64_t logging = kFeatures.with(spec::F_LOG_ALL).bits();
  REQUIRE(scene.peer.tellU64(Request::SET_FEATURES, logging) == Told::Accepted);
  CHECK(scene.device.ring(0).start->queue.isLogging());
  const unsigned startCount = scene.device.ring(0).startCount;
  REQUIRE(scene.peer.tellU64(Request::SET_FEATURES, logging) == Told::Accepted);
  CHECK(scene.device.ring(0).startCount == startCount);
  REQUIRE(scene.peer.tellU64(Request::SET_FEATURES, kFeatures.bits()) == Told::Accepted);
  CHECK_FALSE(scene.device.ring(0).start->queue.isLogging());
  CHECK(scene.peer.tellU64(Request::SET_FEATURES,
                           kFeatures.with(virtio::spec::F_INDIRECT_DESC).bits()) != Told::Accepted);
}

TEST_CASE("a region for tracking goes out and comes back in both shapes of its message") {
  for (const std::size_t bytes : {spec::kInflightBytesMin, spec::kInflightBytesMax}) {
    CAPTURE(bytes);
    SessionScene scene;
    REQUIRE(scene.peer.startRing() == Told::Accepted);
    const spec::InflightDescription wanted{
        .mmapSize = 0, .mmapOffset = 0, .queueCount = 2, .queueSize = 16};
    const Result<frontend::Answer> answer =
        scene.peer.channel().ask(Request::GET_INFLIGHT_FD, inflightPayload(wanted, bytes));
    REQUIRE_OK(answer);
    REQUIRE(answer->payload.size() == bytes);
    REQUIRE(answer->fds.size() == 1);
    CHECK(scene.device.ring(0).start->inflight == nullptr);

    CHECK(scene.peer.tell(Request::SET_INFLIGHT_FD, answer->payload,
                          std::array{answer->fds.front().get()}) == Told::Accepted);
    REQUIRE(scene.device.isStarted(0));
    CHECK(scene.device.ring(0).start->inflight != nullptr);
  }
}

TEST_CASE("a region for queues that are not there is empty") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  for (const auto& [count, size] : {std::pair{3, 16}, std::pair{0, 16}, std::pair{2, 0}}) {
    const spec::InflightDescription wanted{.mmapSize = 0,
                                           .mmapOffset = 0,
                                           .queueCount = static_cast<std::uint16_t>(count),
                                           .queueSize = static_cast<std::uint16_t>(size)};
    const Result<frontend::Answer> answer =
        scene.peer.channel().ask(Request::GET_INFLIGHT_FD, inflightPayload(wanted, 24));
    REQUIRE_OK(answer);
    CHECK(answer->fds.empty());
    CHECK(answer->payload == std::vector<std::byte>(24));
  }
}

TEST_CASE("a channel for requests must be a socket") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const UniqueFd file = test::makeMemfd(4096, test::Sealed::No);
  CHECK(scene.peer.tell(Request::SET_BACKEND_REQ_FD, {}, std::array{file.get()}) != Told::Accepted);
}

} // namespace argon::vhost_user
