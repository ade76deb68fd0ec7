// SPDX-License-Identifier: Apache-2.0

// Every set of offloads that a driver can agree to, at either end of a cable: what one may send the
// other gets, whole or in parts, with nothing in it that it did not agree to hear.

#include "base/result.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "network/config.h"
#include "network/frames.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using frontend::NetDriver;
using frontend::Session;
using test::Bytes;
using test::FrameKind;
using test::NetBackend;
using virtio::FeatureSet;

constexpr std::uint16_t kSegmentBytes = 1400;

template <std::size_t Count>
FeatureSet pick(std::uint64_t mask, const std::array<unsigned, Count>& features) {
  FeatureSet picked = FeatureSet().with(virtio::spec::F_VERSION_1);
  for (std::size_t index = 0; index < Count; ++index) {
    picked = (mask >> index & 1U) != 0 ? picked.with(features[index]) : picked;
  }
  return picked;
}

constexpr std::array<unsigned, 4> kSending = {net::F_CSUM, net::F_HOST_TSO4, net::F_HOST_TSO6,
                                              virtio::spec::F_EVENT_IDX};
constexpr std::array<unsigned, 4> kReceiving = {net::F_GUEST_CSUM, net::F_GUEST_TSO4,
                                                net::F_GUEST_TSO6, net::F_MRG_RXBUF};

