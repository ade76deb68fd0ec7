// SPDX-License-Identifier: Apache-2.0
#include "frontend/driver_queue.h"

#include "base/error.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "memory/shared_copy.h"
#include "support/death.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

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

// A driver's ring and the device's view of the same memory.
class Rig {
public:
  explicit Rig(std::uint16_t size = 8, bool hasEventIdx = false)
      : arena_(makeArena()), queue_(makeQueue(*arena_, size, hasEventIdx)),
        device_(makeDevice(0, hasEventIdx)), hasEventIdx_(hasEventIdx) {}

  DriverQueue& driver() { return queue_; }
  virtio::SplitQueue& device() { return device_; }
  Arena& arena() { return *arena_; }

  // Both sides anew, at `index`.
  void restart(std::uint16_t index) {
    queue_.reset(index);
    device_ = makeDevice(index, hasEventIdx_);
  }
  // What the device would see of a used element.
  void forgeUsed(std::uint32_t id, std::uint32_t len) {
    const spec::UsedElement element{.id = id, .len = len};
    const std::uint16_t index = queue_.usedIndex();
    std::memcpy(queue_.usedBytes().data() + spec::kUsedRingOffset +
                    (index % queue_.size()) * sizeof element,
                &element, sizeof element);
    sharedU16(queue_.usedBytes().data() + spec::kUsedIdxOffset)
        .store(static_cast<std::uint16_t>(index + 1));
  }
  // The chain's descriptors, as the device finds them.
  std::vector<spec::Descriptor> chainAt(std::uint16_t head) {
    std::vector<spec::Descriptor> chain;
    for (std::uint16_t index = head;;) {
      chain.push_back(device_.fetchDescriptor(index));
      REQUIRE(chain.size() <= queue_.size());
      if ((chain.back().flags.get() & spec::DESC_F_NEXT) == 0) {
        return chain;
      }
      index = chain.back().next.get();
    }
  }

private:
  static std::unique_ptr<Arena> makeArena() {
    Result<std::unique_ptr<Arena>> arena = Arena::create({.sizeBytes = 1 << 20});
    REQUIRE_OK(arena);
    return *std::move(arena);
  }
  static DriverQueue makeQueue(Arena& arena, std::uint16_t size, bool hasEventIdx) {
    Result<DriverQueue> queue =
        DriverQueue::create(arena, {.size = size, .hasEventIdx = hasEventIdx});
    REQUIRE_OK(queue);
    return *std::move(queue);
  }
  virtio::SplitQueue makeDevice(std::uint16_t index, bool hasEventIdx) {
    const std::span<std::byte> descriptors =
        arena_->bytes().subspan(queue_.descriptorsAddress().get() - arena_->startAddress().get(),
                                spec::descriptorTableBytes(queue_.size()));
    Result<virtio::SplitQueue> device = virtio::SplitQueue::create(
        {.descriptors = descriptors,
         .available = queue_.availableBytes(),
         .used = queue_.usedBytes()},
        {.size = queue_.size(), .nextAvailable = index, .hasEventIdx = hasEventIdx});
    REQUIRE_OK(device);
    return *std::move(device);
  }

  std::unique_ptr<Arena> arena_;
  DriverQueue queue_;
  virtio::SplitQueue device_;
  bool hasEventIdx_;
};

constexpr Buffer kReadable = {.address = GuestAddress(0x1000), .lengthBytes = 16};
constexpr Buffer kWritable = {
    .address = GuestAddress(0x2000), .lengthBytes = 512, .isWritable = true};

std::uint16_t addOne(Rig& rig) {
  const std::optional<std::uint16_t> head = rig.driver().add(std::array{kReadable});
  REQUIRE(head.has_value());
  return *head;
}

} // namespace

TEST_CASE("a chain reaches the device as it was given, once it is published") {
  Rig rig;
  const std::optional<std::uint16_t> head = rig.driver().add(std::array{kReadable, kWritable});
  REQUIRE(head.has_value());
  CHECK(rig.device().pendingCount() == 0);

  CHECK(rig.driver().publish());

  REQUIRE(rig.device().pendingCount() == 1);
  REQUIRE(rig.device().takeHead() == *head);
  const std::vector<spec::Descriptor> chain = rig.chainAt(*head);
  REQUIRE(chain.size() == 2);
  CHECK(chain[0].addr.get() == 0x1000);
  CHECK(chain[0].len.get() == 16);
  CHECK(chain[0].flags.get() == spec::DESC_F_NEXT);
  CHECK(chain[1].addr.get() == 0x2000);
  CHECK(chain[1].len.get() == 512);
  CHECK(chain[1].flags.get() == spec::DESC_F_WRITE);
}

