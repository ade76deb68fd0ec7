// SPDX-License-Identifier: Apache-2.0

// A guest that rewrites its rings while the device works them off. Sanitizers watch the card; its
// mapping of guest memory is not the guest's, so that only what the card does to itself is a race.

#include "base/check.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "crypto/data_key.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/ring_start.h"
#include "support/second_device.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
namespace blk = spec::blk;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::size_t kArenaBytes = std::size_t{256} * 1024;
constexpr std::uint16_t kQueueSize = 64;
constexpr std::size_t kTableEntryCount = 64;

// How long a race goes on; a soak has ARGON_RACE_SECONDS in its environment.
std::uint64_t raceMs() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before the test starts a thread.
  const char* seconds = std::getenv("ARGON_RACE_SECONDS");
  return seconds == nullptr ? 1500 : std::strtoull(seconds, nullptr, 10) * 1000;
}

std::uint64_t cpuNs() {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// Rewrites everything a guest can: descriptors, heads, both indexes, indirect tables and headers,
// mostly with what makes sense, so that requests get far before they change.
class Rewriter {
public:
  Rewriter(frontend::Session& session, std::uint64_t seed)
      : queue_(session.queue(0)), random_(seed) {
    frontend::Arena& arena = session.arena();
    table_ = allocate(arena, kTableEntryCount * sizeof(spec::Descriptor), 16);
    header_ = allocate(arena, sizeof(blk::RequestHeader), 16);
    data_ = allocate(arena, 8192, 512);
  }

  void rewriteOne() {
    switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
      queue_.writeDescriptor(static_cast<std::uint16_t>(random_.below(kQueueSize)), descriptor());
      break;
    case 3:
    case 4: {
      const spec::Descriptor entry = descriptor();
      std::memcpy(table_.bytes.data() + random_.below(kTableEntryCount) * sizeof entry, &entry,
                  sizeof entry);
      break;
    }
    case 5: {
      const blk::RequestHeader header{.type = static_cast<std::uint32_t>(random_.below(16)),
                                      .reserved = std::uint32_t{0},
                                      .sector = random_.below(4) == 0 ? random_.next()
                                                                      : random_.below(2048)};
      std::memcpy(header_.bytes.data(), &header, sizeof header);
      break;
    }
    case 6:
      rewriteAvailable();
      break;
    case 7:
      // The device's own side, which it must not believe.
      queue_.usedBytes()[random_.below(queue_.usedBytes().size())] =
          static_cast<std::byte>(random_.next());
      break;
    case 8:
      queue_.offerHead(static_cast<std::uint16_t>(random_.below(kQueueSize)));
      static_cast<void>(queue_.publish());
      break;
    default:
      offerGood();
    }
  }

private:
  // A request that means well, until the next lines are written over it.
  void offerGood() {
    const auto head = static_cast<std::uint16_t>(random_.below(kQueueSize - 3));
    const bool isWrite = random_.chance(50);
    const blk::RequestHeader header{.type = isWrite ? blk::T_OUT : blk::T_IN,
                                    .reserved = std::uint32_t{0},
                                    .sector = random_.below(2000)};
    std::memcpy(header_.bytes.data(), &header, sizeof header);
    const auto put = [this](unsigned index, GuestAddress address, std::uint32_t lengthBytes,
                            unsigned flags) {
      queue_.writeDescriptor(static_cast<std::uint16_t>(index),
                             {.addr = address.get(),
                              .len = lengthBytes,
                              .flags = static_cast<std::uint16_t>(flags),
                              .next = static_cast<std::uint16_t>(index + 1)});
    };
    put(head, header_.address, sizeof header, spec::DESC_F_NEXT);
    put(head + 1U, data_.address, 4096,
        spec::DESC_F_NEXT | (isWrite ? 0U : unsigned{spec::DESC_F_WRITE}));
    put(head + 2U, GuestAddress(data_.address.get() + 4096), 1, spec::DESC_F_WRITE);
    queue_.offerHead(head);
    static_cast<void>(queue_.publish());
  }

  static frontend::ArenaBlock allocate(frontend::Arena& arena, std::size_t sizeBytes,
                                       std::size_t alignment) {
    Result<frontend::ArenaBlock> block = arena.allocate(sizeBytes, alignment);
    REQUIRE_OK(block);
    return *block;
  }

  void rewriteAvailable() {
    if (random_.chance(98)) {
      // A head of an entry that the device may be about to take.
      const std::span<std::byte> ring = queue_.availableBytes();
      const std::size_t place = spec::kAvailRingOffset + 2 * random_.below(kQueueSize);
      sharedU16(ring.data() + place)
          .store(
              static_cast<std::uint16_t>(random_.below(kQueueSize + (random_.chance(1) ? 1 : 0))),
              std::memory_order_relaxed);
    } else {
      queue_.setAvailableIndex(static_cast<std::uint16_t>(random_.next()));
    }
  }

  spec::Descriptor descriptor() {
    constexpr std::array<std::uint32_t, 8> kLengths = {1, 16, 512, 4096, 0, 17, 1024, UINT32_MAX};
    const std::array<std::uint64_t, 6> places = {
        header_.address.get(), header_.address.get(),
        data_.address.get(),   data_.address.get() + random_.below(4096),
        table_.address.get(),  random_.number()};
    const bool isIndirect = random_.chance(15);
    return {.addr = isIndirect ? table_.address.get() : places[random_.below(places.size())],
            .len = isIndirect ? static_cast<std::uint32_t>(16 * random_.below(kTableEntryCount + 1))
                              : kLengths[random_.below(kLengths.size())],
            .flags = static_cast<std::uint16_t>(isIndirect ? unsigned{spec::DESC_F_INDIRECT}
                                                           : random_.below(4)),
            .next = static_cast<std::uint16_t>(random_.below(kQueueSize))};
  }

  frontend::DriverQueue& queue_;
  test::Random random_;
  frontend::ArenaBlock table_{};
  frontend::ArenaBlock header_{};
  frontend::ArenaBlock data_{};
};

