// SPDX-License-Identifier: Apache-2.0
#include "storage/volatile_store.h"

#include "storage/block_store.h"
#include "support/random.h"
#include "support/scripted_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;
constexpr std::uint64_t kStoreBytes = 64 * 1024;

struct Scene {
  test::ScriptedStore* below = nullptr;
  std::unique_ptr<VolatileStore> store;
  test::StoreWorker worker;
  std::unique_ptr<StoreChannel> channel;

  Scene() {
    auto scripted = std::make_unique<test::ScriptedStore>(kStoreBytes);
    below = scripted.get();
    store = std::make_unique<VolatileStore>(std::move(scripted));
    channel = worker.open(*store);
  }

  StoreStatus write(std::uint64_t offset, const Bytes& bytes) {
    return worker.write(*channel, offset, bytes);
  }
  Bytes read(std::uint64_t offset, std::size_t count) {
    Bytes bytes(count, std::byte{0xee});
    CHECK(worker.read(*channel, offset, bytes) == StoreStatus::Ok);
    return bytes;
  }
  VolatileStore::Cut cutPower(std::uint64_t seed) {
    std::optional<VolatileStore::Cut> cut;
    CHECK(store->cutPower(seed, [&cut](const VolatileStore::Cut& done) { cut = done; }));
    worker.turnUntil(*channel, [&cut] { return cut.has_value(); });
    return *cut;
  }
};

Bytes filled(std::size_t count, unsigned value) { return Bytes(count, std::byte(value)); }

} // namespace

TEST_CASE("what is written is read at once, and stored with the next flush") {
  Scene scene;
  const Bytes written = test::Random(1).bytes(4096);

  CHECK(scene.write(512, written) == StoreStatus::Ok);
  CHECK(scene.read(512, 4096) == written);
  CHECK(scene.below->countOf(StoreOperation::Write) == 0);
  CHECK(scene.store->cachedBytes() == 4096);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK(scene.below->countOf(StoreOperation::Write) == 1);
  CHECK(scene.below->countOf(StoreOperation::Flush) == 1);
  CHECK(scene.store->cachedBytes() == 0);
  CHECK(scene.read(512, 4096) == written);
}

TEST_CASE("random requests over a cache agree with an array of bytes") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    Scene scene;
    Bytes model(kStoreBytes);
    for (int step = 0; step < test::rounds(600); ++step) {
      const std::size_t sectors = random.between(1, 16);
      const std::uint64_t offset = random.below(kStoreBytes / 512 - sectors + 1) * 512;
      const auto at = static_cast<std::ptrdiff_t>(offset);
      if (random.chance(10)) {
        CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);
      } else if (random.chance(50)) {
        const Bytes bytes = random.bytes(sectors * 512);
        CHECK(scene.write(offset, bytes) == StoreStatus::Ok);
        std::ranges::copy(bytes, model.begin() + at);
      } else {
        const Bytes bytes = scene.read(offset, sectors * 512);
        CHECK(std::equal(bytes.begin(), bytes.end(), model.begin() + at));
      }
    }
    CHECK(scene.read(0, kStoreBytes) == model);
  }
}

TEST_CASE("many writes are flushed, one after another") {
  Scene scene;
  constexpr unsigned kCount = 20'000;
  for (unsigned count = 0; count < kCount; ++count) {
    CHECK(scene.write(std::uint64_t{count % 128} * 512, filled(512, count % 251)) ==
          StoreStatus::Ok);
  }

  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK(scene.below->countOf(StoreOperation::Write) == kCount);
  CHECK(scene.read(std::uint64_t{(kCount - 1) % 128} * 512, 512) ==
        filled(512, (kCount - 1) % 251));
}

TEST_CASE("a write that cannot be stored fails the flush, and is kept for the next") {
  Scene scene;
  const Bytes written = filled(512, 1);
  CHECK(scene.write(0, written) == StoreStatus::Ok);
  scene.below->setScript([](const StoreRequest& request) {
    return request.operation == StoreOperation::Write ? test::ScriptedStore::Action::FailIo
                                                      : test::ScriptedStore::Action::Perform;
  });

  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::IoError);
  CHECK(scene.read(0, 512) == written);
  scene.below->setScript([](const StoreRequest&) { return test::ScriptedStore::Action::Perform; });

  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);
  CHECK(scene.below->countOf(StoreOperation::Write) == 2);
}

TEST_CASE("flushes of two channels are done one after another") {
  Scene scene;
  const std::unique_ptr<StoreChannel> other = scene.worker.open(*scene.store);
  CHECK(scene.write(0, filled(512, 1)) == StoreStatus::Ok);
  test::Operation mine;
  test::Operation theirs;
  mine.prepareFlush();
  theirs.prepareFlush();

  scene.channel->submit(mine);
  other->submit(theirs);
  scene.worker.turnUntil(*scene.channel, [&] { return mine.isDone() && theirs.isDone(); });

  CHECK(mine.status() == StoreStatus::Ok);
  CHECK(theirs.status() == StoreStatus::Ok);
  CHECK(scene.below->countOf(StoreOperation::Write) == 1);
  CHECK(scene.below->countOf(StoreOperation::Flush) == 2);
}

