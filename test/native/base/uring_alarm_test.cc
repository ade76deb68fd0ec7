// SPDX-License-Identifier: Apache-2.0
#include "base/uring_alarm.h"

#include "base/clock.h"
#include "base/result.h"
#include "base/uring.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kMillisecondNs = 1'000'000;
constexpr std::uint64_t kHourNs = 3'600'000 * kMillisecondNs;

struct Scene {
  std::unique_ptr<Uring> uring;
  std::vector<std::uint64_t> calledNs;
  std::unique_ptr<UringAlarm> alarm;

  Scene() {
    Result<std::unique_ptr<Uring>> made = Uring::create(8);
    REQUIRE_OK(made);
    uring = *std::move(made);
    alarm = std::make_unique<UringAlarm>(*uring, [this] { calledNs.push_back(monotonicNs()); });
  }

  void waitForCalls(std::size_t count) {
    while (calledNs.size() < count) {
      uring->wait(std::nullopt);
      uring->reap();
    }
  }
};

} // namespace

TEST_CASE("an alarm calls at its moment and not before") {
  Scene scene;
  const std::uint64_t dueNs = monotonicNs() + 20 * kMillisecondNs;

  scene.alarm->set(dueNs);
  scene.waitForCalls(1);

  CHECK(scene.calledNs[0] >= dueNs);
}

TEST_CASE("an alarm can be set again, in the past too") {
  Scene scene;

  scene.alarm->set(1);
  scene.waitForCalls(1);
  scene.alarm->set(monotonicNs() + kMillisecondNs);
  scene.waitForCalls(2);

  CHECK(scene.calledNs.size() == 2);
}

TEST_CASE("an alarm moves to an earlier moment, before and after it was submitted") {
  for (const bool isSubmitted : {false, true}) {
    CAPTURE(isSubmitted);
    Scene scene;
    const std::uint64_t beganNs = monotonicNs();
    scene.alarm->set(beganNs + kHourNs);
    if (isSubmitted) {
      scene.uring->submit();
    }

    scene.alarm->set(beganNs + 5 * kMillisecondNs);
    scene.waitForCalls(1);

    CHECK(scene.calledNs[0] >= beganNs + 5 * kMillisecondNs);
    CHECK(scene.calledNs[0] < beganNs + kHourNs);
  }
}

TEST_CASE("a later moment leaves an earlier one") {
  Scene scene;
  const std::uint64_t beganNs = monotonicNs();
  scene.alarm->set(beganNs + kMillisecondNs);

  scene.alarm->set(beganNs + kHourNs);
  scene.waitForCalls(1);

  CHECK(scene.calledNs[0] < beganNs + kHourNs);
}

TEST_CASE("an alarm goes with its timeout under way, and does not call any more") {
  for (const bool isSubmitted : {false, true}) {
    CAPTURE(isSubmitted);
    Scene scene;
    scene.alarm->set(monotonicNs() + kHourNs);
    if (isSubmitted) {
      scene.uring->submit();
    }

    scene.alarm = nullptr;

    CHECK(scene.calledNs.empty());
  }
}

} // namespace argon
