// SPDX-License-Identifier: Apache-2.0
#pragma once

// The header in front of each frame (virtio 1.2, 5.1.6), both ways. A driver's is a promise that is
// held against the frame's private copy before anything is done on its word; the one we write says
// what the receiving driver agreed to hear.

#include "network/config.h"
#include "packet/frame.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argon::network {

constexpr std::size_t kEthernetBytes = 14;
/// The least payload of a segment that a driver may ask for. Below it a frame of 64 KiB would be
/// thousands of frames; Linux has no smaller MSS either (TCP_MIN_MSS).
constexpr std::uint16_t kSegmentBytesMin = 48;

enum class HeaderFault : std::uint8_t {
  None,
  /// Shorter than an Ethernet header.
  TooShort,
  /// Longer than the MTU, or its segments would be.
  TooLong,
  /// A checksum, or a segmentation, that the driver did not agree to ask for.
  NotNegotiated,
  /// A checksum outside the frame, or not in its first packet::kHeaderBytesMax bytes.
  ChecksumOutside,
  SegmentationUnknown,
  SegmentationWithoutChecksum,
  SegmentTooSmall,
  /// To be segmented, and not TCP over that IP, or not with all headers in the private copy.
  NotTcp,
};

/// The fault in words, for logs.
[[nodiscard]] std::string_view headerFaultName(HeaderFault fault);

struct ReadHeader {
  HeaderFault fault = HeaderFault::None;
  packet::Offload offload;
};

/// True of a header that promises nothing about a frame of so many bytes, as most do: readHeader()
/// finds no fault and no offload.
[[nodiscard]] inline bool isPlain(const virtio::spec::net::Header& header,
                                  std::uint32_t lengthBytes) {
  return (header.flags & virtio::spec::net::hdr::F_NEEDS_CSUM) == 0 &&
         header.gso_type == virtio::spec::net::hdr::GSO_NONE && lengthBytes >= kEthernetBytes &&
         lengthBytes <= kEthernetBytes + kMtuMax;
}

/// What a driver that agreed to `features` promised of a frame of `lengthBytes`, of which
/// `frameHeader` is the private copy. Flags that are unknown are ignored, as hdr_len is
/// (5.1.6.2.2).
[[nodiscard]] ReadHeader readHeader(const virtio::spec::net::Header& header,
                                    std::span<const std::byte> frameHeader,
                                    std::uint32_t lengthBytes, virtio::FeatureSet features);

/// True if a driver with these features can be given a frame as it is: else the checksum must be
/// completed first, or the frame be cut into segments (5.1.6.4.1).
[[nodiscard]] bool canReceive(const packet::Offload& offload, virtio::FeatureSet features);

/// The header for a driver that canReceive() the frame; num_buffers is 1.
[[nodiscard]] virtio::spec::net::Header makeHeader(const packet::Offload& offload,
                                                   std::span<const std::byte> frameHeader,
                                                   virtio::FeatureSet features);

} // namespace argon::network
