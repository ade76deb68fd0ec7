// SPDX-License-Identifier: Apache-2.0

#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"
#include "storage/crypt_scene.h"
#include "support/cut_memory.h"
#include "support/random.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace argon {

namespace {

using test::Bytes;
using test::CryptScene;
using test::Transfer;

constexpr std::uint64_t kUnit = CryptScene::kUnit;
constexpr std::uint64_t kLarge = BufferPool::kBufferBytesMax;

using Lines = std::vector<std::string>;

Bytes filled(std::size_t count, unsigned value) { return Bytes(count, std::byte(value)); }

} // namespace

TEST_CASE("the first write into a unit writes the whole unit") {
  CryptScene scene(8);
  scene.write(kUnit + 512, filled(512, 1));
  CHECK(scene.journal() == Lines{"data write 4096+4096"});
}

TEST_CASE("a later write into a unit writes its own bytes and no others") {
  CryptScene scene(8);
  scene.write(kUnit, filled(kUnit, 1));
  static_cast<void>(scene.journal());

  scene.write(kUnit + 512, filled(1024, 2));

  CHECK(scene.journal() == Lines{"data write 4608+1024"});
  CHECK(scene.read(kUnit, 512) == filled(512, 1));
  CHECK(scene.read(kUnit + 512, 1024) == filled(1024, 2));
  CHECK(scene.read(kUnit + 1536, kUnit - 1536) == filled(kUnit - 1536, 1));
}

TEST_CASE("a first write over several units fills up those at its ends") {
  CryptScene scene(8);
  scene.write(512, filled(2 * kUnit, 3));
  CHECK(scene.journal() == Lines{"data write 0+12288"});
  CHECK(scene.read(0, 512) == filled(512, 0));
  CHECK(scene.read(512, 2 * kUnit) == filled(2 * kUnit, 3));
  CHECK(scene.read(2 * kUnit + 512, kUnit - 512) == filled(kUnit - 512, 0));
}

TEST_CASE("a write fills up only the end that holds no data yet") {
  CryptScene scene(8);
  scene.write(0, filled(kUnit, 1));
  scene.write(4 * kUnit, filled(kUnit, 1));
  static_cast<void>(scene.journal());

  scene.write(512, filled(kUnit, 2));
  scene.write(3 * kUnit + 512, filled(kUnit, 2));

  CHECK(scene.journal() == Lines{"data write 512+7680", "data write 12288+4608"});
  CHECK(scene.read(0, 512) == filled(512, 1));
  CHECK(scene.read(kUnit + 512, kUnit - 512) == filled(kUnit - 512, 0));
  CHECK(scene.read(3 * kUnit, 512) == filled(512, 0));
  CHECK(scene.read(4 * kUnit + 512, kUnit - 512) == filled(kUnit - 512, 1));
}

TEST_CASE("a unit reads as zeros until its first write is done") {
  CryptScene scene(8);
  Transfer write;
  write.prepareWrite(0, filled(kUnit, 1));
  scene.channel().submit(write.operation);
  REQUIRE(scene.data().pendingCount() == 1);

  Transfer read;
  read.prepareRead(0, kUnit);
  scene.channel().submit(read.operation);
  CHECK(read.operation.status() == StoreStatus::Ok);
  CHECK(read.memory == filled(kUnit, 0));
  CHECK_FALSE(scene.store().map().isSet(0));

  scene.data().answerAll();
  CHECK(scene.store().map().isSet(0));
  CHECK(scene.read(0, kUnit) == filled(kUnit, 1));
}

TEST_CASE("of two first writes into one unit the second waits for the first") {
  CryptScene scene(8);
  std::array<Transfer, 2> writes;
  writes[0].prepareWrite(512, filled(512, 1));
  writes[1].prepareWrite(2048, filled(512, 2));
  scene.channel().submit(writes[0].operation);
  scene.channel().submit(writes[1].operation);
  CHECK(scene.data().pendingCount() == 1);

  scene.data().answerAll();

  CHECK(writes[0].operation.status() == StoreStatus::Ok);
  CHECK(writes[1].operation.status() == StoreStatus::Ok);
  CHECK(scene.journal() == Lines{"data write 0+4096", "data write 2048+512"});
  CHECK(scene.read(512, 512) == filled(512, 1));
  CHECK(scene.read(2048, 512) == filled(512, 2));
}

TEST_CASE("after a first write that failed, the unit is as it was and the next is the first") {
  CryptScene scene(8);
  std::array<Transfer, 2> writes;
  writes[0].prepareWrite(512, filled(512, 1));
  writes[1].prepareWrite(2048, filled(512, 2));
  scene.channel().submit(writes[0].operation);
  scene.channel().submit(writes[1].operation);

  scene.data().answer(0, StoreStatus::NoSpace);
  CHECK(writes[0].operation.status() == StoreStatus::NoSpace);
  CHECK_FALSE(scene.store().map().isSet(0));
  scene.data().answerAll();

  CHECK(scene.journal() == Lines{"data write 0+4096"});
  CHECK(scene.read(512, 512) == filled(512, 0));
  CHECK(scene.read(2048, 512) == filled(512, 2));
}

