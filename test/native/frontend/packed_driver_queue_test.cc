// SPDX-License-Identifier: Apache-2.0
#include "frontend/packed_driver_queue.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/death.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

namespace spec = virtio::spec;
using virtio::PackedPosition;
using virtio::PackedQueue;

constexpr std::uint32_t kWrapped = 0x0000'0000;

// A driver's ring and the device's view of the same memory.
class Rig {
public:
  explicit Rig(std::uint16_t size = 8, bool hasEventIdx = false)
      : arena_(makeArena()), queue_(makeQueue(*arena_, size, hasEventIdx)),
        hasEventIdx_(hasEventIdx), memory_(makeMemory(*arena_)), segments_(64) {
    startDevice(PackedDriverQueue::kFirstBase);
    const Result<ArenaBlock> data = arena_->allocate(4096, 4096);
    REQUIRE_OK(data);
    data_ = data->address;
  }

  PackedDriverQueue& driver() { return queue_; }
  PackedQueue& device() { return *device_; }
  Arena& arena() { return *arena_; }
  void restart(std::uint32_t base) {
    queue_.reset(base);
    startDevice(base);
  }

  [[nodiscard]] Buffer readable(std::uint32_t length = 16) const {
    return {.address = data_, .lengthBytes = length};
  }
  [[nodiscard]] Buffer writable(std::uint32_t length = 512) const {
    return {.address = data_, .lengthBytes = length, .isWritable = true};
  }
  std::uint16_t addOne() {
    const std::optional<std::uint16_t> id = queue_.add(std::array{readable()});
    REQUIRE(id.has_value());
    return *id;
  }
  // The device's next chain, if there is one.
  std::optional<virtio::Chain> take() {
    virtio::Chain chain;
    const PackedQueue::Take taken =
        device_->take(*memory_, {.allowsIndirect = true}, segments_, chain, {});
    REQUIRE(taken != PackedQueue::Take::Broken);
    return taken == PackedQueue::Take::Chain ? std::optional(chain) : std::nullopt;
  }
  // Uses one more chain of one entry; true if the device would call.
  bool useOne() {
    const std::uint16_t id = addOne();
    static_cast<void>(queue_.publish());
    REQUIRE(take().has_value());
    device_->putUsed(id, 1, 0);
    const bool wantsCall = device_->publishUsed();
    return wantsCall;
  }
  // What the device would write over an entry.
  void forgeUsed(std::uint16_t index, std::uint16_t id, bool wrap) {
    spec::PackedDescriptor entry{};
    entry.id = id;
    entry.flags = static_cast<std::uint16_t>(wrap ? spec::DESC_F_AVAIL | spec::DESC_F_USED : 0);
    queue_.writeDescriptor(index, entry);
  }

private:
  static std::unique_ptr<Arena> makeArena() {
    Result<std::unique_ptr<Arena>> arena = Arena::create({.sizeBytes = 1 << 20});
    REQUIRE_OK(arena);
    return *std::move(arena);
  }
  static PackedDriverQueue makeQueue(Arena& arena, std::uint16_t size, bool hasEventIdx) {
    Result<PackedDriverQueue> queue =
        PackedDriverQueue::create(arena, {.size = size, .hasEventIdx = hasEventIdx});
    REQUIRE_OK(queue);
    return *std::move(queue);
  }
  static std::shared_ptr<const GuestMemory> makeMemory(const Arena& arena) {
    UniqueFd file(::dup(arena.fd()));
    Result<std::shared_ptr<const MemoryRegion>> region =
        MemoryRegion::map(arena.regions().front(), std::move(file), RegionPolicy::RequireSealed);
    REQUIRE_OK(region);
    Result<std::shared_ptr<const GuestMemory>> memory = GuestMemory::create({*std::move(region)});
    REQUIRE_OK(memory);
    return *std::move(memory);
  }
  void startDevice(std::uint32_t base) {
    const auto at = [this](GuestAddress address, std::size_t size) {
      return arena_->bytes().subspan(address.get() - arena_->startAddress().get(), size);
    };
    const PackedPosition position = PackedPosition::fromBits(static_cast<std::uint16_t>(base));
    Result<PackedQueue> device = PackedQueue::create(
        {.descriptors = at(queue_.descriptorsAddress(), spec::descriptorRingBytes(queue_.size())),
         .driverEvent = at(queue_.availableAddress(), spec::kEventSuppressionBytes),
         .deviceEvent = at(queue_.usedAddress(), spec::kEventSuppressionBytes)},
        {.size = queue_.size(),
         .nextAvailable = position,
         .nextUsed = position,
         .hasEventIdx = hasEventIdx_});
    REQUIRE_OK(device);
    device_.emplace(*std::move(device));
  }

