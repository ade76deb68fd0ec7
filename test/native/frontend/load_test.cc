// SPDX-License-Identifier: Apache-2.0
#include "frontend/load.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/result.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/scripted_store.h"
#include "support/test.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

using test::ScriptedStore;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::uint64_t kMs = 1'000'000;
// Long enough for some requests even where other work has the CPUs.
constexpr std::uint64_t kLoadNs = 300 * kMs;

struct Rig {
  explicit Rig(const Session::Options& options, std::uint16_t queueCount = 1)
      : Rig(std::make_unique<ScriptedStore>(kDeviceBytes), options, queueCount) {}
  Rig(std::unique_ptr<ScriptedStore> made, const Session::Options& options,
      std::uint16_t queueCount)
      : store(*made), backend(std::move(made), {.queueCount = queueCount}),
        session(backend.connect(options)) {}

  ScriptedStore& store;
  test::Backend backend;
  std::unique_ptr<Session> session;
};

ErrorKind kindOf(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

} // namespace

TEST_CASE("a load of each pattern and each way to wait does work and loses none") {
  for (const LoadPattern pattern :
       {LoadPattern::Read, LoadPattern::Write, LoadPattern::RandomRead, LoadPattern::RandomWrite}) {
    for (const LoadWait wait : {LoadWait::Polling, LoadWait::EventFd}) {
      CAPTURE(static_cast<int>(pattern));
      CAPTURE(static_cast<int>(wait));
      Rig rig({.queueSize = queueSizeFor(8)});
      const Result<LoadResult> result = runLoad(
          *rig.session, {.pattern = pattern, .wait = wait, .depth = 8, .durationNs = kLoadNs});
      REQUIRE_OK(result);
      CHECK(result->operationCount > 0);
      CHECK(result->byteCount == result->operationCount * 4096);
      CHECK(result->latency.count() == result->operationCount);
      CHECK(result->elapsedNs >= kLoadNs);
      CHECK(result->errorCount == 0);
      const bool isWriting = pattern == LoadPattern::Write || pattern == LoadPattern::RandomWrite;
      CHECK(rig.store.countOf(isWriting ? StoreOperation::Write : StoreOperation::Read) >=
            result->operationCount);
      CHECK(rig.store.countOf(isWriting ? StoreOperation::Read : StoreOperation::Write) == 0);
    }
  }
}

TEST_CASE("a load leaves the rings idle and the memory as it was") {
  Rig rig({.queueCount = 2, .queueSize = queueSizeFor(4)}, 2);
  const std::size_t before = rig.session->arena().mark();
  for (const LoadWait wait : {LoadWait::Polling, LoadWait::EventFd, LoadWait::Polling}) {
    REQUIRE_OK(runLoad(*rig.session, {.wait = wait, .depth = 4, .durationNs = 5 * kMs}));
    CHECK(rig.session->arena().mark() == before);
    for (std::uint16_t queue = 0; queue < 2; ++queue) {
      BlockDriver driver(*rig.session, queue);
      CHECK_OK(driver.flush());
    }
  }
}

TEST_CASE("requests that fail are counted, and the load goes on") {
  Rig rig({.queueSize = queueSizeFor(4)});
  // Called under the store's lock.
  rig.store.setScript([count = 0](const StoreRequest&) mutable {
    return ++count % 2 == 0 ? ScriptedStore::Action::FailIo : ScriptedStore::Action::Perform;
  });

  const Result<LoadResult> result = runLoad(*rig.session, {.depth = 4, .durationNs = kLoadNs});

  REQUIRE_OK(result);
  CHECK(result->operationCount > 0);
  CHECK(result->errorCount >= result->operationCount / 2);
  CHECK(result->errorCount <= result->operationCount / 2 + 4);
}

TEST_CASE("what comes during the warm-up is not measured") {
  Rig rig({.queueSize = queueSizeFor(1)});

  const Result<LoadResult> result =
      runLoad(*rig.session, {.depth = 1, .durationNs = 5 * kMs, .warmupNs = 20 * kMs});

  REQUIRE_OK(result);
  CHECK(result->operationCount < rig.store.countOf(StoreOperation::Read));
}

