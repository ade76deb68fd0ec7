// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/ring_queue.h"

#include "base/result.h"
#include "memory/shared_copy.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_scene.h"
#include "virtio/chain.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

// What becomes of tracked chains is in ring_crash_cases.cc.

namespace argon::vhost_user {

namespace {

using test::RingScene;
namespace spec = virtio::spec;

RingScene::Taken takeOne(RingQueue& queue) {
  const std::optional<RingScene::Taken> taken = RingScene::take(queue);
  REQUIRE(taken.has_value());
  return *taken;
}

// Makes the chain of one descriptor that was offered first available once more, behind itself.
void repeatFirst(const RingScene& scene) {
  const RingQueue::Parts& parts = scene.parts();
  if (scene.layout() == RingLayout::Split) {
    std::byte* ring = parts.available.data();
    std::memcpy(ring + spec::kAvailRingOffset + spec::kAvailElementBytes,
                ring + spec::kAvailRingOffset, spec::kAvailElementBytes);
    sharedU16(ring + spec::kAvailIdxOffset).store(2);
  } else {
    std::memcpy(parts.descriptors.data() + sizeof(spec::PackedDescriptor), parts.descriptors.data(),
                sizeof(spec::PackedDescriptor));
  }
}

void checkBroken(RingQueue& queue) {
  std::array<iovec, 4> segments{};
  virtio::Chain chain;
  CHECK(queue.take({}, segments, chain) == RingQueue::Take::Broken);
  CHECK(queue.brokenReason() == "the driver offered a chain that is in use");
}

} // namespace

TEST_CASE("a ring of either layout takes, answers and says where it goes on") {
  for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingScene scene(layout, 4);
    Result<RingQueue> queue = scene.openUntracked();
    REQUIRE_OK(queue);
    const std::optional<std::uint16_t> head = scene.driver().offer(3);

    const RingScene::Taken taken = takeOne(*queue);
    CHECK(taken.head == head);
    CHECK_FALSE(RingScene::take(*queue).has_value());
    RingScene::put(*queue, taken);
    CHECK_FALSE(scene.driver().reap().has_value());
    CHECK(queue->publish());
    CHECK(scene.driver().reap() == head);
    // Packed: entry 3 with wrap counter 1, for available and used.
    CHECK(queue->base() == (layout == RingLayout::Split ? 1U : 0x8003'8003U));
  }
}

TEST_CASE("a chain that was given back is taken again, once") {
  for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingScene scene(layout, 4);
    Result<RingQueue> queue = scene.openUntracked();
    REQUIRE_OK(queue);
    // Three rounds of the ring, so that giving back goes over its end as well.
    for (int round = 0; round < 12; ++round) {
      const std::optional<std::uint16_t> first = scene.driver().offer(2);
      const std::optional<std::uint16_t> second = scene.driver().offer(1);
      const std::uint32_t base = queue->base();
      std::array<iovec, 4> segments{};
      virtio::Chain one;
      virtio::Chain two;
      REQUIRE(queue->take({}, segments, one) == RingQueue::Take::Chain);
      REQUIRE(queue->take({}, segments, two) == RingQueue::Take::Chain);
      queue->giveBack(two);
      queue->giveBack(one);
      CHECK((queue->base() & 0xffff) == (base & 0xffff));

      const RingScene::Taken again = takeOne(*queue);
      CHECK(again.head == first);
      const RingScene::Taken next = takeOne(*queue);
      CHECK(next.head == second);
      CHECK_FALSE(RingScene::take(*queue).has_value());
      RingScene::put(*queue, again);
      RingScene::put(*queue, next);
      static_cast<void>(queue->publish());
      CHECK(scene.driver().reap() == first);
      CHECK(scene.driver().reap() == second);
    }
  }
}

TEST_CASE("chains that were not answered come before new ones, and a kick is not waited for") {
  for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingScene scene(layout, 4);
    Result<RingQueue> first = scene.open();
    REQUIRE_OK(first);
    scene.driver().offer(1);
    scene.driver().offer(1);
    static_cast<void>(takeOne(*first));
    static_cast<void>(takeOne(*first));
    Result<RingQueue> second = scene.open();
    REQUIRE_OK(second);
    scene.driver().offer(1);

    CHECK(second->hasUnanswered());
    CHECK(second->enableKicks());
    CHECK(takeOne(*second).tag == 1);
    CHECK(takeOne(*second).tag == 2);
    CHECK_FALSE(second->hasUnanswered());
    CHECK(takeOne(*second).tag == 3);
    CHECK_FALSE(RingScene::take(*second).has_value());
  }
}

TEST_CASE("a chain that is in use breaks the ring, and is not tracked a second time") {
  for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingScene scene(layout, 4);
    Result<RingQueue> queue = scene.open();
    REQUIRE_OK(queue);
    scene.driver().offer(1);
    repeatFirst(scene);
    const RingScene::Taken taken = takeOne(*queue);
    checkBroken(*queue);

    RingScene::put(*queue, taken);
    static_cast<void>(queue->publish());
    const Result<RingQueue> next = scene.open();
    REQUIRE_OK(next);
    CHECK_FALSE(next->hasUnanswered());
  }
}

TEST_CASE("a chain of an earlier back end is in use before it is taken again") {
  for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingScene scene(layout, 4);
    Result<RingQueue> first = scene.open();
    REQUIRE_OK(first);
    scene.driver().offer(1);
    static_cast<void>(takeOne(*first));
    Result<RingQueue> second = scene.open();
    REQUIRE_OK(second);
    repeatFirst(scene);

    CHECK(takeOne(*second).tag == 1);
    checkBroken(*second);
  }
}

} // namespace argon::vhost_user
