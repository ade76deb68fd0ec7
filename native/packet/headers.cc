// SPDX-License-Identifier: Apache-2.0
#include "packet/headers.h"

#include "base/check.h"
#include "packet/address.h"
#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/spec/protocols.h"
#include "packet/wire.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argon::packet {

namespace {

using Network = Headers::Network;

constexpr std::array<std::string_view, kParseFaultCount> kFaultNames = {
    "none",
    "frame-too-short",
    "frame-too-long",
    "vlan",
    "unknown-ether-type",
    "arp-malformed",
    "ipv4-version",
    "ipv4-header-length",
    "ipv4-total-length",
    "ipv4-checksum",
    "ipv6-version",
    "ipv6-payload-length",
    "ipv6-extension",
    "ipv6-extension-limit",
    "ipv6-routing-header",
    "mapped-address",
    "fragment",
    "headers-beyond-copy",
    "transport-cut-off",
    "tcp-data-offset",
    "udp-length",
    "checksum-misplaced",
    "segmentation-mismatch",
};

constexpr std::size_t kNetworkOffset = spec::kEthernetBytes;
constexpr std::size_t kPacketBytesMax = 65'535;
constexpr std::size_t kTcpFragmentOffsetMin = 24;
constexpr std::size_t kTcpChecksumOffset = 16;
constexpr std::size_t kUdpChecksumOffset = 6;

bool isIcmpV4Error(std::uint8_t type) {
  return type == spec::ICMP_UNREACHABLE || type == spec::ICMP_SOURCE_QUENCH ||
         type == spec::ICMP_REDIRECT || type == spec::ICMP_TIME_EXCEEDED ||
         type == spec::ICMP_PARAMETER_PROBLEM;
}

bool isIcmpV6Error(std::uint8_t type) {
  return type >= spec::ICMPV6_UNREACHABLE && type <= spec::ICMPV6_PARAMETER_PROBLEM;
}

Headers::Icmp icmpKind(bool isV4, std::uint8_t type) {
  using Icmp = Headers::Icmp;
  if (isV4) {
    if (isIcmpV4Error(type)) return Icmp::Error;
    const bool isQuery = type == spec::ICMP_ECHO || type == spec::ICMP_ECHO_REPLY ||
                         type == spec::ICMP_TIMESTAMP || type == spec::ICMP_TIMESTAMP_REPLY;
    return isQuery ? Icmp::Query : Icmp::Other;
  }
  if (isIcmpV6Error(type)) return Icmp::Error;
  const bool isQuery = type == spec::ICMPV6_ECHO || type == spec::ICMPV6_ECHO_REPLY;
  return isQuery ? Icmp::Query : Icmp::Other;
}

// Goes through one frame. Each step returns its fault, and leaves `at` behind what it has read.
class Parser {
public:
  Parser(const Frame& frame, Headers& headers) : frame_(frame), headers_(headers) {}

  ParseFault run() {
    if (frame_.lengthBytes < spec::kEthernetBytes) return ParseFault::FrameTooShort;
    if (frame_.lengthBytes > kFrameBytesMax) return ParseFault::FrameTooLong;
    headers_.destinationMac = MacAddress::read(frame_.header, 0);
    headers_.sourceMac = MacAddress::read(frame_.header, 6);
    headers_.endBytes = frame_.lengthBytes;
    at_ = kNetworkOffset;
    const ParseFault fault = parseNetwork(readBe16(frame_.header, 12));
    return fault == ParseFault::None ? checkOffload() : fault;
  }

private:
  // None if `count` bytes from `at_` are in the copy and in the packet, else why not.
  [[nodiscard]] ParseFault need(std::size_t count, ParseFault isCutOff) const {
    if (at_ + count > headers_.endBytes) return isCutOff;
    return at_ + count > frame_.header.size() ? ParseFault::HeadersBeyondCopy : ParseFault::None;
  }

