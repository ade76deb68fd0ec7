// SPDX-License-Identifier: Apache-2.0
#include "virtio/packed_queue.h"

#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "memory/shared_copy.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/chain_scene.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::virtio {

namespace {

using Options = PackedQueue::Options;
using Take = PackedQueue::Take;

constexpr std::uint16_t kAvailable = spec::DESC_F_AVAIL;
constexpr std::uint16_t kUsed = spec::DESC_F_AVAIL | spec::DESC_F_USED;

// A ring's memory, and a driver's hands on it.
class Ring {
public:
  explicit Ring(std::uint16_t size) : size_(size) {
    Result<MappedRegion> memory =
        MappedRegion::allocate(spec::descriptorRingBytes(spec::kQueueSizeMax) + 4096);
    REQUIRE_OK(memory);
    memory_ = *std::move(memory);
  }

  [[nodiscard]] PackedRingMemory parts() const {
    return {.descriptors = memory_.bytes().subspan(64, spec::descriptorRingBytes(size_)),
            .driverEvent = memory_.bytes().first(4),
            .deviceEvent = memory_.bytes().subspan(4, 4)};
  }
  [[nodiscard]] PackedQueue open(Options options = {}) const {
    options.size = size_;
    Result<PackedQueue> queue = PackedQueue::create(parts(), options);
    REQUIRE_OK(queue);
    return *std::move(queue);
  }
  void put(std::uint16_t index, std::uint16_t id, std::uint16_t flags,
           std::uint64_t address = test::ChainScene::kStart, std::uint32_t length = 16) const {
    const spec::PackedDescriptor descriptor{
        .addr = address, .len = length, .id = id, .flags = flags};
    std::memcpy(entry(index), &descriptor, sizeof descriptor);
  }
  [[nodiscard]] spec::PackedDescriptor get(std::uint16_t index) const {
    return fetchOnce<spec::PackedDescriptor>(entry(index));
  }
  void wish(std::uint16_t position, std::uint16_t flags) const {
    sharedU16(memory_.bytes().data()).store(position);
    sharedU16(memory_.bytes().data() + 2).store(flags);
  }
  [[nodiscard]] std::pair<std::uint16_t, std::uint16_t> deviceEvent() const {
    return {sharedU16(memory_.bytes().data() + 4).load(),
            sharedU16(memory_.bytes().data() + 6).load()};
  }

private:
  [[nodiscard]] std::byte* entry(std::uint16_t index) const {
    return memory_.bytes().data() + 64 + sizeof(spec::PackedDescriptor) * index;
  }

  std::uint16_t size_;
  MappedRegion memory_;
};

struct Taker {
  test::ChainScene scene;
  std::vector<iovec> segments = std::vector<iovec>(kSegmentCountMax);
  Chain chain;

  Take take(PackedQueue& queue, ChainRules rules = {.allowsIndirect = true}) {
    return queue.take(scene.memory(), rules, segments, chain, {});
  }
};

bool isRefused(const PackedRingMemory& memory, const Options& options) {
  const Result<PackedQueue> queue = PackedQueue::create(memory, options);
  return !queue && queue.error().kind() == ErrorKind::Protocol;
}

} // namespace

