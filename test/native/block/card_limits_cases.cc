// SPDX-License-Identifier: Apache-2.0

// Limits as a front end sees them: the rate, what a stopped ring answers, and what a neighbor on
// the same worker notices.

#include "base/clock.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/session.h"
#include "storage/throttle.h"
#include "storage/throttled_store.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/second_device.h"
#include "support/test.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using test::AsyncDriver;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::size_t kSlotCount = 32;

LimitSet operationsPerSecond(std::uint64_t count) {
  LimitSet limits;
  limits[static_cast<std::size_t>(LimitName::TotalOperations)] = {.unitsPerSecond = count};
  return limits;
}

// The first request goes through, the next one minutes later: longer than any test waits.
LimitSet oneRequest() {
  LimitSet limits;
  limits[static_cast<std::size_t>(LimitName::TotalBytes)] = {.unitsPerSecond = 1};
  return limits;
}

struct Scene {
  std::shared_ptr<Throttle> volume = std::make_shared<Throttle>();
  test::Backend backend;
  std::unique_ptr<frontend::Session> session = backend.connect();
  AsyncDriver driver{*session, {.slotCount = kSlotCount}};

  explicit Scene(PollMode pollMode = PollMode::Off)
      : backend(std::make_unique<ThrottledStore>(test::makeMemoryStore(kDeviceBytes),
                                                 std::vector{volume}),
                {.pollMode = pollMode}) {}

  void offerReads() {
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
      REQUIRE(driver.offer(slot, {.type = blk::T_IN, .sector = slot, .dataBytes = 512}));
    }
    driver.publish();
  }
};

} // namespace

TEST_CASE("a front end is served at the rate of its volume, sleeping or polling") {
  for (const PollMode mode : {PollMode::Off, PollMode::Adaptive, PollMode::Always}) {
    CAPTURE(static_cast<int>(mode));
    Scene scene(mode);
    scene.volume->setLimits(operationsPerSecond(200));
    const std::uint64_t beganNs = monotonicNs();

    scene.offerReads();
    CHECK_OK(scene.driver.waitAllOk());

    // All but the first are 5 ms apart.
    CHECK(monotonicNs() - beganNs >= 155'000'000);
    // One whose time came while the host was busy elsewhere is not delayed.
    CHECK(scene.volume->counters().delayedRequests < kSlotCount);
    CHECK(scene.volume->counters().delayedRequests > 0);
  }
}

TEST_CASE(
    "a ring that waits for its volume keeps its chains, and is served when limits are lifted") {
  Scene scene;
  scene.volume->setLimits(oneRequest());
  scene.offerReads();
  CHECK_OK(scene.driver.wait());

  scene.volume->setLimits({});

  CHECK_OK(scene.driver.waitAllOk());
  // Only the one that had been taken from the ring was ever held back.
  CHECK(scene.volume->counters().delayedRequests <= 1);
}

TEST_CASE("a ring stops in time, however much is owed, and the next one owes it still") {
  Scene scene;
  scene.volume->setLimits(oneRequest());
  scene.offerReads();
  CHECK_OK(scene.driver.wait());
  const std::uint64_t beganNs = monotonicNs();

  // Gives up long before what is owed could be earned.
  const Result<std::uint32_t> next = scene.session->stopQueue(0);

  REQUIRE_OK(next);
  // The answered one and the one that was let through; the others are in the ring still.
  CHECK(*next <= 2);
  const ThrottleCost one{.isWrite = false, .operations = 1, .bytes = 512};
  CHECK(scene.volume->take(one, beganNs).readyNs > beganNs);
}

TEST_CASE("a throttled volume does not slow its neighbor on the worker") {
  Scene scene;
  const test::SecondDevice neighbor(scene.backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> session = neighbor.connect();
  AsyncDriver driver(*session, {.slotCount = kSlotCount});
  scene.volume->setLimits(oneRequest());
  scene.offerReads();
  CHECK_OK(scene.driver.wait());

  for (int round = 0; round < 20; ++round) {
    for (std::size_t slot = 0; slot < kSlotCount; ++slot) {
      REQUIRE(driver.offer(slot, {.type = blk::T_IN, .sector = slot, .dataBytes = 512}));
    }
    driver.publish();
    CHECK_OK(driver.waitAllOk());
  }

  // 640 requests, in less time than the throttled volume takes for one.
  CHECK(scene.driver.underWayCount() >= kSlotCount - 2);
}

} // namespace argon::block
