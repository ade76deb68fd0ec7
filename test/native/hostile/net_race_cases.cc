// SPDX-License-Identifier: Apache-2.0

// A guest that rewrites the rings of its network interface while the engine works them off, with
// frames going out through one of them or coming in through the other. Sanitizers watch the card.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "hostile/net_rig.h"
#include "hostile/race_rig.h"
#include "memory/guest_address.h"
#include "memory/shared_copy.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/frames.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/spec/net.h"
#include "virtio/spec/ring.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::hostile {

namespace {

namespace spec = virtio::spec;
using test::FrameKind;

constexpr std::uint16_t kQueueSize = 64;
constexpr std::size_t kTableEntryCount = 64;
constexpr std::size_t kFrameBytesMax = 8192;

// Rewrites descriptors, heads, both indexes, indirect tables, virtio-net headers and frames, mostly
// with what makes sense, so that frames get far before they change.
class NetRewriter final : public Rewriter {
public:
  /// `frames`: what it sends, TCP of either family, each of at most kFrameBytesMax bytes.
  NetRewriter(frontend::Session& session, std::uint16_t ring, std::uint64_t seed,
              std::vector<test::Bytes> frames)
      : queue_(session.queue(ring)), random_(seed), frames_(std::move(frames)),
        direction_(spec::net::isTransmitQueue(ring) ? 0U : unsigned{spec::DESC_F_WRITE}) {
    frontend::Arena& arena = session.arena();
    table_ = allocate(arena, kTableEntryCount * sizeof(spec::Descriptor), 16);
    frame_ = allocate(arena, kFrameBytesMax, 64);
    writeFrame();
  }

  void rewriteOne() override {
    switch (random_.below(10)) {
    case 0:
    case 1:
      queue_.writeDescriptor(static_cast<std::uint16_t>(random_.below(kQueueSize)), descriptor());
      break;
    case 2: {
      const spec::Descriptor entry = descriptor();
      std::memcpy(table_.bytes.data() + random_.below(kTableEntryCount) * sizeof entry, &entry,
                  sizeof entry);
      break;
    }
    case 3:
      // Headers of all layers, under whoever is reading them.
      frame_.bytes[random_.below(90)] = static_cast<std::byte>(random_.next());
      break;
    case 4:
      writeFrame();
      break;
    case 5:
      rewriteAvailable();
      break;
    case 6:
      // The device's own side, which it must not believe.
      queue_.usedBytes()[random_.below(queue_.usedBytes().size())] =
          static_cast<std::byte>(random_.next());
      break;
    default:
      offerGood();
    }
  }

private:
  // A frame to be segmented, with its header.
  void writeFrame() {
    const test::Bytes& frame = frames_[random_.below(frames_.size())];
    const spec::net::Header header =
        test::tcpHeader(frame[12] == std::byte{0x86} ? FrameKind::Tcp6 : FrameKind::Tcp4, 1000);
    std::memcpy(frame_.bytes.data(), &header, sizeof header);
    std::memcpy(frame_.bytes.data() + sizeof header, frame.data(), frame.size());
  }

  // A buffer that means well, until the next lines are written over it.
  void offerGood() {
    const auto head = static_cast<std::uint16_t>(random_.below(kQueueSize - 2));
    const std::uint32_t first = 12 + static_cast<std::uint32_t>(random_.below(100));
    queue_.writeDescriptor(head,
                           {.addr = frame_.address.get(),
                            .len = first,
                            .flags = static_cast<std::uint16_t>(direction_ | spec::DESC_F_NEXT),
                            .next = static_cast<std::uint16_t>(head + 1)});
    queue_.writeDescriptor(static_cast<std::uint16_t>(head + 1),
                           {.addr = frame_.address.get() + first,
                            .len = 3000 - first,
                            .flags = static_cast<std::uint16_t>(direction_),
                            .next = std::uint16_t{0}});
    queue_.offerHead(head);
    static_cast<void>(queue_.publish());
  }

  void rewriteAvailable() {
    if (random_.chance(98)) {
      // A head of an entry that the device may be about to take.
      const std::span<std::byte> ring = queue_.availableBytes();
      const std::size_t place = spec::kAvailRingOffset + 2 * random_.below(kQueueSize);
      sharedU16(ring.data() + place)
          .store(
              static_cast<std::uint16_t>(random_.below(kQueueSize + (random_.chance(1) ? 1 : 0))),
              std::memory_order_relaxed);
    } else {
      queue_.setAvailableIndex(static_cast<std::uint16_t>(random_.next()));
    }
  }

  spec::Descriptor descriptor() {
    constexpr std::array<std::uint32_t, 8> kLengths = {1, 12, 26, 1500, 0, 66, 3066, UINT32_MAX};
    const std::array<std::uint64_t, 4> places = {frame_.address.get(),
                                                 frame_.address.get() + random_.below(4096),
                                                 table_.address.get(), random_.number()};
    const bool isIndirect = random_.chance(15);
    const unsigned flags =
        random_.chance(90) ? direction_ | (random_.chance(30) ? unsigned{spec::DESC_F_NEXT} : 0U)
                           : static_cast<unsigned>(random_.below(4));
    return {.addr = isIndirect ? table_.address.get() : places[random_.below(places.size())],
            .len = isIndirect ? static_cast<std::uint32_t>(16 * random_.below(kTableEntryCount + 1))
                              : kLengths[random_.below(kLengths.size())],
            .flags =
                static_cast<std::uint16_t>(isIndirect ? unsigned{spec::DESC_F_INDIRECT} : flags),
            .next = static_cast<std::uint16_t>(random_.below(kQueueSize))};
  }

