// SPDX-License-Identifier: Apache-2.0

// Chains that no driver would make, on the rings of a network interface: the catalog of the block
// device's on either ring, and what only frames can have wrong. A chain costs its frame, or its
// ring; the cable goes on, and the one beside it never stops.

#include "base/result.h"
#include "frontend/chain_cases.h"
#include "frontend/chain_scene.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "hostile/net_rig.h"
#include "memory/guest_address.h"
#include "network/counters.h"
#include "support/deadline.h"
#include "support/test.h"
#include "virtio/spec/ring.h"

#include <array>
#include <cstdint>

namespace argon::hostile {

namespace {

using frontend::ChainCase;
using frontend::ChainOutcome;
using frontend::ChainScene;

constexpr std::uint16_t kReceiving = 0;
constexpr std::uint16_t kTransmitting = 1;
constexpr unsigned kNext = virtio::spec::DESC_F_NEXT;
constexpr unsigned kWrite = virtio::spec::DESC_F_WRITE;
constexpr unsigned kIndirect = virtio::spec::DESC_F_INDIRECT;

struct Seen {
  bool isBroken = false;
  std::uint16_t usedCount = 0;
  std::uint16_t offeredCount = 0;
};

// Offers a case on a ring of the hostile guest, and has the engine work it off.
Seen play(NetRig& rig, std::uint16_t ring, const ChainCase& chainCase) {
  frontend::Session& session = rig.session();
  rig.restart(ring, chainCase.base);
  frontend::DriverQueue& queue = session.queue(ring);
  const std::uint16_t usedBefore = queue.usedIndex();
  Result<ChainScene> scene = ChainScene::create(session, ring);
  REQUIRE_OK(scene);
  chainCase.arrange(*scene);
  scene->publish();
  Seen seen{.offeredCount = scene->offeredCount()};
  const auto usedCount = [&] { return static_cast<std::uint16_t>(queue.usedIndex() - usedBefore); };
  if (ring == kReceiving) {
    rig.sendToHostile(seen.offeredCount % 64U + 2U);
  } else {
    REQUIRE(test::waitUntil([&] {
      seen.isBroken = seen.isBroken || frontend::waitForEvent(session.errFd(ring), 0);
      return seen.isBroken || (seen.offeredCount > 0 && usedCount() >= seen.offeredCount);
    }));
  }
  // The engine lets go of the ring, and all that it wrote is there.
  REQUIRE(session.stopQueue(ring).has_value());
  seen.isBroken = seen.isBroken || frontend::waitForEvent(session.errFd(ring), 0);
  seen.usedCount = usedCount();
  CHECK_OK(scene->checkUntouched());
  return seen;
}

void playCatalog(NetRig& rig, std::uint16_t ring) {
  for (const ChainCase& chainCase : frontend::chainCases()) {
    CAPTURE(chainCase.name);
    const Seen seen = play(rig, ring, chainCase);
    // Of a receiving ring nothing more is known: the device writes over what it reads next.
    if (ring == kTransmitting && chainCase.expected != ChainOutcome::Any) {
      CHECK(seen.isBroken == (chainCase.expected == ChainOutcome::RingBroken));
      CHECK((seen.isBroken || seen.usedCount == seen.offeredCount));
    }
    rig.checkAllServed();
  }
}

// A frame's worth of parts: `headerBytes` of the scene's header, `dataBytes` of its data.
void putParts(ChainScene& scene, std::uint32_t headerBytes, std::uint32_t dataBytes,
              unsigned flags) {
  scene.put(0, {.address = scene.header().address, .lengthBytes = headerBytes}, flags | kNext);
  scene.put(1, {.address = scene.data().address, .lengthBytes = dataBytes}, flags);
  scene.offer(0);
}

// An indirect table of the same part over and over.
void putTable(ChainScene& scene, std::uint16_t entryCount, std::uint32_t bytesEach,
              unsigned flags) {
  for (std::uint16_t index = 0; index < entryCount; ++index) {
    scene.putIndirect(index, {.address = scene.data().address, .lengthBytes = bytesEach},
                      flags | (index + 1 < entryCount ? kNext : 0U));
  }
  scene.put(
      0,
      {.address = scene.table().address,
       .lengthBytes = static_cast<std::uint32_t>(entryCount * sizeof(virtio::spec::Descriptor))},
      kIndirect);
  scene.offer(0);
}

constexpr auto kServed = ChainOutcome::Served;
constexpr auto kReturned = ChainOutcome::Returned;
constexpr auto kBroken = ChainOutcome::RingBroken;

// Served: a frame, whatever is in it. Returned: counted as malformed.
constexpr auto kTransmittingCases = std::to_array<ChainCase>({
    {"a header and no frame", kReturned,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.table().address, .lengthBytes = 12}, 0);
       scene.offer(0);
     }},
    {"a header that is cut off", kReturned,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.table().address, .lengthBytes = 11}, 0);
       scene.offer(0);
     }},
    {"half an Ethernet header", kReturned,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.table().address, .lengthBytes = 25}, 0);
       scene.offer(0);
     }},
    {"an Ethernet header and nothing else", kServed,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.table().address, .lengthBytes = 26}, 0);
       scene.offer(0);
     }},
    {"a frame that the device may write", kReturned,
     [](ChainScene& scene) { putParts(scene, 12, 100, kWrite); }},
    {"a frame, and what the device may write behind it", kServed,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.table().address, .lengthBytes = 100}, kNext);
       scene.put(1, scene.data(), kWrite);
       scene.offer(0);
     }},
    {"a frame above the MTU", kReturned, [](ChainScene& scene) { putTable(scene, 3, 3012, 0); }},
    {"a frame that IP has no length for", kReturned,
     [](ChainScene& scene) { putTable(scene, 17, 4096, 0); }},
    {"a frame of single bytes", kServed, [](ChainScene& scene) { putTable(scene, 1027, 1, 0); }},
    {"a frame of 4 MiB over and over in the same memory", kReturned,
     [](ChainScene& scene) { putTable(scene, 1027, 4096, 0); }},
    {"a buffer of 4 GiB", kReturned,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.data().address, .lengthBytes = UINT32_MAX}, 0);
       scene.offer(0);
     }},
    {"many headers without frames in one batch", kReturned,
     [](ChainScene& scene) {
       for (std::uint16_t head = 0; head < scene.queueSize(); ++head) {
         scene.put(head, {.address = scene.table().address, .lengthBytes = 12}, 0);
         scene.offer(head);
       }
     }},
});

