// SPDX-License-Identifier: Apache-2.0
#include "packet/answers.h"

#include "packet/address.h"
#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "packet/wire.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace argon::packet {

namespace {

constexpr std::uint8_t kHopLimit = 64;
// Of neighbor discovery: proof that no router passed it on (RFC 4861, 11.2).
constexpr std::uint8_t kHopLimitOnLink = 255;
constexpr std::uint8_t kOptionSourceLinkAddress = 1;
constexpr std::uint8_t kOptionTargetLinkAddress = 2;
constexpr std::uint8_t kOptionMtu = 5;
// Managed addresses, other configuration (RFC 4861, 4.2).
constexpr std::uint8_t kManagedFlags = 0xC0;
// Router, solicited, override (RFC 4861, 4.4).
constexpr std::uint8_t kAdvertisesRouter = 0x80;
constexpr std::uint8_t kIsSolicited = 0x40;
constexpr std::uint8_t kOverrides = 0x20;
// "Don't fragment" of IPv4, beside its fragment offset.
constexpr std::uint16_t kDontFragment = 0x4000;
// Of a message about a packet, with what it quotes (RFC 1812, 4.3.2.3).
constexpr std::size_t kIpv4ErrorBytesMax = 576;
constexpr std::size_t kIpv6ErrorBytesMax = 1280;
constexpr IpAddress kAllNodes = {.high = 0xFF02'0000'0000'0000, .low = 1};
constexpr MacAddress kAllNodesMac = {.bytes = {std::byte{0x33}, std::byte{0x33}, std::byte{0},
                                               std::byte{0}, std::byte{0}, std::byte{1}}};

void writeEthernet(std::span<std::byte> out, MacAddress destination, MacAddress source,
                   std::uint16_t etherType) {
  destination.write(out, 0);
  source.write(out, 6);
  writeBe16(out, 12, etherType);
}

void writeIpv6(std::span<std::byte> ip, IpAddress source, IpAddress destination,
               std::size_t payloadBytes, std::uint8_t hopLimit) {
  writeBe32(ip, 0, 6U << 28U);
  writeBe16(ip, 4, static_cast<std::uint16_t>(payloadBytes));
  writeU8(ip, 6, spec::PROTOCOL_ICMPV6);
  writeU8(ip, 7, hopLimit);
  source.writeV6(ip, 8);
  destination.writeV6(ip, 24);
}

void writeIpv4(std::span<std::byte> ip, IpAddress source, IpAddress destination,
               std::size_t payloadBytes) {
  writeBe16(ip, 0, 0x4500);
  writeBe16(ip, 2, static_cast<std::uint16_t>(spec::kIpv4BytesMin + payloadBytes));
  // Not to be fragmented; such a packet needs no identification (RFC 6864, 4.1).
  writeBe32(ip, 4, 0x4000);
  writeU8(ip, 8, kHopLimit);
  writeU8(ip, 9, spec::PROTOCOL_ICMP);
  writeBe16(ip, 10, 0);
  source.writeV4(ip, 12);
  destination.writeV4(ip, 16);
  writeBe16(ip, 10, checksumOf(ip.first(spec::kIpv4BytesMin)));
}

void finishIcmpV6(std::span<std::byte> icmp, IpAddress source, IpAddress destination) {
  writeBe16(icmp, 2, 0);
  ChecksumSum sum;
  sum.addPseudoHeader(source, destination, spec::PROTOCOL_ICMPV6,
                      static_cast<std::uint32_t>(icmp.size()));
  sum.add(icmp);
  writeBe16(icmp, 2, sum.checksum());
}

// Who a message of neighbor discovery is answered to; the unspecified address cannot be.
bool isAnonymous(const Headers& headers) { return headers.tuple.source == IpAddress{}; }

// A whole message of neighbor discovery, from IPv6 header to checksum, its body written already.
std::size_t finishDiscovery(const Headers& solicitation, MacAddress sourceMac, IpAddress source,
                            std::size_t icmpBytes, std::span<std::byte> out) {
  const bool toAll = isAnonymous(solicitation);
  const IpAddress destination = toAll ? kAllNodes : solicitation.tuple.source;
  writeEthernet(out, toAll ? kAllNodesMac : solicitation.sourceMac, sourceMac,
                spec::ETHERTYPE_IPV6);
  const std::span<std::byte> ip = out.subspan(spec::kEthernetBytes);
  writeIpv6(ip, source, destination, icmpBytes, kHopLimitOnLink);
  finishIcmpV6(ip.subspan(spec::kIpv6Bytes, icmpBytes), source, destination);
  return spec::kEthernetBytes + spec::kIpv6Bytes + icmpBytes;
}

void writeLinkAddress(std::span<std::byte> option, std::uint8_t kind, MacAddress mac) {
  writeU8(option, 0, kind);
  writeU8(option, 1, 1);
  mac.write(option, 2);
}

// The frame from `offset` to the packet's end, into `out`.
void copyFrame(const Frame& frame, std::size_t offset, std::span<std::byte> out) {
  std::size_t done = 0;
  const auto copyPiece = [&](const std::byte* data, std::size_t size) {
    const std::size_t skipped = std::min(offset, size);
    const std::size_t taken = std::min(out.size() - done, size - skipped);
    offset -= skipped;
    if (taken > 0) {
      std::memcpy(out.data() + done, data + skipped, taken);
      done += taken;
    }
  };
  copyPiece(frame.header.data(), frame.header.size());
  for (const iovec& piece : frame.payload) {
    copyPiece(static_cast<const std::byte*>(piece.iov_base), piece.iov_len);
  }
}

// The sum that a right checksum makes 0, over an ICMP message of the request's addresses.
std::uint16_t icmpChecksum(const Headers& headers, std::span<const std::byte> icmp) {
  ChecksumSum sum;
  if (headers.network == Headers::Network::Ipv6) {
    sum.addPseudoHeader(headers.tuple.source, headers.tuple.destination, spec::PROTOCOL_ICMPV6,
                        static_cast<std::uint32_t>(icmp.size()));
  }
  sum.add(icmp);
  return sum.checksum();
}

bool isToldOfSize(const Frame& frame, const Headers& headers) {
  const IpAddress source = headers.tuple.source;
  const bool isFirst = !headers.isFragment || headers.isFirstFragment;
  if (headers.icmp == Headers::Icmp::Error || !isFirst || source.isGroup() ||
      source == IpAddress{} || source == IpAddress::v4(0)) {
    return false;
  }
  return headers.network == Headers::Network::Ipv6 ||
         (readBe16(frame.header, spec::kEthernetBytes + 6) & kDontFragment) != 0;
}

} // namespace

std::size_t writeArpReply(const Headers& request, MacAddress owner, std::span<std::byte> out) {
  writeEthernet(out, request.sourceMac, owner, spec::ETHERTYPE_ARP);
  const std::span<std::byte> arp = out.subspan(spec::kEthernetBytes, spec::kArpBytes);
  writeBe16(arp, 0, spec::ARP_HARDWARE_ETHERNET);
  writeBe16(arp, 2, spec::ETHERTYPE_IPV4);
  writeBe16(arp, 4, 0x0604);
  writeBe16(arp, 6, spec::ARP_REPLY);
  owner.write(arp, 8);
  request.tuple.destination.writeV4(arp, 14);
  request.arpSenderMac.write(arp, 18);
  request.tuple.source.writeV4(arp, 24);
  return spec::kEthernetBytes + spec::kArpBytes;
}

std::optional<IpAddress> solicitedTarget(const Frame& frame, const Headers& headers) {
  const std::size_t targetOffset = headers.transportOffset + spec::kIcmpBytes;
  const bool isWhole = !headers.isFragment && headers.hopLimit == kHopLimitOnLink &&
                       headers.icmpCode == 0 && targetOffset + 16 <= headers.endBytes &&
                       targetOffset + 16 <= frame.header.size();
  if (!isWhole) return std::nullopt;
  const IpAddress target = IpAddress::readV6(frame.header, targetOffset);
  return target.isGroup() || target.isV4() ? std::nullopt : std::optional(target);
}

std::size_t writeNeighborAdvertisement(const Headers& solicitation, IpAddress target,
                                       MacAddress owner, bool isRouter, std::span<std::byte> out) {
  constexpr std::size_t kBytes = 32;
  const std::span<std::byte> icmp = out.subspan(spec::kEthernetBytes + spec::kIpv6Bytes, kBytes);
  const std::uint8_t flags =
      static_cast<std::uint8_t>(kOverrides | (isRouter ? kAdvertisesRouter : 0U) |
                                (isAnonymous(solicitation) ? 0U : kIsSolicited));
  writeBe32(icmp, 0, std::uint32_t{spec::ICMPV6_NEIGHBOR_ADVERTISEMENT} << 24U);
  writeBe32(icmp, 4, std::uint32_t{flags} << 24U);
  target.writeV6(icmp, 8);
  writeLinkAddress(icmp.subspan(24), kOptionTargetLinkAddress, owner);
  return finishDiscovery(solicitation, owner, target, kBytes, out);
}

std::size_t writeRouterAdvertisement(const Headers& solicitation, const RouterFacts& router,
                                     std::span<std::byte> out) {
  constexpr std::size_t kBytes = 32;
  const std::span<std::byte> icmp = out.subspan(spec::kEthernetBytes + spec::kIpv6Bytes, kBytes);
  writeBe32(icmp, 0, std::uint32_t{spec::ICMPV6_ROUTER_ADVERTISEMENT} << 24U);
  writeU8(icmp, 4, kHopLimit);
  writeU8(icmp, 5, kManagedFlags);
  writeBe16(icmp, 6, router.lifetimeSeconds);
  // How long neighbors stay reachable, and the pause between questions: as the host likes.
  writeBe64(icmp, 8, 0);
  writeLinkAddress(icmp.subspan(16), kOptionSourceLinkAddress, router.mac);
  writeBe32(icmp, 24, std::uint32_t{kOptionMtu} << 24U | 1U << 16U);
  writeBe32(icmp, 28, router.mtuBytes);
  return finishDiscovery(solicitation, router.mac, router.linkLocal, kBytes, out);
}

std::optional<std::size_t> writeEchoReply(const Frame& frame, const Headers& request,
                                          std::span<std::byte> out) {
  const bool isV6 = request.network == Headers::Network::Ipv6;
  const std::size_t ipBytes = isV6 ? spec::kIpv6Bytes : spec::kIpv4BytesMin;
  const std::size_t icmpBytes = request.endBytes - request.transportOffset;
  const std::size_t bytes = spec::kEthernetBytes + ipBytes + icmpBytes;
  if (request.isFragment || bytes > out.size()) return std::nullopt;

  const std::span<std::byte> ip = out.subspan(spec::kEthernetBytes);
  const std::span<std::byte> icmp = ip.subspan(ipBytes, icmpBytes);
  copyFrame(frame, request.transportOffset, icmp);
  if (frame.offload.checksum == Offload::Checksum::Complete && icmpChecksum(request, icmp) != 0) {
    return std::nullopt;
  }
  writeEthernet(out, request.sourceMac, request.destinationMac,
                isV6 ? spec::ETHERTYPE_IPV6 : spec::ETHERTYPE_IPV4);
  const IpAddress source = request.tuple.destination;
  const IpAddress destination = request.tuple.source;
  writeBe16(
      icmp, 0,
      static_cast<std::uint16_t>((isV6 ? spec::ICMPV6_ECHO_REPLY : spec::ICMP_ECHO_REPLY) << 8U));
  if (isV6) {
    writeIpv6(ip, source, destination, icmpBytes, kHopLimit);
    finishIcmpV6(icmp, source, destination);
    return bytes;
  }
  writeIpv4(ip, source, destination, icmpBytes);
  writeBe16(icmp, 2, 0);
  writeBe16(icmp, 2, checksumOf(icmp));
  return bytes;
}

std::optional<std::size_t> writeTooBig(const Frame& frame, const Headers& headers,
                                       const TooBigFacts& facts, std::span<std::byte> out) {
  if (!isToldOfSize(frame, headers)) return std::nullopt;
  const bool isV6 = headers.network == Headers::Network::Ipv6;
  const std::size_t beforeQuote =
      (isV6 ? spec::kIpv6Bytes : spec::kIpv4BytesMin) + spec::kIcmpBytes;
  const std::size_t quoteBytes =
      std::min<std::size_t>(headers.endBytes - spec::kEthernetBytes,
                            (isV6 ? kIpv6ErrorBytesMax : kIpv4ErrorBytesMax) - beforeQuote);
  const std::size_t icmpBytes = spec::kIcmpBytes + quoteBytes;
  const std::span<std::byte> ip = out.subspan(spec::kEthernetBytes, beforeQuote + quoteBytes);
  const std::span<std::byte> icmp = ip.last(icmpBytes);
  copyFrame(frame, spec::kEthernetBytes, icmp.subspan(spec::kIcmpBytes));
  const std::uint8_t type = isV6 ? spec::ICMPV6_PACKET_TOO_BIG : spec::ICMP_UNREACHABLE;
  const std::uint8_t code = isV6 ? 0 : spec::ICMP_FRAGMENTATION_NEEDED;
  writeBe32(icmp, 0, std::uint32_t{type} << 24U | std::uint32_t{code} << 16U);
  // 16 bits of IPv4 are unused; of IPv6 the MTU has all 32.
  writeBe32(icmp, 4, facts.mtuBytes);
  writeEthernet(out, headers.sourceMac, facts.mac,
                isV6 ? spec::ETHERTYPE_IPV6 : spec::ETHERTYPE_IPV4);
  const IpAddress destination = headers.tuple.source;
  if (isV6) {
    writeIpv6(ip, facts.router, destination, icmpBytes, kHopLimit);
    finishIcmpV6(icmp, facts.router, destination);
  } else {
    writeIpv4(ip, facts.router, destination, icmpBytes);
    writeBe16(icmp, 2, checksumOf(icmp));
  }
  return spec::kEthernetBytes + ip.size();
}

} // namespace argon::packet
