// SPDX-License-Identifier: Apache-2.0
#include "network/peer_addresses.h"

#include "network/interface.h"
#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::network {

namespace {

using packet::IpAddress;
using test::Bytes;
using test::OwnedFrame;
using test::PacketText;

constexpr IpAddress kGuestV4 = IpAddress::v4(10, 0, 0, 5);
constexpr IpAddress kVpcResolver = IpAddress::v4(10, 0, 0, 2);
const IpAddress kGuestV6 = test::v6Of(0x2001'0DB8'0000'0000, 5);

PacketText question(IpAddress source, IpAddress destination) {
  return {.destinationMac = test::macOf(1),
          .sourceMac = test::macOf(2),
          .source = source,
          .destination = destination,
          .sourcePort = 40'000,
          .destinationPort = 80,
          .payload = test::pattern(301)};
}

packet::Tuple tupleOf(const Bytes& frame) {
  const OwnedFrame owned(frame);
  const packet::Headers headers = packet::parse(owned.frame());
  REQUIRE(headers.fault == packet::ParseFault::None);
  return headers.tuple;
}

// What comes into the namespace, with an Ethernet header before it so that others can judge it.
std::optional<Bytes> enter(PeerAddresses& peers, std::uint32_t interface, Bytes frame) {
  const auto entered = peers.enter(InterfaceIndex(interface), frame);
  if (!entered) {
    return std::nullopt;
  }
  Bytes whole(frame.begin(), frame.begin() + 14);
  whole.insert(whole.end(), entered->begin(), entered->end());
  return whole;
}

// The kernel's answer to what came: ends swapped.
Bytes answerTo(const Bytes& entered, const Bytes& payload) {
  const packet::Tuple tuple = tupleOf(entered);
  return test::makeFrame({.source = tuple.destination,
                          .destination = tuple.source,
                          .sourcePort = tuple.destinationPort,
                          .destinationPort = tuple.sourcePort,
                          .payload = payload});
}

struct Left {
  std::uint32_t interface = 0;
  Bytes frame;
};
std::optional<Left> leave(const PeerAddresses& peers, const Bytes& frame) {
  std::array<std::byte, 2048> out{};
  const auto left = peers.leave(std::span(frame).subspan(14), out);
  if (!left) {
    return std::nullopt;
  }
  return Left{.interface = left->to.get(), .frame = Bytes(left->frame.begin(), left->frame.end())};
}

} // namespace

TEST_CASE("a question enters with a number for its interface, and the answer leaves to it") {
  PeerAddresses peers;
  struct Case {
    IpAddress guest;
    IpAddress service;
    IpAddress there;
  };
  for (const Case& each :
       {Case{kGuestV4, kMetadataV4, kMetadataV4}, Case{kGuestV4, kVpcResolver, kResolverV4},
        Case{kGuestV4, kResolverV4, kResolverV4}, Case{kGuestV6, kMetadataV6, kMetadataV6},
        Case{kGuestV6, kResolverV6, kResolverV6}}) {
    Bytes sent = test::makeFrame(question(each.guest, each.service));
    sent.resize(sent.size() + 3); // Padding stays outside.

    const std::optional<Bytes> entered = enter(peers, 4095, sent);

    REQUIRE(entered.has_value());
    CHECK(test::wrongIn(*entered) == "");
    CHECK(entered->size() == sent.size() - 3);
    const packet::Tuple tuple = tupleOf(*entered);
    CHECK(tuple.destination == each.there);
    const std::uint64_t interface = (tuple.source.low & 0x3F'FFFF) >> 10;
    CHECK(interface == 4095);
    const bool isPeer = tuple.source.isV4() ? tuple.source.isIn(kPeersV4, 96 + kPeersV4Bits)
                                            : tuple.source.isIn(kPeersV6, kPeersV6Bits);
    CHECK(isPeer);

    const Bytes payload = test::pattern(777);
    const std::optional<Left> left = leave(peers, answerTo(*entered, payload));

    REQUIRE(left.has_value());
    CHECK(left->interface == 4095);
    PacketText expected = question(each.service, each.guest);
    expected.destinationMac = test::macOf(2);
    expected.sourceMac = test::macOf(1);
    expected.sourcePort = 80;
    expected.destinationPort = 40'000;
    expected.payload = payload;
    CHECK(left->frame == test::makeFrame(expected));
  }
}

TEST_CASE("guests with the same address are different peers") {
  PeerAddresses peers;
  const Bytes sent = test::makeFrame(question(kGuestV4, kMetadataV4));
  const std::optional<Bytes> one = enter(peers, 1, sent);
  const std::optional<Bytes> other = enter(peers, 2, sent);
  REQUIRE(one.has_value());
  REQUIRE(other.has_value());
  CHECK(tupleOf(*one).source != tupleOf(*other).source);

  const std::optional<Left> left = leave(peers, answerTo(*other, {}));
  REQUIRE(left.has_value());
  CHECK(left->interface == 2);
}

TEST_CASE("what is no TCP segment does not enter") {
  PeerAddresses peers;
  PacketText udp = question(kGuestV4, kMetadataV4);
  udp.protocol = 17;
  CHECK_FALSE(enter(peers, 0, test::makeFrame(udp)).has_value());
  PacketText fragment = question(kGuestV4, kMetadataV4);
  fragment.hasMoreFragments = true;
  fragment.payload = test::pattern(304);
  CHECK_FALSE(enter(peers, 0, test::makeFrame(fragment)).has_value());
  PacketText toAll = question(kGuestV4, kMetadataV4);
  toAll.destinationMac.bytes.fill(std::byte{0xff});
  CHECK_FALSE(enter(peers, 0, test::makeFrame(toAll)).has_value());
  const Bytes cut = test::makeFrame(question(kGuestV4, kMetadataV4));
  CHECK_FALSE(enter(peers, 0, Bytes(cut.begin(), cut.begin() + 40)).has_value());
}

TEST_CASE("nothing leaves to who did not ask, or from what was not asked") {
  PeerAddresses peers;
  const std::optional<Bytes> entered =
      enter(peers, 3, test::makeFrame(question(kGuestV4, kMetadataV4)));
  REQUIRE(entered.has_value());
  const IpAddress peer = tupleOf(*entered).source;
  CHECK(leave(peers, test::makeFrame(question(kMetadataV4, peer))).has_value());

  CHECK_FALSE(leave(peers, test::makeFrame(question(kResolverV4, peer))).has_value());
  const IpAddress next = IpAddress::v4(peer.v4Number() + 1);
  CHECK_FALSE(leave(peers, test::makeFrame(question(kMetadataV4, next))).has_value());
  const IpAddress sixth = {.high = kPeersV6.high, .low = peer.low & 0x3F'FFFF};
  CHECK_FALSE(leave(peers, test::makeFrame(question(kMetadataV6, sixth))).has_value());
  CHECK_FALSE(leave(peers, test::makeFrame(question(kMetadataV4, kGuestV4))).has_value());

  peers.forget(InterfaceIndex(3));
  CHECK_FALSE(leave(peers, test::makeFrame(question(kMetadataV4, peer))).has_value());
}

TEST_CASE("an answer longer than its place does not leave") {
  PeerAddresses peers;
  const auto entered = enter(peers, 3, test::makeFrame(question(kGuestV4, kMetadataV4)));
  REQUIRE(entered.has_value());
  CHECK_FALSE(leave(peers, answerTo(*entered, test::pattern(2048))).has_value());
  std::array<std::byte, 2048> out{};
  CHECK_FALSE(peers.leave({}, out).has_value());
}

TEST_CASE("an interface that sends from many addresses loses its oldest pair") {
  PeerAddresses peers;
  std::vector<Bytes> entered;
  for (std::uint32_t number = 0; number <= kPairsPerInterfaceMax; ++number) {
    const IpAddress guest = IpAddress::v4(kGuestV4.v4Number() + number);
    entered.push_back(enter(peers, 9, test::makeFrame(question(guest, kMetadataV4))).value());
  }

  CHECK(tupleOf(entered.back()).source == tupleOf(entered.front()).source);
  const std::optional<Left> left = leave(peers, answerTo(entered[1], {}));
  REQUIRE(left.has_value());
  CHECK(tupleOf(left->frame).destination == IpAddress::v4(kGuestV4.v4Number() + 1));
}

TEST_CASE("bytes of any kind neither enter nor leave wrong") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    PeerAddresses peers;
    const Bytes good = test::makeFrame(question(kGuestV4, kMetadataV4));
    REQUIRE(enter(peers, 0, good).has_value());
    for (int round = 0; round < test::rounds(3000); ++round) {
      Bytes bytes = random.chance(50) ? random.bytes(random.below(300)) : good;
      for (int change = 0; change < 3 && !bytes.empty(); ++change) {
        bytes[random.below(bytes.size())] = static_cast<std::byte>(random.next());
      }
      bytes.resize(random.between(0, bytes.size()));
      std::array<std::byte, 2048> out{};
      const auto left = peers.leave(bytes, out);
      const bool isToAsker = !left || left->to == InterfaceIndex(0);
      CHECK(isToAsker);
      const auto entered = peers.enter(InterfaceIndex(1), bytes);
      const bool isWithin = !entered || entered->size() <= bytes.size();
      CHECK(isWithin);
    }
  }
}

} // namespace argon::network
