// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Internet checksum (RFC 1071): of headers, of frames in pieces, and its changes (RFC 1624).
// A checksum is a host number here; it is written most significant byte first.

#include "packet/address.h"
#include "packet/frame.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::packet {

/// Adds up bytes that come in pieces of any length.
class ChecksumSum {
public:
  void add(std::span<const std::byte> bytes);
  /// A number of 16 bits as two bytes. Only while an even number of bytes has been added.
  void addNumber(std::uint16_t number);
  /// What comes before TCP, UDP and ICMPv6 for their checksums (RFC 9293, 3.1; RFC 8200, 8.1).
  void addPseudoHeader(IpAddress source, IpAddress destination, std::uint8_t protocol,
                       std::uint32_t transportBytes);
  /// The checksum of all that was added: 0 if a right one was among it.
  [[nodiscard]] std::uint16_t checksum() const;

private:
  // In the host's byte order: sums of either order are each other's bytes swapped (RFC 1071, 2).
  std::uint64_t sum_ = 0;
  bool isOdd_ = false;
};

/// The checksum of bytes in one piece.
[[nodiscard]] std::uint16_t checksumOf(std::span<const std::byte> bytes);

/// A checksum after 16 bits under it have changed (RFC 1624, 3, equation 3).
[[nodiscard]] std::uint16_t updateChecksum(std::uint16_t checksum, std::uint16_t before,
                                           std::uint16_t after);

/// What belongs where a frame's partial checksum is missing: at checksumStart + checksumOffset,
/// which lie below `lengthBytes`, as far as the frame goes. Never 0, which UDP has another use for
/// and which is equal to 0xFFFF for all others. Reads guest memory.
[[nodiscard]] std::uint16_t partialChecksum(const Frame& frame, std::size_t lengthBytes);

} // namespace argon::packet
