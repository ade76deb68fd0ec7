// SPDX-License-Identifier: Apache-2.0
#include "frontend/net_load.h"

#include "base/error.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/session.h"
#include "support/net_backend.h"
#include "support/test.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace argon::frontend {

namespace {

using test::NetBackend;

constexpr std::uint64_t kLoadNs = 100'000'000;

Result<NetLoadResult> load(const NetBackend& backend, const NetLoadOptions& options,
                           std::uint32_t target = 1) {
  Session::Options shape = NetBackend::sessionOptions();
  shape.arenaBytes = netArenaBytesFor(options, shape.queueSize);
  const std::unique_ptr<Session> left = backend.connect(0, shape);
  const std::unique_ptr<Session> right = backend.connect(target, shape);
  return runNetLoad(*left, *right, options);
}

} // namespace

TEST_CASE("frames that are forwarded all come out, in whatever size") {
  for (const PollMode mode : {PollMode::Off, PollMode::Adaptive}) {
    NetBackend backend({.pollMode = mode});
    for (const std::uint32_t frameBytes : {42U, 64U, 1514U, 9014U}) {
      CAPTURE(frameBytes);
      const Result<NetLoadResult> result =
          load(backend, {.frameBytes = frameBytes, .durationNs = kLoadNs, .warmupNs = 1});
      REQUIRE_OK(result);
      CHECK(result->frameCount > 0);
      CHECK(result->byteCount == result->frameCount * frameBytes);
      CHECK(result->elapsedNs >= kLoadNs);
      CHECK(result->sentCount >= result->frameCount);
      CHECK(result->lostCount == 0);
      CHECK(result->latency.count() == 0);
    }
    CHECK(backend.snapshot(1).rxOverruns == 0);
    CHECK(backend.snapshot(0).txFrames == backend.snapshot(1).rxFrames);
  }
}

TEST_CASE("a load of so many frames sends them and no more, and ends with them") {
  NetBackend backend;
  const Result<NetLoadResult> result = load(
      backend,
      {.traffic = {.flowCount = 100'000}, .durationNs = 600 * 10 * kLoadNs, .sentCountMax = 1001});
  REQUIRE_OK(result);
  CHECK(result->sentCount == 1001);
  CHECK(result->frameCount == 1001);
  CHECK(result->lostCount == 0);
  CHECK(backend.snapshot(0).txFrames == 1001);
}

TEST_CASE("flows that are answered have had a frame each way before the load begins") {
  NetBackend backend;
  const Result<NetLoadResult> result = load(
      backend, {.traffic = {.flowCount = 3000}, .depth = 64, .isAnswered = true, .durationNs = 1});
  REQUIRE_OK(result);
  CHECK(backend.snapshot(1).txFrames == 3000);
  CHECK(backend.snapshot(0).txFrames == result->sentCount - 3000);
  CHECK(result->sentCount >= 6000);
  CHECK(result->lostCount == 0);
}

TEST_CASE("of a flood each frame comes out or is lost") {
  NetBackend backend;
  const Result<NetLoadResult> result =
      load(backend, {.pattern = NetLoadPattern::Flood, .depth = 256, .durationNs = kLoadNs});
  REQUIRE_OK(result);
  CHECK(result->frameCount > 0);
  CHECK(backend.snapshot(0).txFrames == result->sentCount);
  CHECK(backend.snapshot(1).rxFrames == result->sentCount - result->lostCount);
}

TEST_CASE("a load that is cancelled ends") {
  const NetBackend backend;
  const std::atomic<bool> isCancelled = true;
  const Result<NetLoadResult> result =
      load(backend, {.durationNs = 600 * 10 * kLoadNs, .isCancelled = &isCancelled});
  REQUIRE(!result.has_value());
  CHECK(result.error().kind() == ErrorKind::Closed);
}

TEST_CASE("a frame that goes there and back is timed each time") {
  const NetBackend backend;
  const Result<NetLoadResult> result =
      load(backend, {.pattern = NetLoadPattern::PingPong, .durationNs = kLoadNs});
  REQUIRE_OK(result);
  CHECK(result->lostCount == 0);
  CHECK(result->latency.count() > 0);
  CHECK(result->latency.count() <= result->frameCount + 1);
}

TEST_CASE("what does not come out is counted as lost") {
  // Interfaces 0 and 2 are no cable, and nobody has the other end of 0.
  const NetBackend backend({.interfaceCount = 4});
  const Result<NetLoadResult> result = load(backend, {.depth = 8, .durationNs = 3 * kLoadNs}, 2);
  REQUIRE_OK(result);
  CHECK(result->frameCount == 0);
  CHECK(result->lostCount >= 8);
}

TEST_CASE("a load refuses what it cannot do") {
  const NetBackend backend;
  CHECK(load(backend, {.frameBytes = 41, .durationNs = 1}).error().kind() ==
        ErrorKind::InvalidArgument);
  CHECK(load(backend, {.depth = 0, .durationNs = 1}).error().kind() == ErrorKind::InvalidArgument);
  CHECK(load(backend, {.traffic = {.flowCount = 0}, .durationNs = 1}).error().kind() ==
        ErrorKind::InvalidArgument);
  CHECK(load(backend, {.depth = 257, .durationNs = 1}).error().kind() ==
        ErrorKind::InvalidArgument);
}

} // namespace argon::frontend
