// SPDX-License-Identifier: Apache-2.0

// The messages about one ring: what a session makes of each, in any order.

#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/session_host.h"
#include "support/session_scene.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::SessionScene;
using test::Told;
using test::VhostPeer;
using virtio::FeatureSet;

constexpr FeatureSet kModern =
    FeatureSet().with(virtio::spec::F_VERSION_1).with(spec::F_PROTOCOL_FEATURES);

UniqueFd makeEventFd() {
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  return *std::move(fd);
}

Told enable(SessionScene& scene, std::uint32_t value, std::uint16_t ring = 0) {
  return scene.peer.tellState(Request::SET_VRING_ENABLE, ring, value);
}

// A scene whose ring 0 runs, from `base` on.
void start(SessionScene& scene, std::uint16_t base = 0) {
  REQUIRE(scene.peer.startRing(0, base) == Told::Accepted);
  REQUIRE(scene.device.isStarted(0));
}

bool isReadable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

} // namespace

TEST_CASE("a ring starts when the last thing it needs has come, whatever the order") {
  // All orders of the six things, 720 of them; each one's last message starts the ring.
  std::array<std::size_t, 6> order = {0, 1, 2, 3, 4, 5};
  do {
    SessionScene scene;
    VhostPeer& peer = scene.peer;
    REQUIRE(peer.negotiate() == Told::Accepted);
    REQUIRE(peer.tellU64(Request::SET_FEATURES, FeatureSet().with(30).bits()) == Told::Accepted);
    REQUIRE(peer.tellState(Request::SET_VRING_BASE, 0, 7) == Told::Accepted);
    const std::array<std::function<Told()>, 6> steps = {
        [&peer] { return peer.tellU64(Request::SET_FEATURES, kModern.bits()); },
        [&peer] { return peer.setMemTable(); },
        [&peer] { return peer.tellState(Request::SET_VRING_NUM, 0, VhostPeer::kRingSize); },
        [&peer] { return peer.setAddr(0); },
        [&peer] { return peer.tellFd(Request::SET_VRING_KICK, 0, peer.kick()); },
        [&peer] { return peer.tellState(Request::SET_VRING_ENABLE, 0, 1); },
    };
    for (std::size_t step = 0; step < order.size(); ++step) {
      REQUIRE_FALSE(scene.device.isStarted(0));
      REQUIRE(steps[order[step]]() == Told::Accepted);
    }
    REQUIRE(scene.device.isStarted(0));
    REQUIRE(scene.device.ring(0).startCount == 1);
    REQUIRE(scene.device.ring(0).start->queue.base() == 7);
    REQUIRE_FALSE(scene.device.isStarted(1));
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("no ring starts for a driver without VERSION_1") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate(FeatureSet().with(spec::F_PROTOCOL_FEATURES)) == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
  REQUIRE(enable(scene, 1) == Told::Accepted);

  CHECK_FALSE(scene.device.isStarted(0));
}

TEST_CASE("without the PROTOCOL_FEATURES bit rings are enabled from the start") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate(FeatureSet().with(virtio::spec::F_VERSION_1)) == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);

  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);

  CHECK(scene.device.isStarted(0));
}

TEST_CASE("with the PROTOCOL_FEATURES bit a ring waits until it is enabled") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));

  REQUIRE(enable(scene, 1) == Told::Accepted);

  CHECK(scene.device.isStarted(0));
}

TEST_CASE("a size is a power of two from 1 to 32768, else it is refused and the old one stays") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const auto setSize = [&scene](std::uint32_t size) {
    return scene.peer.tellState(Request::SET_VRING_NUM, 0, size);
  };
  for (std::uint32_t size = 1; size <= 32768; size *= 2) {
    CHECK(setSize(size) == Told::Accepted);
  }
  REQUIRE(setSize(16) == Told::Accepted);
  for (const std::uint32_t size :
       {0U, 3U, 17U, 32767U, 32769U, 65535U, 65536U, 65552U, 0x8000'0000U, UINT32_MAX}) {
    CAPTURE(size);
    CHECK(setSize(size) == Told::Refused);
  }

  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(scene.peer.setAddr(0) == Told::Accepted);
  REQUIRE(scene.peer.tellFd(Request::SET_VRING_KICK, 0, scene.peer.kick()) == Told::Accepted);
  REQUIRE(enable(scene, 1) == Told::Accepted);
  CHECK(scene.device.ring(0).start->queue.size() == 16);
}

