// SPDX-License-Identifier: Apache-2.0

// Guests and front ends that ask for as much work as they can: a device on the same worker is
// served all the same. Counted in requests, not in time: whoever runs the tests may be slow.

#include "base/cpu.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "hostile/attacker.h"
#include "memory/guest_address.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/second_device.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
namespace blk = spec::blk;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::uint16_t kLargeQueueSize = 32768;
constexpr std::uint32_t kTableEntryCount = 1027;
// Requests of the neighbor, one after another, while the other one works the card.
constexpr int kNeighborRequestCount = 200;

// All heads of a ring of the largest size are the same longest table, in which a read of 4 MiB goes
// into the same memory over and over; or its last entry leads back to the first.
void fillRing(frontend::Session& session, bool isCircle) {
  frontend::Arena& arena = session.arena();
  frontend::DriverQueue& queue = session.queue(0);
  Result<frontend::ArenaBlock> table =
      arena.allocate(kTableEntryCount * sizeof(spec::Descriptor), 16);
  Result<frontend::ArenaBlock> header = arena.allocate(sizeof(blk::RequestHeader), 16);
  Result<frontend::ArenaBlock> data = arena.allocate(4096, 4096);
  REQUIRE_OK(table);
  REQUIRE_OK(header);
  REQUIRE_OK(data);
  const blk::RequestHeader request{
      .type = blk::T_IN, .reserved = std::uint32_t{0}, .sector = std::uint64_t{0}};
  std::memcpy(header->bytes.data(), &request, sizeof request);
  for (std::uint32_t index = 0; index < kTableEntryCount; ++index) {
    const bool isFirst = index == 0;
    const bool isLast = index + 1 == kTableEntryCount;
    const unsigned direction = isFirst || isCircle ? 0U : spec::DESC_F_WRITE;
    const unsigned link = isLast && !isCircle ? 0U : spec::DESC_F_NEXT;
    const spec::Descriptor entry{.addr = isFirst ? header->address.get() : data->address.get(),
                                 .len = isFirst ? 16U : (isLast ? 1U : 512U),
                                 .flags = static_cast<std::uint16_t>(direction | link),
                                 .next =
                                     static_cast<std::uint16_t>((index + 1) % kTableEntryCount)};
    std::memcpy(table->bytes.data() + index * sizeof entry, &entry, sizeof entry);
  }
  for (std::uint32_t head = 0; head < kLargeQueueSize; ++head) {
    queue.writeDescriptor(static_cast<std::uint16_t>(head),
                          {.addr = table->address.get(),
                           .len = static_cast<std::uint32_t>(table->bytes.size()),
                           .flags = std::uint16_t{spec::DESC_F_INDIRECT},
                           .next = std::uint16_t{0}});
    queue.offerHead(static_cast<std::uint16_t>(head));
  }
}

// Runs `work` over and over on a thread while a neighbor's requests are served, one after another.
// Returns how often it ran meanwhile.
std::uint64_t serveBeside(const test::SecondDevice& neighbor, const std::function<void()>& work) {
  const std::unique_ptr<frontend::Session> session = neighbor.connect();
  frontend::BlockDriver driver(*session);
  std::atomic<bool> isOver = false;
  std::atomic<std::uint64_t> workCount = 0;
  std::jthread worker = startThread("hostile", [&] {
    while (!isOver.load()) {
      work();
      workCount.fetch_add(1);
    }
  });
  int servedCount = 0;
  while (servedCount < kNeighborRequestCount || workCount.load() == 0) {
    const Result<void> written =
        driver.write(0, std::vector<std::byte>(4096, static_cast<std::byte>(servedCount)));
    CHECK_OK(written);
    if (!written) {
      break;
    }
    ++servedCount;
  }
  isOver.store(true);
  worker.join();
  return workCount.load();
}

void checkLargeRing(bool isCircle) {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.queueSize = kLargeQueueSize});
  frontend::DriverQueue& queue = session->queue(0);
  fillRing(*session, isCircle);
  static_cast<void>(queue.publish());

  // The ring is never empty: what was used is offered again.
  std::uint16_t offered = queue.offeredIndex();
  const std::uint64_t kickCount = serveBeside(neighbor, [&] {
    const std::uint16_t used = queue.usedIndex();
    while (offered != static_cast<std::uint16_t>(used + kLargeQueueSize)) {
      queue.offerHead(static_cast<std::uint16_t>(offered % kLargeQueueSize));
      ++offered;
    }
    static_cast<void>(queue.publish());
    session->kick(0);
  });

  CHECK(kickCount > 0);
  // It was at work meanwhile, or is when its turn comes.
  CHECK(test::waitUntil([&backend] {
    const auto counters = backend.card().snapshot(backend.device()).queues.front();
    return counters.reads + counters.malformedChains > 0;
  }));
  const auto counters = backend.card().snapshot(backend.device()).queues.front();
  MESSAGE(counters.reads, " reads and ", counters.malformedChains, " malformed chains beside ",
          kNeighborRequestCount, " requests of the neighbor");
  CHECK(session->stopQueue(0).has_value());
}

} // namespace

TEST_CASE("a ring of the largest size full of the longest tables leaves a neighbor its turn") {
  checkLargeRing(false);
}

TEST_CASE("a ring of the largest size full of circles leaves a neighbor its turn") {
  checkLargeRing(true);
}

TEST_CASE("kicks without end leave a neighbor its turn") {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> session = backend.connect();

  CHECK(serveBeside(neighbor, [&] { session->kick(0); }) > 0);
}

TEST_CASE("messages without end leave a neighbor its turn, and its messages theirs") {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  Attacker attacker(backend, Prelude::Running);

  const std::uint64_t messageCount = serveBeside(neighbor, [&] {
    // A new memory table stops the ring and starts it again.
    static_cast<void>(attacker.peer().setMemTable());
  });
  CHECK(messageCount > 0);
  const std::unique_ptr<frontend::Session> next = neighbor.connect();
  frontend::BlockDriver driver(*next);
  CHECK_OK(driver.flush());
}

} // namespace argon::hostile
