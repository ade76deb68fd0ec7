// SPDX-License-Identifier: Apache-2.0
#pragma once

// Network frames for tests, put together byte by byte with nothing of the code under test, and a
// slow judge of frames that were made by it.

#include "packet/address.h"
#include "packet/frame.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon::test {

using Bytes = std::vector<std::byte>;

/// A packet in words. What is left as it is makes a whole, right packet of TCP over IPv4.
struct PacketText {
  packet::MacAddress destinationMac;
  packet::MacAddress sourceMac;
  /// Both of one family, which is the packet's.
  packet::IpAddress source = packet::IpAddress::v4(10, 0, 0, 1);
  packet::IpAddress destination = packet::IpAddress::v4(10, 0, 0, 2);
  std::uint8_t protocol = 6;
  std::uint8_t hopLimit = 64;
  std::uint16_t sourcePort = 1024;
  std::uint16_t destinationPort = 80;
  std::uint8_t tcpFlags = 0x10;
  std::uint8_t icmpType = 8;
  std::uint8_t icmpCode = 0;
  std::uint16_t icmpId = 7;
  std::uint32_t tcpSequence = 1000;
  /// Multiples of 4.
  std::size_t ipOptionBytes = 0;
  std::size_t tcpOptionBytes = 0;
  /// IPv6: how many headers of destination options, 8 bytes each.
  unsigned extensionCount = 0;
  std::uint16_t fragmentId = 0;
  /// Of the packet's payload, a multiple of 8. Not 0: there is no transport header.
  std::size_t fragmentOffset = 0;
  bool hasMoreFragments = false;
  /// IPv4: nobody is to make fragments of it.
  bool isKeptWhole = false;
  /// Behind the transport header; or all there is behind the IP header.
  Bytes payload;
  /// Behind the packet.
  std::size_t paddingBytes = 0;
};

[[nodiscard]] packet::MacAddress macOf(std::uint8_t last);
[[nodiscard]] packet::IpAddress v6Of(std::uint64_t high, std::uint64_t low);
[[nodiscard]] Bytes bytesOf(std::initializer_list<unsigned> numbers);
/// `count` bytes that differ from their neighbors.
[[nodiscard]] Bytes pattern(std::size_t count);

[[nodiscard]] Bytes makeFrame(const PacketText& text);
/// Of IPv4, as an ICMP error carries it: from the IP header on.
[[nodiscard]] Bytes withoutEthernet(const Bytes& frame);

struct ArpText {
  std::uint16_t operation = 1;
  packet::MacAddress destinationMac;
  packet::MacAddress sourceMac;
  packet::MacAddress senderMac;
  packet::IpAddress sender = packet::IpAddress::v4(10, 0, 0, 1);
  packet::IpAddress target = packet::IpAddress::v4(10, 0, 0, 2);
};
[[nodiscard]] Bytes makeArp(const ArpText& text);

/// A frame over bytes of its own: a copy of the first ones, the others in pieces.
class OwnedFrame {
public:
  /// Pieces of `pieceBytes`, not 0.
  explicit OwnedFrame(Bytes bytes, std::size_t pieceBytes = 1000);
  OwnedFrame(const OwnedFrame&) = delete;
  OwnedFrame& operator=(const OwnedFrame&) = delete;
  ~OwnedFrame() = default;

  packet::Offload offload;
  [[nodiscard]] packet::Frame frame() const;

private:
  Bytes header_;
  Bytes payload_;
  std::vector<iovec> pieces_;
};

/// The Internet checksum, two bytes at a time.
[[nodiscard]] std::uint16_t slowChecksum(std::span<const std::byte> bytes);

/// What is wrong with a frame of ARP or IP: its lengths, checksums of IP, TCP, UDP, ICMP. Empty if
/// nothing is.
[[nodiscard]] std::string wrongIn(std::span<const std::byte> frame);

} // namespace argon::test
