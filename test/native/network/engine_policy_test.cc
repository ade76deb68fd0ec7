// SPDX-License-Identifier: Apache-2.0

// The engine under a policy, over real sockets, with our own front end as the guests. What policies
// say is test/native/vpc's matter; here is what the engine does for it.

#include "base/counter.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "network/counters.h"
#include "network/engine.h"
#include "network/interface.h"
#include "network/punt_sink.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/deadline.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/drop_reason.h"
#include "vpc/services.h"

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

using frontend::NetDriver;
using frontend::Session;
using test::Bytes;
using test::NetBackend;
using test::PacketText;
using test::PolicyText;

constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;

// Whatever comes to interface `index` is let in.
PolicyText openTo(std::initializer_list<std::uint32_t> indexes) {
  PolicyText policy = test::twoSubnets();
  for (const std::uint32_t index : indexes) {
    policy.interfaces.at(index).rulesIn = {{}, {.peer = test::net("::/0")}};
  }
  return policy;
}

PacketText udp(const PolicyText& policy, std::uint32_t from, std::uint32_t to,
               std::size_t payloadBytes = 20) {
  PacketText text = test::packetBetween(policy, from, to);
  text.protocol = kUdp;
  text.payload = test::pattern(payloadBytes);
  return text;
}

// A card under a policy, with a guest at each of the first interfaces.
struct Scene {
  explicit Scene(PolicyText text, std::uint32_t guestCount = 2)
      : policy(std::move(text)),
        backend({.interfaceCount = 4, .policy = test::makeSnapshot(policy)}) {
    for (std::uint32_t index = 0; index < guestCount; ++index) {
      sessions.push_back(backend.connect(index));
      Result<std::unique_ptr<NetDriver>> made = NetDriver::create(*sessions.back(), {});
      REQUIRE_OK(made);
      drivers.push_back(*std::move(made));
    }
  }

  void apply() { REQUIRE_OK(backend.card().setPolicy(test::makeSnapshot(policy))); }
  void send(std::uint32_t from, const Bytes& frame) {
    REQUIRE_OK(drivers.at(from)->send({.bytes = frame}));
  }
  Bytes receive(std::uint32_t at) {
    Result<NetDriver::Received> received = drivers.at(at)->receive();
    REQUIRE_OK(received);
    REQUIRE_OK(drivers.at(at)->refill());
    return (*std::move(received)).bytes;
  }
  // The engine counts behind what it puts into a ring.
  void waitForDrop(std::uint32_t at, vpc::DropReason reason, std::uint64_t count = 1) {
    backend.waitFor(at, [reason, count](const InterfaceSnapshot& counted) {
      return counted.policy.drops.at(static_cast<std::size_t>(reason)) == count;
    });
  }

  PolicyText policy;
  NetBackend backend;
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::unique_ptr<NetDriver>> drivers;
};

// Notes what is for services, and answers with `answer` if there is one.
class NotingSink final : public PuntSink {
public:
  bool offer(InterfaceIndex from, vpc::Service service, const packet::Frame& frame) override {
    if (!hasRoom) return false;
    lastFrom = from;
    lastService = service;
    last.assign(frame.header.begin(), frame.header.end());
    for (const iovec& piece : frame.payload) {
      const auto* start = static_cast<const std::byte*>(piece.iov_base);
      last.insert(last.end(), start, start + piece.iov_len);
    }
    return true;
  }

  bool hasRoom = true;
  InterfaceIndex lastFrom;
  vpc::Service lastService = vpc::Service::None;
  Bytes last;
};

} // namespace

TEST_CASE("frames go where the policy says, with the addresses of the receiver's link") {
  Scene scene(openTo({1, 2}), 3);

  PacketText near = udp(scene.policy, 0, 1, 4);
  near.paddingBytes = 14;
  scene.send(0, test::makeFrame(near));
  near.paddingBytes = 0;
  CHECK(scene.receive(1) == test::makeFrame(near));

  PacketText far = udp(scene.policy, 0, 2, 3000);
  scene.send(0, test::makeFrame(far));
  far.destinationMac = scene.policy.interfaces.at(2).mac;
  far.sourceMac = scene.policy.subnets.at(1).routerMac;
  CHECK(scene.receive(2) == test::makeFrame(far));
}

TEST_CASE("what the policy drops is counted by its reason, and neighbors do not see it") {
  Scene scene(openTo({0}));
  PacketText spoofed = udp(scene.policy, 0, 1);
  spoofed.source = test::ip("10.0.0.99");
  scene.send(0, test::makeFrame(udp(scene.policy, 0, 1)));
  scene.send(0, test::makeFrame(spoofed));
  scene.send(0, test::bytesOf({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 0}));

  scene.waitForDrop(1, vpc::DropReason::SecurityGroupIn);
  scene.waitForDrop(0, vpc::DropReason::SpoofedSource);
  scene.waitForDrop(0, vpc::DropReason::Malformed);
  scene.send(1, test::makeFrame(udp(scene.policy, 1, 0)));
  CHECK_FALSE(scene.receive(0).empty());

  const InterfaceSnapshot counted = scene.backend.snapshot(0);
  CHECK(counted.txFrames == 3);
  CHECK(counted.policy.faults.at(static_cast<std::size_t>(packet::ParseFault::Vlan)) == 1);
  CHECK(scene.backend.snapshot(1).rxFrames == 0);
}

