// SPDX-License-Identifier: Apache-2.0
#include "frontend/wait.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "support/ring_start.h"
#include "support/test.h"
#include "vhost_user/device.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace argon::frontend {

namespace {

// A ring without a device: the test writes what one would.
struct Scene {
  Scene() : arena(makeArena()), queue(makeQueue(*arena)) {
    const std::array<Buffer, 1> chain = {{{.address = queue.usedAddress(), .lengthBytes = 1}}};
    REQUIRE(queue.add(chain).has_value());
    static_cast<void>(queue.publish());
  }
  static std::unique_ptr<Arena> makeArena() {
    Result<std::unique_ptr<Arena>> made = Arena::create({.sizeBytes = std::size_t{1} << 16});
    REQUIRE_OK(made);
    return *std::move(made);
  }
  static DriverQueue makeQueue(Arena& arena) {
    Result<DriverQueue> made = DriverQueue::create(arena, {.size = 4});
    REQUIRE_OK(made);
    return *std::move(made);
  }
  void answer() {
    const std::uint16_t index = 1;
    std::memcpy(queue.usedBytes().data() + 2, &index, sizeof index);
  }

  std::unique_ptr<Arena> arena;
  DriverQueue queue;
  vhost_user::SharedFd call = test::makeSharedEventFd();
};

} // namespace

TEST_CASE("an event is waited for, and taken") {
  const vhost_user::SharedFd event = test::makeSharedEventFd();
  CHECK_FALSE(waitForEvent(event->get(), 1));
  signalEventFd(event->get());
  CHECK(waitForEvent(event->get(), 1000));
  CHECK_FALSE(waitForEvent(event->get(), 0));
}

TEST_CASE("an answer that is there is not waited for") {
  Scene scene;
  scene.answer();
  CHECK_OK(waitForUsed(scene.queue, scene.call->get(), 0));
}

TEST_CASE("a device that does not answer is an error") {
  Scene scene;
  const Result<void> silent = waitForUsed(scene.queue, scene.call->get(), 1);
  REQUIRE_FALSE(silent.has_value());
  CHECK(silent.error().kind() == ErrorKind::TimedOut);
}

TEST_CASE("a call without an answer is waited out, one with it ends the wait") {
  Scene scene;
  signalEventFd(scene.call->get());
  CHECK_FALSE(waitForUsed(scene.queue, scene.call->get(), 1).has_value());
  signalEventFd(scene.call->get());
  scene.answer();
  CHECK_OK(waitForUsed(scene.queue, scene.call->get(), 1000));
}

} // namespace argon::frontend
