// SPDX-License-Identifier: Apache-2.0
#include "packet/headers.h"

#include "packet/address.h"
#include "packet/frame.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

namespace argon::packet {

namespace {

using test::Bytes;
using test::OwnedFrame;
using test::PacketText;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmpV6 = 58;

ParseFault faultOf(const Bytes& bytes, Offload offload = {}) {
  OwnedFrame owned(bytes);
  owned.offload = offload;
  return parse(owned.frame()).fault;
}

Headers headersOf(const Bytes& bytes) {
  const OwnedFrame owned(bytes);
  return parse(owned.frame());
}

PacketText v6Text() {
  return {.source = test::v6Of(0xFD00'0000'0000'0001, 1),
          .destination = test::v6Of(0xFD00'0000'0000'0001, 2)};
}

// The frame with bytes from `offset` on changed, and IPv4's checksum made right again.
Bytes edited(Bytes bytes, std::size_t offset, std::initializer_list<unsigned> numbers) {
  const Bytes patch = test::bytesOf(numbers);
  std::copy(patch.begin(), patch.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  if (bytes[12] == std::byte{0x08} && bytes[13] == std::byte{0x00} && offset != 24) {
    const std::size_t size =
        std::min(bytes.size() - 14, (std::to_integer<std::size_t>(bytes[14]) & 0xFU) * 4);
    bytes[24] = bytes[25] = std::byte{0};
    const std::uint16_t sum = test::slowChecksum(std::span(bytes).subspan(14, size));
    bytes[24] = static_cast<std::byte>(sum >> 8U);
    bytes[25] = static_cast<std::byte>(sum & 0xFFU);
  }
  return bytes;
}

PacketText randomText(test::Random& random) {
  PacketText text = random.chance(50) ? PacketText{} : v6Text();
  const bool isV4 = text.source.isV4();
  text.destinationMac = test::macOf(static_cast<std::uint8_t>(random.below(256)));
  text.sourceMac = test::macOf(static_cast<std::uint8_t>(random.below(256)));
  text.protocol =
      std::array<std::uint8_t, 5>{kTcp, kUdp, isV4 ? kIcmp : kIcmpV6, 47, 132}[random.below(5)];
  text.sourcePort = static_cast<std::uint16_t>(random.next());
  text.destinationPort = static_cast<std::uint16_t>(random.next());
  text.tcpFlags = static_cast<std::uint8_t>(random.next());
  text.icmpType = std::array<std::uint8_t, 3>{8, 129, 200}[random.below(3)];
  text.icmpId = static_cast<std::uint16_t>(random.next());
  text.hopLimit = static_cast<std::uint8_t>(random.next());
  text.ipOptionBytes = random.below(11) * 4;
  text.tcpOptionBytes = random.below(11) * 4;
  text.extensionCount = static_cast<unsigned>(random.below(5));
  text.payload = random.bytes(random.chance(80) ? random.below(300) : random.below(9000));
  text.paddingBytes = random.chance(50) ? 0 : random.below(100);
  if (random.chance(30)) {
    text.fragmentId = static_cast<std::uint16_t>(random.next());
    text.fragmentOffset = random.chance(50) ? 0 : random.between(3, 100) * 8;
    text.hasMoreFragments = true;
    text.payload.resize(text.payload.size() / 8 * 8 + 8);
    // What follows the IP header is a multiple of 8 with TCP's options as they are.
    text.tcpOptionBytes = 4;
  }
  return text;
}

void checkAgainst(const PacketText& text, const Headers& headers) {
  const bool isV4 = text.source.isV4();
  const bool isFragment = text.fragmentOffset != 0 || text.hasMoreFragments;
  const bool hasTransport = text.fragmentOffset == 0;
  const std::size_t ipBytes =
      isV4 ? 20 + text.ipOptionBytes : 40 + 8 * (text.extensionCount + (isFragment ? 1U : 0U));
  REQUIRE(headers.fault == ParseFault::None);
  CHECK(headers.network == (isV4 ? Headers::Network::Ipv4 : Headers::Network::Ipv6));
  CHECK(headers.destinationMac == text.destinationMac);
  CHECK(headers.sourceMac == text.sourceMac);
  CHECK(headers.tuple.source == text.source);
  CHECK(headers.tuple.destination == text.destination);
  CHECK(headers.tuple.protocol == text.protocol);
  CHECK(headers.hopLimit == text.hopLimit);
  CHECK(headers.isFragment == isFragment);
  CHECK(headers.isFirstFragment == (isFragment && hasTransport));
  CHECK(headers.transportOffset == 14 + ipBytes);
  if (isFragment) {
    CHECK(headers.fragmentId == text.fragmentId);
  }
  std::size_t transportBytes = 0;
  if (hasTransport && (text.protocol == kTcp || text.protocol == kUdp)) {
    transportBytes = text.protocol == kTcp ? 20 + text.tcpOptionBytes : 8;
    CHECK(headers.tuple.sourcePort == text.sourcePort);
    CHECK(headers.tuple.destinationPort == text.destinationPort);
    CHECK(headers.tcpFlags == (text.protocol == kTcp ? text.tcpFlags : 0));
  } else if (hasTransport && text.protocol == (isV4 ? kIcmp : kIcmpV6)) {
    transportBytes = 8;
    const bool isQuery = text.icmpType == (isV4 ? 8 : 129);
    CHECK(headers.icmpType == text.icmpType);
    CHECK(headers.icmp == (isQuery ? Headers::Icmp::Query : Headers::Icmp::Other));
    CHECK(headers.tuple.sourcePort == (isQuery ? text.icmpId : 0));
  } else {
    CHECK(headers.tuple.sourcePort == 0);
    CHECK(headers.tuple.destinationPort == 0);
  }
  CHECK(headers.payloadOffset == headers.transportOffset + transportBytes);
  CHECK(headers.endBytes == headers.payloadOffset + text.payload.size());
}

} // namespace

TEST_CASE("every parse fault has a name of its own") {
  std::set<std::string> names;
  for (std::size_t fault = 0; fault < kParseFaultCount; ++fault) {
    names.emplace(parseFaultName(static_cast<ParseFault>(fault)));
  }
  CHECK(names.size() == kParseFaultCount);
  CHECK(parseFaultName(ParseFault::SegmentationMismatch) == "segmentation-mismatch");
}

TEST_CASE("headers of random packets are what the packets were made of") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(2000); ++round) {
      const PacketText text = randomText(random);
      CAPTURE(seed);
      CAPTURE(round);
      checkAgainst(text, headersOf(test::makeFrame(text)));
    }
  }
}

TEST_CASE("a frame cut off anywhere in its headers is refused") {
  std::vector<PacketText> texts = {{}, v6Text()};
  texts[1].extensionCount = 3;
  for (PacketText text : texts) {
    for (const std::uint8_t protocol : {kTcp, kUdp, text.source.isV4() ? kIcmp : kIcmpV6}) {
      text.protocol = protocol;
      const Bytes whole = test::makeFrame(text);
      for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(faultOf({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}) !=
              ParseFault::None);
      }
      CHECK(faultOf(whole) == ParseFault::None);
    }
  }
}

TEST_CASE("damaged frames are refused or parsed with offsets in order") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(5000); ++round) {
      Bytes bytes = test::makeFrame(randomText(random));
      for (std::uint64_t count = random.between(1, 4); count > 0; --count) {
        bytes[random.below(std::min<std::size_t>(bytes.size(), 120))] =
            static_cast<std::byte>(random.next());
      }
      bytes.resize(random.chance(70) ? bytes.size() : random.below(bytes.size()));
      const Headers headers = headersOf(bytes);
      if (headers.fault == ParseFault::None) {
        CHECK(headers.transportOffset >= 14);
        CHECK(headers.transportOffset <= headers.payloadOffset);
        CHECK(headers.payloadOffset <= std::min<std::size_t>(headers.endBytes, kHeaderBytesMax));
        CHECK(headers.endBytes <= bytes.size());
      }
    }
  }
}

