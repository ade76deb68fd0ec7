// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames that a router answers with by itself: address resolution of both families, what it says
// of itself, pings, and what is too big to be passed on. Each is made whole, with its checksums,
// and its length is returned.

#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace argon::packet {

/// Enough for every answer but the one to a ping, and what is said of a packet that is too big.
inline constexpr std::size_t kAnswerBytesMax = 128;

/// The answer to an ARP request: `owner` has the address that was asked for.
[[nodiscard]] std::size_t writeArpReply(const Headers& request, MacAddress owner,
                                        std::span<std::byte> out);

/// Of a neighbor solicitation, the address it asks for; none if it is malformed (RFC 4861, 7.1.1).
[[nodiscard]] std::optional<IpAddress> solicitedTarget(const Frame& frame, const Headers& headers);

/// A neighbor advertisement: `owner` has `target`, and is who it comes from.
[[nodiscard]] std::size_t writeNeighborAdvertisement(const Headers& solicitation, IpAddress target,
                                                     MacAddress owner, bool isRouter,
                                                     std::span<std::byte> out);

/// What a router advertisement says. Addresses come by DHCPv6, as in a VPC: no prefix is on link.
struct RouterFacts {
  MacAddress mac;
  IpAddress linkLocal;
  std::uint16_t mtuBytes = 0;
  std::uint16_t lifetimeSeconds = 0;
};

/// A router advertisement to who solicited it (RFC 4861, 4.2), with the managed flags set.
[[nodiscard]] std::size_t writeRouterAdvertisement(const Headers& solicitation,
                                                   const RouterFacts& router,
                                                   std::span<std::byte> out);

/// The answer to an echo request of either family, its payload copied: reads guest memory. None if
/// the request is not whole, its checksum is wrong, or the answer does not fit.
[[nodiscard]] std::optional<std::size_t> writeEchoReply(const Frame& frame, const Headers& request,
                                                        std::span<std::byte> out);

/// Who says that a packet is too big: its address of the packet's family.
struct TooBigFacts {
  MacAddress mac;
  IpAddress router;
  std::uint16_t mtuBytes = 0;
};
/// Enough for writeTooBig(): the least that every IPv6 link carries (RFC 4443, 2.4).
inline constexpr std::size_t kTooBigBytesMax = 14 + 1280;

/// Tells a packet's sender which size would pass: "fragmentation needed" (RFC 1191) or "packet too
/// big" (RFC 4443, 3.2). It quotes the packet, and so reads guest memory. None if IPv4 may fragment
/// the packet, and for what such messages are never sent about: ICMP errors, fragments but the
/// first, and packets that do not say which host has sent them (RFC 1122, 3.2.2).
[[nodiscard]] std::optional<std::size_t> writeTooBig(const Frame& frame, const Headers& headers,
                                                     const TooBigFacts& facts,
                                                     std::span<std::byte> out);

} // namespace argon::packet
