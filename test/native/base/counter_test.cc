// SPDX-License-Identifier: Apache-2.0
#include "base/counter.h"

#include "base/cpu.h"
#include "support/test.h"

#include <cstdint>
#include <thread>

namespace argon {

TEST_CASE("a counter begins at zero, adds and takes what it is set to") {
  Counter counter;
  CHECK(counter.get() == 0);
  counter.add(3);
  counter.add(std::uint64_t{1} << 40);
  CHECK(counter.get() == (std::uint64_t{1} << 40) + 3);
  counter.set(7);
  CHECK(counter.get() == 7);
}

TEST_CASE("what was written before a released value is there for whoever acquires it") {
  Counter value;
  Counter flag;
  const std::jthread writer([&] {
    value.set(7);
    flag.setReleased(1);
  });
  while (flag.getAcquired() == 0) {
    std::this_thread::yield();
  }
  CHECK(value.get() == 7);
}

TEST_CASE("a reader beside the writer sees a counter that only grows, and no torn value") {
  constexpr std::uint64_t kStep = (std::uint64_t{1} << 32) + 1; // Both halves change each time.
  constexpr std::uint64_t kRounds = 50'000;
  Counter counter;
  const std::jthread writer = startThread("writer", [&counter] {
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      counter.add(kStep);
    }
  });

  std::uint64_t before = 0;
  while (before < kRounds * kStep) {
    const std::uint64_t now = counter.get();
    REQUIRE(now >= before);
    REQUIRE(now % kStep == 0);
    before = now;
  }
}

} // namespace argon
