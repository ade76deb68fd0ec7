// SPDX-License-Identifier: Apache-2.0

// Rings under load: every combination of features and polling, more chains than a worker takes,
// answers late and out of order, memory that changes and front ends that leave in the middle.

#include "base/poll_window.h"
#include "base/result.h"
#include "block/snapshot.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using test::AsyncDriver;
using test::ScriptedStore;

constexpr std::uint64_t kDeviceBytes = 4 << 20;

struct Rig {
  explicit Rig(const frontend::Session::Options& options,
               const test::Backend::Options& backendOptions = {})
      : Rig(std::make_unique<ScriptedStore>(kDeviceBytes), options, backendOptions) {}
  Rig(std::unique_ptr<ScriptedStore> made, const frontend::Session::Options& options,
      const test::Backend::Options& backendOptions)
      : store(*made), backend(std::move(made), backendOptions), session(backend.connect(options)) {}

  ScriptedStore& store;
  test::Backend backend;
  std::unique_ptr<frontend::Session> session;
};

// Fills a slot with bytes that tell slot, round and place apart.
void fillPattern(std::span<std::byte> data, std::size_t slot, std::size_t round) {
  for (std::size_t index = 0; index < data.size(); ++index) {
    data[index] = static_cast<std::byte>(slot * 31 + round * 7 + index);
  }
}

bool hasPattern(std::span<const std::byte> data, std::size_t slot, std::size_t round) {
  for (std::size_t index = 0; index < data.size(); ++index) {
    if (data[index] != static_cast<std::byte>(slot * 31 + round * 7 + index)) {
      return false;
    }
  }
  return true;
}

// Writes each slot's own blocks in `rounds` rounds, then reads them back and compares.
void writeAndVerify(Rig& rig, AsyncDriver& driver, std::size_t slotCount, std::size_t rounds,
                    bool isIndirect) {
  constexpr std::size_t kBlockBytes = 1536;
  for (const std::uint32_t type : {blk::T_OUT, blk::T_IN}) {
    for (std::size_t round = 0; round < rounds; ++round) {
      for (std::size_t slot = 0; slot < slotCount; ++slot) {
        if (type == blk::T_OUT) {
          fillPattern(driver.data(slot).first(kBlockBytes), slot, round);
        } else {
          std::ranges::fill(driver.data(slot), std::byte{0});
        }
        REQUIRE(driver.offer(slot, {.type = type,
                                    .sector = (slot * rounds + round) * 3,
                                    .dataBytes = kBlockBytes,
                                    .isIndirect = isIndirect,
                                    .pieceBytes = round % 2 == 0 ? 0U : 700U}));
        if (slot % 3 == 0) {
          driver.publish();
        }
      }
      driver.publish();
      REQUIRE_OK(driver.waitAllOk());
      for (std::size_t slot = 0; slot < slotCount; ++slot) {
        REQUIRE(hasPattern(driver.data(slot).first(kBlockBytes), slot, round));
      }
    }
  }
  static_cast<void>(rig);
}

} // namespace

TEST_CASE("every mix of EVENT_IDX, indirect tables and polling works across the index's wrap") {
  for (const bool hasEventIdx : {false, true}) {
    for (const bool hasIndirect : {false, true}) {
      for (const PollMode pollMode : {PollMode::Off, PollMode::Adaptive, PollMode::Always}) {
        CAPTURE(hasEventIdx);
        CAPTURE(hasIndirect);
        CAPTURE(static_cast<int>(pollMode));
        virtio::FeatureSet features = virtio::FeatureSet().with(virtio::spec::F_VERSION_1);
        features = hasEventIdx ? features.with(virtio::spec::F_EVENT_IDX) : features;
        features = hasIndirect ? features.with(virtio::spec::F_INDIRECT_DESC) : features;
        Rig rig({.queueSize = 64, .wantedFeatures = features}, {.pollMode = pollMode});
        REQUIRE_OK(rig.session->stopQueue(0));
        rig.session->queue(0).reset(65530);
        REQUIRE_OK(rig.session->startQueue(0, 65530));
        AsyncDriver driver(*rig.session, {.slotCount = 10});

        writeAndVerify(rig, driver, 10, 3, hasIndirect);

        CHECK(rig.session->queue(0).usedIndex() == 54);
      }
    }
  }
}

