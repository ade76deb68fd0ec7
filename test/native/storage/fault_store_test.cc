// SPDX-License-Identifier: Apache-2.0
#include "storage/fault_store.h"

#include "base/clock.h"
#include "storage/block_store.h"
#include "storage/fault_plan.h"
#include "support/random.h"
#include "support/scripted_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;
constexpr std::uint8_t kReads = FaultRule::bitOf(StoreOperation::Read);
constexpr std::uint8_t kWrites = FaultRule::bitOf(StoreOperation::Write);
constexpr std::uint8_t kFlushes = FaultRule::bitOf(StoreOperation::Flush);
constexpr std::uint64_t kStoreBytes = 64 * 1024;
constexpr std::uint64_t kHourNs = FaultDelay::kNsMax;

struct Scene {
  std::shared_ptr<FaultPlan> plan = std::make_shared<FaultPlan>(42);
  test::ScriptedStore* below = nullptr;
  std::unique_ptr<FaultStore> store;
  test::StoreWorker worker;
  std::unique_ptr<StoreChannel> channel;

  Scene() {
    auto scripted = std::make_unique<test::ScriptedStore>(kStoreBytes);
    below = scripted.get();
    store = std::make_unique<FaultStore>(std::move(scripted), plan, FaultLayer::Device);
    channel = worker.open(*store);
  }

  void add(const FaultRule& rule) { CHECK(plan->add(rule).has_value()); }
  Bytes contentBelow() {
    plan->clear();
    Bytes content(kStoreBytes);
    CHECK(worker.read(*channel, 0, content) == StoreStatus::Ok);
    return content;
  }
};

struct Read {
  std::array<std::byte, 512> bytes{};
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  test::Operation operation;

  explicit Read(std::uint64_t offset) { operation.prepareRead(offset, std::span(&part, 1)); }
};

std::size_t differingBits(const Bytes& left, const Bytes& right) {
  std::size_t count = 0;
  for (std::size_t index = 0; index < left.size(); ++index) {
    count += static_cast<std::size_t>(
        std::popcount(std::to_integer<unsigned>(left[index] ^ right[index])));
  }
  return count;
}

} // namespace

TEST_CASE("without rules a fault store is the store below it") {
  Scene scene;
  const Bytes written = test::Random(1).bytes(4096);

  CHECK(scene.worker.write(*scene.channel, 8192, written) == StoreStatus::Ok);
  Bytes read(4096);
  CHECK(scene.worker.read(*scene.channel, 8192, read) == StoreStatus::Ok);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK(read == written);
  CHECK(scene.below->countOf(StoreOperation::Flush) == 1);
  CHECK(scene.store->sizeBytes() == kStoreBytes);
  CHECK(scene.store->blockBytes() == 512);
  CHECK(scene.store->description() == "scripted");
  CHECK_FALSE(scene.channel->isCongested());
}

TEST_CASE("an error and no space are answered, and nothing is done") {
  Scene scene;
  scene.add({.operations = kWrites, .nth = 1, .action = FaultAction::Error});
  scene.add({.operations = kWrites, .nth = 1, .action = FaultAction::NoSpace});
  const Bytes written = test::Random(1).bytes(512);

  CHECK(scene.worker.write(*scene.channel, 0, written) == StoreStatus::IoError);
  CHECK(scene.worker.write(*scene.channel, 0, written) == StoreStatus::NoSpace);

  CHECK(scene.below->countOf(StoreOperation::Write) == 0);
  CHECK(scene.worker.write(*scene.channel, 0, written) == StoreStatus::Ok);
}

TEST_CASE("a lost flush is answered and not done") {
  Scene scene;
  scene.add({.operations = kFlushes, .action = FaultAction::LoseFlush});

  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK(scene.below->countOf(StoreOperation::Flush) == 0);
}

TEST_CASE("a delayed request starts when its delay is over, and others pass it") {
  Scene scene;
  scene.add({.operations = kReads,
             .nth = 1,
             .action = FaultAction::Delay,
             .delay = {.baseNs = 30'000'000}});
  const std::uint64_t beganNs = monotonicNs();
  Read slow(0);
  Read other(512);
  scene.channel->submit(slow.operation);
  scene.channel->submit(other.operation);
  // Before the worker's next turn, in which the delay may be over.
  CHECK(other.operation.isDone());
  CHECK_FALSE(slow.operation.isDone());

  scene.worker.turnUntil(*scene.channel, [&slow] { return slow.operation.isDone(); });

  CHECK(monotonicNs() - beganNs >= 30'000'000);
  CHECK(slow.operation.status() == StoreStatus::Ok);
}

TEST_CASE("what hangs starts when it is released") {
  Scene scene;
  scene.add({.operations = kReads, .times = 2, .action = FaultAction::Hang});
  Read first(0);
  Read second(512);
  scene.channel->submit(first.operation);
  scene.channel->submit(second.operation);
  for (int turn = 0; turn < 100; ++turn) {
    scene.worker.turn(*scene.channel);
  }
  CHECK_FALSE(first.operation.isDone());

  const std::jthread operatorThread([&scene] { scene.plan->release(); });
  scene.worker.turnUntil(*scene.channel,
                         [&] { return first.operation.isDone() && second.operation.isDone(); });

  CHECK(first.operation.status() == StoreStatus::Ok);
}

