// SPDX-License-Identifier: Apache-2.0
#include "storage/map_flusher.h"

#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/crypt_scene.h"
#include "storage/map_file.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace argon {

namespace {

using test::Bytes;
using test::CryptScene;
using test::Operation;

constexpr std::uint64_t kUnit = CryptScene::kUnit;
constexpr std::uint64_t kUnitsPerPage = 32'768;

using Lines = std::vector<std::string>;

void writeUnit(CryptScene& scene, std::uint64_t unit) {
  scene.write(unit * kUnit, Bytes(kUnit, std::byte{1}));
}

bool isStored(CryptScene& scene, std::uint64_t unit) {
  const Bytes bytes = scene.mapStore().bytes();
  return (bytes[kMapHeaderBytes + unit / 8] >> static_cast<unsigned>(unit % 8) & std::byte{1}) !=
         std::byte{0};
}

// Answers data and map in turn until nothing waits.
void answerAll(CryptScene& scene) {
  while (scene.data().pendingCount() + scene.mapStore().pendingCount() > 0) {
    scene.data().answerAll();
    scene.mapStore().answerAll();
  }
}

} // namespace

TEST_CASE("a flush makes the data durable, then writes the map, then makes that durable") {
  CryptScene scene(8);
  writeUnit(scene, 3);
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() == Lines{"data flush", "map write 4096+4096", "map flush"});
  CHECK(isStored(scene, 3));
  CHECK_FALSE(isStored(scene, 2));
}

TEST_CASE("each step of a flush waits for the one before it, and the answer for the last") {
  CryptScene scene(8);
  writeUnit(scene, 3);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);

  REQUIRE(scene.data().pendingCount() == 1);
  CHECK(scene.mapStore().pendingCount() == 0);
  scene.data().answerAll();
  REQUIRE(scene.mapStore().pendingCount() == 1);
  CHECK(scene.mapStore().pending(0).operation == StoreOperation::Write);
  CHECK_FALSE(flush.isDone());
  scene.mapStore().answer(0);
  REQUIRE(scene.mapStore().pendingCount() == 1);
  CHECK(scene.mapStore().pending(0).operation == StoreOperation::Flush);
  CHECK_FALSE(flush.isDone());
  scene.mapStore().answer(0);

  CHECK(flush.status() == StoreStatus::Ok);
}

TEST_CASE("a flush after which no bit changed is a flush of the data") {
  CryptScene scene(8);
  writeUnit(scene, 3);
  CHECK(scene.flush() == StoreStatus::Ok);
  writeUnit(scene, 3);
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() == Lines{"data flush"});
}

TEST_CASE("changed pages of the map are written, side by side ones together") {
  CryptScene scene(kUnitsPerPage * 6, CryptScene::Map::Stored, CryptScene::Data::None);
  for (const std::uint64_t page : {0U, 1U, 2U, 4U}) {
    scene.store().map().set(page * kUnitsPerPage + 9, 1);
  }

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() == Lines{"map write 4096+12288", "map write 20480+4096", "map flush"});
}

TEST_CASE("a long run of changed pages is written in pieces") {
  // The data store is never touched, so it need not be as large as the map says.
  constexpr std::uint64_t kPages = 300;
  CryptScene scene(kPages * kUnitsPerPage, CryptScene::Map::Stored, CryptScene::Data::None);
  scene.store().map().set(0, kPages * kUnitsPerPage);

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() ==
        Lines{"map write 4096+1048576", "map write 1052672+180224", "map flush"});
}

TEST_CASE("a bit that is set while a flush is under way is left to the next") {
  CryptScene scene(8);
  writeUnit(scene, 1);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answer(0);
  // Its data is not covered by the flush of the data just done.
  scene.store().map().set(2, 1);
  scene.mapStore().answerAll();

  CHECK(flush.status() == StoreStatus::Ok);
  CHECK(isStored(scene, 1));
  CHECK_FALSE(isStored(scene, 2));
  CHECK(scene.flush() == StoreStatus::Ok);
  CHECK(isStored(scene, 2));
}

