// SPDX-License-Identifier: Apache-2.0
#include "frontend/used_cursor.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "support/test.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace argon::frontend {

namespace {

constexpr std::uint16_t kSize = 4;

struct Scene {
  Scene() : arena(makeArena()), queue(makeQueue(*arena)) {}
  static std::unique_ptr<Arena> makeArena() {
    Result<std::unique_ptr<Arena>> made = Arena::create({.sizeBytes = std::size_t{1} << 16});
    REQUIRE_OK(made);
    return *std::move(made);
  }
  static DriverQueue makeQueue(Arena& arena) {
    Result<DriverQueue> made = DriverQueue::create(arena, {.size = kSize, .hasEventIdx = true});
    REQUIRE_OK(made);
    return *std::move(made);
  }
  // As a device answers.
  void answer(std::uint32_t id, std::uint32_t bytes) {
    const virtio::spec::UsedElement element{.id = id, .len = bytes};
    std::memcpy(queue.usedBytes().data() + 4 + sizeof element * (index % kSize), &element,
                sizeof element);
    ++index;
    std::memcpy(queue.usedBytes().data() + 2, &index, sizeof index);
  }
  [[nodiscard]] std::uint16_t word(std::size_t offset) {
    std::uint16_t value = 0;
    std::memcpy(&value, queue.availableBytes().data() + offset, sizeof value);
    return value;
  }

  std::unique_ptr<Arena> arena;
  DriverQueue queue;
  std::uint16_t index = 0;
};

constexpr std::size_t kUsedEvent = 4 + 2 * kSize;

} // namespace

TEST_CASE("answers are counted and taken in order, around the ring") {
  Scene scene;
  UsedCursor cursor(scene.queue);
  CHECK(cursor.waitingCount() == 0);
  for (std::uint32_t number = 0; number < 10; ++number) {
    scene.answer(number % kSize, 100 + number);
    CHECK(cursor.waitingCount() == 1);
    const virtio::spec::UsedElement element = cursor.take();
    CHECK(element.id.get() == number % kSize);
    CHECK(element.len.get() == 100 + number);
  }
  CHECK(cursor.waitingCount() == 0);
}

TEST_CASE("a cursor begins behind what was answered before") {
  Scene scene;
  scene.answer(1, 1);
  CHECK(UsedCursor(scene.queue).waitingCount() == 0);
}

TEST_CASE("calls are refused and asked for, for devices of either way") {
  Scene scene;
  UsedCursor cursor(scene.queue);
  cursor.refuseCalls();
  CHECK(scene.word(0) == virtio::spec::AVAIL_F_NO_INTERRUPT);
  CHECK(scene.word(kUsedEvent) == 0xffff);

  CHECK_FALSE(cursor.enableCalls());
  CHECK(scene.word(0) == 0);
  CHECK(scene.word(kUsedEvent) == 0);
  scene.answer(0, 1);
  CHECK(cursor.enableCalls());
}

} // namespace argon::frontend