TEST_CASE("an indirect chain is one descriptor that names a table") {
  Rig rig;
  const Result<ArenaBlock> table = rig.arena().allocate(2 * sizeof(spec::Descriptor), 16);
  REQUIRE_OK(table);
  const std::optional<std::uint16_t> head =
      rig.driver().addIndirect(std::array{kReadable, kWritable}, *table);
  REQUIRE(head.has_value());

  const std::vector<spec::Descriptor> chain = rig.chainAt(*head);
  REQUIRE(chain.size() == 1);
  CHECK(chain[0].addr.get() == table->address.get());
  CHECK(chain[0].len.get() == 32);
  CHECK(chain[0].flags.get() == spec::DESC_F_INDIRECT);
  std::array<spec::Descriptor, 2> entries{};
  std::memcpy(entries.data(), table->bytes.data(), sizeof entries);
  CHECK(entries[0].flags.get() == spec::DESC_F_NEXT);
  CHECK(entries[0].next.get() == 1);
  CHECK(entries[1].flags.get() == spec::DESC_F_WRITE);
}

TEST_CASE("a ring takes as many chains as it has descriptors, and more when they are used") {
  Rig rig(4);
  std::vector<std::uint16_t> heads;
  heads.reserve(4);
  for (int count = 0; count < 4; ++count) {
    heads.push_back(addOne(rig));
  }
  CHECK(rig.driver().add(std::array{kReadable}) == std::nullopt);
  const Result<ArenaBlock> table = rig.arena().allocate(sizeof(spec::Descriptor), 16);
  REQUIRE_OK(table);
  CHECK(rig.driver().addIndirect(std::array{kReadable}, *table) == std::nullopt);

  static_cast<void>(rig.driver().publish());
  rig.device().putUsed(heads[2], 0);
  static_cast<void>(rig.device().publishUsed());
  REQUIRE(rig.driver().takeUsed()->has_value());

  CHECK(rig.driver().add(std::array{kReadable, kWritable}) == std::nullopt);
  CHECK(rig.driver().add(std::array{kReadable}) == heads[2]);
}

TEST_CASE("answers are taken in the order of the used ring, with their lengths") {
  Rig rig;
  const std::uint16_t first = addOne(rig);
  const std::uint16_t second = addOne(rig);
  CHECK_FALSE(rig.driver().hasUsed());
  rig.device().putUsed(second, 7);
  rig.device().putUsed(first, 9);
  CHECK_FALSE(rig.driver().hasUsed());
  static_cast<void>(rig.device().publishUsed());

  CHECK(rig.driver().hasUsed());
  const auto one = rig.driver().takeUsed();
  REQUIRE_OK(one);
  CHECK((*one)->head == second);
  CHECK((*one)->lengthBytes == 7);
  const auto two = rig.driver().takeUsed();
  REQUIRE_OK(two);
  CHECK((*two)->head == first);
  CHECK((*two)->lengthBytes == 9);
  CHECK(*rig.driver().takeUsed() == std::nullopt);
}

TEST_CASE("an answer to a chain that was not offered, or twice to one, is the device's mistake") {
  Rig rig;
  const std::uint16_t head = addOne(rig);
  rig.forgeUsed(head == 0 ? 1 : 0, 0);
  const auto unknown = rig.driver().takeUsed();
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().kind() == ErrorKind::Protocol);

  rig.forgeUsed(8, 0);
  CHECK_FALSE(rig.driver().takeUsed().has_value());
  rig.forgeUsed(UINT32_MAX, 0);
  CHECK_FALSE(rig.driver().takeUsed().has_value());

  rig.forgeUsed(head, 0);
  CHECK(rig.driver().takeUsed().has_value());
  rig.forgeUsed(head, 0);
  CHECK_FALSE(rig.driver().takeUsed().has_value());
}

TEST_CASE("without EVENT_IDX the device's flag says whether it wants a kick") {
  Rig rig;
  addOne(rig);
  CHECK(rig.driver().publish());
  rig.device().disableKicks();
  addOne(rig);
  CHECK_FALSE(rig.driver().publish());
  CHECK(rig.device().enableKicks());
  addOne(rig);
  CHECK(rig.driver().publish());
}

TEST_CASE("with EVENT_IDX the device is kicked when the entry that it named is passed") {
  Rig rig(8, true);
  REQUIRE_FALSE(rig.device().enableKicks());
  addOne(rig);
  CHECK(rig.driver().publish());
  // It has not asked again.
  addOne(rig);
  CHECK_FALSE(rig.driver().publish());
  REQUIRE(rig.device().pendingCount() == 2);
  static_cast<void>(rig.device().takeHead());
  static_cast<void>(rig.device().takeHead());
  REQUIRE_FALSE(rig.device().enableKicks());
  addOne(rig);
  addOne(rig);
  CHECK(rig.driver().publish());
}

