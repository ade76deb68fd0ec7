// SPDX-License-Identifier: Apache-2.0

// Discards and zeros through an encrypted channel, and what they meet on their way.

#include "storage/block_store.h"
#include "storage/crypt_scene.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace argon {

namespace {

using test::Bytes;
using test::CryptScene;
using test::Transfer;

constexpr std::uint64_t kUnit = CryptScene::kUnit;

using Lines = std::vector<std::string>;

Bytes filled(std::size_t count, unsigned value) { return Bytes(count, std::byte(value)); }

} // namespace

TEST_CASE("discarded units read as zeros at once, and nothing is written for them") {
  CryptScene scene(8);
  scene.write(0, filled(5 * kUnit, 1));
  static_cast<void>(scene.journal());

  scene.discard(kUnit, 3 * kUnit);

  CHECK(scene.journal().empty());
  Bytes expected = filled(8 * kUnit, 0);
  std::fill_n(expected.begin(), kUnit, std::byte{1});
  std::fill_n(expected.begin() + 4 * kUnit, kUnit, std::byte{1});
  CHECK(scene.read(0, 8 * kUnit) == expected);
}

TEST_CASE("of a unit that is discarded in part, the part gets zeros if the unit holds data") {
  CryptScene scene(8);
  scene.write(0, filled(3 * kUnit, 1));
  static_cast<void>(scene.journal());
  test::Operation discard;
  discard.prepareDiscard(3584, 512 + kUnit + 1024);

  CHECK(scene.finish(discard) == StoreStatus::Ok);

  CHECK(scene.journal() == Lines{"data write 3584+512", "data write 8192+1024"});
  Bytes expected = filled(3 * kUnit, 1);
  std::fill_n(expected.begin() + 3584, 512 + kUnit + 1024, std::byte{0});
  CHECK(scene.read(0, 3 * kUnit) == expected);
  discard.prepareDiscard(5 * kUnit + 512, 1024);
  static_cast<void>(scene.journal());
  CHECK(scene.finish(discard) == StoreStatus::Ok);
  CHECK(scene.journal().empty());
}

TEST_CASE("zeros that must keep their space are never given back, and others are") {
  CryptScene scene(8, CryptScene::Map::InMemoryOnly);
  scene.write(0, filled(4 * kUnit, 1));
  test::Operation zeroes;
  zeroes.prepareWriteZeroes(0, 2 * kUnit, test::Operation::Space::Keep);
  CHECK(scene.finish(zeroes) == StoreStatus::Ok);
  zeroes.prepareWriteZeroes(2 * kUnit, kUnit, test::Operation::Space::MayUnmap);
  CHECK(scene.finish(zeroes) == StoreStatus::Ok);
  static_cast<void>(scene.journal());

  CHECK(scene.flush() == StoreStatus::Ok);

  CHECK(scene.journal() == Lines{"data flush", "data discard 8192+4096"});
  Bytes expected = filled(4 * kUnit, 0);
  std::fill_n(expected.begin() + 3 * kUnit, kUnit, std::byte{1});
  CHECK(scene.read(0, 4 * kUnit) == expected);
}

TEST_CASE("the first write after a discard writes the whole unit again") {
  CryptScene scene(8);
  scene.write(0, filled(kUnit, 1));
  scene.discard(0, kUnit);
  static_cast<void>(scene.journal());

  scene.write(512, filled(512, 2));

  CHECK(scene.journal() == Lines{"data write 0+4096"});
  Bytes expected = filled(kUnit, 0);
  std::fill_n(expected.begin() + 512, 512, std::byte{2});
  CHECK(scene.read(0, kUnit) == expected);
}

TEST_CASE("a discard waits for a first write that would bring the unit's old content back") {
  CryptScene scene(8);
  scene.write(0, filled(kUnit, 1));
  // Over a unit that holds data and one that does not: it claims both and sets both.
  Transfer write;
  write.prepareWrite(kUnit - 512, filled(1024, 2));
  scene.channel().submit(write.operation);
  test::Operation discard;
  discard.prepareDiscard(0, kUnit);
  scene.channel().submit(discard);
  CHECK_FALSE(discard.isDone());
  CHECK(scene.channel().isWaiting());

  scene.data().answerAll();

  CHECK(write.operation.status() == StoreStatus::Ok);
  CHECK(discard.status() == StoreStatus::Ok);
  CHECK(scene.read(0, kUnit) == filled(kUnit, 0));
  CHECK(scene.read(kUnit, 512) == filled(512, 2));
}

TEST_CASE("a write that a discard overtook fills up nothing that another has written meanwhile") {
  CryptScene scene(8);
  scene.write(0, filled(kUnit, 1));
  // Under way when the unit is discarded and written anew.
  Transfer slow;
  slow.prepareWrite(0, filled(512, 2));
  scene.channel().submit(slow.operation);
  scene.discard(0, kUnit);
  Transfer anew;
  anew.prepareWrite(1024, filled(512, 3));
  scene.channel().submit(anew.operation);
  REQUIRE(scene.data().pendingCount() == 2);

  scene.data().answer(1);
  scene.data().answer(0);

  CHECK(scene.read(1024, 512) == filled(512, 3));
  CHECK(scene.read(1536, kUnit - 1536) == filled(kUnit - 1536, 0));
}

TEST_CASE("a read under way while its units' space is given back gets old bytes or zeros") {
  CryptScene scene(8, CryptScene::Map::InMemoryOnly);
  scene.write(0, filled(4 * kUnit, 1));
  Transfer read;
  read.prepareRead(512, 3 * kUnit);
  scene.channel().submit(read.operation);
  scene.discard(kUnit, kUnit);
  test::Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  REQUIRE(scene.data().pendingCount() == 2);
  scene.data().answer(1); // The flush; then the hole.
  scene.data().answer(1);
  REQUIRE(flush.isDone());

  scene.data().answerAll();

  Bytes expected = filled(3 * kUnit, 1);
  std::fill_n(expected.begin() + kUnit - 512, kUnit, std::byte{0});
  CHECK(read.operation.status() == StoreStatus::Ok);
  CHECK(read.memory == expected);
}

TEST_CASE("a write into units that are being given back waits until they are") {
  CryptScene scene(8, CryptScene::Map::InMemoryOnly);
  scene.write(0, filled(kUnit, 1));
  scene.discard(0, kUnit);
  test::Operation flush;
  flush.prepareFlush();
  scene.channel().submit(flush);
  scene.data().answer(0);
  REQUIRE(scene.data().pending(0).operation == StoreOperation::Discard);
  Transfer write;
  write.prepareWrite(0, filled(512, 2));
  scene.channel().submit(write.operation);
  CHECK(scene.data().pendingCount() == 1);
  CHECK(scene.channel().isWaiting());

  scene.data().answer(0);
  CHECK(scene.channel().poll());
  scene.data().answerAll();

  CHECK(write.operation.status() == StoreStatus::Ok);
  CHECK(scene.read(0, 512) == filled(512, 2));
}

} // namespace argon
