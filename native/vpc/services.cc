// SPDX-License-Identifier: Apache-2.0
#include "vpc/services.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>

namespace argon::vpc {

namespace {

using packet::IpAddress;
namespace spec = packet::spec;

constexpr std::uint64_t kServiceHigh = 0xFD00'0EC2'0000'0000;
constexpr IpAddress kDnsV4 = IpAddress::v4(169, 254, 169, 253);
constexpr IpAddress kDnsV6 = {.high = kServiceHigh, .low = 0x253};
constexpr IpAddress kNtpV4 = IpAddress::v4(169, 254, 169, 123);
constexpr IpAddress kNtpV6 = {.high = kServiceHigh, .low = 0x123};
constexpr IpAddress kMetadataV4 = IpAddress::v4(169, 254, 169, 254);
constexpr IpAddress kMetadataV6 = {.high = kServiceHigh, .low = 0x254};
constexpr IpAddress kBroadcast = IpAddress::v4(255, 255, 255, 255);
// All_DHCP_Relay_Agents_and_Servers (RFC 8415, 7.1).
constexpr IpAddress kDhcpServers = {.high = 0xFF02'0000'0000'0000, .low = 0x1'0002};
constexpr IpAddress kRouterAlias = {.high = 0xFE80'0EC2'0000'0000, .low = 1};

constexpr std::uint16_t kDnsPort = 53;
constexpr std::uint16_t kDhcpServerPort = 67;
constexpr std::uint16_t kMetadataPort = 80;
constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint16_t kDhcpv6ServerPort = 547;

} // namespace

Service serviceOf(const Snapshot& snapshot, const format::Subnet& subnet,
                  const packet::Headers& headers) {
  const packet::Tuple& tuple = headers.tuple;
  const IpAddress to = tuple.destination;
  // A fragment is never whole here, and services send and get none.
  if (headers.isFragment) return Service::None;
  const bool isResolver =
      to == kDnsV4 || to == kDnsV6 || to == addressOf(snapshot.vpcOf(subnet).dns);
  if (tuple.protocol == spec::PROTOCOL_TCP) {
    if (tuple.destinationPort == kDnsPort) {
      return isResolver ? Service::DnsOverTcp : Service::None;
    }
    const bool isMetadata = to == kMetadataV4 || to == kMetadataV6;
    return isMetadata && tuple.destinationPort == kMetadataPort ? Service::Metadata : Service::None;
  }
  if (tuple.protocol != spec::PROTOCOL_UDP) return Service::None;
  switch (tuple.destinationPort) {
  case kDhcpServerPort:
    return to == kBroadcast || to == addressOf(subnet.routerV4) ? Service::Dhcpv4 : Service::None;
  case kDhcpv6ServerPort:
    return to == kDhcpServers ? Service::Dhcpv6 : Service::None;
  case kDnsPort:
    return isResolver ? Service::Dns : Service::None;
  case kNtpPort:
    return to == kNtpV4 || to == kNtpV6 ? Service::Ntp : Service::None;
  default:
    return Service::None;
  }
}

bool isServiceRange(IpAddress address) {
  return address.isIn(IpAddress::v4(169, 254, 168, 0), IpAddress::kV4PrefixBits + 22) ||
         address.isIn({.high = kServiceHigh, .low = 0}, 32);
}

bool isRouter(const format::Subnet& subnet, IpAddress address) {
  return address == addressOf(subnet.routerV4) || address == addressOf(subnet.routerLinkLocal) ||
         address == kRouterAlias;
}

} // namespace argon::vpc