TEST_CASE("Ethernet frames of other kinds and sizes are refused") {
  const Bytes frame = test::makeFrame({});

  CHECK(faultOf({}) == ParseFault::FrameTooShort);
  CHECK(faultOf(Bytes(13)) == ParseFault::FrameTooShort);
  CHECK(faultOf(edited(frame, 12, {0x81, 0x00})) == ParseFault::Vlan);
  CHECK(faultOf(edited(frame, 12, {0x88, 0xA8})) == ParseFault::Vlan);
  CHECK(faultOf(edited(frame, 12, {0x91, 0x00})) == ParseFault::Vlan);
  CHECK(faultOf(edited(frame, 12, {0x88, 0xCC})) == ParseFault::UnknownEtherType);
  PacketText padded;
  padded.paddingBytes = kFrameBytesMax - frame.size();
  CHECK(faultOf(test::makeFrame(padded)) == ParseFault::None);
  padded.paddingBytes += 1;
  CHECK(faultOf(test::makeFrame(padded)) == ParseFault::FrameTooLong);
}

TEST_CASE("ARP is read if it is of Ethernet and IPv4") {
  const Bytes arp = test::makeArp({.operation = 2,
                                   .sourceMac = test::macOf(3),
                                   .senderMac = test::macOf(4),
                                   .sender = IpAddress::v4(1, 2, 3, 4),
                                   .target = IpAddress::v4(5, 6, 7, 8)});
  const Headers headers = headersOf(arp);

  REQUIRE(headers.fault == ParseFault::None);
  CHECK(headers.network == Headers::Network::Arp);
  CHECK(headers.arpOperation == 2);
  CHECK(headers.sourceMac == test::macOf(3));
  CHECK(headers.arpSenderMac == test::macOf(4));
  CHECK(headers.tuple.source == IpAddress::v4(1, 2, 3, 4));
  CHECK(headers.tuple.destination == IpAddress::v4(5, 6, 7, 8));
  for (const std::size_t offset : {14U, 16U, 18U, 19U, 20U}) {
    CAPTURE(offset);
    CHECK(faultOf(edited(arp, offset, {0x55})) == ParseFault::ArpMalformed);
  }
  CHECK(faultOf({arp.begin(), arp.end() - 1}) == ParseFault::ArpMalformed);
}