TEST_CASE("draining starts what is held back, and at the end of a device nothing is") {
  Scene scene;
  scene.add({.operations = kReads, .nth = 1, .action = FaultAction::Hang});
  scene.add({.operations = kReads, .action = FaultAction::Delay, .delay = {.baseNs = kHourNs}});
  Read hung(0);
  Read delayed(512);
  scene.channel->submit(hung.operation);
  scene.channel->submit(delayed.operation);

  scene.channel->drain();
  CHECK(hung.operation.isDone());
  CHECK(delayed.operation.isDone());

  Read late(512);
  scene.channel->submit(late.operation);
  CHECK_FALSE(late.operation.isDone());
  scene.plan->releaseForever();
  scene.worker.turnUntil(*scene.channel, [&late] { return late.operation.isDone(); });
  Bytes bytes(512);
  CHECK(scene.worker.read(*scene.channel, 0, bytes) == StoreStatus::Ok);
}

TEST_CASE("a channel that holds a ring's worth back is congested") {
  Scene scene;
  scene.add({.operations = kReads, .action = FaultAction::Hang});
  std::vector<std::unique_ptr<Read>> reads;
  while (!scene.channel->isCongested()) {
    reads.push_back(std::make_unique<Read>(0));
    scene.channel->submit(reads.back()->operation);
    REQUIRE(reads.size() <= FaultStore::kHeldCountMax);
  }
  CHECK(reads.size() == FaultStore::kHeldCountMax);

  scene.channel->drain();

  CHECK_FALSE(scene.channel->isCongested());
}

TEST_CASE("a short write is done in part and fails, a torn one is done in part and does not") {
  for (const FaultAction action : {FaultAction::Short, FaultAction::Torn}) {
    CAPTURE(static_cast<int>(action));
    Scene scene;
    scene.add({.operations = kWrites, .action = action});
    const Bytes written(16 * 512, std::byte{0x5a});

    const StoreStatus status = scene.worker.write(*scene.channel, 0, written);

    CHECK(status == (action == FaultAction::Torn ? StoreStatus::Ok : StoreStatus::IoError));
    const Bytes content = scene.contentBelow();
    const auto end = std::ranges::find(content, std::byte{0});
    const auto count = static_cast<std::size_t>(end - content.begin());
    CHECK(count % 512 == 0);
    CHECK(count < written.size());
    CHECK(std::all_of(end, content.end(), [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST_CASE("a short read fails") {
  Scene scene;
  scene.add({.operations = kReads, .action = FaultAction::Short});
  Bytes bytes(8192);

  CHECK(scene.worker.read(*scene.channel, 0, bytes) == StoreStatus::IoError);
}

TEST_CASE("one bit of what is read is another, and what is stored is whole") {
  Scene scene;
  const Bytes written = test::Random(3).bytes(4096);
  CHECK(scene.worker.write(*scene.channel, 0, written) == StoreStatus::Ok);
  scene.add({.operations = kReads, .action = FaultAction::Flip});

  Bytes read(4096);
  CHECK(scene.worker.read(*scene.channel, 0, read) == StoreStatus::Ok);
  CHECK(differingBits(read, written) == 1);

  const Bytes content = scene.contentBelow();
  CHECK(std::equal(written.begin(), written.end(), content.begin()));
}

TEST_CASE("one bit of what is written is another, and the memory it came from is whole") {
  Scene scene;
  scene.add({.operations = kWrites, .action = FaultAction::Flip});
  const Bytes written = test::Random(3).bytes(4096);

  CHECK(scene.worker.write(*scene.channel, 0, written) == StoreStatus::Ok);

  CHECK(written == test::Random(3).bytes(4096));
  Bytes content = scene.contentBelow();
  content.resize(4096);
  CHECK(differingBits(content, written) == 1);
}

TEST_CASE("the same seed and requests meet the same faults") {
  std::vector<Bytes> contents;
  for (int run = 0; run < 2; ++run) {
    Scene scene;
    scene.add({.operations = kWrites, .chancePpm = 500'000, .action = FaultAction::Torn});
    scene.add({.operations = kWrites, .action = FaultAction::Flip});
    test::Random random(5);
    for (int count = 0; count < 20; ++count) {
      const Bytes bytes = random.bytes(2048);
      CHECK(scene.worker.write(*scene.channel, random.below(30) * 2048, bytes) == StoreStatus::Ok);
    }
    contents.push_back(scene.contentBelow());
  }

  CHECK(contents[0] == contents[1]);
}

TEST_CASE("a failure below is the failure of what stands for a request") {
  Scene scene;
  scene.add({.operations = kWrites, .action = FaultAction::Flip});
  scene.below->setScript(
      [](const StoreRequest&) { return test::ScriptedStore::Action::FailNoSpace; });

  const Bytes bytes(512);
  CHECK(scene.worker.write(*scene.channel, 0, bytes) == StoreStatus::NoSpace);
}

} // namespace argon
