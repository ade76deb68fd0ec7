// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers of Ethernet, ARP, IP and what IP carries, by the names that IANA's registries and the
// RFCs have for them.

#include <cstddef>
#include <cstdint>

namespace argon::packet::spec {

// IEEE 802 numbers.
inline constexpr std::uint16_t ETHERTYPE_IPV4 = 0x0800;
inline constexpr std::uint16_t ETHERTYPE_ARP = 0x0806;
inline constexpr std::uint16_t ETHERTYPE_IPV6 = 0x86DD;
inline constexpr std::uint16_t ETHERTYPE_C_TAG = 0x8100; // 802.1Q
inline constexpr std::uint16_t ETHERTYPE_S_TAG = 0x88A8; // 802.1ad
inline constexpr std::uint16_t ETHERTYPE_QINQ = 0x9100;  // before 802.1ad

// Protocol numbers, which are IPv6's next headers too.
inline constexpr std::uint8_t PROTOCOL_HOPOPT = 0;
inline constexpr std::uint8_t PROTOCOL_ICMP = 1;
inline constexpr std::uint8_t PROTOCOL_TCP = 6;
inline constexpr std::uint8_t PROTOCOL_UDP = 17;
inline constexpr std::uint8_t PROTOCOL_IPV6_ROUTE = 43;
inline constexpr std::uint8_t PROTOCOL_IPV6_FRAG = 44;
inline constexpr std::uint8_t PROTOCOL_ICMPV6 = 58;
inline constexpr std::uint8_t PROTOCOL_IPV6_OPTS = 60;

// ARP (RFC 826).
inline constexpr std::uint16_t ARP_HARDWARE_ETHERNET = 1;
inline constexpr std::uint16_t ARP_REQUEST = 1;
inline constexpr std::uint16_t ARP_REPLY = 2;

// TCP (RFC 9293, 3.1), the control bits.
inline constexpr std::uint8_t TCP_FIN = 0x01;
inline constexpr std::uint8_t TCP_SYN = 0x02;
inline constexpr std::uint8_t TCP_RST = 0x04;
inline constexpr std::uint8_t TCP_PSH = 0x08;
inline constexpr std::uint8_t TCP_ACK = 0x10;
inline constexpr std::uint8_t TCP_CWR = 0x80;

// ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861).
inline constexpr std::uint8_t ICMP_ECHO_REPLY = 0;
inline constexpr std::uint8_t ICMP_UNREACHABLE = 3;
inline constexpr std::uint8_t ICMP_SOURCE_QUENCH = 4;
inline constexpr std::uint8_t ICMP_REDIRECT = 5;
inline constexpr std::uint8_t ICMP_ECHO = 8;
inline constexpr std::uint8_t ICMP_TIME_EXCEEDED = 11;
inline constexpr std::uint8_t ICMP_PARAMETER_PROBLEM = 12;
inline constexpr std::uint8_t ICMP_TIMESTAMP = 13;
inline constexpr std::uint8_t ICMP_TIMESTAMP_REPLY = 14;
inline constexpr std::uint8_t ICMP_FRAGMENTATION_NEEDED = 4; // A code of ICMP_UNREACHABLE.
inline constexpr std::uint8_t ICMPV6_UNREACHABLE = 1;
inline constexpr std::uint8_t ICMPV6_PACKET_TOO_BIG = 2;
inline constexpr std::uint8_t ICMPV6_PARAMETER_PROBLEM = 4;
inline constexpr std::uint8_t ICMPV6_ECHO = 128;
inline constexpr std::uint8_t ICMPV6_ECHO_REPLY = 129;
inline constexpr std::uint8_t ICMPV6_ROUTER_SOLICITATION = 133;
inline constexpr std::uint8_t ICMPV6_ROUTER_ADVERTISEMENT = 134;
inline constexpr std::uint8_t ICMPV6_NEIGHBOR_SOLICITATION = 135;
inline constexpr std::uint8_t ICMPV6_NEIGHBOR_ADVERTISEMENT = 136;

inline constexpr std::size_t kEthernetBytes = 14;
inline constexpr std::size_t kArpBytes = 28;
inline constexpr std::size_t kIpv4BytesMin = 20;
inline constexpr std::size_t kIpv6Bytes = 40;
inline constexpr std::size_t kTcpBytesMin = 20;
inline constexpr std::size_t kUdpBytes = 8;
inline constexpr std::size_t kIcmpBytes = 8;

} // namespace argon::packet::spec
