// SPDX-License-Identifier: Apache-2.0
#include "storage/null_store.h"

#include "storage/block_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon {

TEST_CASE("a null store has the size that it was told") {
  NullStore store(std::uint64_t{1} << 50);

  CHECK(store.sizeBytes() == std::uint64_t{1} << 50);
  CHECK(store.blockBytes() == 512);
  CHECK(store.mappedBytes().empty());
  CHECK(store.description() == "null");
}

TEST_CASE("a null store answers at once and leaves memory as it is") {
  NullStore store(1 << 20);
  test::StoreWorker worker;
  const auto channel = worker.open(store);
  std::vector<std::byte> memory(512, std::byte{7});

  CHECK(worker.read(*channel, 0, memory) == StoreStatus::Ok);
  CHECK(worker.write(*channel, 0, memory) == StoreStatus::Ok);
  CHECK(worker.flush(*channel) == StoreStatus::Ok);

  CHECK(memory == std::vector<std::byte>(512, std::byte{7}));
}

TEST_CASE("a null store grows, and answers whatever it is asked") {
  NullStore store(4096);
  test::StoreWorker worker;
  const auto channel = worker.open(store);

  CHECK(store.grow(8192));
  CHECK(store.sizeBytes() == 8192);
  CHECK_FALSE(store.grow(4096));
  CHECK(store.sizeBytes() == 8192);
  CHECK(worker.discard(*channel, 4096, 4096) == StoreStatus::Ok);
  CHECK(worker.writeZeroes(*channel, 0, 512, test::Operation::Space::Keep) == StoreStatus::Ok);
}

} // namespace argon