struct End {
  End(const NetBackend& backend, std::uint32_t index, FeatureSet features) {
    Session::Options options = NetBackend::sessionOptions();
    options.wantedFeatures = features;
    options.ringKind = features.has(virtio::spec::F_RING_PACKED) ? Session::RingKind::Packed
                                                                 : Session::RingKind::Split;
    session = backend.connect(index, options);
    // Large enough for a whole frame, so that drivers that do not merge can have one.
    Result<std::unique_ptr<NetDriver>> made = NetDriver::create(
        *session,
        {.bufferCount = 16, .bufferBytes = features.has(net::F_MRG_RXBUF) ? 2048U : 16'384U});
    REQUIRE_OK(made);
    driver = *std::move(made);
  }

  std::unique_ptr<Session> session;
  std::unique_ptr<NetDriver> driver;
};

// Everything that came of one frame, as one stream; what each part must be is checked.
Bytes receiveStream(End& to, FrameKind kind, std::size_t payloadBytes) {
  const FeatureSet features = to.session->features();
  const std::size_t headerBytes = test::transportStart(kind) + std::size_t{20};
  Bytes stream;
  while (stream.size() < payloadBytes) {
    const Result<NetDriver::Received> received = to.driver->receive();
    REQUIRE_OK(received);
    const net::Header& header = received->header;
    if (header.flags == 0) {
      CHECK(test::wrongIn(received->bytes) == std::string());
    } else {
      CHECK(header.flags == net::hdr::F_NEEDS_CSUM);
      CHECK(features.has(net::F_GUEST_CSUM));
    }
    if (header.gso_type != net::hdr::GSO_NONE) {
      const bool isTcp4 = header.gso_type == net::hdr::GSO_TCPV4;
      CHECK(isTcp4 == (kind == FrameKind::Tcp4));
      CHECK(features.has(isTcp4 ? net::F_GUEST_TSO4 : net::F_GUEST_TSO6));
    } else {
      CHECK(received->bytes.size() <= headerBytes + kSegmentBytes);
    }
    stream.insert(stream.end(), received->bytes.begin() + static_cast<std::ptrdiff_t>(headerBytes),
                  received->bytes.end());
  }
  REQUIRE_OK(to.driver->refill());
  return stream;
}

void checkCrosses(End& from, End& to, FrameKind kind) {
  const FeatureSet features = from.session->features();
  if (!features.has(net::F_CSUM) || kind == FrameKind::Udp4) {
    return;
  }
  const bool canSegment =
      features.has(kind == FrameKind::Tcp4 ? net::F_HOST_TSO4 : net::F_HOST_TSO6);
  for (const std::size_t payloadBytes :
       {std::size_t{100}, std::size_t{kSegmentBytes}, std::size_t{10'000}}) {
    if (payloadBytes > kSegmentBytes && !canSegment) {
      continue;
    }
    CAPTURE(payloadBytes);
    const Bytes frame = test::makePartialTcp(kind, payloadBytes);
    const std::uint16_t segmentBytes = payloadBytes > kSegmentBytes ? kSegmentBytes : 0;
    REQUIRE_OK(from.driver->send({.header = test::tcpHeader(kind, segmentBytes), .bytes = frame}));
    CHECK(receiveStream(to, kind, payloadBytes) == test::pattern(payloadBytes));
  }
}

// Any of the masks that a driver can accept.
FeatureSet maskFrom(test::Random& random) {
  return FeatureSet(kOfferedFeatures.bits() & random.next()).with(virtio::spec::F_VERSION_1);
}

// A frame of the MTU at most with all its checksums, which asks for nothing.
void checkWholeCrosses(End& from, End& to, FrameKind kind) {
  test::PacketText text{.protocol = static_cast<std::uint8_t>(kind == FrameKind::Udp4 ? 17 : 6)};
  if (kind == FrameKind::Tcp6) {
    text.source = test::v6Of(0xfd00, 4);
    text.destination = test::v6Of(0xfd00, 5);
  }
  for (const std::size_t payloadBytes : {std::size_t{0}, std::size_t{1}, std::size_t{8900}}) {
    CAPTURE(payloadBytes);
    text.payload = test::pattern(payloadBytes);
    const Bytes frame = test::makeFrame(text);
    REQUIRE_OK(from.driver->send(
        {.bytes = frame,
         .isIndirect = from.session->features().has(virtio::spec::F_INDIRECT_DESC)}));
    const Result<NetDriver::Received> received = to.driver->receive();
    REQUIRE_OK(received);
    CHECK(received->bytes == frame);
    CHECK(received->header.flags == 0);
    CHECK(received->header.gso_type == net::hdr::GSO_NONE);
    REQUIRE_OK(to.driver->refill());
  }
}

} // namespace

TEST_CASE("whatever two drivers agreed to, each hears what it may and loses nothing") {
  NetBackend backend;
  for (std::uint64_t mask = 0; mask < 16; ++mask) {
    CAPTURE(mask);
    End left(backend, 0, FeatureSet(pick(mask, kSending).bits() | pick(15, kReceiving).bits()));
    for (std::uint64_t otherMask = 0; otherMask < 16; ++otherMask) {
      CAPTURE(otherMask);
      End right(backend, 1,
                FeatureSet(pick(15, kSending).bits() | pick(otherMask, kReceiving).bits()));
      for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6}) {
        checkCrosses(left, right, kind);
        checkCrosses(right, left, kind);
      }
    }
  }
  CHECK(backend.snapshot(0).txMalformed + backend.snapshot(1).txMalformed == 0);
  CHECK(backend.snapshot(0).rxUnfit + backend.snapshot(1).rxUnfit == 0);
}

TEST_CASE("of all masks of features any two drivers can talk, with whatever they have") {
  NetBackend backend;
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < test::rounds(128); ++round) {
      const FeatureSet leftFeatures = maskFrom(random);
      const FeatureSet rightFeatures = maskFrom(random);
      CAPTURE(leftFeatures.bits());
      CAPTURE(rightFeatures.bits());
      End left(backend, 0, leftFeatures);
      End right(backend, 1, rightFeatures);
      for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6, FrameKind::Udp4}) {
        checkWholeCrosses(left, right, kind);
        checkWholeCrosses(right, left, kind);
        checkCrosses(left, right, kind);
        checkCrosses(right, left, kind);
      }
    }
  }
  CHECK(backend.snapshot(0).txMalformed + backend.snapshot(1).txMalformed == 0);
  CHECK(backend.snapshot(0).rxUnfit + backend.snapshot(1).rxUnfit == 0);
  CHECK(backend.snapshot(0).rxOverruns + backend.snapshot(1).rxOverruns == 0);
}

// What was offered once is offered for ever: a front end that finds less when it comes back is lost
// for good.
TEST_CASE("the offered features are these, and no others") {
  constexpr std::uint64_t kModern = 0x5'3000'0000;  // RING_PACKED, VERSION_1, EVENT_IDX, INDIRECT
  constexpr std::uint64_t kVhostUser = 0x4400'0000; // PROTOCOL_FEATURES, LOG_ALL
  constexpr std::uint64_t kNetwork = 0x40'998b;
  for (int round = 0; round < 2; ++round) {
    const NetBackend backend;
    CHECK(backend.connect(0)->offeredFeatures().bits() == (kModern | kVhostUser | kNetwork));
  }
}

} // namespace argon::network