  std::unique_ptr<Arena> arena_;
  PackedDriverQueue queue_;
  bool hasEventIdx_;
  std::shared_ptr<const GuestMemory> memory_;
  std::vector<iovec> segments_;
  std::optional<PackedQueue> device_;
  GuestAddress data_;
};

} // namespace

TEST_CASE("a packed chain reaches the device as it was given, once it is published") {
  Rig rig;
  const std::optional<std::uint16_t> id =
      rig.driver().add(std::array{rig.readable(), rig.writable()});
  REQUIRE(id.has_value());
  CHECK_FALSE(rig.take().has_value());

  CHECK(rig.driver().publish());

  const std::optional<virtio::Chain> chain = rig.take();
  REQUIRE(chain.has_value());
  CHECK(chain->head == *id);
  CHECK(chain->descriptorCount == 2);
  CHECK(chain->fault == virtio::ChainFault::None);
  CHECK(chain->readableBytes == 16);
  CHECK(chain->writableBytes == 512);
}

TEST_CASE("chains of one batch become visible together") {
  Rig rig;
  rig.addOne();
  rig.addOne();
  CHECK_FALSE(rig.take().has_value());

  static_cast<void>(rig.driver().publish());

  CHECK(rig.take().has_value());
  CHECK(rig.take().has_value());
  CHECK_FALSE(rig.take().has_value());
}

TEST_CASE("an indirect packed chain is one entry that names a table") {
  Rig rig;
  const Result<ArenaBlock> table = rig.arena().allocate(2 * sizeof(spec::PackedDescriptor), 16);
  REQUIRE_OK(table);
  const std::optional<std::uint16_t> id =
      rig.driver().addIndirect(std::array{rig.readable(), rig.writable()}, *table);
  REQUIRE(id.has_value());
  static_cast<void>(rig.driver().publish());

  const std::optional<virtio::Chain> chain = rig.take();
  REQUIRE(chain.has_value());
  CHECK(chain->descriptorCount == 1);
  CHECK(chain->readableBytes == 16);
  CHECK(chain->writableBytes == 512);
  std::array<spec::PackedDescriptor, 2> entries{};
  std::memcpy(entries.data(), table->bytes.data(), sizeof entries);
  // 2.8.7: no NEXT in a table.
  CHECK(entries[0].flags.get() == 0);
  CHECK(entries[1].flags.get() == spec::DESC_F_WRITE);
}

