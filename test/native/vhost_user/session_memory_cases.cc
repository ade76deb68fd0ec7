// SPDX-License-Identifier: Apache-2.0

// The messages that change guest memory, with and without rings that run on it.

#include "base/clock.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/deadline.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/memfd.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/recording_log.h"
#include "support/session_host.h"
#include "support/session_scene.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::SessionScene;
using test::Told;

// A region that is not the arena's.
const RegionDescription kOther = {.guestStart = GuestAddress(0x9'0000'0000),
                                  .sizeBytes = 0x4000,
                                  .frontendStart = FrontendAddress(0x6000'0000'0000),
                                  .fileOffsetBytes = 0};

Told setTable(test::VhostPeer& peer, const std::vector<RegionDescription>& table,
              const std::vector<int>& fds) {
  return peer.tell(Request::SET_MEM_TABLE, test::memoryTablePayload(table), fds);
}

Told addRegion(test::VhostPeer& peer, const RegionDescription& region, int fd) {
  return peer.tell(Request::ADD_MEM_REG, test::bytesOf(test::singleRegionPayload(region)),
                   std::array{fd});
}

Told removeRegion(test::VhostPeer& peer, const RegionDescription& region,
                  std::span<const int> fds = {}) {
  return peer.tell(Request::REM_MEM_REG, test::bytesOf(test::singleRegionPayload(region)), fds);
}

std::size_t regionCount(const test::FakeDevice& device) {
  return device.ring(0).start->memory->regions().size();
}

std::unique_ptr<test::FakeDevice> makePairsDevice(test::LoopThread& thread) {
  auto device = std::make_unique<test::FakeDevice>(thread.loop(), 4);
  device->setKind({.ringsPerQueue = 2});
  return device;
}

// A session of a kind of device that has two pairs of rings.
struct PairsScene {
  PairsScene() : device(makePairsDevice(thread)), host(thread, *device), peer(host.channel()) {}

  // In the order in which they need each other.
  test::LoopThread thread;
  std::unique_ptr<test::FakeDevice> device;
  test::SessionHost host;
  test::VhostPeer peer;
};

} // namespace

TEST_CASE("a new memory table restarts running rings on it, where they were") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing(0, 100) == Told::Accepted);
  const std::shared_ptr<const GuestMemory> before = scene.device.ring(0).start->memory;
  scene.device.setTakenCount(3);

  REQUIRE(scene.peer.setMemTable() == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).startCount == 2);
  CHECK(scene.device.ring(0).start->queue.base() == 103);
  CHECK(scene.device.ring(0).start->memory != before);
}

TEST_CASE("a memory table is swapped only when every ring has drained") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(1) == Told::Accepted);
  REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 1, 1) == Told::Accepted);
  scene.device.holdStops();
  const frontend::Arena& arena = scene.peer.arena();
  REQUIRE_OK(scene.peer.channel().send(Request::SET_MEM_TABLE,
                                       test::memoryTablePayload(arena.regions()),
                                       std::array{arena.fd()}, spec::NEED_REPLY));

  REQUIRE(test::waitUntil([&scene] { return scene.device.heldStopCount() == 2; }));
  CHECK(scene.device.ring(0).startCount == 1);
  CHECK(scene.device.ring(1).startCount == 1);
  scene.device.releaseStops();

  REQUIRE_OK(scene.peer.channel().receive());
  CHECK(scene.device.ring(0).startCount == 2);
  CHECK(scene.device.ring(1).startCount == 2);
}

TEST_CASE("a table that is refused leaves the old one, and rings go on") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::No);

  CHECK(setTable(scene.peer, {kOther}, {file.get()}) == Told::Refused);
  CHECK(setTable(scene.peer, {kOther, kOther}, {scene.peer.arena().fd()}) == Told::Refused);

  CHECK(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).stopCount == 0);
}

TEST_CASE("unsealed memory is accepted where the session allows it") {
  SessionScene scene(2, RegionPolicy::AllowUnsealed);
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::No);

  CHECK(setTable(scene.peer, {kOther}, {file.get()}) == Told::Accepted);
}