TEST_CASE("the router answers in the asking guest's own ring, with as much as was asked for") {
  Scene scene(test::twoSubnets(), 1);
  const test::InterfaceText& guest = scene.policy.interfaces.at(0);
  scene.send(0,
             test::makeArp({.destinationMac = {{std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                                                std::byte{0xff}, std::byte{0xff}, std::byte{0xff}}},
                            .sourceMac = guest.mac,
                            .senderMac = guest.mac,
                            .sender = guest.addresses.at(0).network,
                            .target = test::ip("10.0.0.11")}));
  const Bytes reply = scene.receive(0);
  CHECK(test::wrongIn(reply).empty());
  CHECK(packet::MacAddress::read(reply, 22) == scene.policy.interfaces.at(1).mac);

  PacketText ping = test::packetBetween(scene.policy, 0, 2);
  ping.protocol = kIcmp;
  ping.destination = scene.policy.subnets.at(0).routerV4;
  ping.payload = test::pattern(5000);
  scene.send(0, test::makeFrame(ping));
  const Bytes pong = scene.receive(0);
  CHECK(test::wrongIn(pong).empty());
  CHECK(pong.size() == test::makeFrame(ping).size());
  CHECK(scene.backend.snapshot(0).policy.answers == 2);
}

TEST_CASE("BW-3: what is over the sender's allowance waits in its ring and is sent later") {
  PolicyText policy = openTo({1});
  policy.instances.at(0).packets = {.perSecond = 200, .burst = 0};
  for (const PollMode mode : {PollMode::Off, PollMode::Always}) {
    NetBackend backend(
        {.interfaceCount = 2, .pollMode = mode, .policy = test::makeSnapshot(policy)});
    const std::unique_ptr<Session> left = backend.connect(0);
    const std::unique_ptr<Session> right = backend.connect(1);
    Result<std::unique_ptr<NetDriver>> sender = NetDriver::create(*left, {});
    Result<std::unique_ptr<NetDriver>> receiver = NetDriver::create(*right, {});
    REQUIRE_OK(sender);
    REQUIRE_OK(receiver);
    for (std::size_t count = 0; count < 10; ++count) {
      REQUIRE_OK((*sender)->offer({.bytes = test::makeFrame(udp(policy, 0, 1, 20 + count))}));
    }

    for (std::size_t count = 0; count < 10; ++count) {
      const Result<NetDriver::Received> received = (*receiver)->receive();
      REQUIRE_OK(received);
      CHECK(received->bytes == test::makeFrame(udp(policy, 0, 1, 20 + count)));
      REQUIRE_OK((*sender)->waitSent());
    }

    const InterfaceSnapshot counted = backend.snapshot(0);
    CHECK(counted.txFrames == 10);
    CHECK(counted.policy.pps_allowance_exceeded > 0);
    CHECK(counted.policy.pps_allowance_exceeded < 10);
  }
}

TEST_CASE("BW-3: what is over the receiver's allowance comes later, and is the sender's no more") {
  PolicyText policy = openTo({1, 2});
  policy.instances.at(1).packets = {.perSecond = 50, .burst = 0};
  Scene scene(std::move(policy), 3);
  std::vector<Bytes> frames;
  for (std::size_t count = 0; count < 5; ++count) {
    frames.push_back(test::makeFrame(udp(scene.policy, 0, 1, 2000 + count)));
    // Returns when the engine has answered the chain: its memory may be used again.
    scene.send(0, frames.back());
  }
  const Bytes other = test::makeFrame(udp(scene.policy, 0, 2));
  scene.send(0, other);

  // Another receiver waits for nobody's allowance.
  CHECK(scene.receive(2).size() == other.size());
  for (const Bytes& frame : frames) {
    CHECK(scene.receive(1) == frame);
  }
  const InterfaceSnapshot counted = scene.backend.snapshot(1);
  CHECK(counted.policy.pps_allowance_exceeded > 0);
  CHECK(counted.policy.drops.at(static_cast<std::size_t>(vpc::DropReason::PacketAllowance)) == 0);
  CHECK(counted.rxFrames == 5);
}

TEST_CASE("BW-3: what waits for a receiver comes at once when a policy lets it") {
  PolicyText policy = openTo({1});
  policy.instances.at(1).packets = {.perSecond = 1, .burst = 0};
  Scene scene(std::move(policy));
  const Bytes frame = test::makeFrame(udp(scene.policy, 0, 1));
  for (int count = 0; count < 100; ++count) {
    scene.send(0, frame);
  }
  CHECK(scene.backend.snapshot(1).policy.pps_allowance_exceeded >= 90);

  scene.policy.instances.at(1).packets = {};
  scene.apply();

  for (int count = 0; count < 16; ++count) {
    CHECK(scene.receive(1) == frame);
  }
  scene.backend.waitFor(1, [](const InterfaceSnapshot& counted) {
    return counted.rxFrames + counted.rxOverruns == 100;
  });
}

