// SPDX-License-Identifier: Apache-2.0
#include "storage/throttle.h"

#include "base/clock.h"
#include "storage/block_store.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>

namespace argon {

namespace {

constexpr std::uint64_t kKiB = 1024;

LimitSet only(LimitName name, std::uint64_t unitsPerSecond) {
  LimitSet limits;
  limits[static_cast<std::size_t>(name)] = {.unitsPerSecond = unitsPerSecond};
  return limits;
}

ThrottleCost costOf(StoreOperation operation, std::uint64_t lengthBytes) {
  StoreRequest request;
  request.operation = operation;
  request.lengthBytes = lengthBytes;
  return ThrottleCost::of(request);
}

} // namespace

TEST_CASE("an operation counts once for each 256 KiB") {
  CHECK(costOf(StoreOperation::Read, 512).operations == 1);
  CHECK(costOf(StoreOperation::Read, 256 * kKiB).operations == 1);
  CHECK(costOf(StoreOperation::Read, 256 * kKiB + 512).operations == 2);
  CHECK(costOf(StoreOperation::Write, 1024 * kKiB).operations == 4);
  CHECK(costOf(StoreOperation::Write, 1024 * kKiB).bytes == 1024 * kKiB);
  CHECK(costOf(StoreOperation::Write, 512).isWrite);
  CHECK_FALSE(costOf(StoreOperation::Read, 512).isWrite);
}

TEST_CASE("a flush counts for nothing") {
  CHECK(costOf(StoreOperation::Flush, 0).operations == 0);
  CHECK(costOf(StoreOperation::Flush, 0).bytes == 0);
}

TEST_CASE("what moves no data is one write and no bytes, however long") {
  for (const StoreOperation operation : {StoreOperation::Discard, StoreOperation::WriteZeroes}) {
    const ThrottleCost cost = costOf(operation, std::uint64_t{1} << 40);
    CHECK(cost.isWrite);
    CHECK(cost.operations == 1);
    CHECK(cost.bytes == 0);
  }
}

TEST_CASE("each limit is for its own kind of requests") {
  struct Case {
    LimitName name;
    bool limitsReads;
    bool limitsWrites;
  };
  for (const Case& entry :
       {Case{LimitName::ReadOperations, true, false}, Case{LimitName::WriteOperations, false, true},
        Case{LimitName::TotalOperations, true, true}, Case{LimitName::ReadBytes, true, false},
        Case{LimitName::WriteBytes, false, true}, Case{LimitName::TotalBytes, true, true}}) {
    CAPTURE(static_cast<int>(entry.name));
    for (const bool isWrite : {false, true}) {
      CAPTURE(isWrite);
      Throttle throttle;
      throttle.setLimits(only(entry.name, 1));
      const ThrottleCost cost = costOf(isWrite ? StoreOperation::Write : StoreOperation::Read, 512);
      const std::uint64_t nowNs = monotonicNs();
      CHECK(throttle.take(cost, nowNs).readyNs == 0);
      const ThrottleVerdict verdict = throttle.take(cost, nowNs);
      CHECK((verdict.readyNs != 0) == (isWrite ? entry.limitsWrites : entry.limitsReads));
      if (verdict.readyNs != 0) {
        CHECK(verdict.limitedBy == entry.name);
      }
    }
  }
}

TEST_CASE("a request that one bucket refuses takes nothing from the others") {
  Throttle throttle;
  LimitSet limits = only(LimitName::ReadOperations, 1000);
  limits[static_cast<std::size_t>(LimitName::TotalBytes)] = {.unitsPerSecond = 1};
  throttle.setLimits(limits);
  const ThrottleCost cost = costOf(StoreOperation::Read, 512);
  const std::uint64_t nowNs = monotonicNs();
  CHECK(throttle.take(cost, nowNs).readyNs == 0);
  const std::uint64_t laterNs = nowNs + 1'000'000;
  for (int count = 0; count < 100; ++count) {
    CHECK(throttle.take(cost, laterNs).limitedBy == LimitName::TotalBytes);
  }

  limits[static_cast<std::size_t>(LimitName::TotalBytes)] = {};
  throttle.setLimits(limits);

  CHECK(throttle.take(cost, laterNs).readyNs == 0);
}

TEST_CASE("a level says whether anything of it is limited") {
  Throttle throttle;
  CHECK_FALSE(throttle.isLimited());

  throttle.setLimits(only(LimitName::WriteBytes, 5));
  CHECK(throttle.isLimited());
  CHECK(throttle.limits() == only(LimitName::WriteBytes, 5));

  throttle.setLimits({});
  CHECK_FALSE(throttle.isLimited());
}

TEST_CASE("setting the same limits again does not forget what was taken") {
  Throttle throttle;
  throttle.setLimits(only(LimitName::TotalOperations, 1));
  const ThrottleCost cost = costOf(StoreOperation::Write, 512);
  const std::uint64_t nowNs = monotonicNs();
  CHECK(throttle.take(cost, nowNs).readyNs == 0);

  throttle.setLimits(only(LimitName::TotalOperations, 1));

  CHECK(throttle.take(cost, nowNs).readyNs != 0);
}

TEST_CASE("subscribers hear of a change until they leave") {
  Throttle throttle;
  int count = 0;
  auto subscription = throttle.subscribe([&count] { ++count; });

  throttle.setLimits(only(LimitName::ReadBytes, 5));
  CHECK(count == 1);
  subscription = nullptr;
  throttle.setLimits({});

  CHECK(count == 1);
}

TEST_CASE("time that requests waited is counted by what they waited for") {
  Throttle throttle;

  throttle.noteDelayed(30);
  throttle.noteDelayed(12);
  throttle.noteExceeded(LimitName::WriteOperations, 5);
  throttle.noteExceeded(LimitName::ReadBytes, 7);
  throttle.noteExceeded(LimitName::TotalBytes, 1);

  const Throttle::Counters counters = throttle.counters();
  CHECK(counters.delayedRequests == 2);
  CHECK(counters.delayNs == 42);
  CHECK(counters.exceededOperationsNs == 5);
  CHECK(counters.exceededBytesNs == 8);
}

} // namespace argon