  ParseFault parseNetwork(std::uint16_t etherType) {
    switch (etherType) {
    case spec::ETHERTYPE_IPV4:
      return parseIpv4();
    case spec::ETHERTYPE_IPV6:
      return parseIpv6();
    case spec::ETHERTYPE_ARP:
      return parseArp();
    case spec::ETHERTYPE_C_TAG:
    case spec::ETHERTYPE_S_TAG:
    case spec::ETHERTYPE_QINQ:
      return ParseFault::Vlan;
    default:
      return ParseFault::UnknownEtherType;
    }
  }

  ParseFault parseArp() {
    if (need(spec::kArpBytes, ParseFault::ArpMalformed) != ParseFault::None) {
      return ParseFault::ArpMalformed;
    }
    const std::span<const std::byte> arp = frame_.header.subspan(at_, spec::kArpBytes);
    const bool isKnown = readBe16(arp, 0) == spec::ARP_HARDWARE_ETHERNET &&
                         readBe16(arp, 2) == spec::ETHERTYPE_IPV4 && readU8(arp, 4) == 6 &&
                         readU8(arp, 5) == 4;
    headers_.arpOperation = readBe16(arp, 6);
    if (!isKnown ||
        (headers_.arpOperation != spec::ARP_REQUEST && headers_.arpOperation != spec::ARP_REPLY)) {
      return ParseFault::ArpMalformed;
    }
    headers_.network = Network::Arp;
    headers_.arpSenderMac = MacAddress::read(arp, 8);
    headers_.tuple.source = IpAddress::readV4(arp, 14);
    headers_.tuple.destination = IpAddress::readV4(arp, 24);
    at_ += spec::kArpBytes;
    return finishWithoutTransport();
  }

  ParseFault parseIpv4() {
    if (need(spec::kIpv4BytesMin, ParseFault::Ipv4HeaderLength) != ParseFault::None) {
      return ParseFault::Ipv4HeaderLength;
    }
    const std::span<const std::byte> ip = frame_.header.subspan(at_);
    const std::size_t headerBytes = (readU8(ip, 0) & 0xFU) * std::size_t{4};
    const std::size_t totalBytes = readBe16(ip, 2);
    if (readU8(ip, 0) >> 4U != 4) return ParseFault::Ipv4Version;
    if (headerBytes < spec::kIpv4BytesMin) return ParseFault::Ipv4HeaderLength;
    if (totalBytes < headerBytes || at_ + totalBytes > frame_.lengthBytes) {
      return ParseFault::Ipv4TotalLength;
    }
    headers_.endBytes = static_cast<std::uint32_t>(at_ + totalBytes);
    // The largest header is in the copy of every frame that has it: 14 + 60 bytes.
    if (checksumOf(ip.first(headerBytes)) != 0) return ParseFault::Ipv4Checksum;

    headers_.network = Network::Ipv4;
    headers_.hopLimit = readU8(ip, 8);
    headers_.tuple.protocol = readU8(ip, 9);
    headers_.tuple.source = IpAddress::readV4(ip, 12);
    headers_.tuple.destination = IpAddress::readV4(ip, 16);
    headers_.fragmentId = readBe16(ip, 4);
    at_ += headerBytes;
    const std::uint16_t word = readBe16(ip, 6);
    return parseFragment((word & 0x1FFFU) * std::size_t{8}, (word & 0x2000U) != 0);
  }

  // `offset` of the fragment in its packet's payload; `at_` is where this one's payload starts.
  ParseFault parseFragment(std::size_t offset, bool hasMore) {
    if (offset == 0 && !hasMore) return parseTransport();
    const std::size_t bytes = headers_.endBytes - at_;
    if (offset + bytes > kPacketBytesMax || (hasMore && (bytes == 0 || bytes % 8 != 0))) {
      return ParseFault::Fragment;
    }
    // It would overlap the TCP header that was decided on (RFC 1858, 3): first fragments have it
    // all.
    if (offset > 0 && offset < kTcpFragmentOffsetMin &&
        headers_.tuple.protocol == spec::PROTOCOL_TCP) {
      return ParseFault::Fragment;
    }
    headers_.isFragment = true;
    headers_.isFirstFragment = offset == 0;
    return offset == 0 ? parseTransport() : finishWithoutTransport();
  }