TEST_CASE("a load that is cancelled ends at once and leaves the rings idle") {
  for (const LoadWait wait : {LoadWait::Polling, LoadWait::EventFd}) {
    CAPTURE(static_cast<int>(wait));
    Rig rig({.queueSize = queueSizeFor(4)});
    std::atomic<bool> isCancelled = false;
    const std::jthread canceller = startThread("canceller", [&] {
      const test::Deadline deadline;
      while (rig.store.countOf(StoreOperation::Read) == 0 && !deadline.isOver()) {
        relaxCpu();
      }
      isCancelled = true;
    });

    const Result<LoadResult> result = runLoad(
        *rig.session,
        {.wait = wait, .depth = 4, .durationNs = 3600'000 * kMs, .isCancelled = &isCancelled});

    CHECK(kindOf(result) == ErrorKind::Closed);
    BlockDriver driver(*rig.session, 0);
    CHECK_OK(driver.flush());
  }
}

TEST_CASE("a load keeps within its span") {
  Rig rig({.queueSize = queueSizeFor(4)});
  std::atomic<std::uint64_t> end = 0;
  rig.store.setScript([&end](const StoreRequest& request) {
    end = std::max(end.load(), request.offsetBytes + request.lengthBytes);
    return ScriptedStore::Action::Perform;
  });

  REQUIRE_OK(runLoad(*rig.session, {.depth = 4, .durationNs = 20 * kMs, .spanBytes = 64 * 1024}));

  CHECK(end <= 64 * 1024);
  CHECK(end > 0);
}

TEST_CASE("blocks that are no blocks of the device, or do not fit it, are refused") {
  Rig rig({.queueSize = queueSizeFor(1)});
  const auto runWith = [&rig](std::uint32_t blockBytes, std::uint64_t spanBytes = 0) {
    return runLoad(
        *rig.session,
        {.blockBytes = blockBytes, .depth = 1, .durationNs = 1 * kMs, .spanBytes = spanBytes});
  };

  CHECK(kindOf(runWith(0)) == ErrorKind::InvalidArgument);
  CHECK(kindOf(runWith(100)) == ErrorKind::InvalidArgument);
  CHECK(kindOf(runWith(513)) == ErrorKind::InvalidArgument);
  CHECK(kindOf(runWith(4096, 4095)) == ErrorKind::InvalidArgument);
  CHECK(kindOf(runWith(2 * kDeviceBytes)) == ErrorKind::InvalidArgument);
  CHECK_OK(runWith(512));
}

TEST_CASE("a depth of nothing, or of more than the ring holds, is refused") {
  Rig rig({.queueSize = 16});
  const auto runWith = [&rig](std::uint16_t depth) {
    return runLoad(*rig.session, {.depth = depth, .durationNs = 1 * kMs});
  };

  CHECK(kindOf(runWith(0)) == ErrorKind::InvalidArgument);
  CHECK_OK(runWith(5));
  CHECK(kindOf(runWith(6)) == ErrorKind::InvalidArgument);
  CHECK(kindOf(runWith(65535)) == ErrorKind::InvalidArgument);
}

TEST_CASE("a load that does not fit the memory of the front end is refused") {
  Rig rig({.queueSize = 16, .arenaBytes = 65536});

  CHECK(kindOf(runLoad(*rig.session, {.blockBytes = 65536, .depth = 1, .durationNs = 1 * kMs})) ==
        ErrorKind::Exhausted);
}

TEST_CASE("a ring for a depth has three descriptors a request, a power of two, at most 32768") {
  CHECK(queueSizeFor(1) == 4);
  CHECK(queueSizeFor(2) == 8);
  CHECK(queueSizeFor(5) == 16);
  CHECK(queueSizeFor(32) == 128);
  CHECK(queueSizeFor(10922) == 32768);
  CHECK(queueSizeFor(10923) == 32768);
  CHECK(queueSizeFor(65535) == 32768);
}

TEST_CASE("the memory that a load says it needs is enough") {
  for (const std::uint32_t blockBytes : {512U, 4096U, 65536U}) {
    for (const std::uint16_t depth : {std::uint16_t{1}, std::uint16_t{16}}) {
      CAPTURE(blockBytes);
      CAPTURE(depth);
      const LoadOptions options = {.blockBytes = blockBytes, .depth = depth, .durationNs = 1 * kMs};
      Rig rig({.queueCount = 2,
               .queueSize = queueSizeFor(depth),
               .arenaBytes = arenaBytesFor(options, 2)},
              2);
      CHECK_OK(runLoad(*rig.session, options));
    }
  }
}

TEST_CASE("the same seed gives the same blocks") {
  const auto firstBlocks = [](std::uint64_t seed) {
    Rig rig({.queueSize = queueSizeFor(1)});
    // Written under the store's lock, read when the load is over.
    std::vector<std::uint64_t> offsets;
    std::atomic<bool> isEnough = false;
    rig.store.setScript([&offsets, &isEnough](const StoreRequest& request) {
      if (offsets.size() < 10) {
        offsets.push_back(request.offsetBytes);
      }
      isEnough = offsets.size() == 10;
      return ScriptedStore::Action::Perform;
    });
    CHECK(kindOf(runLoad(*rig.session, {.depth = 1,
                                        .durationNs = 3600'000 * kMs,
                                        .seed = seed,
                                        .isCancelled = &isEnough})) == ErrorKind::Closed);
    rig.store.setScript({});
    REQUIRE(offsets.size() == 10);
    return offsets;
  };

  CHECK(firstBlocks(1) == firstBlocks(1));
  CHECK(firstBlocks(1) != firstBlocks(2));
}

} // namespace argon::frontend
