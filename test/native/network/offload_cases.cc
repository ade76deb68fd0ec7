// SPDX-License-Identifier: Apache-2.0

// What drivers say of their frames, true and false, in all combinations: types and sizes of
// segments, lengths of headers, places of checksums, kinds and lengths of frames, cut into
// descriptors anywhere. What is refused is refused for a reason, and what is not crosses right.

#include "network/config.h"
#include "network/crossing.h"
#include "network/frames.h"
#include "network/vnet_header.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using test::Bytes;
using test::Crossed;
using test::FrameKind;
using virtio::FeatureSet;

constexpr FeatureSet kNoOffloads;

// Of each kind: Ethernet and IP as they most often are, then with all that may stand between.
constexpr unsigned kKindCount = 7;

Bytes frameOf(unsigned kind, std::size_t payloadBytes) {
  test::PacketText text{.payload = test::pattern(payloadBytes)};
  if (kind % 2 == 1) {
    text.source = test::v6Of(0xfd00, 4);
    text.destination = test::v6Of(0xfd00, 5);
  }
  switch (kind / 2) {
  case 0:
    break;
  case 1:
    text.tcpOptionBytes = 12;
    text.ipOptionBytes = kind % 2 == 0 ? 8 : 0;
    break;
  case 2:
    text.protocol = 17;
    break;
  default:
    return Bytes(text.payload);
  }
  return test::makeFrame(text);
}

std::size_t transportOf(const Bytes& frame) {
  if (frame.size() < 15) return 14;
  const bool isV6 = frame[12] == std::byte{0x86};
  return isV6 ? 54 : 14 + (std::to_integer<std::size_t>(frame[14]) & 0xf) * 4;
}

template <std::size_t Count>
std::uint16_t pickOf(test::Random& random, const std::array<std::size_t, Count>& values) {
  return static_cast<std::uint16_t>(values[random.below(Count)]);
}

net::Header headerFrom(test::Random& random, const Bytes& frame) {
  const std::size_t transport = transportOf(frame);
  const std::size_t length = frame.size();
  net::Header header{};
  header.flags =
      static_cast<std::uint8_t>(random.chance(90) ? net::hdr::F_NEEDS_CSUM : random.below(256));
  header.gso_type = static_cast<std::uint8_t>(
      pickOf(random, std::array<std::size_t, 10>{0, 1, 1, 1, 3, 4, 4, 4, 0x81, 0xff}));
  header.gso_size =
      pickOf(random, std::array<std::size_t, 10>{0, 1, 47, 48, 49, 536, 1448, 8961, 8962, 65'535});
  header.hdr_len = pickOf(random, std::array<std::size_t, 5>{0, 1, transport + 20, length, 65'535});
  header.csum_start = pickOf(
      random, std::array<std::size_t, 12>{transport, transport, transport, transport, transport, 0,
                                          13, 14, transport + 1, length - 2, length, 65'535});
  header.csum_offset =
      pickOf(random, std::array<std::size_t, 9>{16, 16, 16, 16, 6, 0, 17, 65'534, 65'535});
  return header;
}

FeatureSet someOf(test::Random& random, const std::array<unsigned, 3>& features) {
  FeatureSet set;
  for (const unsigned feature : features) {
    set = random.chance(80) ? set.with(feature) : set;
  }
  return set;
}

} // namespace

TEST_CASE("whatever a driver says of a frame, what crosses is what it may and must be") {
  std::array<std::uint64_t, static_cast<std::size_t>(HeaderFault::NotTcp) + 1> faultCounts{};
  std::uint64_t wholeCount = 0;
  std::uint64_t segmentedCount = 0;
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < test::rounds(20'000); ++round) {
      CAPTURE(round);
      constexpr std::array<std::size_t, 12> kLengths = {14,  15,   20,   60,     100,    250,
                                                        257, 1500, 9001, 20'000, 65'480, 65'600};
      // The long ones are slow.
      const std::size_t length = kLengths[random.below(random.chance(5) ? kLengths.size() : 9)];
      const Bytes frame = frameOf(static_cast<unsigned>(random.below(kKindCount)), length);
      const std::array<std::size_t, 2> cuts = {random.between(1, 300), random.between(1, 3000)};

      const Crossed crossed = test::cross(
          {.header = headerFrom(random, frame),
           .frame = frame,
           .cuts = std::span(cuts).first(random.below(3)),
           .sender = someOf(random, {net::F_CSUM, net::F_HOST_TSO4, net::F_HOST_TSO6}),
           .receiver = someOf(random, {net::F_GUEST_CSUM, net::F_GUEST_TSO4, net::F_GUEST_TSO6})});

      REQUIRE(crossed.wrong == std::string());
      ++faultCounts[static_cast<std::size_t>(crossed.fault)];
      wholeCount += crossed.isWhole ? 1 : 0;
      segmentedCount += crossed.partCount > 1 ? 1 : 0;
    }
  }
  // All of it was tried.
  for (std::size_t fault = 0; fault < faultCounts.size(); ++fault) {
    CAPTURE(headerFaultName(static_cast<HeaderFault>(fault)));
    CHECK((faultCounts[fault] > 0) == (static_cast<HeaderFault>(fault) != HeaderFault::TooShort));
  }
  CHECK(wholeCount > 0);
  CHECK(segmentedCount > 0);
}

TEST_CASE("what is true is believed, wherever its descriptors are cut") {
  for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6}) {
    const Bytes frame = test::makePartialTcp(kind, 3000);
    for (std::size_t first = 1; first <= 80; ++first) {
      for (const std::size_t second : {1U, 2U, 7U, 4000U}) {
        CAPTURE(first);
        CAPTURE(second);
        const std::array<std::size_t, 3> cuts = {first, second, 4000};

        const Crossed crossed = test::cross({.header = test::tcpHeader(kind, 1000),
                                             .frame = frame,
                                             .cuts = cuts,
                                             .sender = kOfferedFeatures,
                                             .receiver = kNoOffloads});

        CHECK(crossed.wrong == std::string());
        CHECK(crossed.fault == HeaderFault::None);
        CHECK(crossed.partCount == 3);
      }
    }
  }
}

TEST_CASE("a length of headers is not believed, whatever it is") {
  const Bytes frame = test::makePartialTcp(FrameKind::Tcp4, 3000);
  for (const std::uint16_t length : {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{53},
                                     std::uint16_t{54}, std::uint16_t{55}, std::uint16_t{65'535}}) {
    CAPTURE(length);
    net::Header header = test::tcpHeader(FrameKind::Tcp4, 1000);
    header.hdr_len = length;

    const Crossed crossed = test::cross(
        {.header = header, .frame = frame, .sender = kOfferedFeatures, .receiver = kNoOffloads});

    CHECK(crossed.wrong == std::string());
    CHECK(crossed.partCount == 3);
  }
}

} // namespace argon::network