TEST_CASE("a packed ring has 1 to 32768 entries, a power of two or not") {
  for (const int size : {1, 2, 3, 5, 100, 32'767, 32'768}) {
    const Ring ring(static_cast<std::uint16_t>(size));
    CHECK(ring.open().size() == size);
  }
  const Ring ring(32'768);
  CHECK(isRefused(ring.parts(), {.size = 0}));
  CHECK(isRefused(ring.parts(), {.size = 32'769}));
}

TEST_CASE("a part of a packed ring that is too short or misaligned is refused") {
  const Ring ring(8);
  for (auto part : {&PackedRingMemory::descriptors, &PackedRingMemory::driverEvent,
                    &PackedRingMemory::deviceEvent}) {
    PackedRingMemory memory = ring.parts();
    (memory.*part) = (memory.*part).first((memory.*part).size() - 1);
    CHECK(isRefused(memory, {.size = 8}));
    memory = ring.parts();
    std::span<std::byte>& bytes = memory.*part;
    bytes = {bytes.data() + 2, bytes.size()};
    CHECK(isRefused(memory, {.size = 8}));
  }
}

TEST_CASE("a packed ring starts within its entries, with at most all of them taken") {
  const Ring ring(5);
  const auto isBad = [&ring](PackedPosition available, PackedPosition used) {
    return isRefused(ring.parts(), {.size = 5, .nextAvailable = available, .nextUsed = used});
  };
  CHECK_FALSE(isBad({4, true}, {4, true}));
  CHECK_FALSE(isBad({4, false}, {4, true}));
  CHECK_FALSE(isBad({1, false}, {3, true}));
  CHECK(isBad({5, true}, {4, true}));
  CHECK(isBad({4, true}, {5, true}));
  CHECK(isBad({4, false}, {3, true}));
  CHECK(isBad({2, true}, {3, true}));
}

TEST_CASE("a descriptor is available by the driver's wrap counter only") {
  for (const bool wrap : {true, false}) {
    const Ring ring(4);
    Taker taker;
    PackedQueue queue = ring.open({.nextAvailable = {1, wrap}, .nextUsed = {1, wrap}});
    const std::uint16_t good = wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED;
    for (const std::uint16_t flags :
         std::to_array<std::uint16_t>({0, spec::DESC_F_AVAIL, spec::DESC_F_USED, kUsed})) {
      if (flags != good) {
        ring.put(1, 3, flags);
        CHECK(taker.take(queue) == Take::Nothing);
      }
    }
    ring.put(1, 3, good);
    REQUIRE(taker.take(queue) == Take::Chain);
    CHECK(taker.chain.head == 3);
    CHECK(queue.nextAvailable() == PackedPosition{.index = 2, .wrap = wrap});
  }
}

TEST_CASE("a chain goes over the ring's end, and has the id of its last descriptor") {
  const Ring ring(3);
  Taker taker;
  PackedQueue queue = ring.open({.nextAvailable = {2, true}, .nextUsed = {2, true}});
  ring.put(2, 77, kAvailable | spec::DESC_F_NEXT);
  ring.put(0, 1, spec::DESC_F_USED | spec::DESC_F_WRITE);

  REQUIRE(taker.take(queue) == Take::Chain);

  CHECK(taker.chain.head == 1);
  CHECK(taker.chain.descriptorCount == 2);
  CHECK(taker.chain.readableBytes == 16);
  CHECK(taker.chain.writableBytes == 16);
  CHECK(queue.nextAvailable() == PackedPosition{.index = 1, .wrap = false});
}

TEST_CASE("a chain longer than the ring, or with an id that is none, breaks the ring") {
  const Ring ring(2);
  Taker taker;
  PackedQueue endless = ring.open();
  ring.put(0, 0, kAvailable | spec::DESC_F_NEXT);
  ring.put(1, 0, kAvailable | spec::DESC_F_NEXT);
  CHECK(taker.take(endless) == Take::Broken);

  PackedQueue odd = ring.open();
  ring.put(0, 2, kAvailable);
  CHECK(taker.take(odd) == Take::Broken);
  ring.put(0, 1, kAvailable);
  CHECK(taker.take(odd) == Take::Chain);
}

TEST_CASE("more entries than the ring holds break it") {
  const Ring ring(2);
  Taker taker;
  PackedQueue queue = ring.open();
  ring.put(0, 0, kAvailable);
  ring.put(1, 1, kAvailable);
  REQUIRE(taker.take(queue) == Take::Chain);
  REQUIRE(taker.take(queue) == Take::Chain);
  CHECK(taker.take(queue) == Take::Nothing);

  ring.put(0, 0, spec::DESC_F_USED);

  CHECK(taker.take(queue) == Take::Broken);
}

TEST_CASE("a table is read where it was negotiated and stands alone") {
  const Ring ring(4);
  Taker taker;
  const std::array<spec::PackedDescriptor, 2> table = {{{.addr = test::ChainScene::kStart,
                                                         .len = 8U,
                                                         .id = std::uint16_t{0},
                                                         .flags = std::uint16_t{0}},
                                                        {.addr = test::ChainScene::kStart,
                                                         .len = 24U,
                                                         .id = std::uint16_t{0},
                                                         .flags = spec::DESC_F_WRITE}}};
  const std::uint64_t address = test::ChainScene::kStart + 4096;
  std::memcpy(taker.scene.hostOf(address), table.data(), sizeof table);
  const auto faultOf = [&](std::uint16_t flags, std::uint32_t length, bool isAllowed = true) {
    PackedQueue queue = ring.open();
    ring.put(0, 0, flags, address, length);
    ring.put(1, 0, kAvailable);
    REQUIRE(taker.take(queue, {.allowsIndirect = isAllowed}) == Take::Chain);
    return taker.chain.fault;
  };
  constexpr std::uint16_t kTable = kAvailable | spec::DESC_F_INDIRECT;

  CHECK(faultOf(kTable, sizeof table) == ChainFault::None);
  CHECK(taker.chain.readableBytes == 8);
  CHECK(taker.chain.writableBytes == 24);
  CHECK(faultOf(kTable, sizeof table, false) == ChainFault::IndirectNotNegotiated);
  CHECK(faultOf(kTable | spec::DESC_F_NEXT, sizeof table) == ChainFault::IndirectWithNext);
  CHECK(faultOf(kTable, 0) == ChainFault::IndirectLength);
  CHECK(faultOf(kTable, 17) == ChainFault::IndirectLength);
  CHECK(faultOf(kTable, (kIndirectEntryCountMax + 1) * 16) == ChainFault::IndirectLength);
}

TEST_CASE("the later entries of a batch are seen with its first, which is written last") {
  const Ring ring(4);
  Taker taker;
  PackedQueue queue = ring.open();
  for (const std::uint16_t index : std::to_array<std::uint16_t>({0, 1, 2})) {
    ring.put(index, index, kAvailable);
    REQUIRE(taker.take(queue) == Take::Chain);
  }

  queue.putUsed(2, 1, 0);
  queue.putUsed(0, 1, 5);

  CHECK((ring.get(0).flags.get() & kUsed) == kAvailable);
  static_cast<void>(queue.publishUsed());
  CHECK(ring.get(0).flags.get() == kUsed);
  CHECK(ring.get(0).id.get() == 2);
  CHECK(ring.get(1).flags.get() == (kUsed | spec::DESC_F_WRITE));
  CHECK(ring.get(1).id.get() == 0);
  CHECK(ring.get(1).len.get() == 5);
  CHECK((ring.get(2).flags.get() & kUsed) == kAvailable);
}

TEST_CASE("marks of answers that were never published are taken off, and none else") {
  const Ring ring(4);
  ring.put(3, 0, kUsed);
  ring.put(0, 1, 0);
  ring.put(1, 1, kUsed);
  PackedQueue queue = ring.open({.nextAvailable = {1, false}, .nextUsed = {3, true}});

  queue.hideUnpublished();

  CHECK(ring.get(3).flags.get() == spec::DESC_F_AVAIL);
  CHECK(ring.get(0).flags.get() == spec::DESC_F_USED);
  CHECK(ring.get(1).flags.get() == kUsed);
}

// The definition, entry by entry: a call if one of the batch's entries is the wanted one.
TEST_CASE("the driver is called as it wishes, over the ring's end too") {
  constexpr std::uint16_t kSize = 5;
  for (const std::uint16_t start : std::to_array<std::uint16_t>({0, 2, 4})) {
    for (const std::uint16_t count : std::to_array<std::uint16_t>({1, 2, 4})) {
      for (std::uint16_t wanted = 0; wanted < kSize; ++wanted) {
        for (const bool wrap : {true, false}) {
          const Ring ring(kSize);
          const PackedPosition first{.index = start, .wrap = true};
          PackedQueue queue = ring.open(
              {.nextAvailable = first.after(kSize, kSize), .nextUsed = first, .hasEventIdx = true});
          CHECK(queue.publishUsed()); // The one call of a ring that starts.
          const PackedPosition wish{.index = wanted, .wrap = wrap};
          ring.wish(wish.bits(), spec::RING_EVENT_FLAGS_DESC);
          bool isWanted = false;
          for (std::uint16_t step = 0; step < count; ++step) {
            isWanted = isWanted || first.after(step, kSize) == wish;
            queue.putUsed(step, 1, 0);
          }
          CAPTURE(start);
          CAPTURE(count);
          CAPTURE(wanted);
          CAPTURE(wrap);
          CHECK(queue.publishUsed() == isWanted);
        }
      }
    }
  }
}

TEST_CASE("calls are always or never where the driver says so, and never for nothing") {
  const Ring ring(4);
  PackedQueue queue = ring.open({.nextAvailable = {3, true}, .nextUsed = {0, true}});
  CHECK(queue.publishUsed());
  CHECK_FALSE(queue.publishUsed());
  queue.putUsed(0, 1, 0);
  CHECK(queue.publishUsed());
  ring.wish(0, spec::RING_EVENT_FLAGS_DISABLE);
  queue.putUsed(1, 1, 0);
  CHECK_FALSE(queue.publishUsed());
}

TEST_CASE("the device asks for kicks at the next entry, with its wrap counter") {
  const Ring ring(4);
  PackedQueue queue =
      ring.open({.nextAvailable = {3, true}, .nextUsed = {3, true}, .hasEventIdx = true});
  CHECK_FALSE(queue.enableKicks());
  CHECK(ring.deviceEvent() == std::pair<std::uint16_t, std::uint16_t>(0x8003, 2));
  queue.disableKicks();
  CHECK(ring.deviceEvent().second == spec::RING_EVENT_FLAGS_DISABLE);
  ring.put(3, 0, kAvailable);
  CHECK(queue.enableKicks());
  PackedQueue plain = ring.open();
  CHECK_FALSE(plain.enableKicks());
  CHECK(ring.deviceEvent().second == spec::RING_EVENT_FLAGS_ENABLE);
}

} // namespace argon::virtio