TEST_CASE("flushes that come while one is under way share the next") {
  CryptScene scene(8);
  writeUnit(scene, 1);
  static_cast<void>(scene.journal());
  std::array<Operation, 4> flushes;
  for (Operation& flush : flushes) {
    flush.prepareFlush();
    scene.channel().submit(flush);
  }
  CHECK(scene.data().pendingCount() == 1);
  scene.data().answer(0);
  scene.mapStore().answerAll();
  CHECK(flushes[0].isDone());
  CHECK_FALSE(flushes[1].isDone());

  answerAll(scene);

  for (const Operation& flush : flushes) {
    CHECK(flush.status() == StoreStatus::Ok);
  }
  CHECK(scene.journal() == Lines{"data flush", "map write 4096+4096", "map flush", "data flush"});
}

TEST_CASE("a flush may be asked for from within a flush's answer") {
  CryptScene scene(8);
  Operation second;
  second.prepareFlush();
  Operation first;
  first.prepareFlush();
  first.onDone([&](StoreStatus) { scene.channel().submit(second); });
  scene.channel().submit(first);

  answerAll(scene);

  CHECK(second.status() == StoreStatus::Ok);
}

TEST_CASE("a failed flush of the data writes no map, and no flush succeeds from then on") {
  CryptScene scene(8);
  writeUnit(scene, 1);
  static_cast<void>(scene.journal());
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answer(0, StoreStatus::IoError);

  CHECK(flush.status() == StoreStatus::IoError);
  CHECK(scene.journal().empty());
  CHECK(scene.flush() == StoreStatus::IoError);
  CHECK(scene.flush() == StoreStatus::IoError);
  CHECK(scene.journal().empty());
  CHECK_FALSE(isStored(scene, 1));
}

TEST_CASE("a failed write of the map fails its flush and every later one") {
  CryptScene scene(8);
  writeUnit(scene, 1);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answerAll();
  scene.mapStore().answer(0, StoreStatus::NoSpace);

  CHECK(flush.status() == StoreStatus::NoSpace);
  CHECK(scene.store().hasFailed());
  CHECK(scene.flush() == StoreStatus::IoError);
}

TEST_CASE("a failed flush of the map fails its flush and every later one") {
  CryptScene scene(8);
  writeUnit(scene, 1);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answerAll();
  scene.mapStore().answer(0);
  scene.mapStore().answer(0, StoreStatus::IoError);

  CHECK(flush.status() == StoreStatus::IoError);
  CHECK(scene.flush() == StoreStatus::IoError);
}

TEST_CASE("flushes that waited behind one that failed fail too") {
  CryptScene scene(8);
  std::array<Operation, 3> flushes;
  for (Operation& flush : flushes) {
    flush.prepareFlush();
    scene.channel().submit(flush);
  }
  scene.data().answer(0, StoreStatus::IoError);

  for (const Operation& flush : flushes) {
    CHECK(flush.status() == StoreStatus::IoError);
  }
}

TEST_CASE("after a failed flush what is there can still be read and written") {
  CryptScene scene(8);
  writeUnit(scene, 1);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answer(0, StoreStatus::IoError);

  writeUnit(scene, 2);
  CHECK(scene.read(2 * kUnit, kUnit) == Bytes(kUnit, std::byte{1}));
  CHECK(scene.read(kUnit, kUnit) == Bytes(kUnit, std::byte{1}));
}

TEST_CASE("a flush through another channel of the same worker is done by the first") {
  CryptScene scene(8);
  const auto other = scene.openAnother();
  writeUnit(scene, 1);
  static_cast<void>(scene.journal());
  Operation flush;
  flush.prepareFlush();

  other->submit(flush);
  CHECK(scene.data().pendingCount() == 0);
  scene.worker().turn(scene.channel());
  CHECK(scene.data().pendingCount() == 1);
  answerAll(scene);
  CHECK_FALSE(flush.isDone());
  scene.worker().turn(*other);

  CHECK(flush.status() == StoreStatus::Ok);
  CHECK(scene.journal() == Lines{"data flush", "map write 4096+4096", "map flush"});
}