TEST_CASE("lies of an IPv4 header are refused") {
  const Bytes frame = test::makeFrame({});

  CHECK(faultOf(edited(frame, 14, {0x55})) == ParseFault::Ipv4Version);
  CHECK(faultOf(edited(frame, 14, {0x44})) == ParseFault::Ipv4HeaderLength);
  CHECK(faultOf(edited(frame, 16, {0, 19})) == ParseFault::Ipv4TotalLength);
  CHECK(faultOf(edited(frame, 16, {0, 41})) == ParseFault::Ipv4TotalLength);
  CHECK(faultOf(edited(frame, 16, {0xFF, 0xFF})) == ParseFault::Ipv4TotalLength);
  CHECK(faultOf(edited(frame, 16, {0, 39})) == ParseFault::TransportCutOff);
  CHECK(faultOf(edited(frame, 24, {0x12, 0x34})) == ParseFault::Ipv4Checksum);
}

TEST_CASE("lies of an IPv6 header are refused") {
  const Bytes frame = test::makeFrame(v6Text());

  CHECK(faultOf(edited(frame, 14, {0x40})) == ParseFault::Ipv6Version);
  CHECK(faultOf(edited(frame, 18, {0, 21})) == ParseFault::Ipv6PayloadLength);
  CHECK(faultOf(edited(frame, 18, {0, 19})) == ParseFault::TransportCutOff);
  const Bytes mapped = edited(frame, 22, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1});
  CHECK(faultOf(mapped) == ParseFault::MappedAddress);
}

