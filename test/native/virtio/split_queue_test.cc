// SPDX-License-Identifier: Apache-2.0
#include "virtio/split_queue.h"

#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "memory/shared_copy.h"
#include "support/test.h"
#include "virtio/spec/ring.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace argon::virtio {

namespace {

using Options = SplitQueue::Options;

// A ring's memory, and a driver's hands on it.
class Ring {
public:
  explicit Ring(std::uint16_t size) : size_(size) {
    Result<MappedRegion> memory = MappedRegion::allocate(kPartBytes * 3);
    REQUIRE_OK(memory);
    memory_ = *std::move(memory);
  }

  [[nodiscard]] SplitRingMemory parts() const {
    return {.descriptors = part(0, spec::descriptorTableBytes(size_)),
            .available = part(1, spec::availRingBytes(size_)),
            .used = part(2, spec::usedRingBytes(size_))};
  }
  [[nodiscard]] SplitQueue open(const Options& options) const {
    Result<SplitQueue> queue = SplitQueue::create(parts(), options);
    REQUIRE_OK(queue);
    return *std::move(queue);
  }
  [[nodiscard]] SplitQueue open(bool hasEventIdx = false) const {
    return open({.size = size_, .nextAvailable = 0, .hasEventIdx = hasEventIdx});
  }

