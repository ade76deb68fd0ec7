// SPDX-License-Identifier: Apache-2.0

// Every set of offloads that a driver can agree to, at either end of a cable: what one may send the
// other gets, whole or in parts, with nothing in it that it did not agree to hear.

#include "base/result.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "network/frames.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
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
  if (!features.has(net::F_CSUM)) {
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

} // namespace argon::network