TEST_CASE("without power every request fails, and then what is left is there") {
  Scene scene;
  CHECK(scene.write(0, filled(1024, 1)) == StoreStatus::Ok);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  scene.cutPower(1);

  CHECK(scene.store->isOff());
  Bytes bytes(512);
  CHECK(scene.worker.read(*scene.channel, 0, bytes) == StoreStatus::IoError);
  CHECK(scene.write(0, bytes) == StoreStatus::IoError);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::IoError);
  CHECK_FALSE(scene.store->cutPower(2, [](const VolatileStore::Cut&) {}));

  CHECK(scene.store->restorePower());
  CHECK_FALSE(scene.store->restorePower());
  CHECK(scene.read(0, 1024) == filled(1024, 1));
}

TEST_CASE("a power cut keeps what was flushed, and of the rest each sector old or new") {
  std::uint64_t kept = 0;
  std::uint64_t torn = 0;
  std::uint64_t lost = 0;
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    Scene scene;
    constexpr std::size_t kWriteBytes = 2048;
    constexpr std::uint64_t kWriteCount = kStoreBytes / kWriteBytes;
    CHECK(scene.write(0, filled(kStoreBytes, 1)) == StoreStatus::Ok);
    CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);
    for (std::uint64_t index = 0; index < kWriteCount; ++index) {
      CHECK(scene.write(index * kWriteBytes, filled(kWriteBytes, 2)) == StoreStatus::Ok);
    }

    const VolatileStore::Cut cut = scene.cutPower(seed);
    CHECK(scene.store->restorePower());

    CHECK(cut.pendingCount == kWriteCount);
    CHECK(cut.keptCount + cut.tornCount + cut.lostCount == kWriteCount);
    const Bytes content = scene.read(0, kStoreBytes);
    std::size_t newSectors = 0;
    for (std::size_t offset = 0; offset < kStoreBytes; offset += 512) {
      const std::byte first = content[offset];
      CHECK((first == std::byte{1} || first == std::byte{2}));
      CHECK(std::all_of(content.begin() + static_cast<std::ptrdiff_t>(offset),
                        content.begin() + static_cast<std::ptrdiff_t>(offset + 512),
                        [first](std::byte byte) { return byte == first; }));
      newSectors += first == std::byte{2} ? 1 : 0;
    }
    CHECK(newSectors >= cut.keptCount * kWriteBytes / 512);
    CHECK(newSectors <= (cut.keptCount + cut.tornCount) * kWriteBytes / 512);
    kept += cut.keptCount;
    torn += cut.tornCount;
    lost += cut.lostCount;
  }
  CHECK(kept > 0);
  CHECK(torn > 0);
  CHECK(lost > 0);
}

TEST_CASE("the same seed keeps the same sectors") {
  std::vector<Bytes> contents;
  for (const std::uint64_t seed : {9U, 9U, 10U}) {
    Scene scene;
    for (std::uint64_t index = 0; index < 32; ++index) {
      CHECK(scene.write(index * 2048, filled(2048, 7)) == StoreStatus::Ok);
    }
    scene.cutPower(seed);
    CHECK(scene.store->restorePower());
    contents.push_back(scene.read(0, kStoreBytes));
  }

  CHECK(contents[0] == contents[1]);
  CHECK(contents[0] != contents[2]);
}

TEST_CASE("a flush that is under way when the power goes fails") {
  Scene scene;
  CHECK(scene.write(0, filled(512, 1)) == StoreStatus::Ok);
  scene.below->holdAll();
  test::Operation flush;
  flush.prepareFlush();
  scene.channel->submit(flush);
  scene.worker.turnUntil(*scene.channel, [&scene] { return scene.below->heldCount() == 1; });
  bool isCut = false;
  CHECK(scene.store->cutPower(1, [&isCut](const VolatileStore::Cut&) { isCut = true; }));
  CHECK_FALSE(scene.store->restorePower());

  scene.below->releaseAll();
  scene.worker.turnUntil(*scene.channel, [&] { return isCut && flush.isDone(); });

  CHECK(flush.status() == StoreStatus::IoError);
  CHECK(scene.store->restorePower());
}

TEST_CASE("what makes zeros is cached with the writes") {
  Scene scene;
  CHECK(scene.write(0, filled(4096, 1)) == StoreStatus::Ok);
  test::Operation zeroes;
  zeroes.prepareWriteZeroes(1024, 1024, test::Operation::Space::Keep);
  CHECK(scene.worker.run(*scene.channel, zeroes) == StoreStatus::Ok);
  CHECK(scene.write(1024, filled(512, 2)) == StoreStatus::Ok);

  Bytes expected = filled(4096, 1);
  std::fill(expected.begin() + 1024, expected.begin() + 1536, std::byte{2});
  std::fill(expected.begin() + 1536, expected.begin() + 2048, std::byte{0});
  CHECK(scene.read(0, 4096) == expected);
  CHECK(scene.below->countOf(StoreOperation::WriteZeroes) == 0);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);

  CHECK(scene.below->countOf(StoreOperation::WriteZeroes) == 1);
  CHECK(scene.read(0, 4096) == expected);
}

TEST_CASE("a store that nobody has open loses power at once") {
  Scene scene;
  scene.channel = nullptr;
  bool isCut = false;

  CHECK(scene.store->cutPower(1, [&isCut](const VolatileStore::Cut&) { isCut = true; }));

  CHECK(isCut);
  CHECK(scene.store->restorePower());
  scene.channel = scene.worker.open(*scene.store);
}

} // namespace argon
