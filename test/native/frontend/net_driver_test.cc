// SPDX-License-Identifier: Apache-2.0
#include "frontend/net_driver.h"

#include "base/error.h"
#include "base/result.h"
#include "frontend/session.h"
#include "network/frames.h"
#include "support/net_backend.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

using test::FrameKind;
using test::NetBackend;

std::unique_ptr<NetDriver> drive(Session& session, const NetDriver::Options& options) {
  Result<std::unique_ptr<NetDriver>> driver = NetDriver::create(session, options);
  REQUIRE_OK(driver);
  return *std::move(driver);
}

} // namespace

TEST_CASE("a driver sends, receives, and waits no longer than it was told") {
  const NetBackend backend;
  const std::unique_ptr<Session> left = backend.connect(0);
  const std::unique_ptr<Session> right = backend.connect(1);
  const std::unique_ptr<NetDriver> sender = drive(*left, {});
  const std::unique_ptr<NetDriver> receiver = drive(*right, {.bufferCount = 2});
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 100);

  const Result<std::optional<NetDriver::Received>> nothing = receiver->take();
  REQUIRE_OK(nothing);
  CHECK_FALSE(nothing->has_value());
  receiver->setTimeoutMs(1);
  CHECK(receiver->receive().error().kind() == ErrorKind::TimedOut);

  receiver->setTimeoutMs(10'000);
  for (int round = 0; round < 10; ++round) {
    REQUIRE_OK(sender->send({.bytes = frame}));
    const Result<NetDriver::Received> received = receiver->receive();
    REQUIRE_OK(received);
    CHECK(received->bytes == frame);
    CHECK(received->bufferCount == 1);
    REQUIRE_OK(receiver->refill());
  }
}

TEST_CASE("sending gives its memory back, and a full ring is an error") {
  const NetBackend backend;
  const std::unique_ptr<Session> session = backend.connect(0);
  const std::unique_ptr<NetDriver> driver = drive(*session, {});
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 100);
  const std::size_t mark = session->arena().mark();
  for (int round = 0; round < 3; ++round) {
    REQUIRE_OK(driver->send({.bytes = frame, .isIndirect = true}));
  }
  CHECK(session->arena().mark() == mark);

  // More descriptors than the ring has.
  const std::vector<std::uint32_t> cuts = {1};
  const std::vector<std::byte> large = test::makeFrame(FrameKind::Udp4, 300);
  CHECK(driver->send({.bytes = large, .cuts = cuts}).error().kind() == ErrorKind::Exhausted);
}

TEST_CASE("more buffers than the ring has entries are an error") {
  const NetBackend backend;
  const std::unique_ptr<Session> session = backend.connect(0);
  const Result<std::unique_ptr<NetDriver>> driver =
      NetDriver::create(*session, {.bufferCount = 257, .bufferBytes = 64});
  REQUIRE_FALSE(driver.has_value());
  CHECK(driver.error().kind() == ErrorKind::Exhausted);
}

} // namespace argon::frontend