  ParseFault parseIpv6() {
    if (need(spec::kIpv6Bytes, ParseFault::Ipv6PayloadLength) != ParseFault::None) {
      return ParseFault::Ipv6PayloadLength;
    }
    const std::span<const std::byte> ip = frame_.header.subspan(at_);
    const std::size_t payloadBytes = readBe16(ip, 4);
    if (readU8(ip, 0) >> 4U != 6) return ParseFault::Ipv6Version;
    if (at_ + spec::kIpv6Bytes + payloadBytes > frame_.lengthBytes) {
      return ParseFault::Ipv6PayloadLength;
    }
    headers_.network = Network::Ipv6;
    headers_.hopLimit = readU8(ip, 7);
    headers_.tuple.protocol = readU8(ip, 6);
    headers_.tuple.source = IpAddress::readV6(ip, 8);
    headers_.tuple.destination = IpAddress::readV6(ip, 24);
    if (headers_.tuple.source.isV4() || headers_.tuple.destination.isV4()) {
      return ParseFault::MappedAddress;
    }
    at_ += spec::kIpv6Bytes;
    headers_.endBytes = static_cast<std::uint32_t>(at_ + payloadBytes);
    return parseExtensions();
  }

  // RFC 8200, 4. Leaves `at_` at the transport header and its number in the tuple.
  ParseFault parseExtensions() {
    bool hasFragmentHeader = false;
    std::size_t fragmentOffset = 0;
    bool hasMore = false;
    for (unsigned count = 0;; ++count) {
      const std::uint8_t kind = headers_.tuple.protocol;
      const bool isOptions = kind == spec::PROTOCOL_HOPOPT || kind == spec::PROTOCOL_IPV6_OPTS;
      const bool isFragment = kind == spec::PROTOCOL_IPV6_FRAG;
      if (!isOptions && !isFragment && kind != spec::PROTOCOL_IPV6_ROUTE) {
        return parseFragment(fragmentOffset, hasMore);
      }
      if (count == kIpv6ExtensionCountMax) return ParseFault::Ipv6ExtensionLimit;
      // Hop-by-hop options come first or not at all (RFC 8200, 4.3).
      if (kind == spec::PROTOCOL_HOPOPT && count > 0) return ParseFault::Ipv6Extension;
      if (isFragment && hasFragmentHeader) return ParseFault::Ipv6Extension;
      if (const ParseFault fault = need(8, ParseFault::Ipv6Extension); fault != ParseFault::None) {
        return fault;
      }
      const std::span<const std::byte> header = frame_.header.subspan(at_, 8);
      const std::size_t bytes = isFragment ? 8 : (readU8(header, 1) + std::size_t{1}) * 8;
      if (const ParseFault fault = need(bytes, ParseFault::Ipv6Extension);
          fault != ParseFault::None) {
        return fault;
      }
      if (kind == spec::PROTOCOL_IPV6_ROUTE && readU8(header, 3) != 0) {
        return ParseFault::Ipv6RoutingHeader;
      }
      headers_.tuple.protocol = readU8(header, 0);
      at_ += bytes;
      if (isFragment) {
        hasFragmentHeader = true;
        const std::uint16_t word = readBe16(header, 2);
        fragmentOffset = word & 0xFFF8U;
        hasMore = (word & 1U) != 0;
        headers_.fragmentId = readBe32(header, 4);
        // What follows in a later fragment is no header, whatever it looks like.
        if (fragmentOffset != 0) return parseFragment(fragmentOffset, hasMore);
      }
    }
  }

  ParseFault parseTransport() {
    const bool isV4 = headers_.network == Network::Ipv4;
    headers_.transportOffset = static_cast<std::uint16_t>(at_);
    const std::uint8_t protocol = headers_.tuple.protocol;
    if (protocol == spec::PROTOCOL_TCP) return parseTcp();
    if (protocol == spec::PROTOCOL_UDP) return parseUdp();
    if (protocol == (isV4 ? spec::PROTOCOL_ICMP : spec::PROTOCOL_ICMPV6)) return parseIcmp(isV4);
    return finishWithoutTransport();
  }

