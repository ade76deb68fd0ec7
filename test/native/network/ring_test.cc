// SPDX-License-Identifier: Apache-2.0
#include "network/ring.h"

#include "base/unique_fd.h"
#include "frontend/driver_ring.h"
#include "frontend/wait.h"
#include "network/ring_rig.h"
#include "support/ring_start.h"
#include "support/test.h"
#include "vhost_user/device.h"
#include "virtio/chain.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace argon::network {

namespace {

using test::RingLayoutKind;
using test::RingRig;
using virtio::FeatureSet;

constexpr FeatureSet kEventIdx = FeatureSet().with(virtio::spec::F_EVENT_IDX);

bool take(RingRig& rig, virtio::Chain& chain) {
  static std::array<iovec, 8> segments{};
  return rig.ring().take(segments, chain);
}

bool isCalled(const RingRig& rig) { return frontend::waitForEvent(rig.call()->get(), 0); }

} // namespace

TEST_CASE("a ring takes chains in order, gives back the last, and answers them with one call") {
  for (const RingLayoutKind layout : {RingLayoutKind::Split, RingLayoutKind::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingRig rig({.features = kEventIdx, .layout = layout});
    rig.offerBuffers({100, 200});
    virtio::Chain first;
    virtio::Chain second;

    REQUIRE(take(rig, first));
    REQUIRE(take(rig, second));
    virtio::Chain none;
    CHECK_FALSE(take(rig, none));
    CHECK(first.writableBytes == 100);
    rig.ring().giveBack(second);
    REQUIRE(take(rig, second));
    CHECK(second.writableBytes == 200);

    CHECK(rig.ring().beginAnswers());
    CHECK_FALSE(rig.ring().beginAnswers());
    rig.ring().put(first, 10);
    rig.ring().put(second, 20);
    CHECK(rig.publishAndTake() == std::vector<std::uint32_t>{10, 20});
    CHECK(isCalled(rig));
    CHECK(rig.counters().calls.get() == 1);
    CHECK(rig.ring().beginAnswers());
  }
}

TEST_CASE("a transmitting ring arms, and a kick makes it active once") {
  for (const RingLayoutKind layout : {RingLayoutKind::Split, RingLayoutKind::Packed}) {
    RingRig rig({.index = 1, .layout = layout});

    CHECK(rig.ring().isActive());
    CHECK(rig.ring().arm());
    CHECK_FALSE(rig.ring().isActive());
    signalEventFd(rig.kick()->get());
    rig.reap();

    CHECK(rig.ring().isActive());
    CHECK(rig.activeCount() == 1);
    CHECK(rig.counters().kicks.get() == 1);
    // A kick that was not asked for is counted, and changes nothing.
    signalEventFd(rig.kick()->get());
    rig.reap();
    CHECK(rig.activeCount() == 1);
    CHECK(rig.counters().kicks.get() == 2);
  }
}

TEST_CASE("a ring does not arm with a chain waiting, or without a kick to wait for") {
  RingRig waiting({.index = 1});
  waiting.offerBuffers({100});
  CHECK_FALSE(waiting.ring().arm());
  CHECK(waiting.ring().isActive());

  RingRig polled({.index = 1, .hasKick = false});
  CHECK_FALSE(polled.ring().arm());
  CHECK(polled.ring().isActive());
}

TEST_CASE("a held ring is not active, and breaks or stops as others do") {
  RingRig rig({.index = 1});
  rig.ring().hold(5);
  CHECK(rig.ring().isHeld());
  CHECK(rig.ring().retryAtNs() == 5);
  CHECK_FALSE(rig.ring().isActive());
  // A kick is nothing new to it.
  signalEventFd(rig.kick()->get());
  rig.reap();
  CHECK(rig.activeCount() == 0);

  rig.ring().resume();
  CHECK(rig.ring().isActive());

  rig.ring().hold(6);
  rig.ring().breakRing("test");
  CHECK_FALSE(rig.ring().isHeld());
}

TEST_CASE("a receiving ring's kicks are nobody's") {
  RingRig rig({.index = 0});
  signalEventFd(rig.kick()->get());

  CHECK(rig.stop() == 0); // At once: no watch has to end.
  CHECK(rig.counters().kicks.get() == 0);
}

TEST_CASE("a ring that breaks tells once, and is never active again") {
  RingRig rig({.index = 1});
  // The head of no descriptor.
  const std::uint16_t index = 99;
  rig.offerBuffers({100});
  std::byte* const entry =
      rig.arena().bytes().data() +
      (rig.driver().availableAddress().get() - rig.arena().startAddress().get()) + 4;
  std::memcpy(entry, &index, sizeof index);
  virtio::Chain chain;

  CHECK_FALSE(take(rig, chain));
  rig.ring().breakRing("again");

  CHECK_FALSE(rig.ring().isActive());
  CHECK(frontend::waitForEvent(rig.err()->get(), 0));
  CHECK(rig.counters().brokenRings.get() == 1);
  CHECK(rig.log().countOf("ring stopped: the driver offered a chain that does not exist") == 1);
  CHECK(rig.log().countOf("again") == 0);
}

TEST_CASE("malformed frames are counted, and not all of them are logged") {
  RingRig rig({.index = 1});
  for (int count = 0; count < 100; ++count) {
    rig.ring().noteMalformed("a lie");
  }
  CHECK(rig.counters().txMalformed.get() == 100);
  // Four a second; the loop may run into the next one.
  CHECK(rig.log().countOf("a lie") >= 4);
  CHECK(rig.log().countOf("a lie") < 100);
}

TEST_CASE("a new call descriptor is signalled at once, and an old one no more") {
  RingRig rig({});
  const vhost_user::SharedFd next = test::makeSharedEventFd();
  rig.ring().setCall(next);
  CHECK(frontend::waitForEvent(next->get(), 0));
  CHECK_FALSE(isCalled(rig));

  rig.ring().setCall(nullptr);
  rig.offerBuffers({100});
  virtio::Chain chain;
  REQUIRE(take(rig, chain));
  rig.ring().put(chain, 1);
  CHECK(rig.publishAndTake() == std::vector<std::uint32_t>{1});
}

TEST_CASE("a ring that stops shows its last answers and says where it goes on") {
  RingRig rig({.index = 1});
  rig.offerBuffers({100, 100});
  virtio::Chain chain;
  REQUIRE(take(rig, chain));
  rig.ring().put(chain, 0);

  CHECK(rig.stop() == 1);
  CHECK(rig.driver().hasUsed());
}

} // namespace argon::network