constexpr auto kReceivingCases = std::to_array<ChainCase>({
    {"a buffer that the device may not write", kBroken,
     [](ChainScene& scene) {
       scene.put(0, scene.data(), 0);
       scene.offer(0);
     }},
    {"a buffer with a part that the device may not write", kBroken,
     [](ChainScene& scene) {
       scene.put(0, scene.header(), kNext);
       scene.put(1, scene.data(), kWrite);
       scene.offer(0);
     }},
    {"a buffer with no room for the header", kBroken,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.data().address, .lengthBytes = 11}, kWrite);
       scene.offer(0);
     }},
    {"a buffer of no bytes", kBroken,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.data().address, .lengthBytes = 0}, kWrite);
       scene.offer(0);
     }},
    {"a buffer outside memory", kBroken,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.endOfMemory(), .lengthBytes = 2048}, kWrite);
       scene.offer(0);
     }},
    {"a buffer across the end of memory", kBroken,
     [](ChainScene& scene) {
       scene.put(0, {.address = GuestAddress(scene.endOfMemory().get() - 100), .lengthBytes = 101},
                 kWrite);
       scene.offer(0);
     }},
    {"a second buffer that is none", kBroken,
     [](ChainScene& scene) {
       scene.put(0, {.address = scene.data().address, .lengthBytes = 20}, kWrite);
       scene.put(1, scene.data(), 0);
       scene.offer(0);
       scene.offer(1);
     }},
    {"a buffer in a circle", kBroken,
     [](ChainScene& scene) {
       scene.put(0, scene.data(), kWrite | kNext, 0);
       scene.offer(0);
     }},
    {"a buffer for the header, and one for each byte of a frame", kServed,
     [](ChainScene& scene) {
       // 60 bytes, and not one more: what is next must have room for a header.
       for (std::uint16_t head = 0; head <= 60; ++head) {
         scene.put(head,
                   {.address = GuestAddress(scene.data().address.get() + head),
                    .lengthBytes = head == 0 ? 12U : 1U},
                   kWrite);
         scene.offer(head);
       }
     }},
    {"a buffer of single bytes", kServed,
     [](ChainScene& scene) { putTable(scene, 1027, 1, kWrite); }},
    {"a buffer of 4 MiB over and over in the same memory", kServed,
     [](ChainScene& scene) { putTable(scene, 1027, 4096, kWrite); }},
    {"buffers all in the same place", kServed,
     [](ChainScene& scene) {
       for (std::uint16_t head = 0; head < 8; ++head) {
         scene.put(head, scene.data(), kWrite);
         scene.offer(head);
       }
     }},
});

} // namespace

TEST_CASE("no chain of the catalog on a transmitting ring disturbs a cable") {
  NetRig rig;
  playCatalog(rig, kTransmitting);
  NetRig twoRegions(2);
  playCatalog(twoRegions, kTransmitting);
}

TEST_CASE("no chain of the catalog on a receiving ring disturbs a cable") {
  NetRig rig;
  playCatalog(rig, kReceiving);
  NetRig twoRegions(2);
  playCatalog(twoRegions, kReceiving);
}

TEST_CASE("chains that are no frames are counted, and those that are cross") {
  NetRig rig;
  for (const ChainCase& chainCase : kTransmittingCases) {
    CAPTURE(chainCase.name);
    const network::InterfaceSnapshot before = rig.backend().snapshot(0);
    const Seen seen = play(rig, kTransmitting, chainCase);
    const network::InterfaceSnapshot after = rig.backend().snapshot(0);

    CHECK_FALSE(seen.isBroken);
    CHECK(seen.usedCount == seen.offeredCount);
    const std::uint64_t malformedCount = after.txMalformed - before.txMalformed;
    CHECK(malformedCount == (chainCase.expected == kServed ? 0U : seen.offeredCount));
    CHECK(after.txFrames - before.txFrames == seen.offeredCount - malformedCount);
    rig.checkAllServed();
  }
}

TEST_CASE("buffers that no driver can mean break their ring, and odd ones are filled") {
  NetRig rig;
  for (const ChainCase& chainCase : kReceivingCases) {
    CAPTURE(chainCase.name);
    const network::InterfaceSnapshot before = rig.backend().snapshot(0);
    const Seen seen = play(rig, kReceiving, chainCase);
    const network::InterfaceSnapshot after = rig.backend().snapshot(0);

    CHECK(seen.isBroken == (chainCase.expected == kBroken));
    CHECK((seen.usedCount > 0) == (chainCase.expected == kServed));
    CHECK((after.rxFrames > before.rxFrames) == (chainCase.expected == kServed));
    rig.checkAllServed();
  }
}

} // namespace argon::hostile
