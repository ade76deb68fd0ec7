// SPDX-License-Identifier: Apache-2.0
#pragma once

// One Ethernet frame on its way through the card: a view of what its mover owns, valid for one
// turn. Every decision is made of the private copy of its first bytes; the rest is guest memory,
// which is copied once and never parsed, so that nothing a guest changes meanwhile matters
// (docs/design/0017).

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::packet {

/// Of a frame's first bytes, what is copied. Ethernet, IPv4 and TCP with all options are 134.
inline constexpr std::size_t kHeaderBytesMax = 256;
/// An Ethernet header and the largest IPv4 packet; an IPv6 one of that size can have 40 more.
inline constexpr std::size_t kFrameBytesMax = 14 + 40 + 65'535;

/// What is still to be done to a frame, as its virtio-net header promised (virtio 1.2, 5.1.6).
/// Whoever makes one from a guest's header has held it against the frame's length:
/// checksumStart + checksumOffset + 2 <= lengthBytes, and segmentBytes > 0 with a segmentation,
/// which always comes with a partial checksum.
struct Offload {
  enum class Checksum : std::uint8_t {
    Complete, // the checksums are in the frame, right or wrong: the sender's business
    Partial,  // the sum from checksumStart to the end is missing, in what checksumOffset names
    Valid,    // somebody has verified them
  };
  enum class Segmentation : std::uint8_t { None, Tcp4, Tcp6 };

  Checksum checksum = Checksum::Complete;
  Segmentation segmentation = Segmentation::None;
  /// From the frame's first byte.
  std::uint16_t checksumStart = 0;
  /// From checksumStart.
  std::uint16_t checksumOffset = 0;
  /// Of TCP's payload, in each segment but the last.
  std::uint16_t segmentBytes = 0;

  friend bool operator==(const Offload&, const Offload&) = default;
};

struct Frame {
  /// The private copy: the first min(lengthBytes, kHeaderBytesMax) bytes.
  std::span<const std::byte> header;
  /// What follows, in order. No piece is empty.
  std::span<const iovec> payload;
  /// Of the whole frame, from the destination's MAC address on: the header's and all pieces'.
  std::uint32_t lengthBytes = 0;
  Offload offload;
};

} // namespace argon::packet
