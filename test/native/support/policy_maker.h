// SPDX-License-Identifier: Apache-2.0
#pragma once

// Policies in words, and the buffers that a controller's compiler makes of them
// (native/vpc/snapshot_format.h).

#include "packet/address.h"
#include "support/packet_maker.h"
#include "vpc/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace argon::test {

/// `10.0.0.1` or `fd00::1`.
[[nodiscard]] packet::IpAddress ip(const std::string& text);

struct PrefixText {
  packet::IpAddress network;
  /// Of the format's, which are 96 more for IPv4.
  unsigned bits = 0;
};
/// `10.0.0.0/16` or `::/0`.
[[nodiscard]] PrefixText net(const std::string& text);

/// Any protocol of 0.0.0.0/0 is what a rule of no more words is for.
struct RuleText {
  PrefixText peer = {.network = packet::IpAddress::v4(0), .bits = 96};
  /// None for any.
  std::optional<std::uint8_t> protocol;
  std::uint16_t portFirst = 0;
  std::uint16_t portLast = 0;
  /// In the place of a prefix.
  std::optional<std::uint32_t> group;
  bool denies = false;
  std::uint32_t id = 0;
};

struct RouteText {
  PrefixText to;
  vpc::format::RouteTarget target = vpc::format::RouteTarget::Local;
  std::uint32_t interface = 0;
};

struct SubnetText {
  PrefixText v4;
  PrefixText v6;
  packet::IpAddress routerV4;
  packet::IpAddress routerLinkLocal;
  packet::MacAddress routerMac;
  std::vector<RuleText> aclIn = {{}};
  std::vector<RuleText> aclOut = {{}};
  /// Sorted when made.
  std::vector<RouteText> routes;
  std::uint32_t vpc = 0;
};

struct InterfaceText {
  std::uint64_t identity = 0;
  packet::MacAddress mac;
  std::vector<PrefixText> addresses;
  std::vector<RuleText> rulesIn;
  std::vector<RuleText> rulesOut = {{}, {.peer = net("::/0")}};
  std::vector<std::uint32_t> groups;
  std::uint32_t subnet = 0;
  std::uint32_t instance = 0;
  bool checksAddresses = true;
  /// In the place of checksAddresses; its addresses are mapped to nobody.
  bool isUplink = false;
  std::uint32_t tcpEstablishedSeconds = 432'000;
  std::uint32_t udpSeconds = 30;
  std::uint32_t udpStreamSeconds = 180;
};

struct RateText {
  std::uint64_t perSecond = 0;
  std::uint64_t burst = 0;
};
struct InstanceText {
  std::uint64_t identity = 0;
  RateText bandwidthIn;
  RateText bandwidthOut;
  RateText packets;
  std::uint32_t trackedMax = 1000;
  std::uint32_t servicePacketsPerSecond = 1024;
};

struct VpcText {
  std::vector<PrefixText> cidrs;
  packet::IpAddress dns;
};

struct PolicyText {
  std::vector<VpcText> vpcs;
  std::vector<SubnetText> subnets;
  std::vector<InstanceText> instances;
  /// A place with identity 0 is unused.
  std::vector<InterfaceText> interfaces;
  std::uint64_t generation = 1;
};

/// The buffer. Addresses of interfaces are mapped to them; an interface's hash is over all that
/// concerns it.
[[nodiscard]] std::vector<std::byte> makePolicy(const PolicyText& text);
/// The same, which must be right.
[[nodiscard]] std::shared_ptr<const vpc::Snapshot> makeSnapshot(const PolicyText& text);

/// One VPC, 10.0.0.0/16 and fd00:1::/56, with two subnets: 10.0.0.0/24 with interfaces 0 and 1,
/// 10.0.1.0/24 with 2 and 3. Interface n has the address .10 + n and ::10 + n of its subnet, MAC
/// address 02:00:00:00:00:10 + n, an instance of its own, and a new security group's rules: all
/// goes out, nothing comes in. Default network ACLs, which allow all.
[[nodiscard]] PolicyText twoSubnets();

/// The same with an uplink as interface 4, in a subnet 2 of its own: 198.51.100.0/30, with the
/// router at .1 and the host at .2. Interface 0's subnet has a route of 0.0.0.0/0 to it.
[[nodiscard]] PolicyText withUplink();

/// A packet from one interface to another's address, the first or which one, with their MAC
/// addresses or the router's.
[[nodiscard]] PacketText packetBetween(const PolicyText& policy, std::uint32_t from,
                                       std::uint32_t to, std::size_t address = 0);

} // namespace argon::test