TEST_CASE("a read goes to the disk for what was written, and makes the rest zeros") {
  CryptScene scene(16);
  scene.write(2 * kUnit, filled(kUnit, 1));
  scene.write(5 * kUnit, filled(2 * kUnit, 2));
  static_cast<void>(scene.journal());

  const Bytes content = scene.read(kUnit + 512, 6 * kUnit);

  CHECK(scene.journal() == Lines{"data read 8192+4096", "data read 20480+8192"});
  CHECK(std::ranges::equal(std::span(content).first(kUnit - 512), filled(kUnit - 512, 0)));
  CHECK(std::ranges::equal(std::span(content).subspan(kUnit - 512, kUnit), filled(kUnit, 1)));
}

TEST_CASE("a request that is longer than a buffer is done in parts that end with a unit") {
  CryptScene scene(128);
  scene.write(512, test::Random(1).bytes(300 * 1024));

  CHECK(scene.journal() ==
        Lines{"data write 0+131072", "data write 131072+131072", "data write 262144+49152"});
  CHECK(scene.read(512, 300 * 1024) == test::Random(1).bytes(300 * 1024));
}

TEST_CASE("parts may be done in any order, and a request is done with the last") {
  CryptScene scene(128);
  const Bytes text = test::Random(2).bytes(4 * kLarge - 1024);
  Transfer write;
  write.prepareWrite(512, text);
  scene.channel().submit(write.operation);
  REQUIRE(scene.data().pendingCount() == 4);
  while (scene.data().pendingCount() > 0) {
    CHECK_FALSE(write.operation.isDone());
    scene.data().answer(scene.data().pendingCount() - 1);
  }
  CHECK(write.operation.status() == StoreStatus::Ok);

  Transfer read;
  read.prepareRead(512, text.size());
  scene.channel().submit(read.operation);
  REQUIRE(scene.data().pendingCount() == 4);
  for (const std::size_t which : {2U, 0U, 1U, 0U}) {
    CHECK_FALSE(read.operation.isDone());
    scene.data().answer(which);
  }
  CHECK(read.operation.status() == StoreStatus::Ok);
  CHECK(read.memory == text);
}

TEST_CASE("a request fails if any of its parts does, once all are done") {
  CryptScene scene(128);
  Transfer write;
  write.prepareWrite(0, filled(3 * kLarge, 1));
  scene.channel().submit(write.operation);

  scene.data().answer(1, StoreStatus::IoError);
  CHECK_FALSE(write.operation.isDone());
  scene.data().answerAll();

  CHECK(write.operation.status() == StoreStatus::IoError);
  // The parts that were written hold data; the one that was not reads as zeros, as before.
  CHECK(scene.read(0, kLarge) == filled(kLarge, 1));
  CHECK(scene.read(kLarge, kLarge) == filled(kLarge, 0));
  CHECK(scene.read(2 * kLarge, kLarge) == filled(kLarge, 1));
}

TEST_CASE("a read that fails says so") {
  CryptScene scene(8);
  scene.write(0, filled(kUnit, 1));
  Transfer read;
  read.prepareRead(0, kUnit);
  scene.channel().submit(read.operation);

  scene.data().answer(0, StoreStatus::IoError);

  CHECK(read.operation.status() == StoreStatus::IoError);
}

TEST_CASE("guest memory shows neither ciphertext nor a change by a write") {
  CryptScene scene(8);
  test::CutMemory from({100, 3000, 0, 996}, 13);
  const Bytes text = test::Random(3).bytes(kUnit);
  from.fill(text);
  test::Operation write;
  write.prepareWrite(kUnit, from.pieces());
  scene.channel().submit(write);
  CHECK(from.content() == text);
  scene.data().answerAll();
  CHECK(from.content() == text);
  CHECK(from.isFenceWhole());

  test::CutMemory into({1, 4000, 95}, 7);
  into.fill(filled(kUnit, 0xaa));
  test::Operation read;
  read.prepareRead(kUnit, into.pieces());
  scene.channel().submit(read);
  CHECK(into.content() == filled(kUnit, 0xaa));
  scene.data().answerAll();
  CHECK(into.content() == text);
  CHECK(into.isFenceWhole());
}

