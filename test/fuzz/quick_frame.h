// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames for a target that makes millions of them: the same packets as support/packet_maker.h's,
// written into memory that is there already. One thread.

#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::fuzz {

/// A packet of IP; with what it is in the frame's header, right in all its lengths and checksums.
struct QuickPacket {
  packet::MacAddress destinationMac;
  packet::MacAddress sourceMac;
  /// Both of one family, which is the packet's.
  packet::IpAddress source;
  packet::IpAddress destination;
  std::uint8_t protocol = 6;
  std::uint8_t hopLimit = 64;
  std::uint16_t sourcePort = 0;
  std::uint16_t destinationPort = 0;
  std::uint8_t tcpFlags = 0;
  std::uint8_t icmpType = 0;
  std::uint8_t icmpCode = 0;
  std::uint16_t fragmentId = 0;
  /// A multiple of 8. Not 0: there is no transport header.
  std::uint16_t fragmentOffset = 0;
  bool hasMoreFragments = false;
  /// Zeros behind all headers; the packet is no larger than 65,535 bytes.
  std::size_t payloadBytes = 0;
  /// What an ICMP error tells of, of the packet's family.
  std::optional<packet::Tuple> inner;
  /// Who a neighbor solicitation asks for.
  std::optional<packet::IpAddress> solicited;
};

class QuickFrame {
public:
  QuickFrame();
  QuickFrame(const QuickFrame&) = delete;
  QuickFrame& operator=(const QuickFrame&) = delete;
  ~QuickFrame() = default;

  // Each replaces the frame there was.
  void make(const QuickPacket& packet);
  /// From `sender`, for whoever has the address `target`.
  void makeArp(std::uint16_t operation, packet::MacAddress senderMac, packet::IpAddress sender,
               packet::IpAddress target);
  void copy(std::span<const std::byte> bytes);

  /// One of the bytes that are looked at; nothing behind them.
  void damage(std::size_t offset, std::byte bits);

  packet::Offload offload;
  /// Valid until the next one is made.
  [[nodiscard]] packet::Frame frame() const;

private:
  void finish(std::span<const std::byte> headers, std::size_t lengthBytes);

  // The private copy is at its end, so that the sanitizer sees what is read behind it.
  std::vector<std::byte> copy_;
  std::size_t copyBytes_ = 0;
  std::vector<std::byte> zeros_;
  std::array<iovec, 1> pieces_{};
  std::size_t lengthBytes_ = 0;
};

} // namespace argon::fuzz