TEST_CASE("IPv6 extension headers are bounded and in order") {
  PacketText text = v6Text();
  text.extensionCount = kIpv6ExtensionCountMax;
  const Bytes frame = test::makeFrame(text);

  CHECK(faultOf(frame) == ParseFault::None);
  text.extensionCount += 1;
  CHECK(faultOf(test::makeFrame(text)) == ParseFault::Ipv6ExtensionLimit);
  CHECK(faultOf(edited(frame, 20, {0})) == ParseFault::None);
  CHECK(faultOf(edited(frame, 54, {0})) == ParseFault::Ipv6Extension);
  CHECK(faultOf(edited(frame, 55, {200})) == ParseFault::Ipv6Extension);
  // A routing header; its byte of segments left is 4 with what the options have there.
  CHECK(faultOf(edited(frame, 20, {43})) == ParseFault::Ipv6RoutingHeader);
  const Bytes routed = edited(edited(frame, 20, {43}), 57, {0});
  CHECK(faultOf(routed) == ParseFault::None);
  // Two fragment headers.
  CHECK(faultOf(edited(edited(edited(frame, 20, {44}), 54, {44}), 56, {0, 0})) ==
        ParseFault::Ipv6Extension);
}

TEST_CASE("headers that reach beyond the copy are refused") {
  PacketText text = v6Text();
  text.extensionCount = 1;
  text.payload = test::pattern(1000);
  const Bytes frame = test::makeFrame(text);

  // 14 + 40 + 8 * 22 + 20 bytes of headers are 250.
  CHECK(faultOf(edited(frame, 55, {21})) != ParseFault::HeadersBeyondCopy);
  CHECK(faultOf(edited(frame, 55, {25})) == ParseFault::HeadersBeyondCopy);
}

TEST_CASE("lies of fragments are refused") {
  PacketText text;
  text.protocol = kUdp;
  text.payload = test::pattern(64);
  text.hasMoreFragments = true;
  text.fragmentOffset = 800;

  CHECK(faultOf(test::makeFrame(text)) == ParseFault::None);
  text.payload = test::pattern(63);
  CHECK(faultOf(test::makeFrame(text)) == ParseFault::Fragment);
  text.hasMoreFragments = false;
  CHECK(faultOf(test::makeFrame(text)) == ParseFault::None);
  text.fragmentOffset = 65'528;
  text.payload = test::pattern(7);
  CHECK(faultOf(test::makeFrame(text)) == ParseFault::None);
  text.payload = test::pattern(8);
  CHECK(faultOf(test::makeFrame(text)) == ParseFault::Fragment);
}

TEST_CASE("a later fragment does not overlap the TCP header of the first") {
  PacketText text;
  text.hasMoreFragments = true;
  text.payload = test::pattern(8);
  for (const std::size_t offset : {8U, 16U, 24U}) {
    CAPTURE(offset);
    text.fragmentOffset = offset;
    CHECK((faultOf(test::makeFrame(text)) == ParseFault::Fragment) == (offset < 24));
  }
}

TEST_CASE("a first fragment holds its whole transport header") {
  PacketText text;
  text.protocol = 200;
  text.hasMoreFragments = true;
  text.payload = test::pattern(16);
  const Bytes tiny = test::makeFrame(text);

  CHECK(faultOf(edited(tiny, 23, {kTcp})) == ParseFault::TransportCutOff);
}

TEST_CASE("lies of transport headers are refused") {
  const Bytes tcp = test::makeFrame({});
  CHECK(faultOf(edited(tcp, 46, {0x40})) == ParseFault::TcpDataOffset);
  CHECK(faultOf(edited(tcp, 46, {0x60})) == ParseFault::TcpDataOffset);

  PacketText text;
  text.protocol = kUdp;
  const Bytes udp = test::makeFrame(text);
  CHECK(faultOf(edited(udp, 38, {0, 7})) == ParseFault::UdpLength);
  CHECK(faultOf(edited(udp, 38, {0, 9})) == ParseFault::UdpLength);
}

TEST_CASE("an ICMP error shows the packet that it tells of") {
  PacketText sent;
  sent.protocol = kUdp;
  sent.ipOptionBytes = 8;
  PacketText error;
  error.protocol = kIcmp;
  error.icmpType = 3;
  error.icmpCode = 4;
  error.payload = test::withoutEthernet(test::makeFrame(sent));
  const Headers headers = headersOf(test::makeFrame(error));

  CHECK(headers.icmp == Headers::Icmp::Error);
  REQUIRE(headers.hasInner);
  CHECK(headers.inner == Tuple{.source = sent.source,
                               .destination = sent.destination,
                               .sourcePort = 1024,
                               .destinationPort = 80,
                               .protocol = kUdp});
  error.payload.resize(35);
  CHECK(headersOf(test::makeFrame(error)).fault == ParseFault::None);
  CHECK(!headersOf(test::makeFrame(error)).hasInner);
}

