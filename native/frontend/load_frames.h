// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frames that a network load sends: Ethernet, IPv4 and UDP between two ends, of as many flows
// as are asked for, behind a virtio-net header. Flow n differs from flow n + 1 in its ports; a
// reply has a flow's ports and ends the other way round. The payload is zeros.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::frontend {

/// Ethernet, IPv4 and UDP.
constexpr std::uint32_t kLoadFrameBytesMin = 42;

struct LoadEnd {
  std::array<std::uint8_t, 6> mac{};
  /// 10.0.0.4 is 0x0A00'0004.
  std::uint32_t address = 0;
};

/// What is done about the checksum of UDP.
enum class LoadChecksum : std::uint8_t {
  /// 0, which IPv4 allows: nobody checks it.
  None,
  /// Right.
  Full,
  /// Left to the device (virtio 1.2, 5.1.6.2, VIRTIO_NET_HDR_F_NEEDS_CSUM).
  Offloaded,
};

struct LoadTraffic {
  LoadEnd source{.mac = {2, 0, 0, 0, 0, 1}, .address = 0x0A00'0004};
  LoadEnd target{.mac = {2, 0, 0, 0, 0, 2}, .address = 0x0A00'0005};
  LoadChecksum checksum = LoadChecksum::None;
  /// Frames take turns; 1 or more. Above kLoadFlowCountMax they begin anew.
  std::uint32_t flowCount = 1;
};

/// Pairs of ports from 1024 on, of which flows have one each.
constexpr std::uint32_t kLoadPortMin = 1024;
constexpr std::uint32_t kLoadPortCount = 65'536 - kLoadPortMin;
constexpr std::uint64_t kLoadFlowCountMax = std::uint64_t{kLoadPortCount} * kLoadPortCount;

enum class LoadWay : std::uint8_t { There, Back };

class LoadFrames {
public:
  /// `frameBytes` is at least kLoadFrameBytesMin.
  LoadFrames(const LoadTraffic& traffic, LoadWay way, std::uint32_t frameBytes);

  /// Writes header and frame of flow 0; `buffer` has room for both and nothing else.
  void write(std::span<std::byte> buffer) const;
  /// Turns what write() wrote into a frame of another flow.
  void setFlow(std::span<std::byte> buffer, std::uint32_t flow) const;

private:
  LoadEnd from_;
  LoadEnd to_;
  LoadChecksum checksum_;
  LoadWay way_;
  std::uint16_t udpBytes_;
  // Of the pseudo header (RFC 768).
  std::uint32_t pseudoSum_;
};

} // namespace argon::frontend