TEST_CASE("the device calls for the next answer if the driver asked for that, else not") {
  for (const bool hasEventIdx : {false, true}) {
    CAPTURE(hasEventIdx);
    Rig rig(8, hasEventIdx);
    const auto useOne = [&rig] {
      rig.device().putUsed(addOne(rig), 0);
      const bool wantsCall = rig.device().publishUsed();
      REQUIRE_OK(rig.driver().takeUsed());
      return wantsCall;
    };
    // A device's first call is never left out.
    CHECK(useOne());
    rig.driver().disableCalls();
    CHECK_FALSE(useOne());
    CHECK_FALSE(useOne());
    CHECK_FALSE(rig.driver().enableCalls());
    CHECK(useOne());
    rig.driver().disableCalls();
    rig.device().putUsed(addOne(rig), 0);
    CHECK_FALSE(rig.device().publishUsed());
    // An answer that came before the wish was seen is reported instead.
    CHECK(rig.driver().enableCalls());
  }
}

TEST_CASE("indexes wrap from 65535 to 0 on both sides") {
  for (const bool hasEventIdx : {false, true}) {
    CAPTURE(hasEventIdx);
    Rig rig(8, hasEventIdx);
    rig.restart(65530);
    for (int round = 0; round < 20; ++round) {
      CAPTURE(round);
      REQUIRE_FALSE(rig.device().enableKicks());
      REQUIRE_FALSE(rig.driver().enableCalls());
      const std::uint16_t head = addOne(rig);
      CHECK(rig.driver().publish());
      REQUIRE(rig.device().pendingCount() == 1);
      CHECK(rig.device().takeHead() == head);
      rig.device().putUsed(head, 1);
      CHECK(rig.device().publishUsed());
      const auto used = rig.driver().takeUsed();
      REQUIRE_OK(used);
      CHECK((*used)->head == head);
    }
    CHECK(rig.driver().offeredIndex() == 14);
    CHECK(rig.driver().usedIndex() == 14);
  }
}

TEST_CASE("chains by hand put heads and indexes where they are told") {
  Rig rig;
  rig.driver().writeDescriptor(5, {.addr = std::uint64_t{1},
                                   .len = std::uint32_t{2},
                                   .flags = std::uint16_t{3},
                                   .next = std::uint16_t{4}});
  rig.driver().offerHead(99);
  CHECK(rig.driver().offeredIndex() == 1);
  rig.driver().setAvailableIndex(1);

  REQUIRE(rig.device().pendingCount() == 1);
  CHECK(rig.device().takeHead() == 99);
  CHECK(rig.device().fetchDescriptor(5).next.get() == 4);
  rig.driver().setAvailableIndex(1000);
  CHECK(rig.device().pendingCount() == std::nullopt);
}

TEST_CASE("a descriptor outside the table is the caller's mistake") {
  Rig rig;

  test::checkDies("index < size_", [&rig] { rig.driver().writeDescriptor(8, {}); });
}

TEST_CASE("a ring that forgets its chains has all descriptors again") {
  Rig rig(4);
  addOne(rig);
  rig.driver().forgetChains();

  for (int count = 0; count < 4; ++count) {
    addOne(rig);
  }
  CHECK(rig.driver().add(std::array{kReadable}) == std::nullopt);
}

TEST_CASE("a ring that does not fit its arena is an error") {
  Result<std::unique_ptr<Arena>> arena = Arena::create({.sizeBytes = 4096});
  REQUIRE_OK(arena);

  CHECK_FALSE(DriverQueue::create(**arena, {.size = 32768}).has_value());
}

TEST_CASE("random chains all come through, against a list of what was offered") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    Rig rig(16, random.chance(50));
    rig.restart(static_cast<std::uint16_t>(random.next()));
    struct Offered {
      std::uint16_t head;
      std::size_t count;
    };
    std::vector<Offered> taken;
    std::size_t freeCount = 16;
    for (int round = 0; round < 3000; ++round) {
      const std::vector<Buffer> buffers(random.between(1, 5), kReadable);
      const std::optional<std::uint16_t> head = rig.driver().add(buffers);
      REQUIRE(head.has_value() == (buffers.size() <= freeCount));
      if (head) {
        freeCount -= buffers.size();
        static_cast<void>(rig.driver().publish());
        REQUIRE(rig.device().pendingCount() == 1);
        REQUIRE(rig.device().takeHead() == *head);
        REQUIRE(rig.chainAt(*head).size() == buffers.size());
        taken.push_back({.head = *head, .count = buffers.size()});
      }
      if (!taken.empty() && (random.chance(50) || !head)) {
        const std::size_t index = random.below(taken.size());
        rig.device().putUsed(taken[index].head, static_cast<std::uint32_t>(round));
        static_cast<void>(rig.device().publishUsed());
        const auto used = rig.driver().takeUsed();
        REQUIRE_OK(used);
        REQUIRE((*used)->head == taken[index].head);
        REQUIRE((*used)->lengthBytes == static_cast<std::uint32_t>(round));
        freeCount += taken[index].count;
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(index));
      }
    }
  }
}

} // namespace argon::frontend
