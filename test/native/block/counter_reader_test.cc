// SPDX-License-Identifier: Apache-2.0
#include "block/counter_reader.h"

#include "base/counter.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/counter_layout.h"
#include "block/counter_pages.h"
#include "block/counters.h"
#include "block/snapshot.h"
#include "support/memfd.h"
#include "support/random.h"
#include "support/test.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace argon::block {

namespace {

// Memory that a test writes what it likes to, as a card could.
class Forged {
public:
  Forged()
      : memory_(*createCounterMemory()), pages_(*CounterPages::open(*memory_.duplicate(), 1)),
        region_(*mapCounterMemory(memory_.get(), MappedRegion::Access::ReadWrite)),
        reader_(*CounterReader::open(memory_.get())) {}

  [[nodiscard]] CounterPages& pages() { return *pages_; }
  [[nodiscard]] const CounterReader& reader() const { return *reader_; }
  [[nodiscard]] int fd() const { return memory_.get(); }

  [[nodiscard]] CounterHeader& header() { return at<CounterHeader>(0); }
  [[nodiscard]] DeviceEntry& device(std::size_t index) {
    return at<DeviceEntry>(kCounterDevicesAt + index * sizeof(DeviceEntry));
  }
  [[nodiscard]] Counter& word(std::size_t index) { return at<Counter>(index * sizeof(Counter)); }

private:
  template <typename Entry>
  Entry& at(std::size_t offset) {
    void* const start = region_.bytes().subspan(offset, sizeof(Entry)).data();
    return *static_cast<Entry*>(start);
  }

  UniqueFd memory_;
  std::unique_ptr<CounterPages> pages_;
  MappedRegion region_;
  std::unique_ptr<CounterReader> reader_;
};

ErrorKind failureOf(const CounterReader& reader, std::string_view id) {
  const Result<DeviceSnapshot> snapshot = reader.read(id);
  return snapshot ? ErrorKind::Internal : snapshot.error().kind();
}

} // namespace

TEST_CASE("memory that no card has laid out, or another release, is refused") {
  const Result<UniqueFd> fresh = createCounterMemory();
  CHECK(CounterReader::open(fresh->get()).error().kind() == ErrorKind::Corrupt);

  Forged forged;
  const auto check = [&forged](Counter& field) {
    const std::uint64_t right = field.get();
    field.set(right + 1);
    CHECK(CounterReader::open(forged.fd()).error().kind() == ErrorKind::Corrupt);
    // One that is open already looks again.
    CHECK(failureOf(forged.reader(), "vol1") == ErrorKind::Corrupt);
    field.set(right);
    CHECK(CounterReader::open(forged.fd()).has_value());
  };
  check(forged.header().magic);
  check(forged.header().version);
  check(forged.header().totalBytes);
  check(forged.header().queueBytes);
  check(forged.header().workerBytes);
}

TEST_CASE("memory that may shrink under the reader is refused") {
  const UniqueFd memory = test::makeMemfd(kCounterMemoryBytes, test::Sealed::No);
  CHECK(CounterReader::open(memory.get()).error().kind() == ErrorKind::PermissionDenied);
}

TEST_CASE("ids that no device has are not found") {
  Forged forged;
  const CounterPages::Lease lease = forged.pages().lend("vol1", 1);
  CHECK(failureOf(forged.reader(), "vol2") == ErrorKind::NotFound);
  CHECK(failureOf(forged.reader(), "vol") == ErrorKind::NotFound);
  CHECK(failureOf(forged.reader(), "") == ErrorKind::NotFound);
  CHECK(failureOf(forged.reader(), std::string(kCounterIdBytes + 1, 'v')) == ErrorKind::NotFound);
  CHECK(forged.reader().read("vol1").has_value());
}

TEST_CASE("a place outside of the memory, and one that is being changed, is none") {
  Forged forged;
  const CounterPages::Lease lease = forged.pages().lend("vol1", 1);
  DeviceEntry& entry = forged.device(0);
  const std::uint64_t right = entry.place.get();
  const auto placed = [&](std::uint64_t first, std::uint64_t count) {
    entry.place.set((first << 32) | count);
    return forged.reader().read("vol1").has_value();
  };
  CHECK(placed(kCounterQueuesMax - 1, 1));
  CHECK_FALSE(placed(kCounterQueuesMax, 1));
  CHECK_FALSE(placed(kCounterQueuesMax - 1, 2));
  CHECK_FALSE(placed(UINT32_MAX, UINT32_MAX));
  CHECK_FALSE(placed(0, 0));
  CHECK(placed(0, 256));
  CHECK_FALSE(placed(0, 257));
  entry.place.set(right);
  entry.sequence.set(entry.sequence.get() + 1);
  CHECK(failureOf(forged.reader(), "vol1") == ErrorKind::NotFound);
}

TEST_CASE("more workers than there is room for are as many as there is room for") {
  Forged forged;
  const CounterPages::Lease lease = forged.pages().lend("vol1", 1);
  forged.header().workerCount.set(UINT64_MAX);
  const Result<DeviceSnapshot> snapshot = forged.reader().read("vol1");
  REQUIRE_OK(snapshot);
  CHECK(snapshot->workers.size() == kCounterWorkersMax);
}

TEST_CASE("whatever a card writes, a reader reads or refuses") {
  constexpr std::size_t kWordCount = (kCounterQueuesAt + 4 * kCounterQueueStride) / 8;
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    Forged forged;
    const CounterPages::Lease lease = forged.pages().lend("vol1", 2);
    for (int change = 0; change < 300; ++change) {
      // The header stays, or nothing else is ever looked at; the first entries are what is.
      const std::size_t first = kCounterDevicesAt / 8;
      const std::size_t index = first + random.below(random.chance(30) ? 32 : kWordCount - first);
      forged.word(index).set(random.below(2) == 0 ? random.next() : random.below(300));
    }
    const Result<DeviceSnapshot> snapshot = forged.reader().read("vol1");
    CHECK((!snapshot || snapshot->queues.size() <= 256));
  }
}

TEST_CASE("a device is read whole or not at all while others come and go") {
  Forged forged;
  std::atomic<bool> isDone = false;
  const std::jthread churn([&] {
    while (!isDone.load()) {
      const CounterPages::Lease lease = forged.pages().lend("vol1", 3);
      lease.queue(2)->kicks.add(1);
    }
  });
  std::uint64_t readCount = 0;
  for (int round = 0; round < 20'000 && readCount < 100; ++round) {
    const Result<DeviceSnapshot> snapshot = forged.reader().read("vol1");
    if (!snapshot) {
      CHECK(snapshot.error().kind() == ErrorKind::NotFound);
      continue;
    }
    ++readCount;
    CHECK(snapshot->queues.size() == 3);
    CHECK(snapshot->queues[2].kicks <= 1);
  }
  isDone.store(true);
}

} // namespace argon::block
