// SPDX-License-Identifier: Apache-2.0
#include "block/counter_pages.h"

#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/counter_layout.h"
#include "block/counter_reader.h"
#include "block/counters.h"
#include "block/snapshot.h"
#include "support/death.h"
#include "support/memfd.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

struct Shared {
  Shared() : memory(*createCounterMemory()), pages(*CounterPages::open(*memory.duplicate(), 2)) {}

  [[nodiscard]] std::uint64_t readsOf(const char* id) const {
    const auto reader = CounterReader::open(memory.get());
    REQUIRE_OK(reader);
    const Result<DeviceSnapshot> snapshot = (*reader)->read(id);
    REQUIRE_OK(snapshot);
    return snapshot->queues.front().reads;
  }

  UniqueFd memory;
  std::unique_ptr<CounterPages> pages;
};

void countRead(const CounterPages::Lease& lease, std::size_t queue) {
  lease.queue(queue)->requests[static_cast<std::size_t>(RequestKind::Read)].add(1);
}

} // namespace

TEST_CASE("what a device counts in its lease is read elsewhere under its id") {
  const Shared shared;
  const CounterPages::Lease first = shared.pages->lend("vol1", 2);
  const CounterPages::Lease second = shared.pages->lend("vol2", 1);
  countRead(first, 0);
  countRead(second, 0);
  countRead(second, 0);
  shared.pages->worker(1)->loop.sleeps.add(7);

  CHECK(shared.readsOf("vol1") == 1);
  CHECK(shared.readsOf("vol2") == 2);
  const auto reader = CounterReader::open(shared.memory.get());
  const Result<DeviceSnapshot> snapshot = (*reader)->read("vol1");
  CHECK(snapshot->queues.size() == 2);
  REQUIRE(snapshot->workers.size() == 2);
  CHECK(snapshot->workers[1].sleeps == 7);
}

TEST_CASE("a place that another device had starts at zero") {
  const Shared shared;
  CounterPages::Lease lease = shared.pages->lend("vol1", 1);
  countRead(lease, 0);
  lease = CounterPages::Lease();
  lease = shared.pages->lend("vol2", 1);

  CHECK(shared.readsOf("vol2") == 0);
  CHECK_FALSE((*CounterReader::open(shared.memory.get()))->read("vol1").has_value());
}

TEST_CASE("a lease that was moved gives its place back once") {
  const Shared shared;
  CounterPages::Lease lease = shared.pages->lend("vol1", 1);
  {
    const CounterPages::Lease moved(std::move(lease));
    CHECK_FALSE(moved.isEmpty());
  }
  const CounterPages::Lease next = shared.pages->lend("vol2", 1);
  CHECK(next.queue(0) != nullptr);
  CHECK(shared.readsOf("vol2") == 0);
}

TEST_CASE("there are as many places as there are, for rings, devices and workers") {
  const Shared shared;
  CHECK(shared.pages->lend("all", kCounterQueuesMax + 1).isEmpty());
  CHECK(shared.pages->lend("none", 0).isEmpty());
  CHECK(shared.pages->worker(kCounterWorkersMax - 1) != nullptr);
  CHECK(shared.pages->worker(kCounterWorkersMax) == nullptr);
  std::vector<CounterPages::Lease> leases;
  leases.reserve(kCounterDevicesMax);
  for (std::size_t index = 0; index < kCounterDevicesMax; ++index) {
    leases.push_back(shared.pages->lend("vol" + std::to_string(index), 1));
  }
  CHECK_FALSE(leases.back().isEmpty());
  CHECK(shared.pages->lend("one more", 1).isEmpty());
  leases.clear();
  CHECK_FALSE(shared.pages->lend("all", kCounterQueuesMax).isEmpty());
}

TEST_CASE("memory that may shrink, or of another size, is refused") {
  const auto open = [](UniqueFd memory) {
    return CounterPages::open(std::move(memory), 1).error().kind();
  };
  CHECK(open(test::makeMemfd(kCounterMemoryBytes, test::Sealed::No)) ==
        ErrorKind::PermissionDenied);
  CHECK(open(test::makeMemfd(kCounterMemoryBytes - 4096, test::Sealed::Yes)) ==
        ErrorKind::InvalidArgument);
  CHECK(open(test::makeMemfd(kCounterMemoryBytes + 4096, test::Sealed::Yes)) ==
        ErrorKind::InvalidArgument);
  CHECK(open(UniqueFd()) == ErrorKind::PermissionDenied);
}

TEST_CASE("fresh memory is of the right size and can be mapped to be read") {
  const Result<UniqueFd> memory = createCounterMemory();
  REQUIRE_OK(memory);
  const auto region = mapCounterMemory(memory->get(), MappedRegion::Access::ReadOnly);
  REQUIRE_OK(region);
  CHECK(region->bytes().size() == kCounterMemoryBytes);
}

TEST_CASE("an id that is too long, and a ring that a device does not have, are mistakes of ours") {
  const Shared shared;
  const std::string tooLong(kCounterIdBytes + 1, 'v');
  test::checkDies("id.size()", [&] { (void)shared.pages->lend(tooLong, 1); });
  const CounterPages::Lease lease = shared.pages->lend("vol1", 1);
  test::checkDies("queueCount_", [&] { (void)lease.queue(1); });
}

} // namespace argon::block
