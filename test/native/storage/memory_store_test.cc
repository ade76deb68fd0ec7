// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include "base/error.h"
#include "base/result.h"
#include "storage/block_store.h"
#include "support/cut_memory.h"
#include "support/random.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;

std::unique_ptr<MemoryStore> makeStore(std::uint64_t sizeBytes) {
  Result<std::unique_ptr<MemoryStore>> store = MemoryStore::create(sizeBytes);
  REQUIRE_OK(store);
  return *std::move(store);
}

} // namespace

TEST_CASE("a memory store has the size that was asked for, in blocks of 512") {
  const auto store = makeStore(512 * 9);

  CHECK(store->sizeBytes() == 512 * 9);
  CHECK(store->blockBytes() == 512);
  CHECK(store->mappedBytes().size() == 512 * 9);
  CHECK(store->description() == "memory");
}

TEST_CASE("a memory store of no whole blocks is refused") {
  for (const std::uint64_t size : {0U, 1U, 511U, 513U}) {
    CAPTURE(size);
    const auto store = MemoryStore::create(size);
    REQUIRE_FALSE(store);
    CHECK(store.error().kind() == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("memory is zeros until it is written, and then what was written") {
  const auto store = makeStore(8192);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);
  const Bytes written = test::Random(1).bytes(1024);

  CHECK(worker.write(*channel, 512, written) == StoreStatus::Ok);
  Bytes read(8192, std::byte{1});
  CHECK(worker.read(*channel, 0, read) == StoreStatus::Ok);

  Bytes expected(8192);
  std::ranges::copy(written, expected.begin() + 512);
  CHECK(read == expected);
  CHECK(std::ranges::equal(store->mappedBytes(), expected));
}

TEST_CASE("memory is read into pieces and written from them") {
  const auto store = makeStore(4096);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);
  const Bytes content = test::Random(2).bytes(1024);
  test::CutMemory from({1, 1000, 0, 23}, 3);
  const test::CutMemory into({500, 11, 513}, 5);
  from.fill(content);

  test::Operation write;
  write.prepareWrite(2048, from.pieces());
  CHECK(worker.run(*channel, write) == StoreStatus::Ok);
  test::Operation read;
  read.prepareRead(2048, into.pieces());
  CHECK(worker.run(*channel, read) == StoreStatus::Ok);

  CHECK(into.content() == content);
  CHECK(into.isFenceWhole());
}

TEST_CASE("two channels of a memory store see the same bytes") {
  const auto store = makeStore(4096);
  test::StoreWorker worker;
  const auto first = worker.open(*store);
  const auto second = worker.open(*store);
  const Bytes written = test::Random(3).bytes(4096);

  CHECK(worker.write(*first, 0, written) == StoreStatus::Ok);
  Bytes read(4096);
  CHECK(worker.read(*second, 0, read) == StoreStatus::Ok);

  CHECK(read == written);
}

TEST_CASE("flushing memory succeeds and changes nothing") {
  const auto store = makeStore(512);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);

  CHECK(worker.flush(*channel) == StoreStatus::Ok);
  CHECK_FALSE(channel->isWaiting());
  CHECK_FALSE(channel->poll());
}

TEST_CASE("what is discarded or zeroed in memory reads as zeros, and its neighbors stay") {
  constexpr std::size_t kSize = 6 * 4096;
  const auto store = makeStore(kSize);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);
  Bytes model = test::Random(4).bytes(kSize);
  CHECK(worker.write(*channel, 0, model) == StoreStatus::Ok);
  test::Random random(5);

  for (int round = 0; round < 60; ++round) {
    const std::uint64_t offset = random.below(kSize / 512) * 512;
    const std::uint64_t length = random.between(1, (kSize - offset) / 512) * 512;
    test::Operation operation;
    const std::uint64_t kind = random.below(3);
    if (kind == 0) {
      operation.prepareDiscard(offset, length);
    } else {
      operation.prepareWriteZeroes(offset, length,
                                   kind == 1 ? test::Operation::Space::MayUnmap
                                             : test::Operation::Space::Keep);
    }
    CHECK(worker.run(*channel, operation) == StoreStatus::Ok);
    std::fill_n(model.begin() + static_cast<std::ptrdiff_t>(offset), length, std::byte{0});
    REQUIRE(std::ranges::equal(store->mappedBytes(), model));
    const Bytes again = random.bytes(length);
    CHECK(worker.write(*channel, offset, again) == StoreStatus::Ok);
    std::ranges::copy(again, model.begin() + static_cast<std::ptrdiff_t>(offset));
  }
}

TEST_CASE("memory that is discarded goes back to the host, and what keeps its space does not") {
  constexpr std::size_t kSize = std::size_t{4} << 20;
  const auto store = makeStore(kSize);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);
  const auto residentPages = [&store] {
    std::vector<unsigned char> pages(kSize / 4096);
    REQUIRE(::mincore(store->mappedBytes().data(), kSize, pages.data()) == 0);
    return std::ranges::count_if(pages, [](unsigned char page) { return (page & 1) != 0; });
  };
  const Bytes content(kSize, std::byte{7});
  CHECK(worker.write(*channel, 0, content) == StoreStatus::Ok);

  CHECK(worker.writeZeroes(*channel, 0, kSize, test::Operation::Space::Keep) == StoreStatus::Ok);
  CHECK(residentPages() == 1024);
  CHECK(worker.writeZeroes(*channel, 512, kSize / 2, test::Operation::Space::MayUnmap) ==
        StoreStatus::Ok);
  CHECK(residentPages() == 513);
  CHECK(worker.discard(*channel, 0, kSize) == StoreStatus::Ok);
  CHECK(residentPages() == 0);
}

TEST_CASE("a memory store grows under its channels, up to a limit, and its bytes stay") {
  const auto store = makeStore(4096);
  test::StoreWorker worker;
  const auto channel = worker.open(*store);
  const Bytes written = test::Random(6).bytes(4096);
  CHECK(worker.write(*channel, 0, written) == StoreStatus::Ok);
  const std::byte* const start = store->mappedBytes().data();

  REQUIRE_OK(store->grow(16 * 4096));

  CHECK(store->sizeBytes() == 16 * 4096);
  CHECK(store->mappedBytes().data() == start);
  CHECK(worker.write(*channel, 15 * 4096, written) == StoreStatus::Ok);
  Bytes read(16 * 4096);
  CHECK(worker.read(*channel, 0, read) == StoreStatus::Ok);
  Bytes expected(16 * 4096);
  std::ranges::copy(written, expected.begin());
  std::ranges::copy(written, expected.begin() + 15 * 4096);
  CHECK(read == expected);
  const Result<void> tooLarge = store->grow(16 * 4096 + 512);
  REQUIRE_FALSE(tooLarge);
  CHECK(tooLarge.error().kind() == ErrorKind::Exhausted);
  const Result<void> smaller = store->grow(4096);
  REQUIRE_FALSE(smaller);
  CHECK(smaller.error().kind() == ErrorKind::InvalidArgument);
}

TEST_CASE("a size whose room to grow would wrap around is refused") {
  for (const std::uint64_t size :
       {MemoryStore::kSizeBytesMax + 512, (std::uint64_t{1} << 60) + 512}) {
    CAPTURE(size);
    CHECK_FALSE(MemoryStore::create(size).has_value());
  }
}

} // namespace argon
