// SPDX-License-Identifier: Apache-2.0

// Guests that ask the engine for as much work as they can: the other cable is served all the same.
// Counted in frames, not in time: whoever runs the tests may be slow.

#include "base/counter.h"
#include "base/cpu.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "hostile/net_rig.h"
#include "hostile/race_rig.h"
#include "memory/guest_address.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/frames.h"
#include "support/deadline.h"
#include "support/packet_maker.h"
#include "support/test.h"
#include "virtio/spec/net.h"
#include "virtio/spec/ring.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <thread>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
using test::FrameKind;

constexpr std::uint16_t kQueueSize = 32768;
constexpr int kNeighborRoundCount = 16;

// Runs `work` over and over on a thread while the other cable is served. Returns how often it ran
// meanwhile.
std::uint64_t serveBeside(NetRig& rig, const std::function<void()>& work) {
  std::atomic<bool> isOver = false;
  std::atomic<std::uint64_t> workCount = 0;
  std::jthread worker = startThread("hostile", [&] {
    while (!isOver.load()) {
      work();
      workCount.fetch_add(1);
    }
  });
  for (int round = 0; round < kNeighborRoundCount || workCount.load() == 0; ++round) {
    rig.checkNeighbors();
  }
  isOver.store(true);
  worker.join();
  return workCount.load();
}

// All heads of the transmitting ring are the same chain, and are offered again as they are used.
void floodWith(NetRig& rig, const std::function<void(frontend::DriverQueue& queue)>& writeHeads) {
  frontend::Session& session = rig.session();
  frontend::DriverQueue& queue = session.queue(1);
  writeHeads(queue);
  std::uint16_t offered = queue.offeredIndex();
  CHECK(serveBeside(rig, [&] {
          const std::uint16_t used = queue.usedIndex();
          while (offered != static_cast<std::uint16_t>(used + kQueueSize)) {
            queue.offerHead(static_cast<std::uint16_t>(offered % kQueueSize));
            ++offered;
          }
          static_cast<void>(queue.publish());
          session.kick(1);
        }) > 0);
}

frontend::ArenaBlock putFrame(NetRig& rig, const spec::net::Header& header,
                              const test::Bytes& frame) {
  const frontend::ArenaBlock block =
      allocate(rig.session().arena(), sizeof header + frame.size(), 64);
  std::memcpy(block.bytes.data(), &header, sizeof header);
  std::memcpy(block.bytes.data() + sizeof header, frame.data(), frame.size());
  return block;
}

} // namespace

TEST_CASE("a ring full of frames to be cut into the smallest segments leaves others their turn") {
  NetRig rig(1, kQueueSize);
  // The peer agreed to no less than all offloads; one that did not has the engine cut each frame.
  const frontend::ArenaBlock block = putFrame(rig, test::tcpHeader(FrameKind::Tcp4, 48),
                                              test::makePartialTcp(FrameKind::Tcp4, 60'000));
  rig.connectPlainPeer();

  floodWith(rig, [&block](frontend::DriverQueue& queue) {
    for (std::uint32_t head = 0; head < kQueueSize; ++head) {
      queue.writeDescriptor(static_cast<std::uint16_t>(head),
                            {.addr = block.address.get(),
                             .len = static_cast<std::uint32_t>(block.bytes.size()),
                             .flags = std::uint16_t{0},
                             .next = std::uint16_t{0}});
    }
  });

  CHECK(test::waitUntil([&rig] { return rig.backend().snapshot(0).txFrames > 0; }));
}

// Each of them is more than a ring may send in a round, so none shares one.
TEST_CASE("a frame that is cut into many segments is all that its ring sends in a round") {
  constexpr std::uint16_t kFrameCount = 64;
  NetRig rig;
  const frontend::ArenaBlock block = putFrame(rig, test::tcpHeader(FrameKind::Tcp4, 48),
                                              test::makePartialTcp(FrameKind::Tcp4, 3000));
  rig.connectPlainPeer();
  frontend::DriverQueue& queue = rig.session().queue(1);
  for (std::uint16_t head = 0; head < kFrameCount; ++head) {
    queue.writeDescriptor(head, {.addr = block.address.get(),
                                 .len = static_cast<std::uint32_t>(block.bytes.size()),
                                 .flags = std::uint16_t{0},
                                 .next = std::uint16_t{0}});
    queue.offerHead(head);
  }
  const Counter& rounds = rig.backend().card().engineCounters().loop.busyRounds;
  const std::uint64_t before = rounds.get();

  static_cast<void>(queue.publish());
  rig.session().kick(1);

  CHECK(test::waitUntil([&queue] { return queue.usedIndex() == kFrameCount; }));
  CHECK(test::waitUntil([&] { return rounds.get() - before >= kFrameCount; }));
}

TEST_CASE("a ring full of the longest chains, or of circles, leaves others their turn") {
  for (const bool isCircle : {false, true}) {
    CAPTURE(isCircle);
    NetRig rig(1, kQueueSize);
    constexpr std::uint16_t kEntryCount = 1027;
    const frontend::ArenaBlock table =
        allocate(rig.session().arena(), kEntryCount * sizeof(spec::Descriptor), 16);
    const frontend::ArenaBlock data = allocate(rig.session().arena(), 4096, 64);
    for (std::uint16_t index = 0; index < kEntryCount; ++index) {
      const bool isLast = index + 1 == kEntryCount;
      const spec::Descriptor entry{.addr = data.address.get(),
                                   .len = 8,
                                   .flags = static_cast<std::uint16_t>(
                                       isLast && !isCircle ? 0U : unsigned{spec::DESC_F_NEXT}),
                                   .next = static_cast<std::uint16_t>((index + 1) % kEntryCount)};
      std::memcpy(table.bytes.data() + index * sizeof entry, &entry, sizeof entry);
    }

    floodWith(rig, [&table](frontend::DriverQueue& queue) {
      for (std::uint32_t head = 0; head < kQueueSize; ++head) {
        queue.writeDescriptor(static_cast<std::uint16_t>(head),
                              {.addr = table.address.get(),
                               .len = static_cast<std::uint32_t>(table.bytes.size()),
                               .flags = std::uint16_t{spec::DESC_F_INDIRECT},
                               .next = std::uint16_t{0}});
      }
    });

    CHECK(test::waitUntil([&rig] {
      const network::InterfaceSnapshot counted = rig.backend().snapshot(0);
      return counted.txFrames + counted.txMalformed > 0;
    }));
  }
}

TEST_CASE("kicks of either ring without end leave other cables their turn") {
  for (const std::uint16_t ring : {std::uint16_t{0}, std::uint16_t{1}}) {
    NetRig rig;
    CHECK(serveBeside(rig, [&rig, ring] { rig.session().kick(ring); }) > 0);
    rig.checkAllServed();
  }
}

} // namespace argon::hostile
