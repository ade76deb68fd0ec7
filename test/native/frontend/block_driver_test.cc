// SPDX-License-Identifier: Apache-2.0
#include "frontend/block_driver.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/random.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/spec/blk.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

namespace blk = virtio::spec::blk;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kDeviceBytes = 1 << 20;

// A device over memory and a driver of it.
struct Rig {
  explicit Rig(const Session::Options& options = {})
      : backend(test::makeMemoryStore(kDeviceBytes)), session(backend.connect(options)),
        driver(*session) {}

  test::Backend backend;
  std::unique_ptr<Session> session;
  BlockDriver driver;
};

// The same over a store that does what a test says.
struct ScriptedRig {
  ScriptedRig() : ScriptedRig(std::make_unique<test::ScriptedStore>(kDeviceBytes)) {}
  explicit ScriptedRig(std::unique_ptr<test::ScriptedStore> made)
      : store(*made), backend(std::move(made)), session(backend.connect()), driver(*session) {}

  test::ScriptedStore& store;
  test::Backend backend;
  std::unique_ptr<Session> session;
  BlockDriver driver;
};

ErrorKind kindOf(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

} // namespace

TEST_CASE("a request may be cut anywhere, direct or indirect, and lie anywhere in a page") {
  Rig rig({.queueSize = 1024});
  test::Random random(1);
  const std::vector<std::vector<std::uint32_t>> allCuts = {
      {}, {1}, {2}, {15}, {16}, {17}, {7, 1, 3}, {16, 512, 1}, {511}, {513}, {1024}, {4096}};
  for (const std::vector<std::uint32_t>& cuts : allCuts) {
    for (const bool isIndirect : {false, true}) {
      for (const std::size_t offsetInPage : {0U, 1U, 4090U}) {
        CAPTURE(cuts.size());
        CAPTURE(isIndirect);
        CAPTURE(offsetInPage);
        const Bytes written = random.bytes(512);
        const auto write = rig.driver.execute({.type = blk::T_OUT,
                                               .sector = 3,
                                               .output = written,
                                               .cuts = cuts,
                                               .isIndirect = isIndirect,
                                               .offsetInPage = offsetInPage});
        REQUIRE_OK(write);
        CHECK(write->status == blk::S_OK);
        CHECK(write->usedBytes == 1);
        Bytes read(512);
        const auto answer = rig.driver.execute({.type = blk::T_IN,
                                                .sector = 3,
                                                .input = read,
                                                .cuts = cuts,
                                                .isIndirect = isIndirect,
                                                .offsetInPage = offsetInPage});
        REQUIRE_OK(answer);
        CHECK(answer->status == blk::S_OK);
        CHECK(answer->usedBytes == 513);
        CHECK(read == written);
      }
    }
  }
}

TEST_CASE("a request gives back the memory it used, and its descriptors") {
  Rig rig({.queueSize = 4});
  const std::size_t before = rig.session->arena().mark();
  for (int count = 0; count < 100; ++count) {
    REQUIRE_OK(rig.driver.flush());
  }

  CHECK(rig.session->arena().mark() == before);
}

TEST_CASE("a request of more descriptors than the ring has is refused, and nothing is sent") {
  Rig rig({.queueSize = 4});
  const Bytes output(512);

  const auto answer = rig.driver.execute(
      {.type = blk::T_OUT, .output = output, .cuts = std::array<std::uint32_t, 1>{16}});

  CHECK(kindOf(answer) == ErrorKind::Exhausted);
  CHECK_OK(rig.driver.flush());
}

TEST_CASE("a request larger than the memory of the front end is refused") {
  Rig rig({.arenaBytes = 65536});
  Bytes input(1 << 20);

  CHECK(kindOf(rig.driver.read(0, input)) == ErrorKind::Exhausted);
}

TEST_CASE("a status other than OK is an error that names it") {
  Rig rig;
  Bytes sector(512);

  const Result<void> beyond = rig.driver.read(kDeviceBytes, sector);
  CHECK(kindOf(beyond) == ErrorKind::HostIo);
  CHECK(beyond.error().message() == "read of 512 bytes at 1048576 failed with status 1");
  CHECK(kindOf(rig.driver.write(kDeviceBytes, sector)) == ErrorKind::HostIo);
  const auto unknown = rig.driver.execute({.type = 99});
  REQUIRE_OK(unknown);
  CHECK(unknown->status == blk::S_UNSUPP);
}

TEST_CASE("a flush that fails is an error") {
  ScriptedRig rig;
  rig.store.setScript([](const StoreRequest&) { return test::ScriptedStore::Action::FailIo; });

  CHECK(kindOf(rig.driver.flush()) == ErrorKind::HostIo);
}

TEST_CASE("a device that does not answer is a time-out, and the memory stays with it") {
  ScriptedRig rig;
  rig.store.holdAll();
  rig.driver.setTimeoutMs(30);
  const std::size_t before = rig.session->arena().mark();

  const Result<void> flush = rig.driver.flush();

  CHECK(kindOf(flush) == ErrorKind::TimedOut);
  CHECK(flush.error().message() == "the device did not answer in time");
  CHECK(rig.session->arena().mark() > before);
  rig.store.releaseAll();
}

TEST_CASE("an answer to an older request is not taken for this one's") {
  ScriptedRig rig;
  rig.store.holdAll();
  rig.driver.setTimeoutMs(30);
  REQUIRE(kindOf(rig.driver.flush()) == ErrorKind::TimedOut);
  rig.driver.setTimeoutMs(10'000);
  rig.store.releaseAll();

  CHECK(kindOf(rig.driver.flush()) == ErrorKind::Protocol);
}

TEST_CASE("drivers of two queues do not disturb each other") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes), {.queueCount = 2});
  const std::unique_ptr<Session> session = backend.connect({.queueCount = 2});
  BlockDriver first(*session, 0);
  BlockDriver second(*session, 1);
  CHECK(second.queueIndex() == 1);
  const Bytes written(512, std::byte{3});

  REQUIRE_OK(first.write(512, written));
  Bytes read(512);
  REQUIRE_OK(second.read(512, read));

  CHECK(read == written);
}

TEST_CASE("waiting for an event ends with the event, or after the time") {
  const Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  CHECK_FALSE(waitForEvent(fd->get(), 0));
  CHECK_FALSE(waitForEvent(fd->get(), 10));
  signalEventFd(fd->get());
  CHECK(waitForEvent(fd->get(), 1000));
  // It was emptied.
  CHECK_FALSE(waitForEvent(fd->get(), 0));
}

} // namespace argon::frontend
