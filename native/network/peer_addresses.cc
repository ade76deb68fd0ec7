// SPDX-License-Identifier: Apache-2.0
#include "network/peer_addresses.h"

#include "network/interface.h"
#include "packet/address.h"
#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "packet/wire.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::network {

namespace {

using packet::Headers;
using packet::IpAddress;
namespace spec = packet::spec;

constexpr unsigned kPairBits = 10;
constexpr std::uint32_t kPairMask = (1U << kPairBits) - 1;
constexpr std::uint32_t kNumberMask = (1U << 22U) - 1;
static_assert(kPairsPerInterfaceMax <= kPairMask + 1);
static_assert(kInterfaceCountMax <= (kNumberMask + 1) >> kPairBits);

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kEtherTypeOffset = 12;
constexpr std::size_t kSourceMacOffset = 6;
// Offsets in a frame.
constexpr std::size_t kSourceV4 = kEthernetBytes + 12;
constexpr std::size_t kDestinationV4 = kEthernetBytes + 16;
constexpr std::size_t kChecksumV4 = kEthernetBytes + 10;
constexpr std::size_t kSourceV6 = kEthernetBytes + 8;
constexpr std::size_t kDestinationV6 = kEthernetBytes + 24;
// Of TCP's header (RFC 9293, 3.1).
constexpr std::size_t kTcpChecksum = 16;

// A whole TCP segment of a frame in one piece, or nothing.
std::optional<Headers> parseTcp(std::span<std::byte> frame) {
  const auto copied = frame.first(std::min(frame.size(), packet::kHeaderBytesMax));
  const auto others = frame.subspan(copied.size());
  const std::array<iovec, 1> pieces{{{.iov_base = others.data(), .iov_len = others.size()}}};
  const Headers headers = packet::parse({.header = copied,
                                         .payload = std::span(pieces).first(others.empty() ? 0 : 1),
                                         .lengthBytes = static_cast<std::uint32_t>(frame.size()),
                                         .offload = {}});
  const bool isTcp = headers.fault == packet::ParseFault::None && headers.isIp() &&
                     headers.tuple.protocol == spec::PROTOCOL_TCP && !headers.isFragment;
  return isTcp ? std::optional(headers) : std::nullopt;
}

// Puts other words in a frame, with what they change in the sums over them.
void replace(std::span<std::byte> frame, std::size_t offset, std::span<const std::byte> words,
             std::span<const std::size_t> checksums) {
  for (std::size_t at = 0; at < words.size(); at += 2) {
    const std::uint16_t before = packet::readBe16(frame, offset + at);
    const std::uint16_t after = packet::readBe16(words, at);
    packet::writeBe16(frame, offset + at, after);
    for (const std::size_t place : checksums) {
      packet::writeBe16(frame, place,
                        packet::updateChecksum(packet::readBe16(frame, place), before, after));
    }
  }
}

void replaceAddresses(std::span<std::byte> frame, const Headers& headers, IpAddress source,
                      IpAddress destination) {
  const std::size_t ofTcp = headers.transportOffset + kTcpChecksum;
  std::array<std::byte, 16> words{};
  if (headers.network == Headers::Network::Ipv4) {
    const std::array<std::size_t, 2> checksums = {kChecksumV4, ofTcp};
    source.writeV4(words, 0);
    destination.writeV4(words, 4);
    replace(frame, kSourceV4, std::span(words).first(4), checksums);
    replace(frame, kDestinationV4, std::span(words).subspan(4, 4), checksums);
    return;
  }
  const std::array<std::size_t, 1> checksums = {ofTcp};
  source.writeV6(words, 0);
  replace(frame, kSourceV6, words, checksums);
  destination.writeV6(words, 0);
  replace(frame, kDestinationV6, words, checksums);
}

IpAddress peerOf(std::uint32_t number, bool isV4) {
  return isV4 ? IpAddress::v4(kPeersV4.v4Number() | number)
              : IpAddress{.high = kPeersV6.high, .low = kPeersV6.low | number};
}

// The service's address in the namespace.
IpAddress serviceAt(IpAddress address) {
  if (address == kMetadataV4 || address == kMetadataV6) {
    return address;
  }
  return address.isV4() ? kResolverV4 : kResolverV6;
}

} // namespace

