// SPDX-License-Identifier: Apache-2.0
#pragma once

// A policy that has been checked: every offset, count, index, prefix and order of the buffer holds,
// so whoever reads it afterwards need not look. Never changes; the engine swaps one for the next
// between two turns.

#include "base/result.h"
#include "base/strong_id.h"
#include "packet/address.h"
#include "vpc/snapshot_format.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace argon::vpc {

/// Which of the card's interfaces: small numbers, given by whoever makes them, and the same for the
/// policy and the engine.
using InterfaceIndex = StrongId<struct InterfaceTag, std::uint32_t>;

[[nodiscard]] inline packet::IpAddress addressOf(const format::Address& address) {
  return {.high = address.high.get(), .low = address.low.get()};
}

/// True if the prefix is of the address's family and holds it.
[[nodiscard]] inline bool holds(const format::Address& network, unsigned bits,
                                packet::IpAddress address) {
  const packet::IpAddress first = addressOf(network);
  return first.isV4() == address.isV4() && address.isIn(first, bits);
}
[[nodiscard]] inline bool holds(const format::Prefix& prefix, packet::IpAddress address) {
  return holds(prefix.network, prefix.bits, address);
}

[[nodiscard]] inline packet::MacAddress macOf(const std::array<std::uint8_t, 6>& bytes) {
  return {.bytes = std::bit_cast<std::array<std::byte, 6>>(bytes)};
}

/// AD-4: the interface must be source or destination of what it sends and gets.
[[nodiscard]] inline bool checksAddresses(const format::Interface& interface) {
  return (interface.flags.get() & format::CHECKS_SOURCE_AND_DESTINATION) != 0;
}

/// The interface leads out of the VPC.
[[nodiscard]] inline bool isUplink(const format::Interface& interface) {
  return (interface.flags.get() & format::IS_UPLINK) != 0;
}

class Snapshot {
public:
  /// Fails with Corrupt and says which record is wrong. Keeps nothing of `buffer`.
  static Result<std::shared_ptr<const Snapshot>> create(std::span<const std::byte> buffer);

  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  /// Unused places count.
  [[nodiscard]] std::uint32_t interfaceCount() const {
    return static_cast<std::uint32_t>(interfaces_.size());
  }
  /// Null if there is none of that number.
  [[nodiscard]] const format::Interface* interfaceAt(InterfaceIndex index) const {
    const std::uint32_t place = index.get();
    const bool isThere = place < interfaces_.size() && interfaces_[place].identity.get() != 0;
    return isThere ? &interfaces_[place] : nullptr;
  }
  [[nodiscard]] std::span<const format::Instance> instances() const { return instances_; }
  [[nodiscard]] const format::Subnet& subnetOf(const format::Interface& interface) const {
    return subnets_[interface.subnet.get()];
  }
  [[nodiscard]] const format::Vpc& vpcOf(const format::Subnet& subnet) const {
    return vpcs_[subnet.vpc.get()];
  }
  [[nodiscard]] std::span<const format::Prefix> prefixes(format::Range range) const {
    return std::span(prefixes_).subspan(range.first.get(), range.count.get());
  }
  [[nodiscard]] std::span<const format::Rule> rules(format::Range range) const {
    return std::span(rules_).subspan(range.first.get(), range.count.get());
  }

  /// True if the address is one of the interface's own, or of a prefix delegated to it.
  [[nodiscard]] bool hasAddress(const format::Interface& interface,
                                packet::IpAddress address) const;
  /// True if the address is of one of the VPC's blocks.
  [[nodiscard]] bool isLocal(const format::Vpc& vpc, packet::IpAddress address) const;
  /// Who has the address in a VPC; null if nobody has.
  [[nodiscard]] const format::Mapping* findMapping(std::uint32_t vpc,
                                                   packet::IpAddress address) const;
  /// The route of the longest prefix; null if there is none.
  [[nodiscard]] const format::Route* findRoute(const format::Subnet& subnet,
                                               packet::IpAddress address) const;
  [[nodiscard]] bool isInGroup(const format::Mapping& mapping, std::uint32_t group) const {
    const std::size_t word = std::size_t{mapping.groupSet.get()} * groupSetWords_ + group / 64;
    return (groupSets_[word].get() >> group % 64 & 1U) != 0;
  }

private:
  friend class SnapshotReader;
  Snapshot() = default;

  std::uint64_t generation_ = 0;
  std::uint32_t groupSetWords_ = 0;
  std::vector<format::Vpc> vpcs_;
  std::vector<format::Subnet> subnets_;
  std::vector<format::Instance> instances_;
  std::vector<format::Interface> interfaces_;
  std::vector<format::Prefix> prefixes_;
  std::vector<format::Rule> rules_;
  std::vector<format::Route> routes_;
  std::vector<Le<std::uint64_t>> groupSets_;
  std::vector<format::Mapping> mappings_;
};

} // namespace argon::vpc
