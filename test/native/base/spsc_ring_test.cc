// SPDX-License-Identifier: Apache-2.0
#include "base/spsc_ring.h"

#include "base/cpu.h"
#include "support/test.h"

#include <array>
#include <cstdint>
#include <optional>
#include <thread>

namespace argon {

TEST_CASE("records come out in order, and a full ring takes no more") {
  SpscRing<int> ring(4);
  CHECK_FALSE(ring.pop().has_value());
  for (int round = 0; round < 3; ++round) {
    for (int record = 0; record < 4; ++record) {
      CHECK(ring.push(record));
    }
    CHECK_FALSE(ring.push(4));
    for (int record = 0; record < 4; ++record) {
      CHECK(ring.pop() == std::optional(record));
    }
    CHECK_FALSE(ring.pop().has_value());
  }
}

TEST_CASE("two threads pass records whole, none twice and none lost that was taken") {
  constexpr std::uint64_t kCount = 100'000;
  SpscRing<std::array<std::uint64_t, 5>> ring(64);
  const std::jthread writer = startThread("writer", [&ring] {
    for (std::uint64_t number = 0; number < kCount;) {
      if (ring.push({number, number, number, number, number})) {
        ++number;
      } else {
        std::this_thread::yield();
      }
    }
  });

  for (std::uint64_t next = 0; next < kCount;) {
    const auto record = ring.pop();
    if (!record) {
      std::this_thread::yield();
      continue;
    }
    for (const std::uint64_t word : *record) {
      REQUIRE(word == next);
    }
    ++next;
  }
}

} // namespace argon