TEST_CASE("a ring that waits for its allowance stops at once, and goes on under another policy") {
  Scene scene(openTo({1}));
  // A byte a second: the second frame's turn never comes.
  scene.policy.instances.at(0).bandwidthOut = {.perSecond = 1, .burst = 0};
  scene.apply();
  const Bytes frame = test::makeFrame(udp(scene.policy, 0, 1));
  scene.send(0, frame);
  CHECK(scene.receive(1) == frame);
  REQUIRE_OK(scene.drivers.at(0)->offer({.bytes = frame}));
  scene.backend.waitFor(0, [](const InterfaceSnapshot& counted) {
    return counted.policy.bw_out_allowance_exceeded == 1;
  });

  const Result<std::uint32_t> base = scene.sessions.at(0)->stopQueue(1);
  REQUIRE_OK(base);
  REQUIRE_OK(scene.sessions.at(0)->startQueue(1, *base));
  CHECK(scene.backend.snapshot(0).txFrames == 1);
  scene.policy.instances.at(0).bandwidthOut = {};
  scene.apply();

  CHECK(scene.receive(1) == frame);
  REQUIRE_OK(scene.drivers.at(0)->waitSent());
}

TEST_CASE("what is for a service goes to the sink, and its answer to who asked") {
  Scene scene(test::twoSubnets(), 1);
  PacketText question = udp(scene.policy, 0, 2, 600);
  question.destination = test::ip("169.254.169.253");
  question.destinationPort = 53;
  const Bytes frame = test::makeFrame(question);
  scene.send(0, frame);
  scene.backend.waitFor(0, [](const InterfaceSnapshot& counted) { return counted.puntsLost == 1; });

  NotingSink sink;
  Engine& engine = scene.backend.card().engine();
  const auto onEngine = [&engine](const std::function<void()>& task) {
    std::atomic<bool> isDone = false;
    engine.post([&] {
      task();
      isDone = true;
    });
    REQUIRE(test::waitUntil([&] { return isDone.load(); }));
  };
  onEngine([&] { engine.setPuntSink(&sink); });
  scene.send(0, frame);
  onEngine([&] {
    CHECK(sink.lastFrom == InterfaceIndex(0));
    CHECK(sink.lastService == vpc::Service::Dns);
    CHECK(sink.last == frame);
    engine.send(InterfaceIndex(0), sink.last);
    engine.send(InterfaceIndex(77), sink.last); // Gone meanwhile.
    sink.hasRoom = false;
  });
  CHECK(scene.receive(0) == frame);
  scene.send(0, frame);
  scene.backend.waitFor(0, [](const InterfaceSnapshot& counted) { return counted.puntsLost == 2; });
  onEngine([&] { engine.setPuntSink(nullptr); });
}

TEST_CASE("a card's cables are cut by its first policy, and each policy by the next") {
  NetBackend backend;
  CHECK(backend.card().engine().policyCounters(InterfaceIndex(0)) == nullptr);
  Scene scene(openTo({1}));
  const Bytes frame = test::makeFrame(udp(scene.policy, 0, 1));
  scene.send(0, frame);
  CHECK(scene.receive(1) == frame);

  scene.policy.interfaces.at(1).rulesIn.clear();
  scene.apply();

  scene.send(0, frame);
  scene.waitForDrop(1, vpc::DropReason::SecurityGroupIn);
  CHECK(scene.backend.snapshot(1).rxFrames == 1);
}

TEST_CASE("an interface of the policy that the card does not serve is nobody") {
  const PolicyText policy = openTo({1});
  NetBackend backend({.interfaceCount = 1, .policy = test::makeSnapshot(policy)});
  const std::unique_ptr<Session> session = backend.connect(0);
  Result<std::unique_ptr<NetDriver>> driver = NetDriver::create(*session, {});
  REQUIRE_OK(driver);

  REQUIRE_OK((*driver)->send({.bytes = test::makeFrame(udp(policy, 0, 1))}));

  backend.waitFor(0, [](const InterfaceSnapshot& counted) { return counted.txUnreachable == 1; });
}

TEST_CASE("while flows are remembered the engine wakes up to forget them, with nobody sending") {
  Scene scene(openTo({1}));
  scene.send(0, test::makeFrame(udp(scene.policy, 0, 1)));
  CHECK_FALSE(scene.receive(1).empty());
  const Counter& sleeps = scene.backend.card().engineCounters().loop.sleeps;
  const std::uint64_t before = sleeps.get();
  CHECK(test::waitUntil([&] { return sleeps.get() >= before + 2; }));
}

} // namespace argon::network