TEST_CASE("a ring stops when its memory goes and starts again when it is back") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing(0, 8) == Told::Accepted);
  scene.device.setTakenCount(2);
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::Yes);

  CHECK(setTable(scene.peer, {kOther}, {file.get()}) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));
  CHECK(setTable(scene.peer, {}, {}) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));
  CHECK(scene.peer.setMemTable() == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).start->queue.base() == 10);
}

TEST_CASE("a ring outside memory starts once its addresses are mended") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
  spec::VringAddress outside = scene.peer.addressOf(0);
  outside.available = 0x1000;
  REQUIRE(scene.peer.tell(Request::SET_VRING_ADDR, test::bytesOf(outside)) == Told::Accepted);
  REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));

  REQUIRE(scene.peer.setAddr(0) == Told::Accepted);

  CHECK(scene.device.isStarted(0));
}

TEST_CASE("rings that do not fit memory are logged, but not as often as they can be caused") {
  test::LoopThread thread;
  test::FakeDevice device(thread.loop());
  test::RecordingLog log;
  test::SessionHost host(thread, device, {}, log);
  test::VhostPeer peer(host.channel());
  REQUIRE(peer.negotiate() == Told::Accepted);
  REQUIRE(peer.setMemTable() == Told::Accepted);
  REQUIRE(peer.configureRing(0) == Told::Accepted);
  REQUIRE(peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);
  REQUIRE(peer.tellState(Request::SET_VRING_ENABLE, 0, 0) == Told::Accepted);
  spec::VringAddress outside = peer.addressOf(0);
  outside.available = 0x1000;
  REQUIRE(peer.tell(Request::SET_VRING_ADDR, test::bytesOf(outside)) == Told::Accepted);

  REQUIRE(peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);
  const std::uint64_t startNs = monotonicNs();
  for (int count = 0; count < 1000; ++count) {
    REQUIRE(peer.tell(Request::SET_VRING_ADDR, test::bytesOf(outside)) == Told::Accepted);
  }
  const std::uint64_t seconds = (monotonicNs() - startNs) / 1'000'000'000;

  const std::size_t lineCount = log.countOf("is not in guest memory");
  CHECK(lineCount >= 1);
  // A burst of 8 in any second.
  CHECK(lineCount <= 8 * (seconds + 2));
}

TEST_CASE("regions can be added and removed one by one, also under rings that run") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing(0, 20) == Told::Accepted);
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::Yes);

  CHECK(addRegion(scene.peer, kOther, file.get()) == Told::Accepted);
  CHECK(regionCount(scene.device) == 2);
  CHECK(scene.device.ring(0).startCount == 2);
  CHECK(removeRegion(scene.peer, kOther) == Told::Accepted);
  CHECK(regionCount(scene.device) == 1);
  CHECK(scene.device.ring(0).start->queue.base() == 20);
}

TEST_CASE("a table can be built from added regions alone, as QEMU does with memory slots") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
  REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));

  REQUIRE(addRegion(scene.peer, scene.peer.arena().regions().front(), scene.peer.arena().fd()) ==
          Told::Accepted);

  CHECK(scene.device.isStarted(0));
}

TEST_CASE("sixty-four regions can be added and no more") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::Yes);
  RegionDescription region = kOther;
  for (int number = 0; number < 64; ++number) {
    CAPTURE(number);
    REQUIRE(addRegion(scene.peer, region, file.get()) == Told::Accepted);
    region.guestStart = GuestAddress(region.guestStart.get() + region.sizeBytes);
    region.frontendStart = FrontendAddress(region.frontendStart.get() + region.sizeBytes);
  }

  CHECK(addRegion(scene.peer, region, file.get()) == Told::Refused);
}

TEST_CASE("a region that overlaps, or that is not there, is refused and rings go on") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const RegionDescription& own = scene.peer.arena().regions().front();

  CHECK(addRegion(scene.peer, own, scene.peer.arena().fd()) == Told::Refused);
  CHECK(removeRegion(scene.peer, kOther) == Told::Refused);

  CHECK(scene.device.ring(0).stopCount == 0);
}

