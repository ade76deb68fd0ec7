// SPDX-License-Identifier: Apache-2.0
#include "storage/throttled_store.h"

#include "base/clock.h"
#include "base/result.h"
#include "storage/block_store.h"
#include "storage/throttle.h"
#include "support/random.h"
#include "support/scripted_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kStoreBytes = 1024 * 1024;
// Later than any test lasts.

LimitSet limitOf(LimitName name, std::uint64_t unitsPerSecond, std::uint64_t burstUnits = 0) {
  LimitSet limits;
  limits[static_cast<std::size_t>(name)] = {.unitsPerSecond = unitsPerSecond,
                                            .burstUnits = burstUnits};
  return limits;
}

// A level that let a request in lets the next one in minutes later, longer than any test waits.
LimitSet oneRequest() { return limitOf(LimitName::TotalBytes, 1); }

// A store over memory with two levels, and a thread's way to it.
struct Scene {
  std::shared_ptr<Throttle> volume = std::make_shared<Throttle>();
  std::shared_ptr<Throttle> host = std::make_shared<Throttle>();
  test::ScriptedStore* below = nullptr;
  std::unique_ptr<ThrottledStore> store;
  test::StoreWorker worker;
  std::unique_ptr<StoreChannel> channel;

  Scene() {
    auto scripted = std::make_unique<test::ScriptedStore>(kStoreBytes);
    below = scripted.get();
    store = std::make_unique<ThrottledStore>(std::move(scripted), std::vector{volume, host});
    channel = worker.open(*store);
  }

  // Uses up what a fresh level lets in at once.
  void spend() {
    std::vector<std::byte> bytes(512);
    CHECK(worker.read(*channel, 0, bytes) == StoreStatus::Ok);
  }
};

struct Read {
  std::array<std::byte, 512> bytes{};
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  test::Operation operation;

  explicit Read(std::uint64_t offset) { operation.prepareRead(offset, std::span(&part, 1)); }
};

} // namespace

TEST_CASE("a throttled store is the store below it") {
  Scene scene;

  CHECK(scene.store->sizeBytes() == kStoreBytes);
  CHECK(scene.store->blockBytes() == 512);
  CHECK(scene.store->description() == "scripted");
  CHECK_FALSE(scene.channel->isWaiting());
  CHECK_FALSE(scene.channel->poll());
}

TEST_CASE("without limits requests go straight through") {
  Scene scene;
  const std::vector<std::byte> written = test::Random(1).bytes(4096);

  CHECK(scene.worker.write(*scene.channel, 8192, written) == StoreStatus::Ok);
  std::vector<std::byte> read(4096);
  CHECK(scene.worker.read(*scene.channel, 8192, read) == StoreStatus::Ok);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK(read == written);
  CHECK(scene.volume->counters().delayedRequests == 0);
}

TEST_CASE("a store below that cannot be opened is the error of the store") {
  Scene scene;
  scene.below->refuseChannels();

  CHECK_FALSE(scene.store->openChannel(scene.worker.context()).has_value());
}

TEST_CASE("a request waits for its moment, is let in then and the wait is counted") {
  Scene scene;
  scene.volume->setLimits(limitOf(LimitName::TotalOperations, 50));
  const std::uint64_t beganNs = monotonicNs();

  for (int count = 0; count < 6; ++count) {
    scene.spend();
  }

  // Five of them are 20 ms apart.
  CHECK(monotonicNs() - beganNs >= 100'000'000);
  const Throttle::Counters counters = scene.volume->counters();
  // One whose time came while the host was busy elsewhere is not delayed.
  CHECK(counters.delayedRequests > 0);
  CHECK(counters.delayedRequests <= 5);
  CHECK(counters.delayNs > 0);
  CHECK(counters.exceededOperationsNs > 0);
  CHECK(counters.exceededBytesNs == 0);
  CHECK(scene.host->counters().delayedRequests == 0);
}

TEST_CASE("the channel is congested while a request waits") {
  Scene scene;
  scene.volume->setLimits(limitOf(LimitName::ReadBytes, 1));
  CHECK_FALSE(scene.channel->isCongested());
  scene.spend();
  Read read(0);

  scene.channel->submit(read.operation);
  CHECK(scene.channel->isCongested());
  scene.volume->setLimits(limitOf(LimitName::ReadBytes, 512 * 20));
  scene.worker.turnUntil(*scene.channel, [&read] { return read.operation.isDone(); });

  CHECK_FALSE(scene.channel->isCongested());
  CHECK(scene.volume->counters().exceededBytesNs > 0);
}

