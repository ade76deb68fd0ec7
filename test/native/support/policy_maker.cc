// SPDX-License-Identifier: Apache-2.0
#include "support/policy_maker.h"

#include "base/check.h"
#include "base/little_endian.h"
#include "base/text.h"
#include "packet/address.h"
#include "support/packet_maker.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::test {

namespace {

namespace format = vpc::format;
using packet::IpAddress;

format::Address wire(IpAddress address) { return {.high = address.high, .low = address.low}; }
format::Prefix wire(const PrefixText& text) {
  return {.network = wire(text.network), .bits = static_cast<std::uint8_t>(text.bits)};
}
std::array<std::uint8_t, 6> wire(const packet::MacAddress& mac) {
  return std::bit_cast<std::array<std::uint8_t, 6>>(mac.bytes);
}
format::Rate wire(const RateText& text) {
  return {.perSecond = text.perSecond, .burst = text.burst};
}

format::Rule wire(const RuleText& text) {
  std::uint8_t flags = text.protocol ? 0 : format::RULE_ANY_PROTOCOL;
  flags |= text.group ? format::RULE_PEER_IS_GROUP : std::uint8_t{0};
  flags |= text.denies ? format::RULE_DENIES : std::uint8_t{0};
  format::Rule rule{.network = wire(text.group ? IpAddress{} : text.peer.network),
                    .prefixBits = static_cast<std::uint8_t>(text.group ? 0 : text.peer.bits),
                    .protocol = text.protocol.value_or(0),
                    .flags = flags};
  rule.portFirst = text.portFirst;
  rule.portLast = text.portLast;
  rule.group = text.group.value_or(0);
  rule.id = text.id;
  return rule;
}

// Arrays that records are added to, as ranges.
struct Sections {
  std::vector<format::Vpc> vpcs;
  std::vector<format::Subnet> subnets;
  std::vector<format::Instance> instances;
  std::vector<format::Interface> interfaces;
  std::vector<format::Prefix> prefixes;
  std::vector<format::Rule> rules;
  std::vector<format::Route> routes;
  std::vector<Le<std::uint64_t>> groupSets;
  std::vector<format::Mapping> mappings;

  template <typename Record, typename Text>
  static format::Range add(std::vector<Record>& records, const std::vector<Text>& texts) {
    format::Range range{};
    range.first = static_cast<std::uint32_t>(records.size());
    range.count = static_cast<std::uint32_t>(texts.size());
    for (const Text& text : texts) {
      records.push_back(wire(text));
    }
    return range;
  }
};

format::Route wire(const RouteText& text) {
  format::Route route{.network = wire(text.to.network),
                      .prefixBits = static_cast<std::uint8_t>(text.to.bits),
                      .target = static_cast<std::uint8_t>(text.target)};
  route.interface = text.interface;
  return route;
}

// FNV-1a, over bytes; a hash of the compiler's own choice.
class Digest {
public:
  template <typename Record>
  void add(const std::vector<Record>& records) {
    add(std::as_bytes(std::span(records)));
  }
  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) {
      value_ = (value_ ^ std::to_integer<std::uint64_t>(byte)) * 0x100'0000'01B3;
    }
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

private:
  std::uint64_t value_ = 0xCBF2'9CE4'8422'2325;
};

void addSubnet(Sections& sections, const SubnetText& text) {
  format::Subnet subnet{.v4 = wire(text.v4),
                        .v6 = wire(text.v6),
                        .routerV4 = wire(text.routerV4),
                        .routerLinkLocal = wire(text.routerLinkLocal),
                        .routerMac = wire(text.routerMac)};
  subnet.aclIn = Sections::add(sections.rules, text.aclIn);
  subnet.aclOut = Sections::add(sections.rules, text.aclOut);
  std::vector<RouteText> routes = text.routes;
  std::ranges::sort(routes, [](const RouteText& left, const RouteText& right) {
    return left.to.bits != right.to.bits ? left.to.bits > right.to.bits
                                         : left.to.network < right.to.network;
  });
  subnet.routes = {};
  subnet.routes.first = static_cast<std::uint32_t>(sections.routes.size());
  subnet.routes.count = static_cast<std::uint32_t>(routes.size());
  for (const RouteText& route : routes) {
    sections.routes.push_back(wire(route));
  }
  subnet.vpc = text.vpc;
  subnet.reserved2 = std::uint32_t{0};
  sections.subnets.push_back(subnet);
}

