// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/ring_queue.h"

#include "base/result.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_scene.h"

#include <cstdint>
#include <optional>

// What becomes of tracked chains is in ring_crash_cases.cc.

namespace argon::vhost_user {

namespace {

using test::RingScene;

RingScene::Taken takeOne(RingQueue& queue) {
  const std::optional<RingScene::Taken> taken = RingScene::take(queue);
  REQUIRE(taken.has_value());
  return *taken;
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

} // namespace argon::vhost_user