TEST_CASE("a base has 16 bits") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const auto setBase = [&scene](std::uint32_t base) {
    return scene.peer.tellState(Request::SET_VRING_BASE, 0, base);
  };

  CHECK(setBase(65535) == Told::Accepted);
  CHECK(scene.peer.getBase(0) == 65535);
  CHECK(setBase(65536) == Told::Refused);
  CHECK(setBase(UINT32_MAX) == Told::Refused);
  CHECK(scene.peer.getBase(0) == 65535);
}

TEST_CASE("a ring that the device does not have is refused in every message") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  // 65536 and 2^32 - 1 would be rings 0 and 255 if they were cut short.
  for (const std::uint32_t ring : {2U, 255U, 256U, 65536U, UINT32_MAX}) {
    CAPTURE(ring);
    CHECK(scene.peer.tellState(Request::SET_VRING_NUM, ring, 16) == Told::Refused);
    CHECK(scene.peer.tellState(Request::SET_VRING_BASE, ring, 0) == Told::Refused);
    CHECK(scene.peer.tellState(Request::SET_VRING_ENABLE, ring, 1) == Told::Refused);
    spec::VringAddress address = scene.peer.addressOf(0);
    address.index = ring;
    CHECK(scene.peer.tell(Request::SET_VRING_ADDR, test::bytesOf(address)) == Told::Refused);
  }
  for (const Request request :
       {Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR}) {
    CHECK(scene.peer.tellFd(request, 2, scene.peer.kick()) == Told::Refused);
    CHECK(scene.peer.tellFd(request, 255, scene.peer.kick()) == Told::Refused);
    CHECK(scene.peer.tellU64(request, spec::VRING_NOFD_MASK | 2) == Told::Refused);
  }
}

TEST_CASE("the base of a ring that the device does not have ends the session") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);

  CHECK(scene.peer.getBase(2) == std::nullopt);

  CHECK(scene.host.waitEnded() == "ring 2 of a device with 2 rings");
}

TEST_CASE("a descriptor message says itself whether it has one, and has nothing else in it") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  for (const Request request :
       {Request::SET_VRING_KICK, Request::SET_VRING_CALL, Request::SET_VRING_ERR}) {
    CAPTURE(static_cast<int>(request));
    CHECK(scene.peer.tellFd(request, 0, scene.peer.kick()) == Told::Accepted);
    CHECK(scene.peer.tellU64(request, spec::VRING_NOFD_MASK) == Told::Accepted);
    CHECK(scene.peer.tellU64(request, 0) == Told::Refused);
    CHECK(scene.peer.tellFd(request, spec::VRING_NOFD_MASK, scene.peer.kick()) == Told::Refused);
    CHECK(scene.peer.tellFd(request, 0x200, scene.peer.kick()) == Told::Refused);
    CHECK(scene.peer.tellFd(request, std::uint64_t{1} << 32, scene.peer.kick()) == Told::Refused);
  }
}

TEST_CASE("the size of a running ring cannot change") {
  SessionScene scene;
  start(scene);

  CHECK(scene.peer.tellState(Request::SET_VRING_NUM, 0, 8) == Told::Refused);
  CHECK(scene.peer.tellState(Request::SET_VRING_NUM, 0, VhostPeer::kRingSize) == Told::Refused);

  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK(scene.peer.tellState(Request::SET_VRING_NUM, 0, 8) == Told::Accepted);
}

TEST_CASE("the base of a running ring cannot change") {
  SessionScene scene;
  start(scene, 5);

  CHECK(scene.peer.tellState(Request::SET_VRING_BASE, 0, 6) == Told::Refused);

  CHECK(scene.peer.getBase(0) == 5);
}

TEST_CASE("the addresses of a running ring can be repeated but not changed") {
  SessionScene scene;
  start(scene);

  CHECK(scene.peer.setAddr(0) == Told::Accepted);
  spec::VringAddress logged = scene.peer.addressOf(0);
  logged.flags = spec::VRING_F_LOG;
  logged.log = 0x1234;
  CHECK(scene.peer.tell(Request::SET_VRING_ADDR, test::bytesOf(logged)) == Told::Accepted);
  spec::VringAddress other = scene.peer.addressOf(0);
  other.used += 4;
  CHECK(scene.peer.tell(Request::SET_VRING_ADDR, test::bytesOf(other)) == Told::Refused);

  CHECK(scene.device.ring(0).startCount == 1);
}