void addInterface(Sections& sections, const PolicyText& policy, const InterfaceText& text,
                  std::uint32_t index) {
  format::Interface interface{};
  interface.identity = text.identity;
  if (text.identity == 0) {
    sections.interfaces.push_back(interface);
    return;
  }
  interface.mac = wire(text.mac);
  interface.flags = text.checksAddresses ? format::CHECKS_SOURCE_AND_DESTINATION : std::uint16_t{0};
  if (text.isUplink) {
    interface.flags = format::IS_UPLINK;
  }
  interface.addresses = Sections::add(sections.prefixes, text.addresses);
  interface.rulesIn = Sections::add(sections.rules, text.rulesIn);
  interface.rulesOut = Sections::add(sections.rules, text.rulesOut);
  interface.subnet = text.subnet;
  interface.instance = text.instance;
  interface.tcpEstablishedSeconds = text.tcpEstablishedSeconds;
  interface.udpSeconds = text.udpSeconds;
  interface.udpStreamSeconds = text.udpStreamSeconds;
  sections.interfaces.push_back(interface);

  std::uint64_t groups = 0;
  for (const std::uint32_t group : text.groups) {
    groups |= std::uint64_t{1} << group;
  }
  for (const PrefixText& address : text.addresses) {
    if (address.bits != 128 || text.isUplink) continue;
    format::Mapping mapping{.address = wire(address.network)};
    mapping.vpc = policy.subnets[text.subnet].vpc;
    mapping.interface = index;
    mapping.groupSet = static_cast<std::uint32_t>(sections.groupSets.size());
    mapping.reserved = std::uint32_t{0};
    sections.mappings.push_back(mapping);
  }
  sections.groupSets.emplace_back(groups);
}

std::uint64_t hashOf(const Sections& sections, const PolicyText& policy, std::size_t index) {
  const InterfaceText& text = policy.interfaces[index];
  const SubnetText& subnet = policy.subnets[text.subnet];
  const auto wires = [](const auto& texts) {
    std::vector<decltype(wire(texts.front()))> records;
    records.reserve(texts.size());
    for (const auto& one : texts) {
      records.push_back(wire(one));
    }
    return records;
  };
  Digest digest;
  digest.add(wires(text.addresses));
  digest.add(wires(text.rulesIn));
  digest.add(std::vector<std::uint64_t>{text.rulesIn.size(), text.checksAddresses ? 1U : 0U,
                                        text.tcpEstablishedSeconds, text.udpSeconds,
                                        text.udpStreamSeconds, text.subnet});
  digest.add(wires(text.rulesOut));
  digest.add(wires(subnet.aclIn));
  digest.add(std::vector<std::uint64_t>{subnet.aclIn.size()});
  digest.add(wires(subnet.aclOut));
  digest.add(wires(subnet.routes));
  digest.add(sections.mappings);
  digest.add(sections.groupSets);
  return digest.value();
}

template <typename Record>
void append(std::vector<std::byte>& bytes, format::Header& header, format::Section section,
            const std::vector<Record>& records) {
  format::SectionPlace& place = header.sections[static_cast<std::size_t>(section)];
  place.offset = static_cast<std::uint32_t>(bytes.size());
  place.count = static_cast<std::uint32_t>(records.size());
  const auto raw = std::as_bytes(std::span(records));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

} // namespace

packet::IpAddress ip(const std::string& text) {
  std::array<std::byte, 16> bytes{};
  if (text.find(':') == std::string::npos) {
    ARGON_CHECK(inet_pton(AF_INET, text.c_str(), bytes.data()) == 1);
    return IpAddress::readV4(bytes, 0);
  }
  ARGON_CHECK(inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1);
  return IpAddress::readV6(bytes, 0);
}

PrefixText net(const std::string& text) {
  const std::size_t slash = text.find('/');
  const IpAddress network = ip(text.substr(0, slash));
  const unsigned all = network.isV4() ? 32 : 128;
  const unsigned bits =
      slash == std::string::npos ? all : static_cast<unsigned>(std::stoul(text.substr(slash + 1)));
  return {.network = network, .bits = bits + (128 - all)};
}

