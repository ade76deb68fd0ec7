// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the router's services are addressed by: exactly these, before anything else is looked at and
// never by what a packet holds (CVE-2025-0650).

#include "packet/headers.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>

namespace argon::vpc {

enum class Service : std::uint8_t { None, Dhcpv4, Dhcpv6, Dns, Ntp, Metadata, DnsOverTcp };

/// The service that a packet of an interface in `subnet` is for (LL-2, SG-6).
[[nodiscard]] Service serviceOf(const Snapshot& snapshot, const format::Subnet& subnet,
                                const packet::Headers& headers);

/// 169.254.168.0/22 and fd00:ec2::/32: packets to them are never forwarded (RT-4).
[[nodiscard]] bool isServiceRange(packet::IpAddress address);

/// The router of the subnet by its addresses; fe80:ec2::1 is that of every one (AD-1).
[[nodiscard]] bool isRouter(const format::Subnet& subnet, packet::IpAddress address);

} // namespace argon::vpc
