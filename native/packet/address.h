// SPDX-License-Identifier: Apache-2.0
#pragma once

// Addresses of frames and packets, as values.

#include "packet/wire.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon::packet {

struct MacAddress {
  std::array<std::byte, 6> bytes{};

  [[nodiscard]] static MacAddress read(std::span<const std::byte> from, std::size_t offset) {
    MacAddress mac;
    std::memcpy(mac.bytes.data(), from.subspan(offset, 6).data(), 6);
    return mac;
  }
  void write(std::span<std::byte> to, std::size_t offset) const {
    std::memcpy(to.subspan(offset, 6).data(), bytes.data(), 6);
  }
  /// Of several, or of all.
  [[nodiscard]] bool isGroup() const { return (bytes[0] & std::byte{1}) != std::byte{0}; }
  friend bool operator==(const MacAddress&, const MacAddress&) = default;
};

/// An address of either family as one number of 128 bits. IPv4's are those below ::ffff:0:0/96
/// (RFC 4291, 2.5.5.2), which no IPv6 packet may have: the parser refuses them. So an address says
/// its family, and addresses of different families differ.
struct IpAddress {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  static constexpr std::uint64_t kV4Low = 0xFFFF'0000'0000;
  static constexpr unsigned kBits = 128;
  /// Of an IPv4 prefix, how many bits come before.
  static constexpr unsigned kV4PrefixBits = 96;

  [[nodiscard]] static constexpr IpAddress v4(std::uint32_t number) {
    return {.high = 0, .low = kV4Low | number};
  }
  [[nodiscard]] static constexpr IpAddress v4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return v4(a << 24U | b << 16U | c << 8U | d);
  }
  [[nodiscard]] static IpAddress readV4(std::span<const std::byte> from, std::size_t offset) {
    return v4(readBe32(from, offset));
  }
  [[nodiscard]] static IpAddress readV6(std::span<const std::byte> from, std::size_t offset) {
    return {.high = readBe64(from, offset), .low = readBe64(from, offset + 8)};
  }

  [[nodiscard]] constexpr bool isV4() const { return high == 0 && low >> 32U == 0xFFFF; }
  [[nodiscard]] constexpr std::uint32_t v4Number() const { return static_cast<std::uint32_t>(low); }
  /// 224.0.0.0/4 and 255.255.255.255, or ff00::/8.
  [[nodiscard]] constexpr bool isGroup() const {
    return isV4() ? v4Number() >> 28U == 0xE || v4Number() == 0xFFFF'FFFF : high >> 56U == 0xFF;
  }
  /// True if the first `prefixBits` bits are those of `network`; at most 128, and for a prefix of
  /// IPv4's counted from the front as well.
  [[nodiscard]] constexpr bool isIn(IpAddress network, unsigned prefixBits) const {
    if (prefixBits > 64) {
      return high == network.high && (low ^ network.low) >> (128 - prefixBits) == 0;
    }
    return prefixBits == 0 || (high ^ network.high) >> (64 - prefixBits) == 0;
  }
  void writeV4(std::span<std::byte> to, std::size_t offset) const {
    writeBe32(to, offset, v4Number());
  }
  void writeV6(std::span<std::byte> to, std::size_t offset) const {
    writeBe64(to, offset, high);
    writeBe64(to, offset + 8, low);
  }
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

} // namespace argon::packet
