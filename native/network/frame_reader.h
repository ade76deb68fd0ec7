// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a chain that a driver sent to a frame: its header and first bytes copied into private
// memory, once, wherever the driver cut them (CVE-2022-2132); the rest stays pieces of guest
// memory.

#include "network/vnet_header.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "virtio/chain.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::network {

class FrameReader {
public:
  /// Of a chain, what is copied.
  static constexpr std::size_t kCopiedBytesMax =
      sizeof(virtio::spec::net::Header) + packet::kHeaderBytesMax;

  /// Reads a chain without fault; the frame is as long-lived as the chain's segments, which are
  /// changed, and as the reader until the next read(). Not to be used after a fault.
  [[nodiscard]] HeaderFault read(const virtio::Chain& chain, virtio::FeatureSet features);
  [[nodiscard]] const packet::Frame& frame() const { return frame_; }
  /// Puts other MAC addresses on the frame, and leaves of it the first `lengthBytes`: at least an
  /// Ethernet header, no more than it has, and no less than its offload is about.
  void readdress(packet::MacAddress destination, packet::MacAddress source,
                 std::uint32_t lengthBytes);

private:
  [[nodiscard]] std::span<std::byte> headerBytes() {
    return std::span(bytes_).subspan(sizeof(virtio::spec::net::Header), frame_.header.size());
  }

  // Header and frame's first bytes in one, so that one copy does for small frames.
  std::array<std::byte, kCopiedBytesMax> bytes_{};
  packet::Frame frame_;
  // The frame's, which are the chain's.
  std::span<iovec> pieces_;
};

} // namespace argon::network
