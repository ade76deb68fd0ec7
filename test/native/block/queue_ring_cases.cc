// SPDX-License-Identifier: Apache-2.0

// What a ring makes of ring memory that no driver can mean, and how it starts and stops.

#include "base/result.h"
#include "block/card.h"
#include "block/snapshot.h"
#include "frontend/block_driver.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using frontend::BlockDriver;
using test::AsyncDriver;
using test::ScriptedStore;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::uint64_t kDeadlineMs = test::kDeadlineMs;

// A device of two rings on one worker.
struct Rig {
  Rig() : Rig(std::make_unique<ScriptedStore>(kDeviceBytes)) {}
  explicit Rig(std::unique_ptr<ScriptedStore> made)
      : store(*made), backend(std::move(made), {.queueCount = 2}),
        session(backend.connect({.queueCount = 2, .queueSize = 16})) {}

  frontend::DriverQueue& ring() { return session->queue(0); }
  // Makes the available index what the test put into the ring.
  void show() {
    ring().setAvailableIndex(ring().offeredIndex());
    session->kick(0);
  }
  QueueSnapshot counters(std::size_t index = 0) {
    return backend.card().snapshot(backend.device()).queues[index];
  }
  // A request on ring `index` is answered.
  bool isOk(std::uint16_t index) { return isAnswered(index, kDeadlineMs); }
  // Ring 0 said that it broke, and does nothing any more.
  bool isBroken() {
    return frontend::waitForEvent(session->errFd(0), kDeadlineMs) && !isAnswered(0, 20);
  }
  bool isAnswered(std::uint16_t index, std::uint64_t timeoutMs) {
    BlockDriver driver(*session, index);
    driver.setTimeoutMs(timeoutMs);
    return driver.flush().has_value();
  }

  ScriptedStore& store;
  test::Backend backend;
  std::unique_ptr<frontend::Session> session;
};

struct BadRing {
  std::string_view name;
  std::function<void(Rig&)> spoil;
};

const std::vector<BadRing>& badRings() {
  static const std::vector<BadRing> all = {
      {"a head just outside the table",
       [](Rig& rig) {
         rig.ring().offerHead(16);
         rig.show();
       }},
      {"a head far outside the table",
       [](Rig& rig) {
         rig.ring().offerHead(0xffff);
         rig.show();
       }},
      {"an available index one more than the ring holds",
       [](Rig& rig) {
         rig.ring().setAvailableIndex(static_cast<std::uint16_t>(rig.ring().usedIndex() + 17));
         rig.session->kick(0);
       }},
      {"an available index half around",
       [](Rig& rig) {
         rig.ring().setAvailableIndex(static_cast<std::uint16_t>(rig.ring().usedIndex() + 0x8000));
         rig.session->kick(0);
       }},
      {"an available index that goes backwards",
       [](Rig& rig) {
         rig.ring().setAvailableIndex(static_cast<std::uint16_t>(rig.ring().usedIndex() - 1));
         rig.session->kick(0);
       }},
  };
  return all;
}

} // namespace

TEST_CASE("a ring whose memory makes no sense stops, says so, and leaves its neighbor alone") {
  for (const BadRing& bad : badRings()) {
    CAPTURE(bad.name);
    Rig rig;
    REQUIRE(rig.isOk(0));

    bad.spoil(rig);

    CHECK(rig.isBroken());
    CHECK(rig.counters().malformedChains == 1);
    CHECK(rig.backend.log().contains("ring stopped: "));
    CHECK(rig.isOk(1));
  }
}

TEST_CASE("a ring that stopped for its memory works again once it was stopped and started") {
  for (const BadRing& bad : badRings()) {
    CAPTURE(bad.name);
    Rig rig;
    REQUIRE(rig.isOk(0));
    bad.spoil(rig);
    REQUIRE(rig.isBroken());

    REQUIRE_OK(rig.session->stopQueue(0));
    rig.ring().reset(0);
    REQUIRE_OK(rig.session->startQueue(0, 0));

    CHECK(rig.isOk(0));
  }
}

TEST_CASE("a chain that is offered again while it is worked on breaks the ring") {
  Rig rig;
  rig.store.holdAll();
  AsyncDriver driver(*rig.session, {.slotCount = 1});
  REQUIRE(driver.offer(0, {.type = blk::T_IN, .dataBytes = 512}));
  driver.publish();
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 1; }));

  // The first descriptor that a fresh ring gives out is 0.
  rig.ring().offerHead(0);
  rig.show();
  CHECK(frontend::waitForEvent(rig.session->errFd(0), kDeadlineMs));
  rig.store.releaseAll();

  // What was under way is answered all the same.
  const Result<AsyncDriver::Answer> answer = driver.wait();
  REQUIRE_OK(answer);
  CHECK(answer->status == blk::S_OK);
  CHECK(rig.isOk(1));
}

