// SPDX-License-Identifier: Apache-2.0
#include "network/punt_ring.h"

#include "base/cpu.h"
#include "network/interface.h"
#include "packet/frame.h"
#include "packet/wire.h"
#include "support/deadline.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "vpc/services.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace argon::network {

namespace {

using test::Bytes;
using test::OwnedFrame;
using vpc::Service;

bool offer(PuntRing& ring, std::uint32_t interface, const Bytes& bytes) {
  return ring.offer(InterfaceIndex(interface), Service::Dns, OwnedFrame(bytes, 100).frame());
}

std::optional<std::pair<std::uint32_t, Bytes>> take(PuntRing& ring) {
  const std::optional<PuntRing::Entry> entry = ring.front();
  if (!entry) {
    return std::nullopt;
  }
  std::pair<std::uint32_t, Bytes> taken(entry->interface.get(),
                                        Bytes(entry->frame.begin(), entry->frame.end()));
  ring.pop();
  return taken;
}

} // namespace

TEST_CASE("a frame comes out as it went in, with who sent it and for what") {
  PuntRing ring(8);
  const Bytes bytes = test::pattern(1500);
  CHECK_FALSE(ring.front().has_value());

  CHECK(ring.offer(InterfaceIndex(7), Service::Dhcpv6, OwnedFrame(bytes, 100).frame()));

  const std::optional<PuntRing::Entry> entry = ring.front();
  REQUIRE(entry.has_value());
  CHECK(entry->interface == InterfaceIndex(7));
  CHECK(entry->service == Service::Dhcpv6);
  CHECK(std::ranges::equal(entry->frame, bytes));
  ring.pop();
  CHECK_FALSE(ring.front().has_value());
}

TEST_CASE("a frame of 2048 bytes fits, and one more is counted") {
  PuntRing ring(8);
  CHECK(offer(ring, 0, test::pattern(kPuntBytesMax)));
  CHECK_FALSE(offer(ring, 0, test::pattern(kPuntBytesMax + 1)));
  CHECK(ring.counters().passed.get() == 1);
  CHECK(ring.counters().tooLong.get() == 1);
}

TEST_CASE("an interface has an eighth of the ring, and gets it back as frames are taken") {
  PuntRing ring(64);
  const Bytes bytes = test::pattern(60);
  for (int count = 0; count < 8; ++count) {
    CHECK(offer(ring, 3, bytes));
  }
  CHECK_FALSE(offer(ring, 3, bytes));
  CHECK(offer(ring, 4, bytes));

  CHECK(take(ring).has_value());
  CHECK(offer(ring, 3, bytes));
  CHECK_FALSE(offer(ring, 3, bytes));
  CHECK(ring.counters().overShare.get() == 2);
}

// Method: flooders take turns to offer as much as they may, one frame is taken in each round, and
// the quiet one asks when its last question has been taken.
TEST_CASE("while many interfaces flood, a quiet one is heard each time") {
  PuntRing ring(64);
  const Bytes bytes = test::pattern(60);
  constexpr std::uint32_t kFlooders = 20;
  constexpr std::uint32_t kQuiet = 99;
  for (int round = 0; round < 1000; ++round) {
    for (std::uint32_t flooder = 0; flooder < kFlooders; ++flooder) {
      [[maybe_unused]] const bool isTaken = offer(ring, flooder, bytes);
    }
    if (round >= 100 && round % 64 == 0) {
      CHECK(offer(ring, kQuiet, bytes));
    }
    CHECK(take(ring).has_value());
  }
  CHECK(ring.counters().overShare.get() > 0);
}

TEST_CASE("who rests is woken once for all that it finds") {
  PuntRing ring(8);
  CHECK_FALSE(ring.front().has_value());
  CHECK(ring.arm());

  CHECK(offer(ring, 0, test::pattern(60)));
  CHECK(ring.takeWake());
  CHECK(offer(ring, 1, test::pattern(60)));
  CHECK_FALSE(ring.takeWake());

  CHECK_FALSE(ring.arm());
  CHECK(take(ring).has_value());
  CHECK_FALSE(ring.arm());
  CHECK(take(ring).has_value());
  CHECK(ring.arm());
}

// Method: a queue and a count for each interface say what the ring must do, in any order of calls.
TEST_CASE("below its bound nothing is lost or reordered, above it all is counted") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    PuntRing ring(32);
    std::deque<std::pair<std::uint32_t, Bytes>> model;
    std::map<std::uint32_t, std::size_t> waiting;
    std::uint64_t dropped = 0;
    for (int step = 0; step < test::rounds(3000); ++step) {
      if (random.chance(55)) {
        const auto interface = static_cast<std::uint32_t>(random.below(12));
        const Bytes bytes = random.bytes(random.between(60, 400));
        const bool isRoom = waiting[interface] == 0 ? model.size() < 32
                                                    : waiting[interface] < 4 && model.size() < 16;
        REQUIRE(offer(ring, interface, bytes) == isRoom);
        if (isRoom) {
          model.emplace_back(interface, bytes);
          ++waiting[interface];
        } else {
          ++dropped;
        }
      } else {
        const auto taken = take(ring);
        REQUIRE(taken.has_value() == !model.empty());
        if (taken) {
          REQUIRE(*taken == model.front());
          --waiting[taken->first];
          model.pop_front();
        }
      }
    }
    CHECK(ring.counters().overShare.get() == dropped);
  }
}

// Method: the taker rests on a word that the other sets, so a lost wake-up is a hang.
TEST_CASE("between two threads every frame arrives, in the order of its interface") {
  constexpr std::uint32_t kInterfaces = 5;
  const auto perInterface = static_cast<std::uint32_t>(test::rounds(20'000));
  PuntRing ring(64);
  std::atomic<bool> isWoken = true;
  std::array<std::uint32_t, kInterfaces> next{};
  std::uint32_t takenCount = 0;
  bool isInOrder = true;
  bool isInTime = true;

  std::jthread taker = startThread("taker", [&] {
    const test::Deadline deadline;
    while (takenCount < perInterface * kInterfaces) {
      while (const std::optional<PuntRing::Entry> entry = ring.front()) {
        const std::uint32_t number = packet::readBe32(entry->frame, 0);
        isInOrder = isInOrder && number == next[entry->interface.get()]++;
        ++takenCount;
        ring.pop();
      }
      if (takenCount == perInterface * kInterfaces || !ring.arm()) {
        continue;
      }
      while (!isWoken.exchange(false)) {
        if (deadline.isOver()) {
          isInTime = false;
          return;
        }
        std::this_thread::yield();
      }
    }
  });
  std::array<std::byte, 60> bytes{};
  const test::Deadline deadline;
  for (std::uint32_t number = 0; number < perInterface; ++number) {
    for (std::uint32_t interface = 0; interface < kInterfaces; ++interface) {
      packet::writeBe32(bytes, 0, number);
      const packet::Frame frame{.header = bytes, .payload = {}, .lengthBytes = 60, .offload = {}};
      while (!ring.offer(InterfaceIndex(interface), Service::Ntp, frame) && !deadline.isOver()) {
        std::this_thread::yield();
      }
      if (ring.takeWake()) {
        isWoken = true;
      }
    }
  }
  taker.join();

  CHECK(isInTime);
  CHECK(isInOrder);
  CHECK(takenCount == perInterface * kInterfaces);
  CHECK(ring.counters().passed.get() == takenCount);
}

} // namespace argon::network