  frontend::DriverQueue& queue_;
  test::Random random_;
  std::vector<test::Bytes> frames_;
  unsigned direction_;
  frontend::ArenaBlock table_{};
  frontend::ArenaBlock frame_{};
};

std::vector<test::Bytes> framesOfCables() {
  return {test::makePartialTcp(FrameKind::Tcp4, 3000), test::makePartialTcp(FrameKind::Tcp6, 3000)};
}

} // namespace

TEST_CASE("a guest that rewrites its transmitting ring under the engine breaks nothing but that") {
  NetRig rig(1, kQueueSize);
  const std::uint64_t seed = test::seeds().front();
  CAPTURE(seed);
  const std::size_t mark = rig.session().arena().mark();
  {
    NetRewriter rewriter(rig.session(), 1, seed, framesOfCables());
    const unsigned breakCount = race(
        rig.session(), 1, rewriter, [&rig] { rig.peer().drain(); },
        [&rig] { rig.checkNeighbors(); },
        [&rig] {
          const network::InterfaceSnapshot counted = rig.backend().snapshot(0);
          return counted.txFrames > 0 && counted.txMalformed > 0;
        });
    const network::InterfaceSnapshot counted = rig.backend().snapshot(0);
    MESSAGE(breakCount, " times broken, ", counted.txFrames, " frames, ", counted.txMalformed,
            " malformed");
    CHECK(breakCount > 0);
    CHECK(counted.txFrames > 0);
    CHECK(counted.txMalformed > 0);
  }
  rig.session().arena().releaseTo(mark);
  rig.checkAllServed();
  checkRest();
}

TEST_CASE("a guest that rewrites its receiving ring under the engine breaks nothing but that") {
  NetRig rig(1, kQueueSize);
  const std::uint64_t seed = test::seeds().front();
  CAPTURE(seed);
  const std::size_t mark = rig.session().arena().mark();
  {
    NetRewriter rewriter(rig.session(), 0, seed, framesOfCables());
    const test::Bytes frame = test::makeFrame(FrameKind::Udp4, 2000);
    const unsigned breakCount = race(
        rig.session(), 0, rewriter,
        [&rig, &frame] {
          // What was offered in the last round may be on its way still.
          rig.peer().waitSent();
          for (int count = 0; count < 8; ++count) {
            rig.peer().offer(frame);
          }
        },
        [&rig] { rig.checkNeighbors(); },
        [&rig] { return rig.backend().snapshot(0).rxFrames > 0; });
    rig.peer().waitSent();
    const network::InterfaceSnapshot counted = rig.backend().snapshot(0);
    MESSAGE(breakCount, " times broken, ", counted.rxFrames, " frames, ", counted.rxOverruns,
            " lost");
    CHECK(breakCount > 0);
    CHECK(counted.rxFrames > 0);
  }
  rig.session().arena().releaseTo(mark);
  rig.checkAllServed();
  checkRest();
}

TEST_CASE("the same under a policy that changes meanwhile, which holds for what was read") {
  test::PolicyText policy = test::twoSubnets();
  const std::vector<test::RuleText> all = {{}, {.peer = test::net("::/0")}};
  policy.interfaces.at(1).rulesIn = all;
  // Nothing of the hostile guest's may come to interface 3, whatever it writes over a frame.
  policy.interfaces.at(3).rulesIn = {{.peer = test::net("10.0.1.0/24")}};
  test::NetBackend backend({.interfaceCount = 4, .policy = test::makeSnapshot(policy)});
  frontend::Session::Options options = test::NetBackend::sessionOptions();
  options.queueSize = kQueueSize;
  const std::unique_ptr<frontend::Session> session = backend.connect(0, options);
  NetGuest peer(backend, 1);
  NetGuest left(backend, 2);
  NetGuest right(backend, 3);
  test::PacketText hostile = test::packetBetween(policy, 0, 1);
  hostile.payload = test::pattern(3000);
  const test::PacketText honest = test::packetBetween(policy, 2, 3);
  const std::uint64_t seed = test::seeds().front();
  CAPTURE(seed);
  NetRewriter rewriter(*session, 1, seed, {test::makeFrame(hostile)});

  const unsigned breakCount = race(
      *session, 1, rewriter, [&peer] { peer.drain(); },
      [&] {
        std::vector<test::RuleText>& rules = policy.interfaces.at(1).rulesIn;
        rules = rules.empty() ? all : std::vector<test::RuleText>();
        REQUIRE_OK(backend.card().setPolicy(test::makeSnapshot(policy)));
        left.offer(test::makeFrame(honest));
        left.waitSent();
        right.expect(test::makeFrame(honest));
      },
      [&backend] {
        return backend.snapshot(1).rxFrames > 0 && backend.snapshot(0).txMalformed > 0;
      });

  MESSAGE(breakCount, " times broken, ", backend.snapshot(0).txFrames, " frames, ",
          backend.snapshot(1).rxFrames, " parts delivered");
  CHECK(breakCount > 0);
  CHECK(backend.snapshot(1).rxFrames > 0);
  CHECK(session->stopQueue(1).has_value());
  checkRest();
}

} // namespace argon::hostile