std::optional<std::span<const std::byte>> PeerAddresses::enter(InterfaceIndex from,
                                                               std::span<std::byte> frame) {
  const std::optional<Headers> headers = parseTcp(frame);
  // An answer has to come from somewhere.
  if (!headers || headers->destinationMac.isGroup()) {
    return std::nullopt;
  }
  const packet::Tuple& tuple = headers->tuple;
  const std::uint32_t number = numberOf(from, {.guest = tuple.source,
                                               .service = tuple.destination,
                                               .guestMac = headers->sourceMac,
                                               .routerMac = headers->destinationMac});
  replaceAddresses(frame, *headers, peerOf(number, tuple.source.isV4()),
                   serviceAt(tuple.destination));
  return frame.subspan(kEthernetBytes, headers->endBytes - kEthernetBytes);
}

std::optional<PeerAddresses::Outgoing> PeerAddresses::leave(std::span<const std::byte> packet,
                                                            std::span<std::byte> out) const {
  if (packet.empty() || packet.size() + kEthernetBytes > out.size()) {
    return std::nullopt;
  }
  const std::span<std::byte> frame = out.first(packet.size() + kEthernetBytes);
  std::ranges::copy(packet, frame.subspan(kEthernetBytes).begin());
  std::ranges::fill(frame.first(kEtherTypeOffset), std::byte{0});
  const bool isV4 = packet::readU8(packet, 0) >> 4 == 4;
  packet::writeBe16(frame, kEtherTypeOffset, isV4 ? spec::ETHERTYPE_IPV4 : spec::ETHERTYPE_IPV6);
  const std::optional<Headers> headers = parseTcp(frame);
  if (!headers) {
    return std::nullopt;
  }
  const IpAddress to = headers->tuple.destination;
  const bool isPeer = to.isV4() ? to.isIn(kPeersV4, IpAddress::kV4PrefixBits + kPeersV4Bits)
                                : to.isIn(kPeersV6, kPeersV6Bits);
  const std::uint32_t number = static_cast<std::uint32_t>(to.low) & kNumberMask;
  const Pair* pair = isPeer ? find(number) : nullptr;
  // A number may have got another pair since, of the other family even.
  if (pair == nullptr || pair->guest.isV4() != to.isV4() ||
      serviceAt(pair->service) != headers->tuple.source) {
    return std::nullopt;
  }
  replaceAddresses(frame, *headers, pair->service, pair->guest);
  pair->guestMac.write(frame, 0);
  pair->routerMac.write(frame, kSourceMacOffset);
  return Outgoing{.to = InterfaceIndex(number >> kPairBits), .frame = frame};
}

std::uint32_t PeerAddresses::numberOf(InterfaceIndex from, const Pair& pair) {
  Interface& interface = interfaces_[from.get()];
  std::vector<Pair>& pairs = interface.pairs;
  const auto found = std::ranges::find_if(pairs, [&pair](const Pair& other) {
    return other.guest == pair.guest && other.service == pair.service;
  });
  auto place = static_cast<std::size_t>(found - pairs.begin());
  if (found == pairs.end() && pairs.size() < kPairsPerInterfaceMax) {
    pairs.push_back(pair);
  } else {
    if (found == pairs.end()) {
      place = interface.oldest++ % kPairsPerInterfaceMax;
    }
    pairs[place] = pair; // MAC addresses may be others by now.
  }
  return from.get() << kPairBits | static_cast<std::uint32_t>(place);
}

const PeerAddresses::Pair* PeerAddresses::find(std::uint32_t number) const {
  const auto interface = interfaces_.find(number >> kPairBits);
  if (interface == interfaces_.end()) {
    return nullptr;
  }
  const std::vector<Pair>& pairs = interface->second.pairs;
  const std::size_t place = number & kPairMask;
  return place < pairs.size() ? &pairs[place] : nullptr;
}

} // namespace argon::network