TEST_CASE("discarded units are given back when their cleared bits are durable, and not before") {
  CryptScene scene(8);
  for (const std::uint64_t unit : {2U, 3U, 6U}) {
    writeUnit(scene, unit);
  }
  CHECK(scene.flush() == StoreStatus::Ok);
  scene.discard(2 * kUnit, 2 * kUnit);
  CHECK(scene.journal().back() == "map flush");

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() ==
        Lines{"data flush", "map write 4096+4096", "map flush", "data discard 8192+8192"});
  CHECK_FALSE(isStored(scene, 2));
  CHECK(isStored(scene, 6));
}

TEST_CASE("a unit that is discarded behind the copying of the map waits for the next flush") {
  CryptScene scene(8);
  writeUnit(scene, 2);
  writeUnit(scene, 3);
  CHECK(scene.flush() == StoreStatus::Ok);
  scene.discard(2 * kUnit, kUnit);
  static_cast<void>(scene.journal());
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.discard(3 * kUnit, kUnit);

  answerAll(scene);
  CHECK(scene.journal() ==
        Lines{"data flush", "map write 4096+4096", "map flush", "data discard 8192+4096"});
  CHECK(scene.flush() == StoreStatus::Ok);
  CHECK(scene.journal() ==
        Lines{"data flush", "map write 4096+4096", "map flush", "data discard 12288+4096"});
}

TEST_CASE("space that cannot be given back is no failure of the flush, and is not tried again") {
  CryptScene scene(8);
  writeUnit(scene, 2);
  CHECK(scene.flush() == StoreStatus::Ok);
  scene.discard(2 * kUnit, kUnit);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answerAll();
  scene.mapStore().answerAll();
  REQUIRE(scene.data().pendingCount() == 1);
  scene.data().answer(0, StoreStatus::IoError);
  CHECK(flush.status() == StoreStatus::Ok);
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::Ok);
  CHECK(scene.journal() == Lines{"data flush"});
  writeUnit(scene, 2);
  CHECK(scene.read(2 * kUnit, kUnit) == Bytes(kUnit, std::byte{1}));
}

TEST_CASE("after a flush that failed nothing is given back") {
  CryptScene scene(8);
  writeUnit(scene, 2);
  CHECK(scene.flush() == StoreStatus::Ok);
  scene.discard(2 * kUnit, kUnit);
  Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answerAll();
  scene.mapStore().answer(0, StoreStatus::IoError);
  CHECK(flush.status() == StoreStatus::IoError);
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::IoError);
  CHECK(scene.journal().empty());
}

TEST_CASE("a store that would write zeros is not asked to take units back") {
  CryptScene scene(8);
  scene.data().keepSpace();
  writeUnit(scene, 2);
  CHECK(scene.flush() == StoreStatus::Ok);
  scene.discard(2 * kUnit, kUnit);
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() == Lines{"data flush", "map write 4096+4096", "map flush"});
}

TEST_CASE("one flush gives back so much, and the next ones the rest") {
  constexpr std::uint64_t kUnits = 6000;
  CryptScene scene(kUnits, CryptScene::Map::InMemoryOnly);
  scene.store().map().set(0, kUnits);
  for (std::uint64_t unit = 0; unit < kUnits; unit += 2) {
    REQUIRE(scene.store().map().clear(unit, 1, AllocationMap::Space::GiveBack) == 1);
  }

  for (const std::size_t expected : {1024U, 1024U, 952U, 0U}) {
    CHECK(scene.flush() == StoreStatus::Ok);
    CHECK(scene.journal().size() == 1 + expected);
  }
}

} // namespace argon
