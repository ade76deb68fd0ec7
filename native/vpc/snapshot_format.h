// SPDX-License-Identifier: Apache-2.0
#pragma once

// The policy of a card's interfaces as one flat buffer, which the controller's compiler writes and
// the card checks once (docs/design/0017). Numbers are little-endian, records have no gaps but the
// reserved fields, which are 0, and sizes are multiples of 8.
//
// A buffer is a header and, at the offsets that it names, one array of each kind of record in any
// order, aligned to 8 bytes. A Range names consecutive records of one of the arrays.
//
// An IP address is one number of 128 bits: an IPv4 address a.b.c.d is ::ffff:a.b.c.d, so a prefix
// of it has 96 bits more than it is written with: 0.0.0.0/0 is ::ffff:0:0 with 96. A prefix of ::
// with 0 bits is IPv6's default and holds no IPv4 address. What is behind a prefix's bits is 0.

#include "base/little_endian.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon::vpc::format {

inline constexpr std::uint32_t kMagic = 0x4350'5641; // "AVPC"
inline constexpr std::uint32_t kVersion = 2;

/// The kinds of records, in the order of the header's sections.
enum class Section : std::uint8_t {
  Vpcs,
  Subnets,
  Instances,
  Interfaces,
  Prefixes,
  Rules,
  Routes,
  GroupSets, // words of 64 bits: Header::groupSetWords for each set
  Mappings,
};
inline constexpr std::size_t kSectionCount = 9;

struct SectionPlace {
  Le<std::uint32_t> offset; // from the buffer's first byte
  Le<std::uint32_t> count;  // of records
};

struct Header {
  Le<std::uint32_t> magic;
  Le<std::uint32_t> version;
  Le<std::uint32_t> totalBytes;
  /// How many words a set of security groups has: bit g % 64 of word g / 64 is group g.
  Le<std::uint32_t> groupSetWords;
  /// Counts up with each policy that the controller compiles.
  Le<std::uint64_t> generation;
  std::array<SectionPlace, kSectionCount> sections;
};
static_assert(sizeof(Header) == 24 + 8 * kSectionCount);

struct Range {
  Le<std::uint32_t> first;
  Le<std::uint32_t> count;
};

struct Address {
  Le<std::uint64_t> high;
  Le<std::uint64_t> low;
};

struct Prefix {
  Address network;
  std::uint8_t bits;
  std::array<std::uint8_t, 7> reserved;
};
static_assert(sizeof(Prefix) == 24);

struct Vpc {
  /// Of Prefixes: what is local to it.
  Range cidrs;
  /// The resolver, two behind the first CIDR's network.
  Address dns;
};
static_assert(sizeof(Vpc) == 24);

/// A subnet without IPv6 has ::/0 as `v6`, and a link-local address of its router nevertheless.
struct Subnet {
  Prefix v4;
  Prefix v6;
  Address routerV4;
  Address routerLinkLocal;
  std::array<std::uint8_t, 6> routerMac;
  std::array<std::uint8_t, 2> reserved;
  /// Of Rules, ordered by number: the network ACL for what enters the subnet, and what leaves it.
  Range aclIn;
  Range aclOut;
  /// Of Routes, longest prefix first; of equal length by network. No two are for one network.
  Range routes;
  Le<std::uint32_t> vpc;
  Le<std::uint32_t> reserved2;
};
static_assert(sizeof(Subnet) == 120);

/// 0 for no limit. Bytes or packets.
struct Rate {
  Le<std::uint64_t> perSecond;
  Le<std::uint64_t> burst;
};

/// What a virtual machine's interfaces share.
struct Instance {
  /// Never used for another instance of the host, and not 0: its place in the array may change.
  Le<std::uint64_t> identity;
  Rate bandwidthIn;
  Rate bandwidthOut;
  Rate packets;
  /// Tracked connections.
  Le<std::uint32_t> trackedMax;
  /// LL-1: packets to services of each of its interfaces a second; 0 for no limit.
  Le<std::uint32_t> servicePacketsPerSecond;
};
static_assert(sizeof(Instance) == 64);

// Interface::flags
inline constexpr std::uint16_t CHECKS_SOURCE_AND_DESTINATION = 1;
/// Leads out of the VPC: whatever comes from there is from none of the VPC's addresses, and has no
/// services.
inline constexpr std::uint16_t IS_UPLINK = 2;

