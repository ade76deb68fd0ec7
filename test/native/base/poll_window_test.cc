// SPDX-License-Identifier: Apache-2.0
#include "base/poll_window.h"

#include "support/test.h"

#include <cstdint>

namespace argon {

namespace {

constexpr std::uint64_t kFirst = PollWindow::kWindowFirstNs;
constexpr std::uint64_t kMax = PollWindow::kWindowMaxNs;

PollWindow adaptiveOf(std::uint64_t windowNs) {
  PollWindow window(PollMode::Adaptive);
  while (window.windowNs() < windowNs) {
    window.onSlept(window.windowNs() + 1);
  }
  return window;
}

} // namespace

TEST_CASE("without polling a worker sleeps at once, with it always never") {
  PollWindow off(PollMode::Off);
  PollWindow always(PollMode::Always);
  for (const std::uint64_t sleptNs : {std::uint64_t{0}, kFirst, kMax, UINT64_MAX}) {
    off.onSlept(sleptNs);
    always.onSlept(sleptNs);
    CHECK_FALSE(off.shouldPoll(0));
    CHECK(always.shouldPoll(UINT64_MAX));
  }
}

TEST_CASE("an adaptive window is closed at first and opens after a short sleep") {
  PollWindow window(PollMode::Adaptive);
  CHECK_FALSE(window.shouldPoll(0));

  window.onSlept(1);

  CHECK(window.windowNs() == kFirst);
  CHECK(window.shouldPoll(0));
  CHECK(window.shouldPoll(kFirst - 1));
  CHECK_FALSE(window.shouldPoll(kFirst));
}

TEST_CASE("an adaptive window doubles up to its cap while sleeps are a little longer than it") {
  PollWindow window(PollMode::Adaptive);
  for (const std::uint64_t expected : {kFirst, 2 * kFirst, 4 * kFirst, kMax, kMax}) {
    window.onSlept(kMax);
    CHECK(window.windowNs() == expected);
  }
}

TEST_CASE("an adaptive window stays while sleeps are shorter than it") {
  PollWindow window = adaptiveOf(2 * kFirst);

  window.onSlept(2 * kFirst);
  CHECK(window.windowNs() == 2 * kFirst);
  window.onSlept(0);
  CHECK(window.windowNs() == 2 * kFirst);
}

TEST_CASE("an adaptive window halves with each long sleep and closes below its first size") {
  PollWindow window = adaptiveOf(kMax);
  for (const std::uint64_t expected :
       {kMax / 2, kMax / 4, kFirst, std::uint64_t{0}, std::uint64_t{0}}) {
    window.onSlept(kMax + 1);
    CHECK(window.windowNs() == expected);
  }
}

} // namespace argon
