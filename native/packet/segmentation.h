// SPDX-License-Identifier: Apache-2.0
#pragma once

// A TCP packet of many segments, cut in software for a receiver that did not take the offer to get
// it whole (virtio 1.2, 5.1.6.4). Only headers are made here; whoever moves the payload copies it
// and adds up what it has copied.

#include "packet/checksum.h"
#include "packet/headers.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::packet {

/// The segments of one frame. Looks at the headers that it was made with; the frame's Ethernet
/// header and hop limit may have been edited in them.
class TcpSegments {
public:
  /// `header` is the frame's private copy; `headers` is what parse() made of it, without a fault;
  /// `segmentBytes` is the offload's, more than 0.
  TcpSegments(std::span<const std::byte> header, const Headers& headers,
              std::uint16_t segmentBytes);

  /// At least 1: a packet without payload is one segment.
  [[nodiscard]] std::uint32_t count() const { return count_; }
  /// Of every segment: Ethernet, IP and TCP.
  [[nodiscard]] std::size_t headerBytes() const { return headers_.payloadOffset; }
  /// Of the frame, where a segment's payload starts.
  [[nodiscard]] std::size_t payloadOffset(std::uint32_t index) const;
  [[nodiscard]] std::size_t payloadBytes(std::uint32_t index) const;
  /// Writes headerBytes() bytes. `payload` is the sum of the payload as it was copied.
  void writeHeader(std::uint32_t index, std::span<std::byte> out, const ChecksumSum& payload) const;

private:
  void writeIp(std::uint32_t index, std::span<std::byte> out) const;

  std::span<const std::byte> header_;
  const Headers& headers_;
  std::size_t segmentBytes_;
  std::uint32_t count_;
};

} // namespace argon::packet
