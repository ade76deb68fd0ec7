// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/packed_inflight.h"

#include "base/result.h"
#include "support/random.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/spec/inflight.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using virtio::PackedPosition;
using Chain = PackedInflight::ChainCopy;
constexpr std::uint16_t kSize = 5;

Chain makeChain(std::uint16_t id, std::size_t count) {
  return Chain(count, {.addr = std::uint64_t{id} << 32,
                       .len = std::uint32_t{id} + 100U,
                       .id = id,
                       .flags = std::uint16_t{0}});
}

struct Region {
  // On the heap, so that a sanitizer knows where it ends.
  std::vector<std::byte> bytes =
      std::vector<std::byte>(InflightRegion::sizeBytes(RingLayout::Packed, 1, kSize));
  // Of every entry of the ring.
  std::uint16_t ringFlags = virtio::spec::DESC_F_AVAIL;

  [[nodiscard]] Result<PackedInflight> tryOpen() {
    return PackedInflight::open(bytes, kSize, {}, [this](std::uint16_t index) {
      REQUIRE(index < kSize);
      return ringFlags;
    });
  }
  [[nodiscard]] PackedInflight open() {
    Result<PackedInflight> opened = tryOpen();
    REQUIRE_OK(opened);
    return *std::move(opened);
  }
};

std::vector<std::uint16_t> idsOf(const PackedInflight& inflight) {
  std::vector<std::uint16_t> ids;
  for (const Chain& chain : inflight.unanswered()) {
    ids.push_back(chain.back().id.get());
  }
  return ids;
}

using Ids = std::vector<std::uint16_t>;

} // namespace

TEST_CASE("packed chains come back whole, in the order in which they were taken") {
  Region region;
  PackedInflight inflight = region.open();
  inflight.noteTaken(makeChain(4, 2));
  inflight.noteTaken(makeChain(1, 1));
  inflight.noteTaken(makeChain(3, 2));
  inflight.noteUsed(1);
  inflight.beginPublish();
  inflight.endPublish();

  const PackedInflight found = region.open();

  CHECK(idsOf(found) == Ids{4, 3});
  CHECK(found.unanswered().front().size() == 2);
  CHECK(found.unanswered().front().front().len.get() == 104);
  CHECK(found.nextUsed() == PackedPosition{.index = 1, .wrap = true});
  CHECK(found.nextAvailable() == PackedPosition{.index = 0, .wrap = false});
}

TEST_CASE("what counts for a packed batch is whether the ring shows its first entry as used") {
  Region region;
  PackedInflight inflight = region.open();
  inflight.noteTaken(makeChain(4, 2));
  inflight.noteTaken(makeChain(1, 1));
  inflight.noteUsed(4);
  inflight.beginPublish();
  Region copy = region;
  copy.ringFlags = virtio::spec::DESC_F_AVAIL | virtio::spec::DESC_F_USED;

  CHECK(idsOf(region.open()) == Ids{4, 1});
  CHECK(idsOf(copy.open()) == Ids{1});
  CHECK(copy.open().nextUsed() == PackedPosition{.index = 2, .wrap = true});
}

TEST_CASE("a packed region of another version or size is refused") {
  Region region;
  static_cast<void>(region.open());
  CHECK_FALSE(PackedInflight::open(region.bytes, kSize - 1, {}, [](std::uint16_t) {
                return std::uint16_t{0};
              }).has_value());
  const std::uint16_t version = 2;
  std::memcpy(region.bytes.data() + offsetof(spec::QueueRegionPacked, version), &version, 2);
  CHECK_FALSE(region.tryOpen().has_value());
}

TEST_CASE("a packed region whose free entries go round in a circle is refused") {
  Region region;
  static_cast<void>(region.open());
  const std::uint16_t next = 0;
  std::memcpy(region.bytes.data() + sizeof(spec::QueueRegionPacked) +
                  sizeof(spec::DescStatePacked) * 2 + offsetof(spec::DescStatePacked, next),
              &next, 2);
  CHECK_FALSE(region.tryOpen().has_value());
}

// Few bytes are changed, so that many of the regions are still taken up.
TEST_CASE("a packed region that was tampered with is refused, or its chains fit the ring") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    int openedCount = 0;
    for (int count = 0; count < test::rounds(5'000); ++count) {
      Region region;
      PackedInflight before = region.open();
      before.noteTaken(makeChain(4, 2));
      before.noteTaken(makeChain(1, 1));
      for (std::uint64_t change = random.between(1, 4); change > 0; --change) {
        region.bytes[random.between(12, region.bytes.size() - 1)] =
            static_cast<std::byte>(random.below(8));
      }
      Result<PackedInflight> opened = region.tryOpen();
      if (!opened) {
        continue;
      }
      ++openedCount;
      std::size_t takenCount = 0;
      for (const Chain& chain : opened->unanswered()) {
        takenCount += chain.size();
        REQUIRE(chain.back().id.get() < kSize);
      }
      REQUIRE(takenCount <= kSize);
      // There is an entry for each that the ring has left.
      for (; takenCount < kSize; ++takenCount) {
        opened->noteTaken(makeChain(0, 1));
      }
    }
    CHECK(openedCount > 0);
  }
}

} // namespace argon::vhost_user
