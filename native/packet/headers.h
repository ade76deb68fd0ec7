// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a frame's headers say, from its private copy alone. The parser believes no length: each is
// held against the frame, what is behind the IP packet is padding (CVE-2020-35498), and headers
// that reach beyond the copy are refused. A frame without a fault has all its offsets in the copy.

#include "packet/address.h"
#include "packet/frame.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace argon::packet {

/// Why a frame is not taken. untrusted: every one of these is what a guest sent.
enum class ParseFault : std::uint8_t {
  None,
  FrameTooShort,      // no Ethernet header
  FrameTooLong,       // more than kFrameBytesMax
  Vlan,               // tags are not for guests
  UnknownEtherType,   // neither ARP nor IP
  ArpMalformed,       // not Ethernet and IPv4, neither request nor reply, or cut off
  Ipv4Version,        // the version is not 4
  Ipv4HeaderLength,   // less than 20, or beyond the packet
  Ipv4TotalLength,    // less than the header, or beyond the frame
  Ipv4Checksum,       // wrong
  Ipv6Version,        // the version is not 6
  Ipv6PayloadLength,  // beyond the frame, or cut off
  Ipv6Extension,      // one is cut off, misplaced or there twice
  Ipv6ExtensionLimit, // more than kIpv6ExtensionCountMax
  Ipv6RoutingHeader,  // segments left: the destination would not be the one that is looked at
  MappedAddress,      // an IPv6 packet with an address of ::ffff:0:0/96
  Fragment,           // beyond 65,535 bytes, a middle one of no multiple of 8, within TCP's header
  HeadersBeyondCopy,  // more headers than kHeaderBytesMax bytes
  TransportCutOff,    // the packet, or its first fragment, ends within its TCP or UDP header
  TcpDataOffset,      // less than 20, or beyond the packet
  UdpLength,          // less than 8, or beyond the packet
  ChecksumMisplaced,  // a partial checksum that would overwrite a header that was decided on
  SegmentationMismatch, // what is to be segmented is not the TCP it is said to be
};
inline constexpr std::size_t kParseFaultCount = 23;

/// As metrics and traces spell it: `ipv4-total-length`.
[[nodiscard]] std::string_view parseFaultName(ParseFault fault);

/// RFC 8200, 4.1 has each at most once but destination options, which are there twice.
inline constexpr unsigned kIpv6ExtensionCountMax = 6;

/// A packet by what tells flows apart. Ports are those of TCP and UDP; of an ICMP query and its
/// answer both are the identifier; of others 0.
struct Tuple {
  IpAddress source;
  IpAddress destination;
  std::uint16_t sourcePort = 0;
  std::uint16_t destinationPort = 0;
  std::uint8_t protocol = 0;

  friend bool operator==(const Tuple&, const Tuple&) = default;
};

struct Headers {
  enum class Network : std::uint8_t { None, Arp, Ipv4, Ipv6 };
  /// What an ICMP message is to a flow.
  enum class Icmp : std::uint8_t {
    None,  // no ICMP of the packet's family
    Query, // echo or timestamp, request or answer; has an identifier
    Error, // tells of a packet that was sent: `inner`
    Other,
  };

  ParseFault fault = ParseFault::None;
  Network network = Network::None;
  Icmp icmp = Icmp::None;
  /// ICMP's or ICMPv6's.
  std::uint8_t icmpType = 0;
  std::uint8_t icmpCode = 0;
  std::uint8_t tcpFlags = 0;
  /// Time to live, or hop limit.
  std::uint8_t hopLimit = 0;
  /// A fragment of several: one that is all of its packet counts as whole (RFC 6946).
  bool isFragment = false;
  /// The fragment with the transport header.
  bool isFirstFragment = false;
  /// An ICMP error whose inner packet could be read as far as `inner` goes.
  bool hasInner = false;
  MacAddress destinationMac;
  MacAddress sourceMac;
  /// For IP. Of ARP, source and destination are the sender's and the target's protocol address.
  Tuple tuple;
  /// The packet that an ICMP error tells of, as it was sent.
  Tuple inner;
  /// Of ARP: request or reply.
  std::uint16_t arpOperation = 0;
  /// Of ARP.
  MacAddress arpSenderMac;
  /// Fragments of one packet have the same, between the same addresses and, with IPv4, of the same
  /// protocol. Of IPv6 the protocol of a later fragment may not be known.
  std::uint32_t fragmentId = 0;
  /// Offsets from the frame's first byte. Without a transport header all are where it would be.
  std::uint16_t transportOffset = 0;
  std::uint16_t payloadOffset = 0;
  /// Where the IP packet, or ARP, ends; what follows is padding.
  std::uint32_t endBytes = 0;

  [[nodiscard]] bool isIp() const { return network == Network::Ipv4 || network == Network::Ipv6; }
};

/// Reads a frame's headers and holds its offload against them. With a fault only `fault` counts.
[[nodiscard]] Headers parse(const Frame& frame);
/// The same into headers that are there, without the copy.
void parse(const Frame& frame, Headers& headers);

} // namespace argon::packet