TEST_CASE("features can be repeated but not changed while a ring runs") {
  SessionScene scene;
  start(scene);

  CHECK(scene.peer.tellU64(Request::SET_FEATURES, kModern.bits()) == Told::Accepted);
  CHECK(scene.peer.tellU64(Request::SET_FEATURES, kModern.with(virtio::spec::F_EVENT_IDX).bits()) ==
        Told::Refused);

  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK(scene.peer.tellU64(Request::SET_FEATURES, kModern.with(virtio::spec::F_EVENT_IDX).bits()) ==
        Told::Accepted);
}

TEST_CASE("disabling a ring stops it and enabling starts it where it was") {
  SessionScene scene;
  start(scene, 65530);
  scene.device.setTakenCount(10);

  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));
  REQUIRE(enable(scene, 1) == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).startCount == 2);
  CHECK(scene.device.ring(0).start->queue.base() == 4);
}

// "Ring states": a ring is started or stopped, and enabled or disabled, independently.
TEST_CASE("a ring that drains while it is disabled goes on, until it is stopped") {
  SessionScene scene;
  scene.device.setDrained(0);
  start(scene, 5);
  CHECK(scene.device.ring(0).start->isEnabled);
  scene.device.setTakenCount(10);

  REQUIRE(enable(scene, 0) == Told::Accepted);
  REQUIRE(scene.device.isStarted(0));
  CHECK_FALSE(scene.device.ring(0).start->isEnabled);
  CHECK(scene.device.ring(0).start->queue.base() == 15);
  CHECK(scene.peer.tellState(Request::SET_VRING_BASE, 0, 6) == Told::Refused);

  REQUIRE(enable(scene, 1) == Told::Accepted);
  CHECK(scene.device.ring(0).start->isEnabled);
  CHECK(scene.device.ring(0).start->queue.base() == 25);
  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK(scene.peer.getBase(0) == 45);
  CHECK_FALSE(scene.device.isStarted(0));
}

// Front ends kick a ring first and enable it then: what the guest has sent meanwhile waits.
TEST_CASE("a ring that nobody has enabled yet rests, until it is told to be disabled") {
  SessionScene scene;
  scene.device.setDrained(0);
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));

  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK(scene.device.isStarted(0));
  CHECK_FALSE(scene.device.ring(0).start->isEnabled);
}

TEST_CASE("a ring that drains is configured while it is disabled, and starts with its kick") {
  SessionScene scene;
  scene.device.setDrained(0);
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));

  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK_FALSE(scene.device.ring(0).start->isEnabled);
}

TEST_CASE("enabling a ring that is enabled and disabling one that is not changes nothing") {
  SessionScene scene;
  start(scene);
  CHECK(enable(scene, 1) == Told::Accepted);
  CHECK(scene.device.ring(0).startCount == 1);

  REQUIRE(enable(scene, 0) == Told::Accepted);
  CHECK(enable(scene, 0) == Told::Accepted);
  CHECK(scene.device.ring(0).stopCount == 1);
}

TEST_CASE("a ring is enabled with 1 or disabled with 0 and nothing else") {
  SessionScene scene;
  start(scene);

  CHECK(enable(scene, 2) == Told::Refused);
  CHECK(enable(scene, UINT32_MAX) == Told::Refused);

  CHECK(scene.device.isStarted(0));
}

TEST_CASE("the base of a ring that never started is what was set") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  CHECK(scene.peer.getBase(0) == 0);

  REQUIRE(scene.peer.tellState(Request::SET_VRING_BASE, 1, 999) == Told::Accepted);
  CHECK(scene.peer.getBase(1) == 999);
}

TEST_CASE("the base of a running ring is where the device stopped") {
  SessionScene scene;
  start(scene, 65530);
  scene.device.setTakenCount(10);

  CHECK(scene.peer.getBase(0) == 4);
  CHECK_FALSE(scene.device.isStarted(0));
  CHECK(scene.peer.getBase(0) == 4);
}

TEST_CASE("a ring whose base was taken starts with the next kick descriptor, enabled as it was") {
  SessionScene scene;
  start(scene);
  REQUIRE(scene.peer.getBase(0).has_value());
  CHECK(scene.peer.tellState(Request::SET_VRING_BASE, 0, 3) == Told::Accepted);
  CHECK(enable(scene, 1) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));

  CHECK(scene.peer.tellFd(Request::SET_VRING_KICK, 0, scene.peer.kick()) == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).start->queue.base() == 3);
}

TEST_CASE("only the ring that a message names is stopped") {
  SessionScene scene;
  start(scene);
  REQUIRE(scene.peer.configureRing(1) == Told::Accepted);
  REQUIRE(enable(scene, 1, 1) == Told::Accepted);

  REQUIRE(scene.peer.getBase(1).has_value());

  CHECK(scene.device.isStarted(0));
  CHECK_FALSE(scene.device.isStarted(1));
}

