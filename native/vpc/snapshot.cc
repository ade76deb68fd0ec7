// SPDX-License-Identifier: Apache-2.0
#include "vpc/snapshot.h"

#include "base/checked_math.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "base/result.h"
#include "base/text.h"
#include "packet/address.h"
#include "packet/spec/protocols.h"
#include "vpc/snapshot_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

using packet::IpAddress;

Error corrupt(std::string_view what, std::size_t index) {
  return {ErrorKind::Corrupt, concat("policy: ", what, " ", index)};
}

bool isRight(const format::Address& network, unsigned bits) {
  if (bits > 128) return false;
  const IpAddress address = addressOf(network);
  if (address.isV4() && bits < IpAddress::kV4PrefixBits) return false;
  // Nothing behind the prefix: flipping every bit there must be seen.
  const std::uint64_t low = bits >= 128 ? 0 : bits <= 64 ? ~0ULL : ~0ULL >> (bits - 64);
  const std::uint64_t high = bits >= 64 ? 0 : bits == 0 ? ~0ULL : ~0ULL >> bits;
  return (address.low & low) == 0 && (address.high & high) == 0;
}

bool isZero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

// RT-4: what no route may be for.
bool isReserved(const format::Route& route) {
  const IpAddress network = addressOf(route.network);
  const bool isLinkLocal = route.prefixBits >= IpAddress::kV4PrefixBits + 22 &&
                           network.isIn(IpAddress::v4(169, 254, 168, 0), 96 + 22);
  const bool isService =
      route.prefixBits >= 32 && network.isIn({.high = 0xFD00'0EC2'0000'0000, .low = 0}, 32);
  return isLinkLocal || isService;
}

// None, or one: an uplink is nobody whose addresses could be checked.
bool areRightFlags(std::uint16_t flags) {
  return flags == 0 || flags == format::CHECKS_SOURCE_AND_DESTINATION || flags == format::IS_UPLINK;
}

bool isPort(std::uint8_t protocol) {
  return protocol == packet::spec::PROTOCOL_TCP || protocol == packet::spec::PROTOCOL_UDP;
}

bool isIcmp(std::uint8_t protocol) {
  return protocol == packet::spec::PROTOCOL_ICMP || protocol == packet::spec::PROTOCOL_ICMPV6;
}

bool isSecondsRange(Le<std::uint32_t> seconds, std::uint32_t first, std::uint32_t last) {
  return seconds.get() >= first && seconds.get() <= last;
}

} // namespace

// Reads one buffer into a snapshot, then holds the records against each other.
class SnapshotReader {
public:
  static Result<std::shared_ptr<const Snapshot>> read(std::span<const std::byte> buffer) {
    std::shared_ptr<Snapshot> snapshot(new Snapshot());
    SnapshotReader reader(buffer, *snapshot);
    ARGON_TRY(reader.readSections());
    ARGON_TRY(reader.checkPlaces());
    ARGON_TRY(reader.checkInstances());
    ARGON_TRY(reader.checkRules());
    ARGON_TRY(reader.checkInterfaces());
    ARGON_TRY(reader.checkMappings());
    return std::shared_ptr<const Snapshot>(std::move(snapshot));
  }

private:
  SnapshotReader(std::span<const std::byte> buffer, Snapshot& snapshot)
      : buffer_(buffer), snapshot_(snapshot) {}

  template <typename Record>
  Result<std::vector<Record>> records(format::Section section, std::uint64_t countMax) {
    const auto index = static_cast<std::size_t>(section);
    const format::SectionPlace& place = header_.sections[index];
    const std::uint64_t count = place.count.get();
    const std::uint64_t offset = place.offset.get();
    if (count > countMax || offset % 8 != 0 ||
        !isWithin(offset, count * sizeof(Record), buffer_.size())) {
      return corrupt("a place or a count of section", index);
    }
    std::vector<Record> records(count);
    if (count > 0) {
      std::memcpy(records.data(), buffer_.data() + offset, count * sizeof(Record));
    }
    return records;
  }

  Result<void> readSections() {
    using format::Section;
    if (buffer_.size() < sizeof header_ || buffer_.size() > format::kTotalBytesMax) {
      return corrupt("not its size:", buffer_.size());
    }
    std::memcpy(&header_, buffer_.data(), sizeof header_);
    if (header_.magic.get() != format::kMagic || header_.version.get() != format::kVersion ||
        header_.totalBytes.get() != buffer_.size() || header_.groupSetWords.get() == 0 ||
        header_.groupSetWords.get() > format::kGroupSetWordsMax) {
      return corrupt("not its header, version", header_.version.get());
    }
    snapshot_.generation_ = header_.generation.get();
    snapshot_.groupSetWords_ = header_.groupSetWords.get();
    constexpr std::uint64_t kAny = format::kTotalBytesMax;
    ARGON_TRY_ASSIGN(snapshot_.vpcs_, records<format::Vpc>(Section::Vpcs, kAny));
    ARGON_TRY_ASSIGN(snapshot_.subnets_, records<format::Subnet>(Section::Subnets, kAny));
    ARGON_TRY_ASSIGN(snapshot_.instances_,
                     records<format::Instance>(Section::Instances, format::kInterfaceCountMax));
    ARGON_TRY_ASSIGN(snapshot_.interfaces_,
                     records<format::Interface>(Section::Interfaces, format::kInterfaceCountMax));
    ARGON_TRY_ASSIGN(snapshot_.prefixes_, records<format::Prefix>(Section::Prefixes, kAny));
    ARGON_TRY_ASSIGN(snapshot_.rules_, records<format::Rule>(Section::Rules, kAny));
    ARGON_TRY_ASSIGN(snapshot_.routes_, records<format::Route>(Section::Routes, kAny));
    ARGON_TRY_ASSIGN(snapshot_.groupSets_, records<Le<std::uint64_t>>(Section::GroupSets, kAny));
    ARGON_TRY_ASSIGN(snapshot_.mappings_, records<format::Mapping>(Section::Mappings, kAny));
    return {};
  }

  static bool isRange(format::Range range, std::size_t size, std::uint32_t countMax) {
    return range.count.get() <= countMax && isWithin(range.first.get(), range.count.get(), size);
  }

  Result<void> checkPlaces() {
    for (std::size_t index = 0; index < snapshot_.prefixes_.size(); ++index) {
      const format::Prefix& prefix = snapshot_.prefixes_[index];
      if (!isRight(prefix.network, prefix.bits) || !isZero(prefix.reserved)) {
        return corrupt("prefix", index);
      }
    }
    for (std::size_t index = 0; index < snapshot_.vpcs_.size(); ++index) {
      const format::Vpc& vpc = snapshot_.vpcs_[index];
      if (!isRange(vpc.cidrs, snapshot_.prefixes_.size(), format::kAddressCountMax) ||
          !addressOf(vpc.dns).isV4()) {
        return corrupt("VPC", index);
      }
    }
    for (std::size_t index = 0; index < snapshot_.subnets_.size(); ++index) {
      ARGON_TRY(checkSubnet(snapshot_.subnets_[index], index));
    }
    return {};
  }

  Result<void> checkSubnet(const format::Subnet& subnet, std::size_t index) {
    const IpAddress linkLocal = addressOf(subnet.routerLinkLocal);
    const bool hasAddresses =
        isRight(subnet.v4.network, subnet.v4.bits) && isRight(subnet.v6.network, subnet.v6.bits) &&
        addressOf(subnet.v4.network).isV4() && !addressOf(subnet.v6.network).isV4() &&
        holds(subnet.v4, addressOf(subnet.routerV4)) &&
        linkLocal.isIn({.high = 0xFE80'0000'0000'0000, .low = 0}, 10);
    const bool hasRanges =
        isRange(subnet.aclIn, snapshot_.rules_.size(), format::kAclRuleCountMax) &&
        isRange(subnet.aclOut, snapshot_.rules_.size(), format::kAclRuleCountMax) &&
        isRange(subnet.routes, snapshot_.routes_.size(), format::kRouteCountMax);
    const bool isClean = isZero(subnet.reserved) && subnet.reserved2.get() == 0 &&
                         isZero(subnet.v4.reserved) && isZero(subnet.v6.reserved);
    if (!hasAddresses || !hasRanges || !isClean || (subnet.routerMac[0] & 1U) != 0 ||
        subnet.vpc.get() >= snapshot_.vpcs_.size()) {
      return corrupt("subnet", index);
    }
    const std::span<const format::Route> routes =
        std::span(snapshot_.routes_).subspan(subnet.routes.first.get(), subnet.routes.count.get());
    for (std::size_t at = 0; at < routes.size(); ++at) {
      if (!isRoute(routes[at]) || (at > 0 && !isBefore(routes[at - 1], routes[at]))) {
        return corrupt("a route of subnet", index);
      }
    }
    return {};
  }

  static bool isBefore(const format::Route& left, const format::Route& right) {
    // The longer prefix comes first.
    return left.prefixBits != right.prefixBits ? left.prefixBits > right.prefixBits
                                               : addressOf(left.network) < addressOf(right.network);
  }

  [[nodiscard]] bool isRoute(const format::Route& route) const {
    const auto target = static_cast<format::RouteTarget>(route.target);
    const bool hasInterface = target == format::RouteTarget::Interface;
    const bool isKnown = hasInterface || target == format::RouteTarget::Local ||
                         target == format::RouteTarget::Blackhole;
    return isKnown && isRight(route.network, route.prefixBits) && isZero(route.reserved) &&
           !isReserved(route) &&
           (hasInterface ? isInterface(route.interface) : route.interface.get() == 0);
  }

  [[nodiscard]] bool isInterface(Le<std::uint32_t> index) const {
    return snapshot_.interfaceAt(InterfaceIndex(index.get())) != nullptr;
  }

  Result<void> checkRules() {
    for (std::size_t index = 0; index < snapshot_.rules_.size(); ++index) {
      const format::Rule& rule = snapshot_.rules_[index];
      const bool isAny = (rule.flags & format::RULE_ANY_PROTOCOL) != 0;
      const bool isGroup = (rule.flags & format::RULE_PEER_IS_GROUP) != 0;
      const std::uint16_t first = rule.portFirst.get();
      const std::uint16_t last = rule.portLast.get();
      // A type and a code are a byte each, and there is no code of any type.
      const bool isMessage = (first == format::kAnyIcmp && last == format::kAnyIcmp) ||
                             (first < 256 && (last < 256 || last == format::kAnyIcmp));
      bool hasPorts = first == 0 && last == 0;
      if (!isAny && isPort(rule.protocol)) {
        hasPorts = first <= last;
      } else if (!isAny && isIcmp(rule.protocol)) {
        hasPorts = isMessage;
      }
      const bool hasPeer =
          isGroup ? rule.group.get() < snapshot_.groupSetWords_ * 64 : rule.group.get() == 0;
      if (!hasPorts || !hasPeer || rule.flags > 7 || rule.reserved != 0 ||
          (isAny && rule.protocol != 0) || !isRight(rule.network, rule.prefixBits)) {
        return corrupt("rule", index);
      }
    }
    return {};
  }

  // Security groups have no deny, network ACLs no groups.
  [[nodiscard]] bool noneHas(format::Range range, std::uint8_t flag) const {
    return std::ranges::none_of(snapshot_.rules(range), [flag](const format::Rule& rule) {
      return (rule.flags & flag) != 0;
    });
  }

  Result<void> checkInterfaces() {
    for (std::size_t index = 0; index < snapshot_.subnets_.size(); ++index) {
      const format::Subnet& subnet = snapshot_.subnets_[index];
      if (!noneHas(subnet.aclIn, format::RULE_PEER_IS_GROUP) ||
          !noneHas(subnet.aclOut, format::RULE_PEER_IS_GROUP)) {
        return corrupt("a group in the network ACL of subnet", index);
      }
    }
    for (std::size_t index = 0; index < snapshot_.interfaces_.size(); ++index) {
      const format::Interface& interface = snapshot_.interfaces_[index];
      if (interface.identity.get() != 0 && !isWhole(interface)) {
        return corrupt("interface", index);
      }
    }
    return {};
  }

  // Allowances go with the identity: two of one would share them.
  [[nodiscard]] Result<void> checkInstances() const {
    std::vector<std::uint64_t> identities;
    identities.reserve(snapshot_.instances_.size());
    for (const format::Instance& instance : snapshot_.instances_) {
      identities.push_back(instance.identity.get());
    }
    std::ranges::sort(identities);
    const auto twice = std::ranges::adjacent_find(identities);
    if (twice != identities.end() || (!identities.empty() && identities.front() == 0)) {
      return corrupt("not an identity for each instance, of", identities.size());
    }
    return {};
  }

  [[nodiscard]] bool isWhole(const format::Interface& interface) const {
    const bool hasRanges =
        isRange(interface.addresses, snapshot_.prefixes_.size(), format::kAddressCountMax) &&
        isRange(interface.rulesIn, snapshot_.rules_.size(), format::kRuleCountMax) &&
        isRange(interface.rulesOut, snapshot_.rules_.size(), format::kRuleCountMax) &&
        interface.addresses.count.get() > 0;
    const bool hasPlaces = interface.subnet.get() < snapshot_.subnets_.size() &&
                           interface.instance.get() < snapshot_.instances_.size();
    const bool hasTimes = isSecondsRange(interface.tcpEstablishedSeconds, 60, 432'000) &&
                          isSecondsRange(interface.udpSeconds, 30, 60) &&
                          isSecondsRange(interface.udpStreamSeconds, 60, 180);
    return hasRanges && hasPlaces && hasTimes && (interface.mac[0] & 1U) == 0 &&
           areRightFlags(interface.flags.get()) && interface.reserved.get() == 0 &&
           noneHas(interface.rulesIn, format::RULE_DENIES) &&
           noneHas(interface.rulesOut, format::RULE_DENIES);
  }

  Result<void> checkMappings() {
    const auto order = [](const format::Mapping& mapping) {
      return std::pair(mapping.vpc.get(), addressOf(mapping.address));
    };
    const std::size_t setCount = snapshot_.groupSets_.size() / snapshot_.groupSetWords_;
    for (std::size_t index = 0; index < snapshot_.mappings_.size(); ++index) {
      const format::Mapping& mapping = snapshot_.mappings_[index];
      const format::Interface* interface =
          snapshot_.interfaceAt(InterfaceIndex(mapping.interface.get()));
      // An address leads to an interface of its own VPC, whatever else is wrong.
      if (interface == nullptr || mapping.groupSet.get() >= setCount ||
          snapshot_.subnetOf(*interface).vpc.get() != mapping.vpc.get() ||
          mapping.reserved.get() != 0 ||
          (index > 0 && order(snapshot_.mappings_[index - 1]) >= order(mapping))) {
        return corrupt("mapping", index);
      }
    }
    return {};
  }

  std::span<const std::byte> buffer_;
  Snapshot& snapshot_;
  format::Header header_{};
};

Result<std::shared_ptr<const Snapshot>> Snapshot::create(std::span<const std::byte> buffer) {
  return SnapshotReader::read(buffer);
}

bool Snapshot::hasAddress(const format::Interface& interface, IpAddress address) const {
  return std::ranges::any_of(prefixes(interface.addresses),
                             [&](const format::Prefix& prefix) { return holds(prefix, address); });
}

bool Snapshot::isLocal(const format::Vpc& vpc, IpAddress address) const {
  return std::ranges::any_of(prefixes(vpc.cidrs),
                             [&](const format::Prefix& prefix) { return holds(prefix, address); });
}

const format::Mapping* Snapshot::findMapping(std::uint32_t vpc, IpAddress address) const {
  const auto found = std::ranges::lower_bound(
      mappings_, std::pair(vpc, address), {}, [](const format::Mapping& mapping) {
        return std::pair(mapping.vpc.get(), addressOf(mapping.address));
      });
  const bool isIt =
      found != mappings_.end() && found->vpc.get() == vpc && addressOf(found->address) == address;
  return isIt ? &*found : nullptr;
}

const format::Route* Snapshot::findRoute(const format::Subnet& subnet, IpAddress address) const {
  for (const format::Route& route :
       std::span(routes_).subspan(subnet.routes.first.get(), subnet.routes.count.get())) {
    if (holds(route.network, route.prefixBits, address)) return &route;
  }
  return nullptr;
}

} // namespace argon::vpc