TEST_CASE("a packed ring takes as many entries as it has, and more when they are used") {
  Rig rig(5);
  REQUIRE(rig.driver().add(std::array{rig.readable(), rig.writable()}).has_value());
  const std::optional<std::uint16_t> three =
      rig.driver().add(std::array{rig.readable(), rig.readable(), rig.writable()});
  REQUIRE(three.has_value());
  CHECK(rig.driver().add(std::array{rig.readable()}) == std::nullopt);
  const Result<ArenaBlock> table = rig.arena().allocate(sizeof(spec::PackedDescriptor), 16);
  REQUIRE_OK(table);
  CHECK(rig.driver().addIndirect(std::array{rig.readable()}, *table) == std::nullopt);
  static_cast<void>(rig.driver().publish());
  REQUIRE(rig.take().has_value());
  REQUIRE(rig.take().has_value());

  // The second one first: its answer stands where the first chain began.
  rig.device().putUsed(*three, 3, 7);
  static_cast<void>(rig.device().publishUsed());
  const auto used = rig.driver().takeUsed();
  REQUIRE_OK(used);
  REQUIRE(used->has_value());

  CHECK((*used)->head == *three);
  CHECK((*used)->lengthBytes == 7);
  CHECK(rig.driver().add(std::array{rig.readable(), rig.readable(), rig.writable(),
                                    rig.writable()}) == std::nullopt);
  CHECK(rig.driver().add(std::array{rig.readable(), rig.readable(), rig.writable()}).has_value());
}

TEST_CASE("an answer without written bytes has no length, whatever the field says") {
  Rig rig;
  const std::uint16_t id = rig.addOne();
  static_cast<void>(rig.driver().publish());
  rig.forgeUsed(0, id, true);

  const auto used = rig.driver().takeUsed();
  REQUIRE_OK(used);
  REQUIRE(used->has_value());
  CHECK((*used)->lengthBytes == 0);
  CHECK(*rig.driver().takeUsed() == std::nullopt);
}

TEST_CASE("an answer to a buffer that was not offered is the device's mistake") {
  Rig rig;
  const std::uint16_t id = rig.addOne();
  static_cast<void>(rig.driver().publish());
  for (const std::uint16_t wrong :
       {static_cast<std::uint16_t>(id + 1), std::uint16_t{8}, std::uint16_t{UINT16_MAX}}) {
    CAPTURE(wrong);
    rig.forgeUsed(0, wrong, true);
    const auto used = rig.driver().takeUsed();
    REQUIRE_FALSE(used.has_value());
    CHECK(used.error().kind() == ErrorKind::Protocol);
  }
}