  void setAvailableIndex(std::uint16_t index) const { available(2).store(index); }
  void setHead(std::uint16_t slot, std::uint16_t head) const {
    available(4 + std::size_t{2} * slot).store(head);
  }
  void setAvailableFlags(std::uint16_t flags) const { available(0).store(flags); }
  void setUsedEvent(std::uint16_t index) const {
    available(4 + std::size_t{2} * size_).store(index);
  }
  [[nodiscard]] std::uint16_t usedIndex() const { return used(2).load(); }
  void setUsedIndex(std::uint16_t index) const { used(2).store(index); }
  [[nodiscard]] std::uint16_t usedFlags() const { return used(0).load(); }
  [[nodiscard]] std::uint16_t availEvent() const { return used(4 + std::size_t{8} * size_).load(); }
  void setAvailEvent(std::uint16_t index) const { used(4 + std::size_t{8} * size_).store(index); }
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> usedElement(std::uint16_t slot) const {
    std::array<std::uint32_t, 2> words{};
    std::memcpy(words.data(), part(2, kPartBytes).data() + 4 + std::size_t{8} * slot, 8);
    return {words[0], words[1]};
  }

private:
  // Room for the largest queue's largest part.
  static constexpr std::size_t kPartBytes = std::size_t{32'768} * 16 + 4096;

  [[nodiscard]] std::span<std::byte> part(std::size_t number, std::size_t bytes) const {
    return memory_.bytes().subspan(number * kPartBytes, bytes);
  }
  [[nodiscard]] std::atomic_ref<std::uint16_t> available(std::size_t offset) const {
    return sharedU16(part(1, kPartBytes).data() + offset);
  }
  [[nodiscard]] std::atomic_ref<std::uint16_t> used(std::size_t offset) const {
    return sharedU16(part(2, kPartBytes).data() + offset);
  }

  std::uint16_t size_;
  MappedRegion memory_;
};

bool isRefused(const SplitRingMemory& memory, const Options& options) {
  const Result<SplitQueue> queue = SplitQueue::create(memory, options);
  return !queue && queue.error().kind() == ErrorKind::Protocol;
}

} // namespace

TEST_CASE("a split ring has a power of two of entries, at most 32768") {
  for (std::uint32_t size = 1; size <= 32'768; size *= 2) {
    CAPTURE(size);
    const Ring ring(static_cast<std::uint16_t>(size));
    CHECK(ring.open().size() == size);
  }
  const Ring ring(32'768);
  for (const std::uint16_t size :
       std::to_array<std::uint16_t>({0, 3, 6, 127, 129, 32'767, 32'769, 49'152, 65'535})) {
    CAPTURE(size);
    CHECK(isRefused(ring.parts(), {.size = size}));
  }
}

TEST_CASE("a part of a ring that ends too early is refused") {
  const Ring ring(8);
  const SplitRingMemory whole = ring.parts();
  SplitRingMemory memory = whole;
  memory.descriptors = whole.descriptors.first(whole.descriptors.size() - 1);
  CHECK(isRefused(memory, {.size = 8}));
  memory = whole;
  memory.available = whole.available.first(whole.available.size() - 1);
  CHECK(isRefused(memory, {.size = 8}));
  memory = whole;
  memory.used = whole.used.first(whole.used.size() - 1);
  CHECK(isRefused(memory, {.size = 8}));
}

TEST_CASE("a part of a ring that is not aligned as the specification asks is refused") {
  const Ring small(8);
  const Ring large(16);
  // Parts of the larger ring have room to begin later.
  const SplitRingMemory whole = large.parts();
  for (const std::size_t offset : {1U, 2U, 3U, 4U, 8U, 15U}) {
    CAPTURE(offset);
    SplitRingMemory memory = whole;
    memory.descriptors = whole.descriptors.subspan(offset);
    CHECK(isRefused(memory, {.size = 8}));
    memory = whole;
    memory.used = whole.used.subspan(offset);
    CHECK(isRefused(memory, {.size = 8}) == (offset % 4 != 0));
    memory = whole;
    memory.available = whole.available.subspan(offset);
    CHECK(isRefused(memory, {.size = 8}) == (offset % 2 != 0));
  }
}

TEST_CASE("what waits is counted from the last chain that was taken") {
  const Ring ring(8);
  SplitQueue queue = ring.open();
  CHECK(queue.pendingCount() == 0);

  ring.setHead(0, 5);
  ring.setHead(1, 3);
  ring.setAvailableIndex(2);

  CHECK(queue.pendingCount() == 2);
  CHECK(queue.takeHead() == 5);
  CHECK(queue.pendingCount() == 1);
  CHECK(queue.takeHead() == 3);
  CHECK(queue.pendingCount() == 0);
  CHECK(queue.nextAvailable() == 2);
}

TEST_CASE("a driver cannot claim more chains than the ring holds") {
  const Ring ring(8);
  SplitQueue queue = ring.open({.size = 8, .nextAvailable = 100});
  for (const std::uint16_t good : std::to_array<std::uint16_t>({100, 101, 108})) {
    ring.setAvailableIndex(good);
    CHECK(queue.pendingCount() == good - 100);
  }
  for (const std::uint16_t bad : std::to_array<std::uint16_t>({109, 99, 0, 32'868, 65'535})) {
    CAPTURE(bad);
    ring.setAvailableIndex(bad);
    CHECK(queue.pendingCount() == std::nullopt);
  }
}

TEST_CASE("the largest ring can be full, and no more") {
  const Ring ring(32'768);
  SplitQueue queue = ring.open({.size = 32'768, .nextAvailable = 65'000});

  ring.setAvailableIndex(static_cast<std::uint16_t>(65'000 + 32'768));
  CHECK(queue.pendingCount() == 32'768);
  ring.setAvailableIndex(static_cast<std::uint16_t>(65'000 + 32'769));
  CHECK(queue.pendingCount() == std::nullopt);
}

TEST_CASE("indexes go on over 65535") {
  const Ring ring(4);
  ring.setUsedIndex(65'534);
  SplitQueue queue = ring.open({.size = 4, .nextAvailable = 65'534});
  CHECK(queue.publishedUsed() == 65'534);
  for (const std::uint16_t slot : std::to_array<std::uint16_t>({0, 1, 2, 3})) {
    ring.setHead(slot, slot);
  }
  ring.setAvailableIndex(1);

  CHECK(queue.pendingCount() == 3);
  CHECK(queue.takeHead() == 2);
  CHECK(queue.takeHead() == 3);
  CHECK(queue.takeHead() == 0);
  CHECK(queue.nextAvailable() == 1);
  for (const std::uint16_t head : std::to_array<std::uint16_t>({2, 3, 0})) {
    queue.putUsed(head, 1);
  }
  static_cast<void>(queue.publishUsed());

  CHECK(ring.usedIndex() == 1);
  CHECK(ring.usedElement(2).first == 2);
  CHECK(ring.usedElement(3).first == 3);
  CHECK(ring.usedElement(0).first == 0);
}

TEST_CASE("a head is passed on as the driver wrote it") {
  const Ring ring(8);
  SplitQueue queue = ring.open();
  ring.setHead(0, 65'535);
  ring.setAvailableIndex(1);

  REQUIRE(queue.pendingCount() == 1);
  CHECK(queue.takeHead() == 65'535);
}

TEST_CASE("a used element is not visible before it is published") {
  const Ring ring(8);
  SplitQueue queue = ring.open();

  queue.putUsed(6, 513);
  CHECK(ring.usedIndex() == 0);
  queue.putUsed(2, UINT32_MAX);
  static_cast<void>(queue.publishUsed());

  CHECK(ring.usedIndex() == 2);
  CHECK(queue.publishedUsed() == 2);
  CHECK(ring.usedElement(0) == std::pair<std::uint32_t, std::uint32_t>{6, 513});
  CHECK(ring.usedElement(1) == std::pair<std::uint32_t, std::uint32_t>{2, UINT32_MAX});
}

TEST_CASE("a ring goes on where the driver sees it, after a restart of ours") {
  const Ring ring(8);
  ring.setUsedIndex(1'234);

  SplitQueue queue = ring.open({.size = 8, .nextAvailable = 1'240});
  queue.putUsed(1, 0);
  static_cast<void>(queue.publishUsed());

  CHECK(ring.usedIndex() == 1'235);
  CHECK(queue.nextAvailable() == 1'240);
}

TEST_CASE("the first publication after a start calls, whatever the driver asked for") {
  for (const bool hasEventIdx : {false, true}) {
    CAPTURE(hasEventIdx);
    const Ring ring(8);
    ring.setAvailableFlags(spec::AVAIL_F_NO_INTERRUPT);
    ring.setUsedEvent(30'000);
    SplitQueue queue = ring.open(hasEventIdx);

    CHECK(queue.publishUsed());
    CHECK_FALSE(queue.publishUsed());
  }
}

TEST_CASE("without EVENT_IDX a flag says whether the driver wants calls") {
  const Ring ring(8);
  SplitQueue queue = ring.open();
  static_cast<void>(queue.publishUsed());

  queue.putUsed(0, 0);
  CHECK(queue.publishUsed());
  ring.setAvailableFlags(spec::AVAIL_F_NO_INTERRUPT);
  queue.putUsed(0, 0);
  CHECK_FALSE(queue.publishUsed());
  // Bits that the specification does not have mean nothing; used_event means nothing either.
  ring.setAvailableFlags(0xfffe);
  ring.setUsedEvent(99);
  queue.putUsed(0, 0);
  CHECK(queue.publishUsed());
}

TEST_CASE("with EVENT_IDX a call is made when the driver's index is passed, batch or not") {
  const Ring ring(8);
  SplitQueue queue = ring.open(true);
  static_cast<void>(queue.publishUsed());
  // The flag means nothing with EVENT_IDX.
  ring.setAvailableFlags(spec::AVAIL_F_NO_INTERRUPT);

  ring.setUsedEvent(2);
  queue.putUsed(0, 0);
  CHECK_FALSE(queue.publishUsed());
  queue.putUsed(1, 0);
  queue.putUsed(2, 0);
  CHECK(queue.publishUsed());
  queue.putUsed(3, 0);
  CHECK_FALSE(queue.publishUsed());
  ring.setUsedEvent(6);
  for (const std::uint16_t head : std::to_array<std::uint16_t>({4, 5, 6, 7})) {
    queue.putUsed(head, 0);
  }
  CHECK(queue.publishUsed());
}

TEST_CASE("nothing new is nothing to call for") {
  for (const bool hasEventIdx : {false, true}) {
    const Ring ring(8);
    SplitQueue queue = ring.open(hasEventIdx);
    static_cast<void>(queue.publishUsed());
    ring.setUsedEvent(65'535);

    CHECK_FALSE(queue.publishUsed());
  }
}

TEST_CASE("without EVENT_IDX kicks are switched by a flag") {
  const Ring ring(8);
  SplitQueue queue = ring.open();

  queue.disableKicks();
  CHECK(ring.usedFlags() == spec::USED_F_NO_NOTIFY);
  CHECK_FALSE(queue.enableKicks());
  CHECK(ring.usedFlags() == 0);
}

TEST_CASE("with EVENT_IDX kicks are asked for by naming the next chain") {
  const Ring ring(8);
  SplitQueue queue = ring.open({.size = 8, .nextAvailable = 5, .hasEventIdx = true});
  ring.setAvailableIndex(5);
  ring.setAvailEvent(77);

  queue.disableKicks();
  CHECK(ring.availEvent() == 77);
  CHECK(ring.usedFlags() == 0);
  CHECK_FALSE(queue.enableKicks());
  CHECK(ring.availEvent() == 5);
  CHECK(ring.usedFlags() == 0);
}

TEST_CASE("a chain that came before its kick could be asked for is noticed") {
  for (const bool hasEventIdx : {false, true}) {
    CAPTURE(hasEventIdx);
    const Ring ring(8);
    SplitQueue queue = ring.open(hasEventIdx);
    ring.setAvailableIndex(1);

    CHECK(queue.enableKicks());
    REQUIRE(queue.pendingCount() == 1);
    static_cast<void>(queue.takeHead());
    CHECK_FALSE(queue.enableKicks());
  }
}

TEST_CASE("a descriptor is fetched from its place in the table") {
  const Ring ring(8);
  const spec::Descriptor written{.addr = std::uint64_t{0x1122334455667788},
                                 .len = 0x99aabbccU,
                                 .flags = std::uint16_t{3},
                                 .next = std::uint16_t{7}};
  std::memcpy(ring.parts().descriptors.data() + std::size_t{7} * 16, &written, sizeof written);

  const spec::Descriptor fetched = ring.open().fetchDescriptor(7);

  CHECK(fetched.addr == written.addr);
  CHECK(fetched.len == written.len);
  CHECK(fetched.flags == written.flags);
  CHECK(fetched.next == written.next);
}

} // namespace argon::virtio
