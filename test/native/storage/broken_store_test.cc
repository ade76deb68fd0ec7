// SPDX-License-Identifier: Apache-2.0
#include "storage/broken_store.h"

#include "storage/block_store.h"
#include "support/store_worker.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon {

TEST_CASE("a broken store has the size that it was told, for ever") {
  BrokenStore store(std::uint64_t{1} << 50);

  CHECK(store.sizeBytes() == std::uint64_t{1} << 50);
  CHECK(store.blockBytes() == 512);
  CHECK(store.mappedBytes().empty());
  CHECK(store.description() == "broken");
  CHECK_FALSE(store.grow(std::uint64_t{1} << 51));
}

TEST_CASE("a broken store fails whatever it is asked, and leaves memory as it is") {
  BrokenStore store(1 << 20);
  test::StoreWorker worker;
  const auto channel = worker.open(store);
  std::vector<std::byte> memory(512, std::byte{7});

  CHECK(worker.read(*channel, 0, memory) == StoreStatus::IoError);
  CHECK(worker.write(*channel, 0, memory) == StoreStatus::IoError);
  CHECK(worker.flush(*channel) == StoreStatus::IoError);
  CHECK(worker.discard(*channel, 4096, 4096) == StoreStatus::IoError);
  CHECK(worker.writeZeroes(*channel, 0, 512, test::Operation::Space::Keep) == StoreStatus::IoError);

  CHECK(memory == std::vector<std::byte>(512, std::byte{7}));
}

} // namespace argon