bool takeSignal(int fd) { return frontend::waitForEvent(fd, 0); }

// Races the card for as long as a race takes; a ring that breaks starts anew. Returns how often it
// did.
unsigned race(frontend::Session& session, std::uint64_t seed, frontend::BlockDriver& neighbor) {
  Rewriter rewriter(session, seed);
  const std::uint64_t endNs = monotonicNs() + raceMs() * 1'000'000;
  unsigned breakCount = 0;
  for (std::uint64_t round = 0; monotonicNs() < endNs; ++round) {
    for (int count = 0; count < 64; ++count) {
      rewriter.rewriteOne();
    }
    session.kick(0);
    if (round % 256 == 0) {
      CHECK_OK(neighbor.flush());
    }
    if (takeSignal(session.errFd(0))) {
      ++breakCount;
      REQUIRE(session.stopQueue(0).has_value());
      session.queue(0).reset(0);
      REQUIRE_OK(session.startQueue(0, 0));
    }
  }
  return breakCount;
}

// With nobody at the rings the card comes to rest, whatever is in them.
void checkRest() {
  const Result<UniqueFd> never = createEventFd();
  REQUIRE_OK(never);
  CHECK(test::waitUntil([&never] {
    const std::uint64_t cpuBefore = cpuNs();
    const std::uint64_t before = monotonicNs();
    static_cast<void>(frontend::waitForEvent(never->get(), 20));
    return (cpuNs() - cpuBefore) * 2 < monotonicNs() - before;
  }));
}

std::unique_ptr<BlockStore> makeEncryptedStore() {
  Result<std::unique_ptr<AllocationMap>> map =
      AllocationMap::create(kDeviceBytes / AllocationMap::kUnitBytes);
  REQUIRE_OK(map);
  Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  Result<std::unique_ptr<EncryptedStore>> store = EncryptedStore::create(
      {.data = test::makeMemoryStore(kDeviceBytes), .map = *std::move(map), .mapStore = nullptr},
      *std::move(key));
  REQUIRE_OK(store);
  return *std::move(store);
}

void raceOver(std::unique_ptr<BlockStore> store) {
  test::Backend backend(std::move(store));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> other = neighbor.connect();
  frontend::BlockDriver otherDriver(*other);
  {
    const std::unique_ptr<frontend::Session> session =
        backend.connect({.queueSize = kQueueSize, .arenaBytes = kArenaBytes});
    const std::uint64_t seed = test::seeds().front();
    CAPTURE(seed);
    const unsigned breakCount = race(*session, seed, otherDriver);
    const auto counters = backend.card().snapshot(backend.device()).queues.front();
    MESSAGE(breakCount, " times broken, ", counters.reads, " reads, ", counters.writes, " writes, ",
            counters.failures, " failures");
    CHECK(breakCount > 0);
    CHECK(counters.reads + counters.writes > 0);
    CHECK(counters.malformedChains > 0);
    CHECK(session->stopQueue(0).has_value());
  }
  const std::unique_ptr<frontend::Session> next = backend.connect();
  frontend::BlockDriver driver(*next);
  CHECK_OK(driver.write(0, std::vector<std::byte>(4096, std::byte{7})));
  checkRest();
}

