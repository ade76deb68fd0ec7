// SPDX-License-Identifier: Apache-2.0
#pragma once

// Says to the kernel, in a namespace of its own, who is at the other end of a connection. Guests of
// different VPCs may have the same address; so each address of an interface that asks a service of
// the card becomes one of the namespace, in whose number the interface's is:
//
//     100.64.0.0/10         or fd00:ec2:64::/106:  | 12 bits of interface | 10 bits of a pair |
//
// A pair is an address of the interface and the service that it was asked by. Resolvers, which have
// an address in each VPC, are one resolver there. Nothing else of a packet is changed; the kernel's
// answers go back the same way. One thread.

#include "network/interface.h"
#include "packet/address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace argon::network {

/// The addresses of the services in the namespace, which are those that guests know.
inline constexpr packet::IpAddress kMetadataV4 = packet::IpAddress::v4(169, 254, 169, 254);
inline constexpr packet::IpAddress kResolverV4 = packet::IpAddress::v4(169, 254, 169, 253);
inline constexpr packet::IpAddress kMetadataV6 = {.high = 0xFD00'0EC2'0000'0000, .low = 0x254};
inline constexpr packet::IpAddress kResolverV6 = {.high = 0xFD00'0EC2'0000'0000, .low = 0x253};

/// What the peers of the namespace are within.
inline constexpr packet::IpAddress kPeersV4 = packet::IpAddress::v4(100, 64, 0, 0);
inline constexpr unsigned kPeersV4Bits = 10;
inline constexpr packet::IpAddress kPeersV6 = {.high = 0xFD00'0EC2'0064'0000, .low = 0};
inline constexpr unsigned kPeersV6Bits = 106;

/// Pairs of an interface at most: more than it can have addresses, for the services there are. One
/// without address checks may send with more; then the oldest pair goes.
inline constexpr std::size_t kPairsPerInterfaceMax = 256;

class PeerAddresses {
public:
  struct Outgoing {
    InterfaceIndex to;
    std::span<const std::byte> frame;
  };

  /// A guest's frame, checksums complete, as an IP packet of the namespace: `frame` is changed and
  /// a part of it returned. Nothing if it is no whole TCP segment.
  [[nodiscard]] std::optional<std::span<const std::byte>> enter(InterfaceIndex from,
                                                                std::span<std::byte> frame);
  /// A packet of the namespace as the frame that its interface gets, in `out`. Nothing if it is to
  /// nobody who asked, no TCP, or longer than `out`.
  [[nodiscard]] std::optional<Outgoing> leave(std::span<const std::byte> packet,
                                              std::span<std::byte> out) const;
  /// Forgets what an interface asked: its number may be another's next.
  void forget(InterfaceIndex interface) { interfaces_.erase(interface.get()); }

private:
  struct Pair {
    packet::IpAddress guest;
    packet::IpAddress service;
    packet::MacAddress guestMac;
    packet::MacAddress routerMac;
  };
  struct Interface {
    std::vector<Pair> pairs;
    std::size_t oldest = 0;
  };

  [[nodiscard]] std::uint32_t numberOf(InterfaceIndex from, const Pair& pair);
  [[nodiscard]] const Pair* find(std::uint32_t number) const;

  std::unordered_map<std::uint32_t, Interface> interfaces_;
};

} // namespace argon::network
