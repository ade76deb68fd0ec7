// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frame that a packet of some 5-tuple would be: what a trace asks about.

#include "packet/address.h"
#include "packet/headers.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::packet {

/// Ethernet, IPv6, TCP without options.
inline constexpr std::size_t kProbeBytesMax = 74;

struct Probe {
  MacAddress destinationMac;
  MacAddress sourceMac;
  /// Addresses of one family. Of ICMP a request to echo, whose identifier is the source port.
  Tuple tuple;
  /// Of TCP.
  std::uint8_t tcpFlags = 0;
};

/// Writes a frame with right lengths and checksums but TCP's and UDP's, which are 0: nothing
/// decides by them. No payload; of protocols other than TCP, UDP and ICMP no header either. Returns
/// its length.
[[nodiscard]] std::size_t writeProbe(const Probe& probe, std::span<std::byte> out);

} // namespace argon::packet
