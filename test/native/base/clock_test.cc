// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include "support/deadline.h"
#include "support/test.h"

#include <cstdint>

namespace argon {

TEST_CASE("the monotonic clock never goes back") {
  std::uint64_t before = monotonicNs();
  for (int round = 0; round < 10'000; ++round) {
    const std::uint64_t now = monotonicNs();
    REQUIRE(now >= before);
    before = now;
  }
}

TEST_CASE("the monotonic clock counts nanoseconds") {
  const test::Deadline deadline;
  const std::uint64_t start = monotonicNs();
  while (monotonicNs() - start < 1'000'000 && !deadline.isOver()) {
    relaxCpu();
  }

  CHECK_FALSE(deadline.isOver());
}

} // namespace argon