TEST_CASE("an idle packed ring has no answers, wherever it starts and whatever its counter") {
  for (const std::uint32_t base : {PackedDriverQueue::kFirstBase, kWrapped, 0x0003'0003U,
                                   0x8003'8003U, 0x0007'0007U, 0x8007'8007U}) {
    CAPTURE(base);
    Rig rig;
    rig.restart(base);
    CHECK_FALSE(rig.driver().hasUsed());
    CHECK_FALSE(rig.take().has_value());
    CHECK(rig.driver().baseOfUsed() == base);
    for (int count = 0; count < 20; ++count) {
      REQUIRE_FALSE(rig.driver().hasUsed());
      rig.useOne();
      REQUIRE(rig.driver().takeUsed()->has_value());
    }
  }
}

TEST_CASE("a packed ring starts within its entries, with nothing under way") {
  Rig rig;

  test::checkDies("position.index < size_", [&rig] { rig.driver().reset(0x8008'8008); });
  test::checkDies("position.bits()", [&rig] { rig.driver().reset(0x8000'8001); });
}

TEST_CASE("the base of what was used counts entries, and turns the wrap counter") {
  Rig rig(3);
  for (const std::uint32_t expected :
       {0x8001'8001U, 0x8002'8002U, 0U, 0x0001'0001U, 0x0002'0002U, 0x8000'8000U}) {
    rig.useOne();
    REQUIRE(rig.driver().takeUsed()->has_value());
    CHECK(rig.driver().baseOfUsed() == expected);
  }
}

TEST_CASE("the device's event flags say whether it wants a kick") {
  Rig rig;
  REQUIRE_FALSE(rig.device().enableKicks());
  rig.addOne();
  CHECK(rig.driver().publish());
  rig.device().disableKicks();
  rig.addOne();
  CHECK_FALSE(rig.driver().publish());
  CHECK(rig.device().enableKicks());
  rig.addOne();
  CHECK(rig.driver().publish());
}

TEST_CASE("with EVENT_IDX a packed device is kicked when the entry that it named is passed") {
  for (const std::uint32_t base : {PackedDriverQueue::kFirstBase, 0x0007'0007U, 0x8006'8006U}) {
    CAPTURE(base);
    Rig rig(8, true);
    rig.restart(base);
    REQUIRE_FALSE(rig.device().enableKicks());
    rig.addOne();
    CHECK(rig.driver().publish());
    // It has not asked again.
    rig.addOne();
    CHECK_FALSE(rig.driver().publish());
    REQUIRE(rig.take().has_value());
    REQUIRE(rig.take().has_value());
    REQUIRE_FALSE(rig.device().enableKicks());
    rig.addOne();
    rig.addOne();
    CHECK(rig.driver().publish());
  }
}

TEST_CASE("a packed device calls for the next answer if the driver asked for that, else not") {
  for (const bool hasEventIdx : {false, true}) {
    CAPTURE(hasEventIdx);
    Rig rig(8, hasEventIdx);
    const auto useAndTake = [&rig] {
      const bool wantsCall = rig.useOne();
      REQUIRE_OK(rig.driver().takeUsed());
      return wantsCall;
    };
    // A device's first call is never left out.
    CHECK(useAndTake());
    rig.driver().disableCalls();
    CHECK_FALSE(useAndTake());
    CHECK_FALSE(useAndTake());
    CHECK_FALSE(rig.driver().enableCalls());
    CHECK(useAndTake());
    rig.driver().disableCalls();
    CHECK_FALSE(rig.useOne());
    // An answer that came before the wish was seen is reported instead.
    CHECK(rig.driver().enableCalls());
  }
}

TEST_CASE("an entry outside the packed ring is the caller's mistake") {
  Rig rig;

  test::checkDies("index < size_", [&rig] { rig.driver().writeDescriptor(8, {}); });
}

TEST_CASE("a packed ring that does not fit its arena is an error") {
  Result<std::unique_ptr<Arena>> arena = Arena::create({.sizeBytes = 4096});
  REQUIRE_OK(arena);

  CHECK_FALSE(PackedDriverQueue::create(**arena, {.size = 32768}).has_value());
}

TEST_CASE("random packed chains all come through in any order, for any size and start") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    const auto size = static_cast<std::uint16_t>(random.between(1, 19));
    CAPTURE(size);
    Rig rig(size, random.chance(50));
    const auto start = static_cast<std::uint16_t>(random.below(size) | random.below(2) << 15);
    rig.restart(start | std::uint32_t{start} << 16);
    std::vector<virtio::Chain> taken;
    std::size_t freeCount = size;
    for (int round = 0; round < test::rounds(3000); ++round) {
      const std::vector<Buffer> buffers(random.between(1, 5), rig.readable());
      const std::optional<std::uint16_t> id = rig.driver().add(buffers);
      REQUIRE(id.has_value() == (buffers.size() <= freeCount));
      if (id) {
        freeCount -= buffers.size();
        static_cast<void>(rig.driver().publish());
        const std::optional<virtio::Chain> chain = rig.take();
        REQUIRE(chain.has_value());
        REQUIRE(chain->head == *id);
        REQUIRE(chain->descriptorCount == buffers.size());
        taken.push_back(*chain);
      }
      if (!taken.empty() && (random.chance(50) || !id)) {
        const std::size_t index = random.below(taken.size());
        const auto written = static_cast<std::uint32_t>(round);
        rig.device().putUsed(taken[index].head, taken[index].descriptorCount, written);
        static_cast<void>(rig.device().publishUsed());
        const auto used = rig.driver().takeUsed();
        REQUIRE_OK(used);
        REQUIRE(used->has_value());
        REQUIRE((*used)->head == taken[index].head);
        REQUIRE((*used)->lengthBytes == written);
        freeCount += taken[index].descriptorCount;
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(index));
      }
      REQUIRE(rig.driver().hasUsed() == false);
    }
  }
}

} // namespace argon::frontend
