// SPDX-License-Identifier: Apache-2.0
#include "packet/answers.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "packet/wire.h"
#include "support/packet_maker.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace argon::packet {

namespace {

using test::Bytes;
using test::PacketText;

const MacAddress kGuest = test::macOf(1);
const MacAddress kRouter = test::macOf(2);
const IpAddress kGuestV6 = test::v6Of(0xFE80'0000'0000'0000, 1);
const IpAddress kRouterV6 = test::v6Of(0xFE80'0000'0000'0000, 2);

// A message of neighbor discovery with its body, from the guest.
PacketText discovery(std::uint8_t type, IpAddress source, const Bytes& body) {
  return {.destinationMac = test::macOf(9),
          .sourceMac = kGuest,
          .source = source,
          .destination = test::v6Of(0xFF02'0000'0000'0000, 2),
          .protocol = 58,
          .hopLimit = 255,
          .icmpType = type,
          .payload = body};
}

Bytes addressBytes(IpAddress address) {
  Bytes bytes(16);
  address.writeV6(bytes, 0);
  return bytes;
}

// The frame that `write` makes, held to be right, and what it says.
struct Made {
  Bytes bytes;
  Headers headers;
};
template <typename Write>
Made made(std::size_t room, const Write& write) {
  // What an earlier answer has left there must not show.
  Bytes out(room, std::byte{0xAA});
  out.resize(write(std::span(out)));
  CHECK(test::wrongIn(out) == "");
  const test::OwnedFrame owned(out);
  return {.bytes = out, .headers = parse(owned.frame())};
}

} // namespace

TEST_CASE("an ARP reply says who has the address that was asked for") {
  const test::OwnedFrame request(test::makeArp({.sourceMac = kGuest,
                                                .senderMac = kGuest,
                                                .sender = IpAddress::v4(10, 0, 0, 9),
                                                .target = IpAddress::v4(10, 0, 0, 1)}));
  const Headers asked = parse(request.frame());
  const Made reply = made(kAnswerBytesMax, [&](std::span<std::byte> out) {
    return writeArpReply(asked, kRouter, out);
  });

  CHECK(reply.headers.arpOperation == 2);
  CHECK(reply.headers.destinationMac == kGuest);
  CHECK(reply.headers.sourceMac == kRouter);
  CHECK(reply.headers.arpSenderMac == kRouter);
  CHECK(reply.headers.tuple.source == IpAddress::v4(10, 0, 0, 1));
  CHECK(reply.headers.tuple.destination == IpAddress::v4(10, 0, 0, 9));
  CHECK(MacAddress::read(reply.bytes, 32) == kGuest);
}

TEST_CASE("a neighbor advertisement answers who asked, or all if nobody can be told") {
  for (const bool isAnonymous : {false, true}) {
    const test::OwnedFrame request(test::makeFrame(
        discovery(135, isAnonymous ? IpAddress{} : kGuestV6, addressBytes(kRouterV6))));
    const Headers asked = parse(request.frame());
    const std::optional<IpAddress> target = solicitedTarget(request.frame(), asked);
    REQUIRE(target == kRouterV6);
    const Made answer = made(kAnswerBytesMax, [&](std::span<std::byte> out) {
      return writeNeighborAdvertisement(asked, *target, kRouter, true, out);
    });

    CHECK(answer.headers.icmpType == 136);
    CHECK(answer.headers.hopLimit == 255);
    CHECK(answer.headers.tuple.source == kRouterV6);
    CHECK(answer.headers.tuple.destination ==
          (isAnonymous ? test::v6Of(0xFF02'0000'0000'0000, 1) : kGuestV6));
    CHECK(answer.headers.destinationMac.isGroup() == isAnonymous);
    // Router and override; solicited only if it was said who solicits.
    CHECK(answer.bytes[58] == (isAnonymous ? std::byte{0xA0} : std::byte{0xE0}));
    CHECK(IpAddress::readV6(answer.bytes, 62) == kRouterV6);
    CHECK(answer.bytes[78] == std::byte{2});
    CHECK(MacAddress::read(answer.bytes, 80) == kRouter);
  }
}

TEST_CASE("a solicitation that was passed on, or is none, has no target") {
  PacketText text = discovery(135, kGuestV6, addressBytes(kRouterV6));
  const auto targetOf = [](const PacketText& from) {
    const test::OwnedFrame owned(test::makeFrame(from));
    return solicitedTarget(owned.frame(), parse(owned.frame()));
  };

  CHECK(targetOf(text) == kRouterV6);
  text.hopLimit = 254;
  CHECK(!targetOf(text));
  text.hopLimit = 255;
  text.payload.resize(15);
  CHECK(!targetOf(text));
  text.payload = addressBytes(test::v6Of(0xFF02'0000'0000'0000, 1));
  CHECK(!targetOf(text));
}

TEST_CASE("a router advertisement sends hosts to DHCPv6") {
  const test::OwnedFrame request(test::makeFrame(discovery(133, kGuestV6, {})));
  const Headers asked = parse(request.frame());
  const Made answer = made(kAnswerBytesMax, [&](std::span<std::byte> out) {
    return writeRouterAdvertisement(
        asked, {.mac = kRouter, .linkLocal = kRouterV6, .mtuBytes = 9001, .lifetimeSeconds = 1800},
        out);
  });

  CHECK(answer.headers.icmpType == 134);
  CHECK(answer.headers.tuple.source == kRouterV6);
  CHECK(answer.headers.tuple.destination == kGuestV6);
  CHECK(readU8(answer.bytes, 59) == 0xC0);
  CHECK(readBe16(answer.bytes, 60) == 1800);
  CHECK(readBe64(answer.bytes, 62) == 0);
  CHECK(readBe16(answer.bytes, 70) == 0x0101);
  CHECK(MacAddress::read(answer.bytes, 72) == kRouter);
  CHECK(readBe32(answer.bytes, 78) == 0x05010000);
  CHECK(readBe32(answer.bytes, 82) == 9001);
}

TEST_CASE("a ping is answered with its own payload") {
  for (const bool isV4 : {true, false}) {
    for (const std::size_t size : {0U, 1U, 56U, 1001U, 8900U}) {
      PacketText text{.destinationMac = kRouter, .sourceMac = kGuest, .protocol = 1};
      if (!isV4) {
        text.source = kGuestV6;
        text.destination = kRouterV6;
        text.protocol = 58;
        text.icmpType = 128;
      }
      text.payload = test::pattern(size);
      text.ipOptionBytes = isV4 ? 8 : 0;
      const test::OwnedFrame request(test::makeFrame(text), 100);
      const Headers asked = parse(request.frame());
      const Made reply = made(9100, [&](std::span<std::byte> out) {
        const auto bytes = writeEchoReply(request.frame(), asked, out);
        REQUIRE(bytes.has_value());
        return *bytes;
      });

      CHECK(reply.headers.destinationMac == kGuest);
      CHECK(reply.headers.sourceMac == kRouter);
      CHECK(reply.headers.tuple.source == text.destination);
      CHECK(reply.headers.tuple.destination == text.source);
      CHECK(reply.headers.icmpType == (isV4 ? 0 : 129));
      CHECK(reply.headers.tuple.sourcePort == 7);
      CHECK(std::equal(text.payload.begin(), text.payload.end(),
                       reply.bytes.begin() + reply.headers.payloadOffset, reply.bytes.end()));
    }
  }
}

TEST_CASE("a ping that is damaged, a fragment or too long has no answer") {
  Bytes out(1000);
  const auto isAnswered = [&](const Bytes& bytes) {
    const test::OwnedFrame owned(bytes);
    return writeEchoReply(owned.frame(), parse(owned.frame()), out).has_value();
  };
  PacketText text{.protocol = 1, .payload = test::pattern(64)};
  Bytes damaged = test::makeFrame(text);
  CHECK(isAnswered(damaged));
  damaged.back() ^= std::byte{1};
  CHECK(!isAnswered(damaged));
  text.hasMoreFragments = true;
  CHECK(!isAnswered(test::makeFrame(text)));
  text.hasMoreFragments = false;
  text.payload = test::pattern(958);
  CHECK(isAnswered(test::makeFrame(text)));
  text.payload = test::pattern(959);
  CHECK(!isAnswered(test::makeFrame(text)));
}

TEST_CASE("a packet that is too big is told of with its beginning, and the size that passes") {
  for (const bool isV4 : {true, false}) {
    PacketText text{.destinationMac = kRouter, .sourceMac = kGuest, .isKeptWhole = true};
    if (!isV4) {
      text.source = kGuestV6;
      text.destination = test::v6Of(0xFD00'0000'0000'0000, 2);
    }
    text.payload = test::pattern(9000);
    // Most of what is quoted is not in the private copy.
    const test::OwnedFrame sent(test::makeFrame(text), 100);
    const Headers headers = parse(sent.frame());
    const IpAddress router = isV4 ? IpAddress::v4(10, 0, 0, 1) : kRouterV6;
    const Made told = made(kTooBigBytesMax, [&](std::span<std::byte> out) {
      const auto bytes = writeTooBig(sent.frame(), headers,
                                     {.mac = kRouter, .router = router, .mtuBytes = 9001}, out);
      REQUIRE(bytes.has_value());
      return *bytes;
    });

    CHECK(told.headers.destinationMac == kGuest);
    CHECK(told.headers.sourceMac == kRouter);
    CHECK(told.headers.tuple.source == router);
    CHECK(told.headers.tuple.destination == text.source);
    CHECK(told.headers.icmp == Headers::Icmp::Error);
    CHECK(told.headers.icmpType == (isV4 ? 3 : 2));
    CHECK(told.headers.icmpCode == (isV4 ? 4 : 0));
    CHECK(readBe32(told.bytes, told.headers.transportOffset + std::size_t{4}) == 9001);
    CHECK(told.bytes.size() == 14U + (isV4 ? 576 : 1280));
    const Bytes frame = test::makeFrame(text);
    const std::size_t quote = told.headers.transportOffset + std::size_t{8};
    CHECK(std::equal(told.bytes.begin() + static_cast<std::ptrdiff_t>(quote), told.bytes.end(),
                     frame.begin() + 14));
    CHECK(told.headers.inner == headers.tuple);
  }
}

// RFC 1122, 3.2.2, and RFC 1191, 4.
TEST_CASE("of what may be cut, of errors, of later fragments and to nobody nothing is told") {
  Bytes out(kTooBigBytesMax);
  const auto isTold = [&out](const PacketText& text) {
    const test::OwnedFrame owned(test::makeFrame(text));
    return writeTooBig(owned.frame(), parse(owned.frame()), {}, out).has_value();
  };
  const PacketText good{.protocol = 17, .isKeptWhole = true, .payload = test::pattern(64)};
  CHECK(isTold(good));
  const auto with = [&good](auto spoil) {
    PacketText text = good;
    spoil(text);
    return text;
  };

  CHECK(!isTold(with([](PacketText& text) { text.isKeptWhole = false; })));
  CHECK(!isTold(with([](PacketText& text) { text.fragmentOffset = 8; })));
  CHECK(!isTold(with([](PacketText& text) { text.source = IpAddress::v4(0); })));
  CHECK(!isTold(with([](PacketText& text) { text.source = IpAddress::v4(224, 0, 0, 1); })));
  CHECK(!isTold(with([](PacketText& text) {
    text.protocol = 1;
    text.icmpType = 3;
  })));
  CHECK(isTold(with([](PacketText& text) { text.protocol = 1; })));
  CHECK(isTold(with([](PacketText& text) { text.hasMoreFragments = true; })));
}

} // namespace argon::packet
