// SPDX-License-Identifier: Apache-2.0
#include "block/card.h"

#include "base/error.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/block_driver.h"
#include "frontend/load.h"
#include "frontend/session.h"
#include "support/backend.h"
#include "support/death.h"
#include "support/process.h"
#include "support/second_device.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "vhost_user/listener.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace argon {

TEST_CASE("a block written through the device reads back") {
  const test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  frontend::BlockDriver driver(*session);
  const std::vector<std::byte> written(4096, std::byte{0x5a});

  REQUIRE_OK(driver.write(8192, written));
  std::vector<std::byte> read(4096);
  REQUIRE_OK(driver.read(8192, read));

  CHECK(read == written);
}

TEST_CASE("devices come and go while others of their card work") {
  test::Backend backend(test::makeMemoryStore(1 << 20));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  frontend::BlockDriver driver(*session);
  for (int round = 0; round < 20; ++round) {
    const test::SecondDevice other(backend.card(), test::makeMemoryStore(1 << 20));
    const std::unique_ptr<frontend::Session> otherSession = other.connect();
    frontend::BlockDriver otherDriver(*otherSession);
    CHECK_OK(otherDriver.flush());
    CHECK_OK(driver.flush());
  }
  CHECK_OK(driver.flush());
}

TEST_CASE("a device can be removed while its front end is connected, which sees it") {
  test::Backend backend(test::makeMemoryStore(1 << 20));
  std::unique_ptr<frontend::Session> session;
  {
    const test::SecondDevice other(backend.card(), test::makeMemoryStore(1 << 20));
    session = other.connect();
    frontend::BlockDriver driver(*session);
    REQUIRE_OK(driver.flush());
  }

  const Result<std::uint32_t> base = session->stopQueue(0);

  REQUIRE_FALSE(base.has_value());
  CHECK(base.error().kind() == ErrorKind::Closed);
}

TEST_CASE("counters are by ring, and none for a device that is not there") {
  test::Backend backend(test::makeMemoryStore(1 << 20), {.queueCount = 3});

  CHECK(backend.card().snapshot(backend.device()).queues.size() == 3);
  CHECK(backend.card().snapshot(block::DeviceId(999)).queues.empty());
}

TEST_CASE("a card that cannot have its CPUs does not start, and leaves nothing") {
  const std::size_t before = test::openFdCount();

  const auto card = block::BlockCard::start(
      {.workerCount = 2, .pollMode = PollMode::Off, .cpus = {0, 1023}}, silentLogSink());

  CHECK_FALSE(card.has_value());
  CHECK(test::openFdCount() == before);
}

TEST_CASE("workers run on the CPUs that they are given in turn") {
  const auto card = block::BlockCard::start(
      {.workerCount = 2, .pollMode = PollMode::Off, .cpus = {0}}, silentLogSink());
  REQUIRE_OK(card);
  (*card)->stop();
}

TEST_CASE("a card that stops with a device left, or removes one it has not, is our mistake") {
  test::checkDies("devices_.empty()", [] {
    const auto card = *block::BlockCard::start({.cpus = {}}, silentLogSink());
    const test::TempDir dir;
    card->addDevice({.id = "vol"}, test::makeMemoryStore(1 << 20),
                    *vhost_user::ListeningSocket::create(dir.path("socket")), {});
    card->stop();
  });
  test::checkDies("found != devices_.end()", [] {
    const auto card = *block::BlockCard::start({.cpus = {}}, silentLogSink());
    card->removeDevice(block::DeviceId(7), [] {});
    card->stop();
  });
}

TEST_CASE("load at depth 32 loses no request") {
  for (const PollMode mode : {PollMode::Off, PollMode::Adaptive, PollMode::Always}) {
    for (const frontend::LoadWait wait :
         {frontend::LoadWait::Polling, frontend::LoadWait::EventFd}) {
      const test::Backend backend(test::makeMemoryStore(1 << 20),
                                  {.queueCount = 2, .pollMode = mode});
      const std::unique_ptr<frontend::Session> session =
          backend.connect({.queueCount = 2, .queueSize = frontend::queueSizeFor(32)});
      Result<frontend::LoadResult> result =
          frontend::runLoad(*session, {.pattern = frontend::LoadPattern::RandomWrite,
                                       .wait = wait,
                                       .depth = 32,
                                       .durationNs = 50'000'000});
      REQUIRE_OK(result);
      CHECK(result->operationCount > 0);
      CHECK(result->errorCount == 0);
      frontend::BlockDriver driver(*session);
      REQUIRE_OK(driver.flush());
    }
  }
}

} // namespace argon