TEST_CASE("an ICMPv6 error shows the echo request that it tells of") {
  PacketText sent = v6Text();
  sent.protocol = kIcmpV6;
  sent.icmpType = 128;
  PacketText error = v6Text();
  error.protocol = kIcmpV6;
  error.icmpType = 2;
  error.payload = test::withoutEthernet(test::makeFrame(sent));
  const Headers headers = headersOf(test::makeFrame(error));

  REQUIRE(headers.hasInner);
  CHECK(headers.inner.sourcePort == 7);
  CHECK(headers.inner.destinationPort == 7);
  CHECK(headers.inner.protocol == kIcmpV6);
}

TEST_CASE("a partial checksum cannot overwrite what was decided on") {
  const Bytes frame = test::makeFrame({.payload = test::pattern(100)});
  const auto faultAt = [&](std::uint16_t start, std::uint16_t offset) {
    return faultOf(
        frame,
        {.checksum = Offload::Checksum::Partial, .checksumStart = start, .checksumOffset = offset});
  };

  CHECK(faultAt(34, 16) == ParseFault::None);
  for (std::uint16_t place = 0; place < 54; ++place) {
    CAPTURE(place);
    CHECK((faultAt(0, place) == ParseFault::None) == (place == 50));
  }
  CHECK(faultAt(0, 54) == ParseFault::None);
  CHECK(faultAt(60, 92) == ParseFault::None);
  CHECK(faultAt(60, 93) == ParseFault::ChecksumMisplaced);
  CHECK(faultOf(test::makeArp({}), {.checksum = Offload::Checksum::Partial}) ==
        ParseFault::ChecksumMisplaced);
}

// It is decided on what the error tells of, which a checksum that is completed later could change.
TEST_CASE("a partial checksum of an ICMP error belongs nowhere") {
  PacketText inner;
  inner.payload = test::pattern(8);
  for (const std::uint8_t type : {std::uint8_t{3}, std::uint8_t{8}}) {
    PacketText text{.protocol = 1, .icmpType = type};
    text.payload = test::withoutEthernet(test::makeFrame(inner));
    const Bytes frame = test::makeFrame(text);
    const bool isError = type == 3;
    for (std::uint16_t place = 34; place < 42 + 47; ++place) {
      CAPTURE(place);
      const bool isTaken = faultOf(frame, {.checksum = Offload::Checksum::Partial,
                                           .checksumStart = place}) == ParseFault::None;
      CHECK(isTaken == (!isError && place >= 42));
    }
  }
}

TEST_CASE("what is to be segmented is TCP of that family") {
  const Offload offload{.checksum = Offload::Checksum::Partial,
                        .segmentation = Offload::Segmentation::Tcp4,
                        .checksumStart = 34,
                        .checksumOffset = 16,
                        .segmentBytes = 1000};
  PacketText text;
  text.payload = test::pattern(3000);
  const Bytes frame = test::makeFrame(text);
  text.protocol = kUdp;
  const Bytes udp = test::makeFrame(text);
  Offload of6 = offload;
  of6.segmentation = Offload::Segmentation::Tcp6;
  Offload elsewhere = offload;
  elsewhere.checksumStart = 30;
  elsewhere.checksumOffset = 20;
  Offload unsummed = offload;
  unsummed.checksum = Offload::Checksum::Complete;

  CHECK(faultOf(frame, offload) == ParseFault::None);
  CHECK(faultOf(frame, of6) == ParseFault::SegmentationMismatch);
  CHECK(faultOf(frame, elsewhere) == ParseFault::SegmentationMismatch);
  CHECK(faultOf(frame, unsummed) == ParseFault::SegmentationMismatch);
  CHECK(faultOf(udp, offload) != ParseFault::None);
}

} // namespace argon::packet