  ParseFault parseTcp() {
    if (const ParseFault fault = need(spec::kTcpBytesMin, ParseFault::TransportCutOff);
        fault != ParseFault::None) {
      return fault;
    }
    const std::span<const std::byte> tcp = frame_.header.subspan(at_);
    const std::size_t headerBytes = (readU8(tcp, 12) >> 4U) * std::size_t{4};
    if (headerBytes < spec::kTcpBytesMin) return ParseFault::TcpDataOffset;
    if (const ParseFault fault = need(headerBytes, ParseFault::TcpDataOffset);
        fault != ParseFault::None) {
      return fault;
    }
    headers_.tcpFlags = readU8(tcp, 13);
    return finishTransport(readBe16(tcp, 0), readBe16(tcp, 2), headerBytes);
  }

  ParseFault parseUdp() {
    if (const ParseFault fault = need(spec::kUdpBytes, ParseFault::TransportCutOff);
        fault != ParseFault::None) {
      return fault;
    }
    const std::span<const std::byte> udp = frame_.header.subspan(at_);
    const std::size_t bytes = readBe16(udp, 4);
    // A first fragment holds a part of what the length counts.
    if (bytes < spec::kUdpBytes || (!headers_.isFragment && at_ + bytes > headers_.endBytes)) {
      return ParseFault::UdpLength;
    }
    return finishTransport(readBe16(udp, 0), readBe16(udp, 2), spec::kUdpBytes);
  }

  ParseFault parseIcmp(bool isV4) {
    if (const ParseFault fault = need(spec::kIcmpBytes, ParseFault::TransportCutOff);
        fault != ParseFault::None) {
      return fault;
    }
    const std::span<const std::byte> icmp = frame_.header.subspan(at_);
    headers_.icmpType = readU8(icmp, 0);
    headers_.icmpCode = readU8(icmp, 1);
    headers_.icmp = icmpKind(isV4, headers_.icmpType);
    const std::uint16_t id = headers_.icmp == Headers::Icmp::Query ? readBe16(icmp, 4) : 0;
    const ParseFault fault = finishTransport(id, id, spec::kIcmpBytes);
    if (headers_.icmp == Headers::Icmp::Error) {
      headers_.hasInner = isV4 ? parseInnerV4() : parseInnerV6();
    }
    return fault;
  }

  // How much of the packet that an ICMP error holds is in the copy, from its first byte.
  [[nodiscard]] std::span<const std::byte> innerBytes() const {
    const std::size_t end =
        frame_.header.size() < headers_.endBytes ? frame_.header.size() : headers_.endBytes;
    return frame_.header.first(end).subspan(headers_.payloadOffset);
  }

  bool parseInnerV4() {
    const std::span<const std::byte> ip = innerBytes();
    if (ip.size() < spec::kIpv4BytesMin || readU8(ip, 0) >> 4U != 4) return false;
    const std::size_t headerBytes = (readU8(ip, 0) & 0xFU) * std::size_t{4};
    const bool isLaterFragment = (readBe16(ip, 6) & 0x1FFFU) != 0;
    if (headerBytes < spec::kIpv4BytesMin || headerBytes > ip.size() || isLaterFragment) {
      return false;
    }
    headers_.inner.protocol = readU8(ip, 9);
    headers_.inner.source = IpAddress::readV4(ip, 12);
    headers_.inner.destination = IpAddress::readV4(ip, 16);
    return parseInnerPorts(ip.subspan(headerBytes), true);
  }

  // An inner packet with extension headers is not followed: it belongs to no flow.
  bool parseInnerV6() {
    const std::span<const std::byte> ip = innerBytes();
    if (ip.size() < spec::kIpv6Bytes || readU8(ip, 0) >> 4U != 6) return false;
    headers_.inner.protocol = readU8(ip, 6);
    headers_.inner.source = IpAddress::readV6(ip, 8);
    headers_.inner.destination = IpAddress::readV6(ip, 24);
    if (headers_.inner.source.isV4() || headers_.inner.destination.isV4()) return false;
    return parseInnerPorts(ip.subspan(spec::kIpv6Bytes), false);
  }

