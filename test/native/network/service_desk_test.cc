// SPDX-License-Identifier: Apache-2.0
#include "network/service_desk.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "network/counters.h"
#include "network/engine.h"
#include "network/interface.h"
#include "network/peer_addresses.h"
#include "network/punt_lane.h"
#include "network/punt_ring.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "support/deadline.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/services.h"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

using frontend::NetDriver;
using test::Bytes;
using test::NetBackend;
using test::OwnedFrame;
using test::PacketText;
using vpc::Service;

constexpr std::uint8_t kUdp = 17;

// An engine without interfaces, with a desk.
class Rig {
public:
  Rig() {
    Result<std::unique_ptr<Engine>> made = Engine::start({.thread = {.name = "argon-test"}});
    REQUIRE_OK(made);
    engine_ = *std::move(made);
    desk_ = std::make_unique<ServiceDesk>(*engine_);
    desk_->streams().serve([] {});
    desk_->datagrams().serve([] {});
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig() { engine_->stop(); }

  // On the engine's thread, as it calls its sink.
  [[nodiscard]] bool offer(Service service, const packet::Frame& frame) {
    std::atomic<int> outcome = -1;
    engine_->post([&] { outcome = desk_->offer(InterfaceIndex(3), service, frame) ? 1 : 0; });
    REQUIRE(test::waitUntil([&] { return outcome >= 0; }));
    return outcome == 1;
  }
  static std::vector<Bytes> framesIn(PuntLane& lane) {
    std::vector<Bytes> frames;
    lane.takeQuestions(100, [&frames](const PuntRing::Entry& entry) {
      CHECK(entry.interface == InterfaceIndex(3));
      frames.emplace_back(entry.frame.begin(), entry.frame.end());
    });
    return frames;
  }
  [[nodiscard]] ServiceDesk& desk() { return *desk_; }

private:
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ServiceDesk> desk_;
};

PacketText toMetadata(std::size_t payloadBytes) {
  return {.source = packet::IpAddress::v4(10, 0, 0, 5),
          .destination = kMetadataV4,
          .destinationPort = 80,
          .payload = test::pattern(payloadBytes)};
}

} // namespace

TEST_CASE("services over TCP have a lane of their own") {
  Rig rig;
  const OwnedFrame frame(test::makeFrame(toMetadata(100)));

  CHECK(rig.offer(Service::Metadata, frame.frame()));
  CHECK(rig.offer(Service::DnsOverTcp, frame.frame()));
  for (const Service service : {Service::Dhcpv4, Service::Dhcpv6, Service::Dns, Service::Ntp}) {
    CHECK(rig.offer(service, frame.frame()));
  }

  CHECK(Rig::framesIn(rig.desk().streams()).size() == 2);
  CHECK(Rig::framesIn(rig.desk().datagrams()).size() == 4);
}

TEST_CASE("a segment that the guest left to the device is cut and finished for the kernel") {
  Rig rig;
  OwnedFrame frame(test::makeFrame(toMetadata(4000)));
  frame.offload = {.checksum = packet::Offload::Checksum::Partial,
                   .segmentation = packet::Offload::Segmentation::Tcp4,
                   .checksumStart = 34,
                   .checksumOffset = 16,
                   .segmentBytes = 1460};

  CHECK(rig.offer(Service::Metadata, frame.frame()));

  const std::vector<Bytes> segments = Rig::framesIn(rig.desk().streams());
  REQUIRE(segments.size() == 3);
  for (const Bytes& segment : segments) {
    CHECK(test::wrongIn(segment) == "");
    CHECK(segment.size() <= 1514);
  }
}

TEST_CASE("what is too long for a ring is dropped, and said to be") {
  Rig rig;
  const OwnedFrame frame(test::makeFrame(toMetadata(3000)));
  CHECK_FALSE(rig.offer(Service::Metadata, frame.frame()));
  CHECK_FALSE(rig.offer(Service::Dns, frame.frame()));
  CHECK(rig.desk().streams().questionCounters().tooLong.get() == 1);
}

// Over a real socket: the pipeline hands a guest's question over, and the answer is in its ring.
TEST_CASE("a guest's question comes to the lane, and the answer to the guest") {
  const test::PolicyText policy = test::twoSubnets();
  NetBackend backend({.interfaceCount = 2, .policy = test::makeSnapshot(policy)});
  const std::unique_ptr<frontend::Session> session = backend.connect(0);
  Result<std::unique_ptr<NetDriver>> driver = NetDriver::create(*session, {});
  REQUIRE_OK(driver);
  PuntLane& lane = backend.card().datagrams();
  std::atomic<int> wakes = 0;
  lane.serve([&wakes] { ++wakes; });

  for (const std::size_t payloadBytes : {30UL, 900UL}) {
    PacketText text = test::packetBetween(policy, 0, 1);
    text.protocol = kUdp;
    text.destination = packet::IpAddress::v4(169, 254, 169, 253);
    text.destinationPort = 53;
    text.payload = test::pattern(payloadBytes);
    const Bytes question = test::makeFrame(text);
    const int before = wakes;
    REQUIRE_OK((*driver)->send({.bytes = question}));
    REQUIRE(test::waitUntil([&] { return wakes > before; }));
    lane.takeQuestions(10, [&](const PuntRing::Entry& entry) {
      CHECK(entry.service == Service::Dns);
      CHECK(Bytes(entry.frame.begin(), entry.frame.end()) == question);
      CHECK(lane.answer(entry.interface, entry.frame));
    });

    const Result<NetDriver::Received> received = (*driver)->receive();
    REQUIRE_OK(received);
    CHECK(received->bytes == question);
    REQUIRE_OK((*driver)->refill());
  }
  CHECK(lane.answer(InterfaceIndex(1), test::pattern(60))); // Nobody is there to take it.
  backend.waitFor(1, [](const InterfaceSnapshot& counted) { return counted.rxOverruns == 1; });
}

TEST_CASE("streams are opened once") {
  NetBackend backend;
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) ==
          0);
  const UniqueFd kernel(ends[0]);
  UniqueFd tun(ends[1]);
  Result<UniqueFd> other = tun.duplicate();
  REQUIRE_OK(other);

  REQUIRE_OK(backend.card().openStreams(std::move(tun)));
  const Result<void> again = backend.card().openStreams(*std::move(other));

  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().kind() == ErrorKind::AlreadyExists);
}

} // namespace argon::network