TEST_CASE("a base is answered when the device has drained, and other sessions go on meanwhile") {
  test::LoopThread thread;
  test::FakeDevice slowDevice(thread.loop());
  test::FakeDevice otherDevice(thread.loop());
  test::SessionHost slow(thread, slowDevice);
  test::SessionHost other(thread, otherDevice);
  VhostPeer peer(slow.channel());
  VhostPeer otherPeer(other.channel());
  REQUIRE(peer.startRing(0, 40) == Told::Accepted);
  slowDevice.holdStops();
  slowDevice.setTakenCount(2);
  const spec::VringState asked{.index = 0, .num = 0};
  REQUIRE_OK(slow.channel().send(Request::GET_VRING_BASE, test::bytesOf(asked)));
  // Comes while the session waits, and must stay behind.
  REQUIRE_OK(slow.channel().send(Request::GET_FEATURES, {}));

  REQUIRE(otherPeer.startRing() == Told::Accepted);
  CHECK(otherPeer.getBase(0) == 0);
  CHECK(slowDevice.heldStopCount() == 1);
  CHECK_FALSE(isReadable(slow.channel().fd()));
  slowDevice.releaseStops();

  const Result<frontend::Answer> base = slow.channel().receive();
  REQUIRE_OK(base);
  CHECK(base->header.request == static_cast<std::uint32_t>(Request::GET_VRING_BASE));
  CHECK(base->payload[4] == std::byte{42});
  const Result<frontend::Answer> features = slow.channel().receive();
  REQUIRE_OK(features);
  CHECK(features->header.request == static_cast<std::uint32_t>(Request::GET_FEATURES));
}

TEST_CASE("a new call descriptor reaches a ring that runs without stopping it") {
  SessionScene scene;
  start(scene);
  const UniqueFd call = makeEventFd();

  REQUIRE(scene.peer.tellFd(Request::SET_VRING_CALL, 0, call.get()) == Told::Accepted);

  CHECK(scene.device.ring(0).stopCount == 0);
  CHECK(scene.device.ring(0).setCallCount == 1);
  signalEventFd(scene.device.ring(0).start->call->get());
  CHECK(isReadable(call.get()));
  CHECK_FALSE(isReadable(scene.peer.call()));
}

TEST_CASE("a ring can run without a call descriptor, and lose the one it has") {
  SessionScene scene;
  start(scene);
  REQUIRE(scene.device.ring(0).start->call != nullptr);

  REQUIRE(scene.peer.tellU64(Request::SET_VRING_CALL, spec::VRING_NOFD_MASK) == Told::Accepted);
  CHECK(scene.device.ring(0).start->call == nullptr);

  REQUIRE(enable(scene, 0) == Told::Accepted);
  REQUIRE(enable(scene, 1) == Told::Accepted);
  CHECK(scene.device.ring(0).start->call == nullptr);
}

TEST_CASE("a call descriptor that comes while a ring is stopped is there when it starts") {
  SessionScene scene;
  start(scene);
  REQUIRE(enable(scene, 0) == Told::Accepted);
  const UniqueFd call = makeEventFd();
  REQUIRE(scene.peer.tellFd(Request::SET_VRING_CALL, 0, call.get()) == Told::Accepted);
  REQUIRE(enable(scene, 1) == Told::Accepted);

  signalEventFd(scene.device.ring(0).start->call->get());

  CHECK(isReadable(call.get()));
  CHECK(scene.device.ring(0).setCallCount == 0);
}

TEST_CASE("a new kick descriptor restarts a running ring where it was") {
  SessionScene scene;
  start(scene, 9);
  const UniqueFd kick = makeEventFd();
  scene.device.setTakenCount(1);

  REQUIRE(scene.peer.tellFd(Request::SET_VRING_KICK, 0, kick.get()) == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).startCount == 2);
  CHECK(scene.device.ring(0).start->queue.base() == 10);
  signalEventFd(scene.device.ring(0).start->kick->get());
  CHECK(isReadable(kick.get()));
}

TEST_CASE("a kick message without a descriptor starts a ring that is to be polled") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(scene.peer.tellState(Request::SET_VRING_NUM, 0, 16) == Told::Accepted);
  REQUIRE(scene.peer.setAddr(0) == Told::Accepted);
  REQUIRE(enable(scene, 1) == Told::Accepted);

  REQUIRE(scene.peer.tellU64(Request::SET_VRING_KICK, spec::VRING_NOFD_MASK) == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).start->kick == nullptr);
}

} // namespace argon::vhost_user