TEST_CASE("a ring of 1024 entries can have 1024 requests under way") {
  Rig rig({.queueSize = 1024, .arenaBytes = std::size_t{32} << 20});
  rig.store.holdAll();
  AsyncDriver driver(*rig.session, {.slotCount = 1024, .dataBytesMax = 1536});
  for (std::size_t slot = 0; slot < 1024; ++slot) {
    fillPattern(driver.data(slot), slot, 0);
    REQUIRE(driver.offer(
        slot, {.type = blk::T_OUT, .sector = slot * 3, .dataBytes = 1536, .isIndirect = true}));
  }
  driver.publish();
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 1024; }));

  rig.store.releaseAll();

  CHECK_OK(driver.waitAllOk());
  writeAndVerify(rig, driver, 1024, 1, true);
}

TEST_CASE("more chains than a worker has requests wait in their rings, and none is lost") {
  Rig rig({.queueCount = 2, .queueSize = 1024, .arenaBytes = std::size_t{32} << 20},
          {.queueCount = 2});
  rig.store.holdAll();
  std::vector<AsyncDriver> drivers;
  drivers.reserve(2);
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    drivers.emplace_back(
        *rig.session,
        AsyncDriver::Options{.queueIndex = queue, .slotCount = 1024, .dataBytesMax = 512});
    for (std::size_t slot = 0; slot < 1024; ++slot) {
      REQUIRE(drivers[queue].offer(
          slot, {.type = blk::T_IN, .sector = slot, .dataBytes = 512, .isIndirect = true}));
    }
    drivers[queue].publish();
  }
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 1024; }));
  // The worker has none left; a task of its own shows that it goes on meanwhile.
  CHECK(rig.backend.card().snapshot(rig.backend.device()).queues.size() == 2);
  CHECK(rig.store.heldCount() == 1024);

  rig.store.releaseAll();

  CHECK_OK(drivers[0].waitAllOk());
  CHECK_OK(drivers[1].waitAllOk());
}

TEST_CASE("answers may come late and in any order") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    Rig rig({.queueSize = 256});
    AsyncDriver driver(*rig.session, {.slotCount = 64});
    for (std::size_t round = 0; round < 10; ++round) {
      rig.store.holdAll();
      for (std::size_t slot = 0; slot < 64; ++slot) {
        fillPattern(driver.data(slot).first(512), slot, round);
        REQUIRE(driver.offer(slot, {.type = blk::T_OUT, .sector = slot, .dataBytes = 512}));
      }
      driver.publish();
      REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 64; }));
      rig.store.releaseHeld(
          [&random](std::size_t count) { return static_cast<std::size_t>(random.below(count)); });
      REQUIRE_OK(driver.waitAllOk());
      rig.store.setScript({});
      for (std::size_t slot = 0; slot < 64; ++slot) {
        REQUIRE(driver.offer(slot, {.type = blk::T_IN, .sector = slot, .dataBytes = 512}));
      }
      driver.publish();
      REQUIRE_OK(driver.waitAllOk());
      for (std::size_t slot = 0; slot < 64; ++slot) {
        REQUIRE(hasPattern(driver.data(slot).first(512), slot, round));
      }
    }
  }
}

TEST_CASE("memory can be sent anew under load, and no data is lost or mixed") {
  Rig rig({.queueSize = 256});
  AsyncDriver driver(*rig.session, {.slotCount = 32});
  for (std::size_t round = 0; round < 60; ++round) {
    for (std::size_t slot = 0; slot < 32; ++slot) {
      fillPattern(driver.data(slot).first(1024), slot, round);
      REQUIRE(driver.offer(slot, {.type = blk::T_OUT, .sector = slot * 2, .dataBytes = 1024}));
      driver.publish();
    }
    REQUIRE_OK(rig.session->sendMemory());
    REQUIRE_OK(driver.waitAllOk());
    for (std::size_t slot = 0; slot < 32; ++slot) {
      std::ranges::fill(driver.data(slot), std::byte{0});
      REQUIRE(driver.offer(slot, {.type = blk::T_IN, .sector = slot * 2, .dataBytes = 1024}));
      driver.publish();
    }
    REQUIRE_OK(rig.session->sendMemory());
    REQUIRE_OK(driver.waitAllOk());
    for (std::size_t slot = 0; slot < 32; ++slot) {
      REQUIRE(hasPattern(driver.data(slot).first(1024), slot, round));
    }
  }
}