TEST_CASE("requests are let in in the order they came") {
  Scene scene;
  scene.volume->setLimits(limitOf(LimitName::TotalOperations, 500));
  std::vector<std::unique_ptr<Read>> reads;
  std::vector<std::size_t> order;
  for (std::size_t index = 0; index < 10; ++index) {
    reads.push_back(std::make_unique<Read>(512 * index));
    reads.back()->operation.onDone([&order, index](StoreStatus) { order.push_back(index); });
    scene.channel->submit(reads.back()->operation);
  }

  scene.worker.turnUntil(*scene.channel, [&order] { return order.size() == 10; });

  CHECK(order == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a flush does not wait for a limit") {
  Scene scene;
  scene.volume->setLimits(oneRequest());
  scene.spend();
  Read read(0);
  scene.channel->submit(read.operation);

  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK_FALSE(read.operation.isDone());
  scene.channel->drain();
  CHECK(read.operation.isDone());
}

TEST_CASE("draining lets what waits through, and it is owed") {
  Scene scene;
  scene.host->setLimits(oneRequest());
  scene.spend();
  Read first(0);
  Read second(512);
  scene.channel->submit(first.operation);
  scene.channel->submit(second.operation);
  const std::uint64_t beganNs = monotonicNs();

  scene.channel->drain();

  CHECK(first.operation.isDone());
  CHECK(second.operation.isDone());
  CHECK_FALSE(scene.channel->isCongested());
  CHECK(scene.host->counters().delayedRequests == 2);
  const ThrottleCost one{.isWrite = false, .operations = 1, .bytes = 512};
  // Three have been taken, 512 seconds each.
  CHECK(scene.host->take(one, beganNs).readyNs >= beganNs + 1'024'000'000'000);
}

TEST_CASE(
    "a request must be let in by every level, and one that refuses costs the others nothing") {
  Scene scene;
  scene.volume->setLimits(limitOf(LimitName::TotalOperations, 1000));
  scene.host->setLimits(oneRequest());
  scene.spend();
  Read read(0);
  scene.channel->submit(read.operation);
  for (int turn = 0; turn < 100; ++turn) {
    scene.worker.turn(*scene.channel);
  }
  CHECK_FALSE(read.operation.isDone());

  // Long after what the one read took has been earned back.
  const ThrottleCost one{.isWrite = false, .operations = 1, .bytes = 512};
  CHECK(scene.volume->take(one, monotonicNs() + 10'000'000).readyNs == 0);
  scene.channel->drain();
}

TEST_CASE("a limit that is lifted lets what waits go at once") {
  Scene scene;
  scene.volume->setLimits(oneRequest());
  scene.spend();
  Read read(0);
  scene.channel->submit(read.operation);

  const std::jthread operatorThread([&scene] { scene.volume->setLimits({}); });
  scene.worker.turnUntil(*scene.channel, [&read] { return read.operation.isDone(); });

  CHECK(read.operation.status() == StoreStatus::Ok);
}

TEST_CASE("a higher limit moves the moment of what waits") {
  Scene scene;
  scene.volume->setLimits(oneRequest());
  scene.spend();
  Read first(0);
  Read second(0);
  scene.channel->submit(first.operation);
  scene.channel->submit(second.operation);
  scene.worker.turn(*scene.channel);

  scene.volume->setLimits(limitOf(LimitName::TotalBytes, 512 * 50));
  scene.worker.turnUntil(*scene.channel, [&second] { return second.operation.isDone(); });

  CHECK(first.operation.isDone());
}

TEST_CASE("a channel that has a moment to wait for can be closed, and limits changed after") {
  Scene scene;
  scene.volume->setLimits(oneRequest());
  scene.spend();
  Read read(0);
  scene.channel->submit(read.operation);
  scene.worker.turn(*scene.channel);
  scene.channel->drain();
  // On its way to the channel when that is closed.
  scene.volume->setLimits(limitOf(LimitName::TotalOperations, 5));

  scene.channel = nullptr;

  scene.volume->setLimits({});
  scene.channel = scene.worker.open(*scene.store);
  scene.spend();
}

TEST_CASE("two channels share a level's rate") {
  Scene scene;
  const std::unique_ptr<StoreChannel> other = scene.worker.open(*scene.store);
  scene.volume->setLimits(limitOf(LimitName::TotalOperations, 100));
  const std::uint64_t beganNs = monotonicNs();
  std::array<int, 2> counts{};
  const std::vector<std::byte> bytes(512);

  for (int round = 0; round < 5; ++round) {
    Read mine(0);
    Read theirs(512);
    scene.channel->submit(mine.operation);
    other->submit(theirs.operation);
    scene.worker.turnUntil(*scene.channel,
                           [&] { return mine.operation.isDone() && theirs.operation.isDone(); });
    ++counts[0];
    ++counts[1];
  }

  // Nine of ten wait for 10 ms each.
  CHECK(monotonicNs() - beganNs >= 90'000'000);
  CHECK(counts == std::array{5, 5});
}

} // namespace argon