// As QEMU before 8.0, which has a device for each pair of rings.
TEST_CASE("each pair of rings of an interface can add and remove the same memory") {
  PairsScene scene;
  REQUIRE(scene.peer.startRing(0, 20) == Told::Accepted);
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::Yes);
  REQUIRE(addRegion(scene.peer, kOther, file.get()) == Told::Accepted);
  const unsigned startCount = scene.device->ring(0).startCount;
  const std::size_t fdsBefore = test::openFdCount();
  const std::size_t mapsBefore = test::mappingCount("argon-test-memory");

  CHECK(addRegion(scene.peer, kOther, file.get()) == Told::Accepted);
  CHECK(addRegion(scene.peer, kOther, file.get()) == Told::Refused);

  CHECK(regionCount(*scene.device) == 2);
  CHECK(test::openFdCount() == fdsBefore);
  CHECK(test::mappingCount("argon-test-memory") == mapsBefore);
  CHECK(removeRegion(scene.peer, kOther) == Told::Accepted);
  CHECK(regionCount(*scene.device) == 2);
  CHECK(scene.device->ring(0).startCount == startCount);
  CHECK(removeRegion(scene.peer, kOther) == Told::Accepted);
  CHECK(regionCount(*scene.device) == 1);
  CHECK(removeRegion(scene.peer, kOther) == Told::Refused);
}

TEST_CASE("memory that is not quite that of another pair is refused, and rings go on") {
  PairsScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const RegionDescription& own = scene.peer.arena().regions().front();
  const UniqueFd file = test::makeMemfd(own.sizeBytes, test::Sealed::Yes);

  CHECK(addRegion(scene.peer, own, file.get()) == Told::Refused);
  RegionDescription shorter = own;
  shorter.sizeBytes -= 0x1000;
  CHECK(addRegion(scene.peer, shorter, scene.peer.arena().fd()) == Told::Refused);
  RegionDescription elsewhere = own;
  elsewhere.fileOffsetBytes += 0x1000;
  CHECK(addRegion(scene.peer, elsewhere, scene.peer.arena().fd()) == Told::Refused);

  CHECK(scene.device->ring(0).stopCount == 0);
}

TEST_CASE("a table that is set counts each region once, whatever was added before") {
  PairsScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const RegionDescription own = scene.peer.arena().regions().front();
  const int fd = scene.peer.arena().fd();
  REQUIRE(addRegion(scene.peer, own, fd) == Told::Accepted);

  CHECK(setTable(scene.peer, {kOther, kOther}, {fd, fd}) == Told::Refused);
  CHECK(addRegion(scene.peer, own, fd) == Told::Refused);
  CHECK(scene.peer.setMemTable() == Told::Accepted);

  CHECK(removeRegion(scene.peer, own) == Told::Accepted);
  CHECK_FALSE(scene.device->isStarted(0));
}

TEST_CASE("a descriptor that comes with a removal is closed") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  const std::size_t before = test::openFdCount();

  CHECK(removeRegion(scene.peer, scene.peer.arena().regions().front(),
                     std::array{scene.peer.arena().fd()}) == Told::Accepted);

  CHECK(test::openFdCount() == before);
}

TEST_CASE("memory that a new table leaves out is unmapped, and no descriptor of it is kept") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const std::size_t fdsBefore = test::openFdCount();
  const std::size_t mapsBefore = test::mappingCount("argon-test-memory");
  const UniqueFd file = test::makeMemfd(0x4000, test::Sealed::Yes);

  for (int round = 0; round < 3; ++round) {
    REQUIRE(setTable(scene.peer, {kOther}, {file.get()}) == Told::Accepted);
    CHECK(test::mappingCount("argon-test-memory") == mapsBefore + 1);
    CHECK(test::openFdCount() == fdsBefore + 1);
    REQUIRE(scene.peer.setMemTable() == Told::Accepted);
    CHECK(test::mappingCount("argon-test-memory") == mapsBefore);
  }
}

} // namespace argon::vhost_user