  // An error holds at least 8 bytes of what the inner packet carries (RFC 792).
  bool parseInnerPorts(std::span<const std::byte> transport, bool isV4) {
    const std::uint8_t protocol = headers_.inner.protocol;
    const bool isIcmp = protocol == (isV4 ? spec::PROTOCOL_ICMP : spec::PROTOCOL_ICMPV6);
    if (protocol != spec::PROTOCOL_TCP && protocol != spec::PROTOCOL_UDP && !isIcmp) return true;
    if (transport.size() < 8) return false;
    if (isIcmp) {
      if (icmpKind(isV4, readU8(transport, 0)) != Headers::Icmp::Query) return false;
      headers_.inner.sourcePort = readBe16(transport, 4);
      headers_.inner.destinationPort = headers_.inner.sourcePort;
      return true;
    }
    headers_.inner.sourcePort = readBe16(transport, 0);
    headers_.inner.destinationPort = readBe16(transport, 2);
    return true;
  }

  ParseFault finishTransport(std::uint16_t sourcePort, std::uint16_t destinationPort,
                             std::size_t headerBytes) {
    headers_.tuple.sourcePort = sourcePort;
    headers_.tuple.destinationPort = destinationPort;
    at_ += headerBytes;
    headers_.payloadOffset = static_cast<std::uint16_t>(at_);
    return ParseFault::None;
  }

  ParseFault finishWithoutTransport() {
    headers_.transportOffset = static_cast<std::uint16_t>(at_);
    headers_.payloadOffset = headers_.transportOffset;
    return ParseFault::None;
  }

  // Where the transport's own checksum is, from the transport header; 0 for one that has none.
  [[nodiscard]] std::size_t checksumPlace() const {
    if (headers_.payloadOffset == headers_.transportOffset) return 0;
    if (headers_.tuple.protocol == spec::PROTOCOL_TCP) return kTcpChecksumOffset;
    return headers_.tuple.protocol == spec::PROTOCOL_UDP ? kUdpChecksumOffset : 0;
  }

  // What is completed later must not alter what was decided on: a checksum goes where the
  // transport's belongs, or behind all headers (a guest's own tunnels want that).
  [[nodiscard]] ParseFault checkOffload() const {
    const Offload& offload = frame_.offload;
    const std::size_t place = checksumPlace();
    const std::size_t start = offload.checksumStart;
    const std::size_t field = start + offload.checksumOffset;
    const bool isOwn = place != 0 && field == headers_.transportOffset + place;
    // Of an ICMP error what is behind its header was decided on too.
    const bool isBehindHeaders =
        field >= headers_.payloadOffset && headers_.icmp != Headers::Icmp::Error;
    if (offload.checksum == Offload::Checksum::Partial &&
        (!headers_.isIp() || field + 2 > headers_.endBytes || (!isOwn && !isBehindHeaders))) {
      return ParseFault::ChecksumMisplaced;
    }
    if (offload.segmentation == Offload::Segmentation::None) return ParseFault::None;
    const Network network =
        offload.segmentation == Offload::Segmentation::Tcp4 ? Network::Ipv4 : Network::Ipv6;
    const bool isTcp = headers_.network == network &&
                       headers_.tuple.protocol == spec::PROTOCOL_TCP && !headers_.isFragment;
    const bool hasChecksum = offload.checksum == Offload::Checksum::Partial && isOwn &&
                             start == headers_.transportOffset;
    return isTcp && hasChecksum && offload.segmentBytes > 0 ? ParseFault::None
                                                            : ParseFault::SegmentationMismatch;
  }

  const Frame& frame_;
  Headers& headers_;
  std::size_t at_ = 0;
};

} // namespace

std::string_view parseFaultName(ParseFault fault) {
  return kFaultNames[static_cast<std::size_t>(fault)];
}

Headers parse(const Frame& frame) {
  Headers headers;
  parse(frame, headers);
  return headers;
}

void parse(const Frame& frame, Headers& headers) {
  ARGON_DCHECK(frame.header.size() <= kHeaderBytesMax);
  headers = {};
  headers.fault = Parser(frame, headers).run();
}

} // namespace argon::packet
