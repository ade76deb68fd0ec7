// SPDX-License-Identifier: Apache-2.0
#include "network/stream_port.h"

#include "base/unique_fd.h"
#include "network/interface.h"
#include "network/peer_addresses.h"
#include "network/punt_lane.h"
#include "network/punt_ring.h"
#include "packet/address.h"
#include "support/deadline.h"
#include "support/loop_thread.h"
#include "support/packet_maker.h"
#include "support/test.h"
#include "vpc/services.h"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

// A pair of sockets that keep packets apart is what a TUN device is to its owner.

namespace argon::network {

namespace {

using packet::IpAddress;
using test::Bytes;
using test::OwnedFrame;
using test::PacketText;

constexpr IpAddress kGuest = IpAddress::v4(10, 0, 0, 5);

class Rig {
public:
  Rig() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) ==
            0);
    kernel_ = UniqueFd(ends[0]);
    lane_.setEngineWake([] {});
    port_ = std::make_unique<StreamPort>(UniqueFd(ends[1]), thread_.loop(), lane_);
    thread_.run([this] { REQUIRE_OK(port_->start()); });
  }

  [[nodiscard]] bool ask(std::uint32_t from, const PacketText& text) {
    return lane_.ask(InterfaceIndex(from), vpc::Service::Metadata,
                     OwnedFrame(test::makeFrame(text)).frame());
  }
  // What has come into the namespace; waits for it.
  [[nodiscard]] Bytes takePacket() {
    Bytes bytes(2048);
    ssize_t count = -1;
    REQUIRE(test::waitUntil([&] {
      count = ::recv(kernel_.get(), bytes.data(), bytes.size(), 0);
      return count > 0;
    }));
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }
  void put(const Bytes& frame) {
    const auto packet = std::span(frame).subspan(14);
    REQUIRE(::send(kernel_.get(), packet.data(), packet.size(), 0) ==
            static_cast<ssize_t>(packet.size()));
  }
  [[nodiscard]] std::pair<std::uint32_t, Bytes> takeAnswer() {
    std::optional<std::pair<std::uint32_t, Bytes>> answer;
    REQUIRE(test::waitUntil([&] {
      lane_.takeAnswers(1, [&answer](const PuntRing::Entry& entry) {
        answer.emplace(entry.interface.get(), Bytes(entry.frame.begin(), entry.frame.end()));
      });
      return answer.has_value();
    }));
    return *std::move(answer);
  }
  void forget(std::uint32_t interface) {
    thread_.run([this, interface] { port_->forget(InterfaceIndex(interface)); });
  }

private:
  PuntLane lane_;
  UniqueFd kernel_;
  std::unique_ptr<StreamPort> port_;
  test::LoopThread thread_; // Ends before what it uses goes.
};

PacketText question() {
  return {.destinationMac = test::macOf(1),
          .sourceMac = test::macOf(2),
          .source = kGuest,
          .destination = kMetadataV4,
          .sourcePort = 40'000,
          .destinationPort = 80,
          .payload = test::pattern(100)};
}

PacketText answer(std::uint32_t number) {
  return {.source = kMetadataV4,
          .destination = IpAddress::v4(kPeersV4.v4Number() | number),
          .sourcePort = 80,
          .destinationPort = 40'000,
          .payload = test::pattern(200)};
}

} // namespace

TEST_CASE("a segment goes into the namespace, and its answer to the interface it came from") {
  Rig rig;
  REQUIRE(rig.ask(6, question()));

  const Bytes packet = rig.takePacket();
  CHECK(packet.size() == 20 + 20 + 100);
  CHECK(IpAddress::readV4(packet, 12) == IpAddress::v4(100, 64, 24, 0));

  rig.put(test::makeFrame(answer(6U << 10U)));
  const auto [interface, frame] = rig.takeAnswer();
  CHECK(interface == 6);
  CHECK(test::wrongIn(frame) == "");
  CHECK(IpAddress::readV4(frame, 14 + 16) == kGuest);
}

TEST_CASE("many segments go in order, and what is for nobody is dropped") {
  Rig rig;
  PacketText text = question();
  for (std::uint32_t number = 0; number < 60; ++number) {
    text.tcpSequence = number;
    REQUIRE(rig.ask(1, text));
  }
  for (std::uint32_t number = 0; number < 60; ++number) {
    CHECK(std::to_integer<std::uint32_t>(rig.takePacket()[20 + 7]) == number);
  }

  rig.put(test::makeFrame(answer(2U << 10U))); // Who never asked.
  rig.put(test::makeFrame(answer(1U << 10U)));
  CHECK(rig.takeAnswer().first == 1);
}

TEST_CASE("an interface that was forgotten gets nothing more") {
  Rig rig;
  REQUIRE(rig.ask(3, question()));
  REQUIRE(rig.ask(4, question()));
  [[maybe_unused]] const Bytes first = rig.takePacket();
  [[maybe_unused]] const Bytes second = rig.takePacket();

  rig.forget(3);
  rig.put(test::makeFrame(answer(3U << 10U)));
  rig.put(test::makeFrame(answer(4U << 10U)));

  CHECK(rig.takeAnswer().first == 4);
}

} // namespace argon::network