/// Its place in the array is the number that the engine knows an interface by; it keeps that as
/// long as it is there. An unused place has `identity` 0 and nothing else.
struct Interface {
  /// Never used for another interface of the host.
  Le<std::uint64_t> identity;
  /// Over all that decides about this interface's packets: rules, ACLs, routes, addresses, and the
  /// mappings of its VPC. While it stays, what was decided for flows stays.
  Le<std::uint64_t> policyHash;
  std::array<std::uint8_t, 6> mac;
  Le<std::uint16_t> flags;
  /// Of Prefixes: its addresses, the primary one first, and the prefixes delegated to it.
  Range addresses;
  /// Of Rules: those of all its security groups. Their order is of no matter.
  Range rulesIn;
  Range rulesOut;
  Le<std::uint32_t> subnet;
  Le<std::uint32_t> instance;
  /// Idle timeouts: 60 to 432,000, 30 to 60, and 60 to 180.
  Le<std::uint32_t> tcpEstablishedSeconds;
  Le<std::uint32_t> udpSeconds;
  Le<std::uint32_t> udpStreamSeconds;
  Le<std::uint32_t> reserved;
};
static_assert(sizeof(Interface) == 72);

// Rule::flags
inline constexpr std::uint8_t RULE_ANY_PROTOCOL = 1; // `protocol` and ports are 0
inline constexpr std::uint8_t RULE_PEER_IS_GROUP = 2;
inline constexpr std::uint8_t RULE_DENIES = 4; // in network ACLs only

inline constexpr std::uint16_t kAnyIcmp = 0xFFFF;

/// A rule of a security group or a network ACL. The peer is the source of what comes in and the
/// destination of what goes out; ports are the destination's.
struct Rule {
  /// The peer, unless it is a group.
  Address network;
  std::uint8_t prefixBits;
  std::uint8_t protocol;
  std::uint8_t flags;
  std::uint8_t reserved;
  /// TCP and UDP: both included. ICMP and ICMPv6: type, and code, or kAnyIcmp. Others: 0.
  Le<std::uint16_t> portFirst;
  Le<std::uint16_t> portLast;
  /// With RULE_PEER_IS_GROUP: the group's bit.
  Le<std::uint32_t> group;
  /// What a trace says a rule by. Of a security group: its bit plus one, times 65,536, plus the
  /// rule's place in the group's list of that direction, counted from 1. Of a network ACL: the
  /// entry's number; 0 where a subnet has none and all passes. Decides nothing.
  Le<std::uint32_t> id;
};
static_assert(sizeof(Rule) == 32);

enum class RouteTarget : std::uint8_t {
  Local = 1,     // to who has the address in the VPC
  Interface = 2, // to an interface, whatever the address
  Blackhole = 3, // what it went to is gone
};

struct Route {
  Address network;
  std::uint8_t prefixBits;
  std::uint8_t target; // a RouteTarget
  std::array<std::uint8_t, 2> reserved;
  /// The interface's number, or 0.
  Le<std::uint32_t> interface;
};
static_assert(sizeof(Route) == 24);

/// Who has an address; all there are, since there is no way to ask (AD-6). Ordered by VPC, then by
/// address, without doubles.
struct Mapping {
  Address address;
  Le<std::uint32_t> vpc;
  Le<std::uint32_t> interface;
  /// Of GroupSets: the groups of that interface.
  Le<std::uint32_t> groupSet;
  Le<std::uint32_t> reserved;
};
static_assert(sizeof(Mapping) == 32);

// What the card takes, per buffer, interface or table; the published quotas are below these.
inline constexpr std::uint32_t kTotalBytesMax = 64U << 20U;
inline constexpr std::uint32_t kInterfaceCountMax = 4096;
inline constexpr std::uint32_t kAddressCountMax = 256;
// 1,000 of each family (SG-5).
inline constexpr std::uint32_t kRuleCountMax = 2000;
inline constexpr std::uint32_t kAclRuleCountMax = 80;
inline constexpr std::uint32_t kRouteCountMax = 2000;
inline constexpr std::uint32_t kGroupSetWordsMax = 64;

} // namespace argon::vpc::format