TEST_CASE("a ring can be stopped and started under load, and goes on where it was") {
  Rig rig({.queueSize = 256});
  AsyncDriver driver(*rig.session, {.slotCount = 64});
  std::uint16_t expected = 0;
  for (std::size_t round = 0; round < 60; ++round) {
    for (std::size_t slot = 0; slot < 64; ++slot) {
      fillPattern(driver.data(slot).first(512), slot, round);
      REQUIRE(driver.offer(slot, {.type = blk::T_OUT, .sector = slot, .dataBytes = 512}));
      driver.publish();
    }
    const Result<std::uint32_t> base = rig.session->stopQueue(0);
    REQUIRE_OK(base);
    // All that was taken is answered, in this ring and no more.
    CHECK(rig.session->queue(0).usedIndex() == *base);
    REQUIRE_OK(rig.session->startQueue(0, *base));
    REQUIRE_OK(driver.waitAllOk());
    expected = static_cast<std::uint16_t>(expected + 64);
    CHECK(rig.session->queue(0).usedIndex() == expected);
  }
}

TEST_CASE("a front end that leaves under load leaves nothing behind for the next") {
  Rig rig({.queueSize = 256});
  for (int round = 0; round < 20; ++round) {
    AsyncDriver driver(*rig.session, {.slotCount = 64});
    for (std::size_t slot = 0; slot < 64; ++slot) {
      REQUIRE(driver.offer(slot, {.type = blk::T_OUT, .sector = slot, .dataBytes = 4096}));
    }
    driver.publish();
    rig.session = nullptr;
    rig.session = rig.backend.connect({.queueSize = 256});
  }
  frontend::BlockDriver driver(*rig.session);
  CHECK_OK(driver.flush());
}

TEST_CASE("a front end that leaves while the store is slow is followed by the next one") {
  Rig rig({.queueSize = 64});
  rig.store.holdAll();
  AsyncDriver driver(*rig.session, {.slotCount = 16});
  for (std::size_t slot = 0; slot < 16; ++slot) {
    REQUIRE(driver.offer(slot, {.type = blk::T_IN, .sector = slot, .dataBytes = 512}));
  }
  driver.publish();
  REQUIRE(test::waitUntil([&rig] { return rig.store.heldCount() == 16; }));
  rig.session = nullptr;
  std::future<std::unique_ptr<frontend::Session>> next =
      std::async(std::launch::async, [&rig] { return rig.backend.connect(); });
  rig.store.releaseAll();

  rig.session = next.get();

  frontend::BlockDriver nextDriver(*rig.session);
  CHECK_OK(nextDriver.flush());
}

TEST_CASE("two rings over two workers work at once") {
  Rig rig({.queueCount = 2, .queueSize = 256, .arenaBytes = std::size_t{32} << 20},
          {.queueCount = 2, .workerCount = 2});
  std::vector<AsyncDriver> drivers;
  drivers.reserve(2);
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    drivers.emplace_back(*rig.session, AsyncDriver::Options{.queueIndex = queue, .slotCount = 32});
  }
  CHECK(test::waitUntil([&rig] { return rig.store.openChannelCount() == 2; }));
  for (std::size_t round = 0; round < 30; ++round) {
    for (std::size_t queue = 0; queue < 2; ++queue) {
      for (std::size_t slot = 0; slot < 32; ++slot) {
        fillPattern(drivers[queue].data(slot).first(512), queue * 32 + slot, round);
        REQUIRE(drivers[queue].offer(
            slot, {.type = blk::T_OUT, .sector = queue * 32 + slot, .dataBytes = 512}));
      }
      drivers[queue].publish();
    }
    REQUIRE_OK(drivers[0].waitAllOk());
    REQUIRE_OK(drivers[1].waitAllOk());
    // Each reads what the other wrote.
    for (std::size_t queue = 0; queue < 2; ++queue) {
      for (std::size_t slot = 0; slot < 32; ++slot) {
        REQUIRE(drivers[queue].offer(
            slot, {.type = blk::T_IN, .sector = (1 - queue) * 32 + slot, .dataBytes = 512}));
      }
      drivers[queue].publish();
    }
    REQUIRE_OK(drivers[0].waitAllOk());
    REQUIRE_OK(drivers[1].waitAllOk());
    for (std::size_t queue = 0; queue < 2; ++queue) {
      for (std::size_t slot = 0; slot < 32; ++slot) {
        REQUIRE(hasPattern(drivers[queue].data(slot).first(512), (1 - queue) * 32 + slot, round));
      }
    }
  }
  const std::vector<QueueSnapshot> counters =
      rig.backend.card().snapshot(rig.backend.device()).queues;
  CHECK(counters[0].writes == 30 * 32);
  CHECK(counters[1].writes == 30 * 32);
}

} // namespace argon::block
