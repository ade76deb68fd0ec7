// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/dirty_log.h"

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/memfd.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "vhost_user/ring_scene.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

constexpr std::uint64_t kBitmapBytes = 1 << 20;

// A log and the front end's view of it.
struct Scene {
  Scene() {
    UniqueFd file = test::makeMemfd(kBitmapBytes, test::Sealed::Yes);
    Result<MappedRegion> mapped =
        MappedRegion::mapShared(file.get(), 0, kBitmapBytes, MappedRegion::Access::ReadWrite);
    REQUIRE_OK(mapped);
    bitmap = *std::move(mapped);
    auto made = DirtyLog::map({.size = kBitmapBytes, .offset = 0}, std::move(file),
                              RegionPolicy::RequireSealed);
    REQUIRE_OK(made);
    log = *made;
  }

  [[nodiscard]] std::vector<std::uint64_t> pages() const {
    std::vector<std::uint64_t> found;
    for (std::uint64_t page = 0; page < kBitmapBytes * 8; ++page) {
      if ((std::to_integer<unsigned>(bitmap.bytes()[page / 8]) >> page % 8 & 1U) != 0) {
        found.push_back(page);
      }
    }
    return found;
  }

  MappedRegion bitmap;
  std::shared_ptr<const DirtyLog> log;
  test::RingScene ring = test::RingScene(RingLayout::Packed, 512);
};

} // namespace

TEST_CASE("each page that was written to has its bit, and no other") {
  const Scene scene;
  const GuestMemory& memory = scene.ring.memory();
  const std::uint64_t start = memory.regions().front()->description().guestStart.get();
  REQUIRE(start % 4096 == 0);
  const auto bytes = memory.contiguous(GuestAddress(start), 3 * 4096);
  REQUIRE(bytes.has_value());

  scene.log->note(memory, bytes->subspan(4095, 1));
  CHECK(scene.pages() == std::vector{start / 4096});
  scene.log->note(memory, bytes->subspan(4095, 2));
  CHECK(scene.pages() == std::vector{start / 4096, start / 4096 + 1});
  scene.log->note(memory, {});
  const std::array<std::byte, 4> elsewhere{};
  scene.log->note(memory, elsewhere);
  CHECK(scene.pages().size() == 2);
}

TEST_CASE("a ring logs what it writes of itself") {
  const Scene scene;
  Result<RingQueue> queue = RingQueue::createPacked(scene.ring.deviceParts(), scene.ring.memory(),
                                                    {.size = scene.ring.size()}, {});
  REQUIRE_OK(queue);
  CHECK_FALSE(queue->isLogging());
  queue->setLog(scene.log);
  CHECK(queue->isLogging());
  CHECK(scene.pages().empty());

  static_cast<void>(queue->publish());

  // 512 entries of 16 bytes, and the event structures behind them.
  CHECK(scene.pages().size() == 3);
}

TEST_CASE("a log that its file does not hold is refused") {
  CHECK_FALSE(DirtyLog::map({.size = 8192, .offset = 0}, test::makeMemfd(4096, test::Sealed::Yes),
                            RegionPolicy::RequireSealed)
                  .has_value());
}

} // namespace argon::vhost_user
