// SPDX-License-Identifier: Apache-2.0
#include "packet/probe.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>

namespace argon::packet {

namespace {

Headers parsed(const Tuple& tuple, std::uint8_t tcpFlags = 0) {
  test::Bytes bytes(kProbeBytesMax, std::byte{0xAA});
  bytes.resize(writeProbe({.destinationMac = test::macOf(1),
                           .sourceMac = test::macOf(2),
                           .tuple = tuple,
                           .tcpFlags = tcpFlags},
                          bytes));
  return parse(test::OwnedFrame(bytes).frame());
}

} // namespace

TEST_CASE("a probe is the packet of its tuple, for each protocol and family") {
  const IpAddress v4 = IpAddress::v4(10, 0, 0, 1);
  const IpAddress v6 = test::v6Of(0xFD00'0001'0000'0000, 7);
  for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}, std::uint8_t{132}}) {
    const auto port = static_cast<std::uint16_t>(protocol == 132 ? 0 : 443);
    for (const IpAddress source : {v4, v6}) {
      const IpAddress destination =
          source.isV4() ? IpAddress::v4(10, 0, 0, 2) : test::v6Of(source.high, 8);
      const Tuple tuple{.source = source,
                        .destination = destination,
                        .sourcePort = port,
                        .destinationPort = port,
                        .protocol = protocol};
      CAPTURE(protocol);
      const Headers headers = parsed(tuple, 0x12);
      CHECK(headers.fault == ParseFault::None);
      CHECK(headers.tuple == tuple);
      CHECK(headers.tcpFlags == (protocol == 6 ? 0x12 : 0));
      CHECK(headers.sourceMac == test::macOf(2));
      CHECK(headers.destinationMac == test::macOf(1));
    }
  }
}

TEST_CASE("of ICMP a probe is a request to echo, with right checksums") {
  const auto wrongWith = [](IpAddress source, IpAddress destination, std::uint8_t protocol) {
    test::Bytes bytes(kProbeBytesMax);
    const Tuple tuple{
        .source = source, .destination = destination, .sourcePort = 7, .protocol = protocol};
    bytes.resize(writeProbe({.tuple = tuple}, bytes));
    const Headers headers = parse(test::OwnedFrame(bytes).frame());
    CHECK(headers.icmp == Headers::Icmp::Query);
    CHECK(headers.tuple.sourcePort == 7);
    return test::wrongIn(bytes);
  };

  CHECK(wrongWith(IpAddress::v4(10, 0, 0, 1), IpAddress::v4(10, 0, 0, 2), 1).empty());
  CHECK(wrongWith(test::v6Of(1, 2), test::v6Of(3, 4), 58).empty());
}

} // namespace argon::packet
