// SPDX-License-Identifier: Apache-2.0
#include "hostile/race_rig.h"

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "crypto/data_key.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/second_device.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace argon::hostile {

namespace {

// How long a race goes on; a soak has ARGON_RACE_SECONDS in its environment.
std::uint64_t raceMs() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before the test starts a thread.
  const char* seconds = std::getenv("ARGON_RACE_SECONDS");
  return seconds == nullptr ? 1500 : std::strtoull(seconds, nullptr, 10) * 1000;
}

std::uint64_t cpuNs() {
  timespec now{};
  static_cast<void>(::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

bool takeSignal(int fd) { return frontend::waitForEvent(fd, 0); }

} // namespace

std::unique_ptr<BlockStore> makeEncryptedStore() {
  Result<std::unique_ptr<AllocationMap>> map =
      AllocationMap::create(kRaceDeviceBytes / AllocationMap::kUnitBytes);
  REQUIRE_OK(map);
  Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  Result<std::unique_ptr<EncryptedStore>> store =
      EncryptedStore::create({.data = test::makeMemoryStore(kRaceDeviceBytes),
                              .map = *std::move(map),
                              .mapStore = nullptr},
                             *std::move(key));
  REQUIRE_OK(store);
  return *std::move(store);
}

frontend::ArenaBlock allocate(frontend::Arena& arena, std::size_t sizeBytes,
                              std::size_t alignment) {
  Result<frontend::ArenaBlock> block = arena.allocate(sizeBytes, alignment);
  REQUIRE_OK(block);
  return *block;
}

unsigned race(frontend::Session& session, std::uint16_t ring, Rewriter& rewriter,
              const std::function<void()>& serve, const std::function<void()>& checkNeighbor,
              const std::function<bool()>& hasAllHappened) {
  const std::uint64_t endNs = monotonicNs() + raceMs() * 1'000'000;
  const test::Deadline deadline;
  const std::uint32_t firstBase = session.ring(ring).firstBase();
  unsigned breakCount = 0;
  const auto isOver = [&] {
    return monotonicNs() >= endNs && ((breakCount > 0 && hasAllHappened()) || deadline.isOver());
  };
  for (std::uint64_t round = 0; !isOver(); ++round) {
    for (int count = 0; count < 64; ++count) {
      rewriter.rewriteOne();
    }
    session.kick(ring);
    serve();
    if (round % 256 == 0) {
      checkNeighbor();
    }
    if (takeSignal(session.errFd(ring))) {
      ++breakCount;
      REQUIRE(session.stopQueue(ring).has_value());
      session.ring(ring).reset(firstBase);
      rewriter.onReset();
      REQUIRE_OK(session.startQueue(ring, firstBase));
    }
  }
  return breakCount;
}

void checkRest() {
  const Result<UniqueFd> never = createEventFd();
  REQUIRE_OK(never);
  CHECK(test::waitUntil([&never] {
    const std::uint64_t cpuBefore = cpuNs();
    const std::uint64_t before = monotonicNs();
    static_cast<void>(frontend::waitForEvent(never->get(), 20));
    return (cpuNs() - cpuBefore) * 2 < monotonicNs() - before;
  }));
}

void raceOver(std::unique_ptr<BlockStore> store, frontend::Session::Options options,
              const MakeRewriter& makeRewriter) {
  test::Backend backend(std::move(store));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kRaceDeviceBytes));
  const std::unique_ptr<frontend::Session> other = neighbor.connect();
  frontend::BlockDriver otherDriver(*other);
  options.arenaBytes = kRaceArenaBytes;
  {
    const std::unique_ptr<frontend::Session> session = backend.connect(options);
    const std::uint64_t seed = test::seeds().front();
    CAPTURE(seed);
    const std::unique_ptr<Rewriter> rewriter = makeRewriter(*session, seed);
    const auto hasAllHappened = [&backend] {
      const auto counters = backend.card().snapshot(backend.device()).queues.front();
      return counters.reads + counters.writes > 0 && counters.malformedChains > 0;
    };
    const unsigned breakCount = race(
        *session, 0, *rewriter, [] {}, [&otherDriver] { CHECK_OK(otherDriver.flush()); },
        hasAllHappened);
    const auto counters = backend.card().snapshot(backend.device()).queues.front();
    MESSAGE(breakCount, " times broken, ", counters.reads, " reads, ", counters.writes, " writes, ",
            counters.failures, " failures");
    CHECK(breakCount > 0);
    CHECK(counters.reads + counters.writes > 0);
    CHECK(counters.malformedChains > 0);
    CHECK(session->stopQueue(0).has_value());
  }
  const std::unique_ptr<frontend::Session> next = backend.connect();
  frontend::BlockDriver driver(*next);
  CHECK_OK(driver.write(0, std::vector<std::byte>(4096, std::byte{7})));
  checkRest();
}

} // namespace argon::hostile
