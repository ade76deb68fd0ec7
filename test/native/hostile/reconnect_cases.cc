// SPDX-License-Identifier: Apache-2.0

// Thousands of front ends one after another, which leave in every state a conversation can be in:
// descriptors, mappings and memory stay as they were. ARGON_RECONNECTS says how many.

#include "base/result.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "hostile/attacker.h"
#include "hostile/net_rig.h"
#include "network/frames.h"
#include "support/async_driver.h"
#include "support/backend.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/random.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "virtio/spec/blk.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace argon::hostile {

namespace {

namespace blk = virtio::spec::blk;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::size_t kArenaBytes = std::size_t{256} * 1024;

// Sanitizers keep what was freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

unsigned reconnectCount() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before the test starts a thread.
  const char* asked = std::getenv("ARGON_RECONNECTS");
  return asked == nullptr ? static_cast<unsigned>(test::rounds(2000))
                          : static_cast<unsigned>(std::stoul(asked));
}

// What this process holds.
struct Holdings {
  std::size_t fds = test::openFdCount();
  std::size_t mappings = test::mappingCount();
  std::size_t kib = test::residentKib();
};

// A device that front ends come to.
class Visited {
public:
  virtual ~Visited() = default;
  [[nodiscard]] virtual frontend::Channel connectChannel() const = 0;
  /// A whole session with work, some of it still under way when it is closed.
  virtual void connectAndWork(test::Random& random) = 0;
  /// A session that is served, and what this process holds meanwhile.
  virtual Holdings connectLast() = 0;
  /// The test's own memory, which would hide the card's.
  virtual void clearLog() = 0;
};

class VisitedBlock final : public Visited {
public:
  [[nodiscard]] frontend::Channel connectChannel() const override {
    return backend_.connectChannel();
  }
  void connectAndWork(test::Random& random) override {
    const std::unique_ptr<frontend::Session> session =
        backend_.connect({.arenaBytes = kArenaBytes, .regionCount = random.between(1, 2)});
    test::AsyncDriver driver(*session, {.slotCount = 8});
    for (std::size_t slot = 0; slot < 8; ++slot) {
      REQUIRE(driver.offer(
          slot,
          {.type = slot % 2 == 0 ? blk::T_OUT : blk::T_IN, .sector = 8 * slot, .dataBytes = 4096}));
    }
    driver.publish();
    if (random.chance(50)) {
      REQUIRE_OK(driver.waitAllOk());
    }
    if (random.chance(30)) {
      REQUIRE(session->stopQueue(0).has_value());
    }
  }
  Holdings connectLast() override {
    const std::unique_ptr<frontend::Session> last = backend_.connect({.arenaBytes = kArenaBytes});
    frontend::BlockDriver driver(*last);
    REQUIRE_OK(driver.flush());
    return {};
  }
  void clearLog() override { backend_.log().clear(); }

private:
  test::Backend backend_{test::makeMemoryStore(kDeviceBytes)};
};

// One end of a cable, whose other end stays and sends all the while.
class VisitedInterface final : public Visited {
public:
  [[nodiscard]] frontend::Channel connectChannel() const override {
    return backend_.connectChannel(0);
  }
  void connectAndWork(test::Random& random) override {
    const std::unique_ptr<frontend::Session> session = backend_.connect(0);
    NetGuest guest(*session);
    const test::Bytes frame = test::makeFrame(test::FrameKind::Udp4, random.between(60, 9000));
    for (int count = 0; count < 8; ++count) {
      guest.offer(frame);
      peer_.offer(frame);
    }
    if (random.chance(50)) {
      guest.waitSent();
    }
    if (random.chance(30)) {
      REQUIRE(session->stopQueue(static_cast<std::uint16_t>(random.below(2))).has_value());
    }
    peer_.waitSent();
  }
  Holdings connectLast() override {
    const std::unique_ptr<frontend::Session> session = backend_.connect(0);
    NetGuest guest(*session);
    checkServed(guest, peer_);
    return {};
  }
  void clearLog() override { backend_.log().clear(); }

private:
  test::NetBackend backend_;
  NetGuest peer_{backend_, 1};
};

// A conversation that breaks off: at a message, within one, or with nonsense.
void connectAndBreak(frontend::Channel channel, test::Random& random) {
  constexpr std::array kPreludes = {Prelude::Fresh, Prelude::Negotiated, Prelude::Configured,
                                    Prelude::Running};
  Attacker attacker(std::move(channel), kPreludes[random.below(kPreludes.size())]);
  switch (random.below(4)) {
  case 0:
    return;
  case 1:
    attacker.sendBytes(random.bytes(random.between(1, 40)));
    return;
  case 2: {
    // A message whose rest never comes, and a descriptor that belongs to it.
    const int fd = attacker.peer().kick();
    attacker.send(Attacker::headerOf(Attacker::Request::SET_VRING_CALL, 8), {}, std::span(&fd, 1));
    return;
  }
  default:
    // An answer that nobody waits for.
    attacker.send(Attacker::headerOf(Attacker::Request::GET_FEATURES, 0));
  }
}

// Returns what is held while the last front end is served: the device took that one when those
// before had gone with all that they had.
Holdings connectMany(Visited& visited, test::Random& random, unsigned count) {
  for (unsigned round = 0; round < count; ++round) {
    if (random.chance(60)) {
      visited.connectAndWork(random);
    } else {
      connectAndBreak(visited.connectChannel(), random);
    }
    visited.clearLog();
  }
  return visited.connectLast();
}

void checkLeavesNothing(Visited& visited) {
  const std::uint64_t seed = test::seeds().back();
  CAPTURE(seed);
  test::Random random(seed);
  const unsigned count = reconnectCount();
  // What is made once is made by then.
  const Holdings before = connectMany(visited, random, count / 10);

  const Holdings after = connectMany(visited, random, count);

  MESSAGE(count, " connections: ", before.fds, " descriptors and ", after.fds, ", ",
          before.mappings, " mappings and ", after.mappings, ", ", before.kib, " KiB and ",
          after.kib);
  CHECK(after.fds == before.fds);
  if (!kIsSanitized) {
    CHECK(after.mappings <= before.mappings + 2);
    CHECK(after.kib <= before.kib + 2048);
  }
}

} // namespace

TEST_CASE("front ends that come and go leave descriptors, mappings and memory as they were") {
  VisitedBlock block;
  checkLeavesNothing(block);
}

TEST_CASE("front ends of a network interface that come and go leave nothing either") {
  VisitedInterface interface;
  checkLeavesNothing(interface);
}

} // namespace argon::hostile
