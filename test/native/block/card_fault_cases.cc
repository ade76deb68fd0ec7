// SPDX-License-Identifier: Apache-2.0

// Faults as a front end sees them, and that none of them keeps a ring or a device from stopping.

#include "base/result.h"
#include "crypto/data_key.h"
#include "frontend/session.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/fault_plan.h"
#include "storage/fault_store.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/test.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using test::AsyncDriver;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::uint8_t kAll = 0x1f;

std::unique_ptr<BlockStore> encrypted(std::unique_ptr<BlockStore> data) {
  Result<std::unique_ptr<AllocationMap>> map =
      AllocationMap::create(kDeviceBytes / EncryptedStore::kUnitBytes);
  REQUIRE_OK(map);
  Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  Result<std::unique_ptr<EncryptedStore>> store = EncryptedStore::create(
      {.data = std::move(data), .map = *std::move(map), .mapStore = nullptr}, *std::move(key));
  REQUIRE_OK(store);
  return *std::move(store);
}

// A disk that fails as the plan says, under an encrypted device that does.
struct Scene {
  std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>(1);
  test::Backend backend{std::make_unique<FaultStore>(
      encrypted(std::make_unique<FaultStore>(test::makeMemoryStore(kDeviceBytes), plan,
                                             FaultLayer::Disk)),
      plan, FaultLayer::Device)};
  std::unique_ptr<frontend::Session> session = backend.connect();
  AsyncDriver driver{*session, {.slotCount = 4}};

  std::uint8_t write(std::size_t slot) {
    REQUIRE(driver.offer(slot, {.type = blk::T_OUT, .sector = 8 * slot, .dataBytes = 4096}));
    driver.publish();
    const Result<AsyncDriver::Answer> answer = driver.wait();
    REQUIRE_OK(answer);
    return answer->status;
  }
  void hold(FaultLayer layer) {
    CHECK(plan->add({.layer = layer, .operations = kAll, .action = FaultAction::Hang}).has_value());
  }
  [[nodiscard]] std::uint64_t hits() const { return plan->list().at(0).hitCount; }
};

} // namespace

TEST_CASE("a disk's error under the encryption is the guest's error, once") {
  Scene scene;
  CHECK(scene.write(0) == blk::S_OK);
  CHECK(scene.plan->add({.layer = FaultLayer::Disk, .operations = kAll, .nth = 1}).has_value());

  CHECK(scene.write(1) == blk::S_IOERR);

  CHECK(scene.write(2) == blk::S_OK);
}

TEST_CASE("a ring stops with requests that hang, over the encryption and under it") {
  for (const FaultLayer layer : {FaultLayer::Device, FaultLayer::Disk}) {
    CAPTURE(static_cast<int>(layer));
    Scene scene;
    scene.hold(layer);
    for (std::size_t slot = 0; slot < 4; ++slot) {
      REQUIRE(
          scene.driver.offer(slot, {.type = blk::T_OUT, .sector = 8 * slot, .dataBytes = 4096}));
    }
    scene.driver.publish();
    CHECK(test::waitUntil([&scene] { return scene.hits() == 4; }));

    const Result<std::uint32_t> next = scene.session->stopQueue(0);

    REQUIRE_OK(next);
    CHECK(*next == 4);
    CHECK_OK(scene.driver.waitAllOk());
    scene.plan->releaseForever();
  }
}

TEST_CASE("a device ends although its last flush would hang") {
  Scene scene;
  CHECK(scene.write(0) == blk::S_OK);
  scene.hold(FaultLayer::Disk);
  scene.session = nullptr;

  scene.plan->releaseForever();

  // The scene's end removes the device.
  CHECK_FALSE(scene.plan->mayHold());
}

} // namespace argon::block