TEST_CASE("requests that find no buffer wait for one in the order they came") {
  constexpr std::size_t kCount = 80;
  CryptScene scene(kCount * 32 + 1);
  std::deque<Transfer> writes(kCount);
  std::vector<std::size_t> doneOrder;
  for (std::size_t index = 0; index < kCount; ++index) {
    writes[index].prepareWrite(index * kLarge, filled(kLarge, static_cast<unsigned>(index)));
    writes[index].operation.onDone(
        [&doneOrder, index](StoreStatus) { doneOrder.push_back(index); });
    scene.channel().submit(writes[index].operation);
  }
  // There are 64 buffers of that size. Small ones are left, but nothing overtakes.
  CHECK(scene.data().pendingCount() == 64);
  Transfer small;
  small.prepareWrite(kCount * kLarge, filled(512, 9));
  scene.channel().submit(small.operation);
  CHECK(scene.data().pendingCount() == 64);
  CHECK_FALSE(scene.channel().isWaiting());

  scene.data().answerAll();

  CHECK(doneOrder.size() == kCount);
  CHECK(std::ranges::is_sorted(doneOrder));
  CHECK(small.operation.status() == StoreStatus::Ok);
  for (std::size_t index = 0; index < kCount; ++index) {
    CHECK(scene.read(index * kLarge, kUnit) == filled(kUnit, static_cast<unsigned>(index)));
  }
}

TEST_CASE("a request larger than all buffers together gets through") {
  constexpr std::uint64_t kBytes = 80 * kLarge;
  CryptScene scene(kBytes / kUnit);
  const Bytes text = test::Random(4).bytes(kBytes);

  scene.write(0, text);

  CHECK(scene.read(0, kBytes) == text);
}

TEST_CASE("a channel whose buffers another one holds says that it waits, and goes on when polled") {
  CryptScene scene(80 * 32);
  const auto other = scene.openAnother();
  std::deque<Transfer> writes(64);
  for (std::size_t index = 0; index < writes.size(); ++index) {
    writes[index].prepareWrite(index * kLarge, filled(kLarge, 1));
    scene.channel().submit(writes[index].operation);
  }
  Transfer late;
  late.prepareWrite(70 * kLarge, filled(kLarge, 2));
  other->submit(late.operation);
  CHECK(scene.data().pendingCount() == 64);
  CHECK(other->isWaiting());
  CHECK_FALSE(other->poll());

  scene.data().answer(0);
  CHECK(other->poll());

  CHECK_FALSE(other->isWaiting());
  scene.data().answerAll();
  CHECK(late.operation.status() == StoreStatus::Ok);
}

TEST_CASE("a first write waits for another channel's, and goes on when polled") {
  CryptScene scene(8);
  const auto other = scene.openAnother();
  std::array<Transfer, 2> writes;
  writes[0].prepareWrite(0, filled(512, 1));
  writes[1].prepareWrite(512, filled(512, 2));
  scene.channel().submit(writes[0].operation);
  other->submit(writes[1].operation);
  CHECK(other->isWaiting());
  CHECK_FALSE(other->poll());

  scene.data().answerAll();
  CHECK_FALSE(writes[1].operation.isDone());
  CHECK(other->poll());
  scene.data().answerAll();

  CHECK(writes[1].operation.status() == StoreStatus::Ok);
  CHECK(scene.read(0, 512) == filled(512, 1));
  CHECK(scene.read(512, 512) == filled(512, 2));
}

TEST_CASE("a write into a unit that holds data waits for no claim") {
  CryptScene scene(8);
  scene.write(0, filled(kUnit, 1));
  static_cast<void>(scene.journal());
  Transfer first;
  first.prepareWrite(512, filled(kUnit, 2));
  scene.channel().submit(first.operation);
  REQUIRE(scene.data().pendingCount() == 1);

  Transfer second;
  second.prepareWrite(0, filled(512, 3));
  scene.channel().submit(second.operation);

  CHECK(scene.data().pendingCount() == 2);
  scene.data().answerAll();
  CHECK(scene.read(0, 512) == filled(512, 3));
  CHECK(scene.read(512, kUnit) == filled(kUnit, 2));
}

TEST_CASE("the last unit of a volume is written and read like any other") {
  CryptScene scene(3);
  scene.write(3 * kUnit - 512, filled(512, 7));

  CHECK(scene.read(3 * kUnit - 1024, 1024).back() == std::byte{7});
  CHECK(scene.read(2 * kUnit, kUnit - 512) == filled(kUnit - 512, 0));
}

TEST_CASE("a request may be used again from within its own answer") {
  CryptScene scene(64);
  Transfer transfer;
  std::uint64_t next = 0;
  int count = 0;
  transfer.operation.onDone([&](StoreStatus status) {
    CHECK(status == StoreStatus::Ok);
    if (++count < 50) {
      next += kUnit;
      transfer.prepareWrite(next, filled(kUnit, static_cast<unsigned>(count)));
      scene.channel().submit(transfer.operation);
    }
  });
  transfer.prepareWrite(0, filled(kUnit, 0));
  scene.channel().submit(transfer.operation);

  scene.data().answerAll();

  CHECK(count == 50);
  CHECK(scene.read(49 * kUnit, kUnit) == filled(kUnit, 49));
}

} // namespace argon