std::vector<std::byte> makePolicy(const PolicyText& text) {
  using format::Section;
  Sections sections;
  for (const VpcText& vpc : text.vpcs) {
    const format::Vpc record{.cidrs = Sections::add(sections.prefixes, vpc.cidrs),
                             .dns = wire(vpc.dns)};
    sections.vpcs.push_back(record);
  }
  for (const SubnetText& subnet : text.subnets) {
    addSubnet(sections, subnet);
  }
  for (const InstanceText& instance : text.instances) {
    format::Instance record{.identity = {},
                            .bandwidthIn = wire(instance.bandwidthIn),
                            .bandwidthOut = wire(instance.bandwidthOut),
                            .packets = wire(instance.packets)};
    record.trackedMax = instance.trackedMax;
    record.identity = instance.identity;
    record.servicePacketsPerSecond = instance.servicePacketsPerSecond;
    sections.instances.push_back(record);
  }
  for (std::uint32_t index = 0; index < text.interfaces.size(); ++index) {
    addInterface(sections, text, text.interfaces[index], index);
  }
  std::ranges::sort(sections.mappings, {}, [](const format::Mapping& mapping) {
    return std::pair(mapping.vpc.get(), vpc::addressOf(mapping.address));
  });
  for (std::size_t index = 0; index < text.interfaces.size(); ++index) {
    if (text.interfaces[index].identity != 0) {
      sections.interfaces[index].policyHash = hashOf(sections, text, index);
    }
  }
  format::Header header{};
  std::vector<std::byte> bytes(sizeof header);
  append(bytes, header, Section::Vpcs, sections.vpcs);
  append(bytes, header, Section::Subnets, sections.subnets);
  append(bytes, header, Section::Instances, sections.instances);
  append(bytes, header, Section::Interfaces, sections.interfaces);
  append(bytes, header, Section::Prefixes, sections.prefixes);
  append(bytes, header, Section::Rules, sections.rules);
  append(bytes, header, Section::Routes, sections.routes);
  append(bytes, header, Section::GroupSets, sections.groupSets);
  append(bytes, header, Section::Mappings, sections.mappings);
  header.magic = format::kMagic;
  header.version = format::kVersion;
  header.totalBytes = static_cast<std::uint32_t>(bytes.size());
  header.groupSetWords = std::uint32_t{1};
  header.generation = text.generation;
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

std::shared_ptr<const vpc::Snapshot> makeSnapshot(const PolicyText& text) {
  auto snapshot = vpc::Snapshot::create(makePolicy(text));
  ARGON_CHECK(snapshot.has_value());
  return *snapshot;
}

PolicyText twoSubnets() {
  PolicyText policy;
  policy.vpcs.push_back({.cidrs = {net("10.0.0.0/16"), net("fd00:1::/56")}, .dns = ip("10.0.0.2")});
  for (const unsigned subnet : {0U, 1U}) {
    const std::string number = std::to_string(subnet);
    policy.subnets.push_back({.v4 = net("10.0." + number + ".0/24"),
                              .v6 = net("fd00:1:0:" + number + "::/64"),
                              .routerV4 = ip("10.0." + number + ".1"),
                              .routerLinkLocal = ip("fe80::1:" + number),
                              .routerMac = macOf(static_cast<std::uint8_t>(0xF0 + subnet)),
                              .aclIn = {{}, {.peer = net("::/0")}},
                              .aclOut = {{}, {.peer = net("::/0")}},
                              .routes = {{.to = net("10.0.0.0/16")}, {.to = net("fd00:1::/56")}}});
  }
  for (std::uint32_t index = 0; index < 4; ++index) {
    const std::string subnet = std::to_string(index / 2);
    const std::string host = std::to_string(10 + index);
    policy.instances.push_back({.identity = 0x1000 + index});
    policy.interfaces.push_back({.identity = 100 + index,
                                 .mac = macOf(static_cast<std::uint8_t>(0x10 + index)),
                                 .addresses = {net(concat("10.0.", subnet, ".", host)),
                                               net(concat("fd00:1:0:", subnet, "::", host))},
                                 .subnet = index / 2,
                                 .instance = index});
  }
  return policy;
}

PolicyText withUplink() {
  PolicyText policy = twoSubnets();
  policy.subnets.push_back({.v4 = net("198.51.100.0/30"),
                            .v6 = net("fd00:ffff::/64"),
                            .routerV4 = ip("198.51.100.1"),
                            .routerLinkLocal = ip("fe80::2"),
                            .routerMac = macOf(0xF2),
                            .aclIn = {{}, {.peer = net("::/0")}},
                            .aclOut = {{}, {.peer = net("::/0")}},
                            .routes = {{.to = net("10.0.0.0/16")}, {.to = net("fd00:1::/56")}}});
  policy.instances.push_back({.identity = 0x1004});
  policy.interfaces.push_back({.identity = 104,
                               .mac = macOf(0x14),
                               .addresses = {net("198.51.100.2"), net("fd00:ffff::2")},
                               .rulesIn = {{}, {.peer = net("::/0")}},
                               .subnet = 2,
                               .instance = 4,
                               .isUplink = true});
  policy.subnets[0].routes.push_back(
      {.to = net("0.0.0.0/0"), .target = vpc::format::RouteTarget::Interface, .interface = 4});
  // As the compiler has it: of IPv6 the host's address alone.
  policy.subnets[0].routes.push_back(
      {.to = net("fd00:ffff::2"), .target = vpc::format::RouteTarget::Interface, .interface = 4});
  policy.subnets[0].routes.push_back(
      {.to = net("::/0"), .target = vpc::format::RouteTarget::Blackhole});
  return policy;
}

PacketText packetBetween(const PolicyText& policy, std::uint32_t from, std::uint32_t to,
                         std::size_t address) {
  const InterfaceText& sender = policy.interfaces.at(from);
  const InterfaceText& receiver = policy.interfaces.at(to);
  return {.destinationMac = sender.subnet == receiver.subnet
                                ? receiver.mac
                                : policy.subnets.at(sender.subnet).routerMac,
          .sourceMac = sender.mac,
          .source = sender.addresses.at(address).network,
          .destination = receiver.addresses.at(address).network};
}

} // namespace argon::test
