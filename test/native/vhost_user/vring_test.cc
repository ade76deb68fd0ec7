// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/vring.h"

#include "base/little_endian.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/memfd.h"
#include "support/test.h"
#include "vhost_user/device.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace argon::vhost_user {

namespace {

// Two regions that are neighbors in the front end's addresses, with other memory behind them.
constexpr std::uint64_t kRegionBytes = 0x10'0000;
constexpr std::uint64_t kFirst = 0x7f00'0000'0000;
constexpr std::uint64_t kSecond = kFirst + kRegionBytes;
constexpr std::uint64_t kEnd = kSecond + kRegionBytes;

std::shared_ptr<const MemoryRegion> mapRegion(std::uint64_t guest, std::uint64_t frontend,
                                              std::uint64_t fileOffset = 0) {
  auto region = MemoryRegion::map({.guestStart = GuestAddress(guest),
                                   .sizeBytes = kRegionBytes,
                                   .frontendStart = FrontendAddress(frontend),
                                   .fileOffsetBytes = fileOffset},
                                  test::makeMemfd(kRegionBytes + 4096, test::Sealed::Yes),
                                  RegionPolicy::RequireSealed);
  REQUIRE_OK(region);
  return *region;
}

std::shared_ptr<const GuestMemory> makeMemory() {
  auto memory = GuestMemory::create({mapRegion(0, kFirst), mapRegion(kRegionBytes, kSecond)});
  REQUIRE_OK(memory);
  return *memory;
}

// A ring of which every part is good; a test spoils one.
Vring goodRing(std::uint16_t size = 16) {
  Vring ring;
  ring.size = size;
  ring.addresses = RingAddresses{.descriptors = FrontendAddress(kFirst),
                                 .used = FrontendAddress(kFirst + 0x8'0000),
                                 .available = FrontendAddress(kFirst + 0xc'0000)};
  ring.hasKick = true;
  ring.enablement = Vring::Enablement::Enabled;
  return ring;
}

Result<RingStart> prepare(const Vring& ring, virtio::FeatureSet features = {}) {
  return prepareStart(ring, 3, {.memory = makeMemory(), .features = features});
}

bool isGood(const Vring& ring) { return prepare(ring).has_value(); }

// The three parts' sizes for 16 entries, from virtio 1.2, 2.7: 16 bytes a descriptor; 6 bytes and 2
// an entry; 6 bytes and 8 an entry.
constexpr std::uint64_t kDescriptorBytes = 256;
constexpr std::uint64_t kAvailableBytes = 38;
constexpr std::uint64_t kUsedBytes = 134;

} // namespace

TEST_CASE("a ring is configured once it has size, addresses and kick") {
  CHECK(goodRing().isConfigured());

  const auto without = [](auto spoil) {
    Vring ring = goodRing();
    spoil(ring);
    return ring.isConfigured();
  };
  CHECK_FALSE(without([](Vring& ring) { ring.size = 0; }));
  CHECK_FALSE(without([](Vring& ring) { ring.addresses.reset(); }));
  CHECK_FALSE(without([](Vring& ring) { ring.hasKick = false; }));
  CHECK_FALSE(without([](Vring& ring) { ring.isRefused = true; }));
}

TEST_CASE("a start says whether the ring is enabled") {
  Vring ring = goodRing();
  for (const Vring::Enablement enablement :
       {Vring::Enablement::Unset, Vring::Enablement::Disabled, Vring::Enablement::Enabled}) {
    ring.enablement = enablement;
    const Result<RingStart> start = prepare(ring);
    REQUIRE_OK(start);
    CHECK(start->isEnabled == (enablement == Vring::Enablement::Enabled));
  }
}

TEST_CASE("a start carries what the ring has") {
  Vring ring = goodRing();
  ring.base = 65530;
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  ring.kick = std::make_shared<const UniqueFd>(*std::move(fd));
  const auto features = virtio::FeatureSet().with(virtio::spec::F_EVENT_IDX);

  const Result<RingStart> start = prepare(ring, features);

  REQUIRE_OK(start);
  CHECK(start->index == 3);
  CHECK(start->queue.size() == 16);
  CHECK(start->queue.base() == 65530);
  CHECK(start->features == features);
  CHECK(start->kick == ring.kick);
  CHECK(start->call == nullptr);
  CHECK(start->err == nullptr);
  CHECK(start->memory != nullptr);
}

TEST_CASE("a packed ring starts where both halves of its base say") {
  const auto packed = virtio::FeatureSet().with(virtio::spec::F_RING_PACKED);
  const auto baseOf = [packed](std::uint32_t base) {
    Vring ring = goodRing();
    ring.base = base;
    const Result<RingStart> start = prepare(ring, packed);
    REQUIRE_OK(start);
    return start->queue.base();
  };

  CHECK(baseOf(0x8000'8000) == 0x8000'8000);
  CHECK(baseOf(0x8002'8005) == 0x8002'8005);
  // A whole round ahead, if both halves are there.
  CHECK(baseOf(0x8001'0001) == 0x8001'0001);
  // DPDK's virtio-user has one half.
  CHECK(baseOf(0x8000) == 0x8000'8000);
}

// What a killed card answered the driver has; what it had only taken is taken again.
TEST_CASE("a ring of a device that answers in order goes on behind the last used entry") {
  const Vring ring = [] {
    Vring configured = goodRing();
    configured.base = 3; // As a journal remembers it.
    return configured;
  }();
  const std::shared_ptr<const GuestMemory> memory = makeMemory();
  const auto used = memory->contiguous(ring.addresses->used, kUsedBytes);
  REQUIRE(used.has_value());
  const Le<std::uint16_t> usedIndex = std::uint16_t{65535};
  std::memcpy(used->data() + virtio::spec::kUsedIdxOffset, &usedIndex, sizeof usedIndex);

  const Result<RingStart> inOrder =
      prepareStart(ring, 0, {.memory = memory, .features = {}, .answersInOrder = true});
  const Result<RingStart> asTold = prepareStart(ring, 0, {.memory = memory, .features = {}});

  REQUIRE_OK(inOrder);
  REQUIRE_OK(asTold);
  CHECK(inOrder->queue.base() == 65535);
  CHECK(asTold->queue.base() == 3);
}

TEST_CASE("each part of a ring may end with its region and not a byte behind it") {
  Vring ring = goodRing();
  ring.addresses->descriptors = FrontendAddress(kEnd - kDescriptorBytes);
  CHECK(isGood(ring));
  ring.addresses->descriptors = FrontendAddress(kEnd - kDescriptorBytes + 16);
  CHECK_FALSE(isGood(ring));

  ring = goodRing();
  ring.addresses->available = FrontendAddress(kEnd - kAvailableBytes);
  CHECK(isGood(ring));
  ring.addresses->available = FrontendAddress(kEnd - kAvailableBytes + 2);
  CHECK_FALSE(isGood(ring));

  ring = goodRing();
  ring.addresses->used = FrontendAddress(kEnd - kUsedBytes - 2);
  CHECK(isGood(ring));
  ring.addresses->used = FrontendAddress(kEnd - kUsedBytes + 2);
  CHECK_FALSE(isGood(ring));
}

TEST_CASE("no part of a ring may cross from one region into the next") {
  Vring ring = goodRing();
  ring.addresses->descriptors = FrontendAddress(kSecond - 16);
  CHECK_FALSE(isGood(ring));

  ring = goodRing();
  ring.addresses->available = FrontendAddress(kSecond - 2);
  CHECK_FALSE(isGood(ring));

  ring = goodRing();
  ring.addresses->used = FrontendAddress(kSecond - 4);
  CHECK_FALSE(isGood(ring));
}

TEST_CASE("no part of a ring may lie outside memory, whatever the address") {
  for (const std::uint64_t address :
       {std::uint64_t{0}, kFirst - 16, kEnd, std::uint64_t{0x1000}, UINT64_MAX - 15, UINT64_MAX}) {
    CAPTURE(address);
    Vring ring = goodRing();
    ring.addresses->descriptors = FrontendAddress(address);
    CHECK_FALSE(isGood(ring));
    ring = goodRing();
    ring.addresses->available = FrontendAddress(address);
    CHECK_FALSE(isGood(ring));
    ring = goodRing();
    ring.addresses->used = FrontendAddress(address);
    CHECK_FALSE(isGood(ring));
  }
}

TEST_CASE("ring addresses are the front end's, not the guest's") {
  Vring ring = goodRing();
  // Good as a guest address.
  ring.addresses->descriptors = FrontendAddress(0x1000);

  CHECK_FALSE(isGood(ring));
}

TEST_CASE("each part of a ring is aligned as virtio says") {
  for (std::uint64_t offset = 1; offset < 16; ++offset) {
    CAPTURE(offset);
    Vring ring = goodRing();
    ring.addresses->descriptors = FrontendAddress(kFirst + offset);
    CHECK_FALSE(isGood(ring));
    ring = goodRing();
    ring.addresses->available = FrontendAddress(kFirst + 0xc'0000 + offset);
    CHECK(isGood(ring) == (offset % 2 == 0));
    ring = goodRing();
    ring.addresses->used = FrontendAddress(kFirst + 0x8'0000 + offset);
    CHECK(isGood(ring) == (offset % 4 == 0));
  }
}

TEST_CASE("a region whose file offset is odd makes aligned addresses misaligned, and is refused") {
  auto memory = GuestMemory::create({mapRegion(0, kFirst, 1)});
  REQUIRE_OK(memory);

  CHECK_FALSE(prepareStart(goodRing(), 0, {.memory = *memory, .features = {}}).has_value());
}

TEST_CASE("a ring has a power of two of entries, up to 32768") {
  for (std::uint32_t size = 1; size <= 32768; size *= 2) {
    CAPTURE(size);
    CHECK(isGood(goodRing(static_cast<std::uint16_t>(size))));
  }
  for (const int size : {3, 5, 12, 1000, 32767, 32769, 65535}) {
    CAPTURE(size);
    CHECK_FALSE(isGood(goodRing(static_cast<std::uint16_t>(size))));
  }
}

TEST_CASE("what is wrong with a ring is said in words") {
  Vring ring = goodRing();
  ring.addresses->used = FrontendAddress(0x10);

  const Result<RingStart> start = prepare(ring);

  REQUIRE_FALSE(start.has_value());
  CHECK(start.error().message() == "the used ring at 0x10 is not in guest memory");
}

} // namespace argon::vhost_user
