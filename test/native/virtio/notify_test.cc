// SPDX-License-Identifier: Apache-2.0
#include "virtio/notify.h"

#include "support/random.h"
#include "support/test.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::virtio {

namespace {

constexpr std::size_t kIndexCount = 65'536;

// How many of all events are answered otherwise than by walking from index to index.
std::size_t mismatchCount(std::uint16_t before, std::uint16_t steps) {
  std::vector<bool> isPassed(kIndexCount);
  for (std::uint32_t step = 0; step < steps; ++step) {
    isPassed[static_cast<std::uint16_t>(before + step)] = true;
  }
  const auto now = static_cast<std::uint16_t>(before + steps);
  std::size_t count = 0;
  for (std::size_t event = 0; event < kIndexCount; ++event) {
    count += isEventPassed(static_cast<std::uint16_t>(event), before, now) != isPassed[event];
  }
  return count;
}

} // namespace

TEST_CASE("an event is passed by the step that leaves its index behind, and by no other") {
  CHECK(isEventPassed(10, 10, 11));
  CHECK_FALSE(isEventPassed(11, 10, 11));
  CHECK_FALSE(isEventPassed(9, 10, 11));
  CHECK(isEventPassed(65'535, 65'535, 0));
  CHECK(isEventPassed(0, 65'535, 1));
  CHECK_FALSE(isEventPassed(1, 65'535, 1));
}

TEST_CASE("nothing is passed by no step") {
  for (const std::uint16_t index : std::to_array<std::uint16_t>({0, 1, 32'767, 32'768, 65'535})) {
    CHECK(mismatchCount(index, 0) == 0);
  }
}

TEST_CASE("every event is passed exactly by the walks that go over it") {
  std::vector<std::uint16_t> starts = {0, 1, 32'767, 32'768, 65'534, 65'535};
  std::vector<std::uint16_t> steps = {1, 2, 127, 128, 32'767, 32'768, 32'769, 65'534, 65'535};
  test::Random random(1);
  for (int count = 0; count < 4; ++count) {
    starts.push_back(static_cast<std::uint16_t>(random.next()));
    steps.push_back(static_cast<std::uint16_t>(random.next()));
  }

  for (const std::uint16_t before : starts) {
    for (const std::uint16_t step : steps) {
      CAPTURE(before);
      CAPTURE(step);
      CHECK(mismatchCount(before, step) == 0);
    }
  }
}

} // namespace argon::virtio
