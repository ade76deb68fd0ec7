// SPDX-License-Identifier: Apache-2.0

// Front ends that do what none should: the process lives, neighbors go on, and the next front end
// is served.

#include "base/log.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "memory/memory_region.h"
#include "storage/block_store.h"
#include "storage/file_store.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/second_device.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/blk.h"

#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using test::AsyncDriver;

constexpr std::uint64_t kDeviceBytes = 1 << 20;

std::unique_ptr<BlockStore> makeFileStore(const test::TempDir& dir) {
  const std::string path = dir.path("disk");
  std::ofstream(path).flush();
  std::filesystem::resize_file(path, kDeviceBytes);
  Result<std::unique_ptr<FileStore>> store =
      FileStore::open(path, {}, Log(silentLogSink(), "file"));
  REQUIRE_OK(store);
  return *std::move(store);
}

bool isReadable(int fd) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 1;
}

// Cuts guest memory to `keptBytes` while requests are under way: nothing, or the page with the
// ring. What is gone must not be touched by the front end either, so what is looked at are
// descriptors.
void checkTruncation(std::unique_ptr<BlockStore> store, std::size_t keptBytes) {
  const test::Backend backend(std::move(store), {.regionPolicy = RegionPolicy::AllowUnsealed});
  {
    const std::unique_ptr<frontend::Session> session =
        backend.connect({.sealing = frontend::Arena::Sealing::Unsealed});
    // So that no ring is at its first entry.
    frontend::BlockDriver warmUp(*session);
    REQUIRE_OK(warmUp.flush());
    AsyncDriver driver(*session, {.slotCount = 32});
    for (std::size_t slot = 0; slot < 32; ++slot) {
      const std::uint32_t type = slot % 2 == 0 ? blk::T_OUT : blk::T_IN;
      REQUIRE(driver.offer(slot, {.type = type, .sector = slot, .dataBytes = 4096}));
    }
    driver.publish();
    REQUIRE(::ftruncate(session->arena().fd(), static_cast<off_t>(keptBytes)) == 0);

    // It may have been done with all of them; but it looks again, and again.
    CHECK(test::waitUntil([&session, keptBytes] {
      if (keptBytes > 0) {
        session->queue(0).offerHead(0);
        static_cast<void>(session->queue(0).publish());
      }
      session->kick(0);
      return isReadable(session->errFd(0)) || isReadable(session->channel().fd());
    }));
  }
  const std::unique_ptr<frontend::Session> next = backend.connect();
  frontend::BlockDriver driver(*next);
  CHECK_OK(driver.flush());
}

} // namespace

TEST_CASE("guest memory that is cut short under load breaks its ring and nothing else") {
  for (const std::size_t keptBytes : {std::size_t{0}, std::size_t{4096}}) {
    CAPTURE(keptBytes);
    checkTruncation(test::makeMemoryStore(kDeviceBytes), keptBytes);
    const test::TempDir dir;
    checkTruncation(makeFileStore(dir), keptBytes);
  }
}

TEST_CASE("guest memory that is cut short does not disturb another device of the card") {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes),
                        {.regionPolicy = RegionPolicy::AllowUnsealed});
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> other = neighbor.connect();
  frontend::BlockDriver otherDriver(*other);
  REQUIRE_OK(otherDriver.flush());
  const std::unique_ptr<frontend::Session> session =
      backend.connect({.sealing = frontend::Arena::Sealing::Unsealed});
  frontend::BlockDriver driver(*session);
  REQUIRE_OK(driver.flush());

  REQUIRE(::ftruncate(session->arena().fd(), 0) == 0);
  session->kick(0);
  CHECK(frontend::waitForEvent(session->errFd(0), test::kDeadlineMs));

  CHECK_OK(otherDriver.write(0, std::vector<std::byte>(4096, std::byte{1})));
}

TEST_CASE("front ends that leave at any message leave nothing behind") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  // While one is served nothing is left of those before it, or it would wait.
  const auto heldFdCount = [&backend] {
    const std::unique_ptr<frontend::Session> session = backend.connect();
    frontend::BlockDriver driver(*session);
    REQUIRE_OK(driver.flush());
    CHECK(test::mappingCount("argon-frontend") == 2);
    return test::openFdCount();
  };
  const std::size_t before = heldFdCount();
  for (int messageCount = 0; messageCount < 8; ++messageCount) {
    frontend::Channel channel = backend.connectChannel();
    test::VhostPeer peer(channel);
    int sent = 0;
    for (const auto& step : std::vector<std::function<test::Told()>>{
             [&peer] { return peer.negotiate(); }, [&peer] { return peer.setMemTable(); },
             [&peer] { return peer.setAddr(0); }, [&peer] { return peer.configureRing(0); },
             [&peer] { return peer.tellState(vhost_user::spec::Request::SET_VRING_ENABLE, 0, 1); },
             [&peer] { return peer.setMemTable(); },
             [&peer] { return peer.getBase(0) ? test::Told::Accepted : test::Told::Failed; }}) {
      if (sent++ < messageCount) {
        REQUIRE(step() == test::Told::Accepted);
      }
    }
  }

  CHECK(heldFdCount() == before);
}

TEST_CASE("a front end that breaks the protocol under load ends its session and no other") {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> other = neighbor.connect();
  frontend::BlockDriver otherDriver(*other);
  for (int round = 0; round < 10; ++round) {
    const std::unique_ptr<frontend::Session> session = backend.connect();
    AsyncDriver driver(*session, {.slotCount = 32});
    for (std::size_t slot = 0; slot < 32; ++slot) {
      REQUIRE(driver.offer(slot, {.type = blk::T_OUT, .sector = slot, .dataBytes = 4096}));
    }
    driver.publish();
    REQUIRE_OK(session->channel().sendRaw(std::vector<std::byte>(12, std::byte{0xff})));
    CHECK_FALSE(session->channel().receive().has_value());
    CHECK_OK(otherDriver.flush());
  }
  CHECK(backend.log().contains("session ended: "));
}

TEST_CASE("a ring that is to be polled works without kicks, and stops") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> session = backend.connect();
  const std::uint64_t noFd = vhost_user::spec::VRING_NOFD_MASK;
  REQUIRE_OK(
      session->channel().tell(vhost_user::spec::Request::SET_VRING_KICK, test::bytesOf(noFd)));
  AsyncDriver driver(*session, {.slotCount = 8});
  for (std::size_t slot = 0; slot < 8; ++slot) {
    REQUIRE(driver.offer(slot, {.type = blk::T_IN, .sector = slot, .dataBytes = 512}));
    static_cast<void>(driver.queue().publish());
  }

  CHECK_OK(driver.waitAllOk());
  CHECK(session->stopQueue(0).has_value());
}

} // namespace argon::block