// Reads chains of a ring whose first descriptor another thread flips between a buffer that is in
// memory and one that is far too long, and looks at what it was given.
class FlippedRing {
public:
  FlippedRing() {
    Result<std::unique_ptr<frontend::Arena>> arena =
        frontend::Arena::create({.sizeBytes = kArenaBytes});
    REQUIRE_OK(arena);
    arena_ = *std::move(arena);
    Result<frontend::DriverQueue> queue =
        frontend::DriverQueue::create(*arena_, {.size = kQueueSize, .hasEventIdx = false});
    REQUIRE_OK(queue);
    queue_.emplace(*std::move(queue));
    memory_ = test::mapArena(*arena_);
    flip(kGoodBytes);
    flipper_ = startThread("flipper", [this] {
      while (!isOver_.load()) {
        flip(kBadBytes);
        flip(kGoodBytes);
      }
    });
  }
  FlippedRing(const FlippedRing&) = delete;
  FlippedRing& operator=(const FlippedRing&) = delete;
  ~FlippedRing() {
    isOver_.store(true);
    flipper_.join();
  }

  // How the bytes of a chain are come by: the length that the device would use.
  using Reader = std::uint64_t (*)(const FlippedRing& ring, const virtio::SplitQueue& queue);

  /// True if the reader gives a length, of many, that is not in memory.
  [[nodiscard]] bool catches(Reader reader, unsigned roundCount) const {
    const Result<virtio::SplitQueue> queue = virtio::SplitQueue::create(
        {.descriptors =
             partAt(queue_->descriptorsAddress(), spec::descriptorTableBytes(kQueueSize)),
         .available = partAt(queue_->availableAddress(), spec::availRingBytes(kQueueSize)),
         .used = partAt(queue_->usedAddress(), spec::usedRingBytes(kQueueSize))},
        {.size = kQueueSize});
    REQUIRE_OK(queue);
    for (unsigned round = 0; round < roundCount; ++round) {
      if (reader(*this, *queue) > kArenaBytes) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] const GuestMemory& memory() const { return *memory_; }

private:
  static constexpr std::uint32_t kGoodBytes = 512;
  static constexpr std::uint32_t kBadBytes = UINT32_MAX;

  // In the device's mapping.
  [[nodiscard]] std::span<std::byte> partAt(GuestAddress address, std::size_t sizeBytes) const {
    const std::optional<std::span<std::byte>> bytes = memory_->contiguous(address, sizeBytes);
    REQUIRE(bytes.has_value());
    return *bytes;
  }

  void flip(std::uint32_t lengthBytes) {
    queue_->writeDescriptor(0, {.addr = arena_->startAddress().get(),
                                .len = lengthBytes,
                                .flags = std::uint16_t{0},
                                .next = std::uint16_t{0}});
    // Each state is written, not only the last one.
    forgetMemory();
  }

  std::unique_ptr<frontend::Arena> arena_;
  std::optional<frontend::DriverQueue> queue_;
  std::shared_ptr<const GuestMemory> memory_;
  std::atomic<bool> isOver_ = false;
  std::jthread flipper_;
};

std::uint64_t readAsTheDeviceDoes(const FlippedRing& ring, const virtio::SplitQueue& queue) {
  std::array<iovec, 4> segments{};
  const virtio::Chain chain = virtio::readChain(queue, ring.memory(), 0, {}, segments);
  std::uint64_t bytes = 0;
  for (const iovec& segment : chain.readable) {
    bytes += segment.iov_len;
  }
  ARGON_CHECK_EQ(bytes, chain.readableBytes);
  return bytes;
}

std::uint64_t readTwice(const FlippedRing& ring, const virtio::SplitQueue& queue) {
  const spec::Descriptor checked = queue.fetchDescriptor(0);
  const GuestAddress address(checked.addr.get());
  return ring.memory().contains(address, checked.len.get()) ? queue.fetchDescriptor(0).len.get()
                                                            : 0;
}

} // namespace

TEST_CASE("a descriptor that changes while it is read is read as one or the other") {
  const FlippedRing ring;

  CHECK_FALSE(ring.catches(readAsTheDeviceDoes, static_cast<unsigned>(test::rounds(2'000'000))));
}

TEST_CASE("a reader that goes back for what it has checked is caught by the same ring") {
  const FlippedRing ring;
  const test::Deadline deadline;
  bool isCaught = false;
  while (!isCaught && !deadline.isOver()) {
    isCaught = ring.catches(readTwice, 100'000);
  }

  CHECK(isCaught);
}

TEST_CASE("a guest that rewrites its rings under the device breaks nothing but its ring") {
  raceOver(test::makeMemoryStore(kDeviceBytes));
}

TEST_CASE("the same over an encrypted volume, whose data is encrypted from guest memory") {
  raceOver(makeEncryptedStore());
}

} // namespace argon::hostile