TEST_CASE("a chain that is offered twice at once breaks the ring after its first answer") {
  Rig rig;
  rig.store.holdAll();
  AsyncDriver driver(*rig.session, {.slotCount = 1});
  REQUIRE(driver.offer(0, {.type = blk::T_IN, .dataBytes = 512}));
  rig.ring().offerHead(0);
  driver.publish();

  CHECK(frontend::waitForEvent(rig.session->errFd(0), kDeadlineMs));
  CHECK(rig.store.heldCount() == 1);
  rig.store.releaseAll();
}

TEST_CASE("a chain may be offered again as soon as it was answered") {
  Rig rig;
  AsyncDriver driver(*rig.session, {.slotCount = 1});
  for (int count = 0; count < 100; ++count) {
    REQUIRE(driver.offer(0, {.type = blk::T_IN, .dataBytes = 512}));
    driver.publish();
    REQUIRE_OK(driver.waitAllOk());
  }
  CHECK(rig.counters().malformedChains == 0);
}

TEST_CASE("a device whose store cannot be opened has rings that stop, and goes on") {
  auto store = std::make_unique<ScriptedStore>(kDeviceBytes);
  store->refuseChannels();
  Rig rig(std::move(store));

  CHECK(frontend::waitForEvent(rig.session->errFd(0), kDeadlineMs));
  CHECK(frontend::waitForEvent(rig.session->errFd(1), kDeadlineMs));
  CHECK(rig.backend.log().contains("no channel, as the script says"));
  CHECK_OK(rig.session->stopQueue(0));
}

TEST_CASE("a ring that starts calls its driver once, and works off what waited without a kick") {
  Rig rig;
  REQUIRE_OK(rig.session->stopQueue(0));
  // Empties the calls so far.
  static_cast<void>(frontend::waitForEvent(rig.session->callFd(0), 0));
  rig.ring().reset(0);
  AsyncDriver driver(*rig.session, {.slotCount = 2});
  REQUIRE(driver.offer(0, {.type = blk::T_FLUSH}));
  REQUIRE(driver.offer(1, {.type = blk::T_FLUSH}));
  // Published, but nobody kicks.
  static_cast<void>(rig.ring().publish());

  REQUIRE_OK(rig.session->startQueue(0, 0));

  CHECK(frontend::waitForEvent(rig.session->callFd(0), kDeadlineMs));
  CHECK_OK(driver.waitAllOk());
}

TEST_CASE("an idle ring that starts calls its driver once though there is nothing to say") {
  Rig rig;
  REQUIRE_OK(rig.session->stopQueue(0));
  static_cast<void>(frontend::waitForEvent(rig.session->callFd(0), 0));
  rig.ring().reset(0);
  rig.ring().disableCalls();

  REQUIRE_OK(rig.session->startQueue(0, 0));

  CHECK(frontend::waitForEvent(rig.session->callFd(0), kDeadlineMs));
  CHECK_FALSE(rig.ring().hasUsed());
}

TEST_CASE("a ring stops at the chain it would take next, with everything before it answered") {
  Rig rig;
  REQUIRE_OK(rig.session->stopQueue(0));
  rig.ring().reset(65534);
  REQUIRE_OK(rig.session->startQueue(0, 65534));
  rig.store.holdAll();
  AsyncDriver driver(*rig.session, {.slotCount = 4});
  for (std::size_t slot = 0; slot < 4; ++slot) {
    REQUIRE(driver.offer(slot, {.type = blk::T_IN, .dataBytes = 512}));
  }
  driver.publish();
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 4; }));
  std::future<Result<std::uint32_t>> stopping =
      std::async(std::launch::async, [&rig] { return rig.session->stopQueue(0); });
  // A kick while it stops, and a chain that comes too late.
  rig.session->kick(0);
  rig.session->kick(0);
  rig.store.releaseAll();

  const Result<std::uint32_t> base = stopping.get();

  REQUIRE_OK(base);
  CHECK(*base == 2);
  CHECK(rig.ring().usedIndex() == 2);
  CHECK_OK(driver.waitAllOk());
}

TEST_CASE("what a stopped ring did not take it takes when it starts again") {
  Rig rig;
  REQUIRE_OK(rig.session->stopQueue(0));
  AsyncDriver driver(*rig.session, {.slotCount = 3});
  for (std::size_t slot = 0; slot < 3; ++slot) {
    REQUIRE(driver.offer(slot, {.type = blk::T_FLUSH}));
  }
  driver.publish();
  const Result<std::uint32_t> base = rig.session->stopQueue(0);
  REQUIRE_OK(base);
  CHECK_FALSE(rig.ring().hasUsed());

  REQUIRE_OK(rig.session->startQueue(0, *base));

  CHECK_OK(driver.waitAllOk());
}

} // namespace argon::block
