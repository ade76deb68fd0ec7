// SPDX-License-Identifier: Apache-2.0
#include "support/packet_maker.h"

#include "packet/address.h"
#include "packet/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::test {

namespace {

using packet::IpAddress;

// What is reserved for headers; those with more options take a moment longer.
constexpr std::size_t kTransportBytesMax = 64;
constexpr std::size_t kIpBytesMax = 128;

void put8(Bytes& bytes, unsigned number) { bytes.push_back(static_cast<std::byte>(number)); }
void put16(Bytes& bytes, std::size_t number) {
  put8(bytes, static_cast<unsigned>(number >> 8U & 0xFFU));
  put8(bytes, static_cast<unsigned>(number & 0xFFU));
}
void put32(Bytes& bytes, std::uint64_t number) {
  put16(bytes, number >> 16U & 0xFFFFU);
  put16(bytes, number & 0xFFFFU);
}
void putAll(Bytes& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}
void putAddress(Bytes& bytes, IpAddress address) {
  if (!address.isV4()) {
    put32(bytes, address.high >> 32U);
    put32(bytes, address.high & 0xFFFF'FFFFU);
    put32(bytes, address.low >> 32U);
  }
  put32(bytes, address.low & 0xFFFF'FFFFU);
}
void set16(Bytes& bytes, std::size_t offset, unsigned number) {
  bytes.at(offset) = static_cast<std::byte>(number >> 8U);
  bytes.at(offset + 1) = static_cast<std::byte>(number & 0xFFU);
}
unsigned at8(std::span<const std::byte> bytes, std::size_t offset) {
  return std::to_integer<unsigned>(bytes[offset]);
}
unsigned at16(std::span<const std::byte> bytes, std::size_t offset) {
  return at8(bytes, offset) << 8U | at8(bytes, offset + 1);
}

// The pseudo header, as bytes in front of the message.
Bytes withPseudoHeader(std::span<const std::byte> addresses, unsigned protocol,
                       std::span<const std::byte> message) {
  Bytes bytes(addresses.begin(), addresses.end());
  put32(bytes, message.size());
  put32(bytes, protocol);
  putAll(bytes, message);
  return bytes;
}

// Where the checksum is in a message of the protocol; and if addresses are under it.
struct ChecksumPlace {
  std::size_t offset = 0;
  bool hasPseudoHeader = false;
};
std::optional<ChecksumPlace> placeOf(unsigned protocol) {
  switch (protocol) {
  case 1:
    return ChecksumPlace{.offset = 2, .hasPseudoHeader = false};
  case 6:
    return ChecksumPlace{.offset = 16, .hasPseudoHeader = true};
  case 17:
    return ChecksumPlace{.offset = 6, .hasPseudoHeader = true};
  case 58:
    return ChecksumPlace{.offset = 2, .hasPseudoHeader = true};
  default:
    return std::nullopt;
  }
}

Bytes transportOf(const PacketText& text) {
  Bytes bytes;
  bytes.reserve(kTransportBytesMax + text.payload.size());
  if (text.fragmentOffset == 0 && text.protocol == 6) {
    put16(bytes, text.sourcePort);
    put16(bytes, text.destinationPort);
    put32(bytes, text.tcpSequence);
    put32(bytes, 1);
    put8(bytes, static_cast<unsigned>((20 + text.tcpOptionBytes) / 4 << 4U));
    put8(bytes, text.tcpFlags);
    put16(bytes, 1000);
    put32(bytes, 0);
    bytes.resize(bytes.size() + text.tcpOptionBytes, std::byte{1});
  } else if (text.fragmentOffset == 0 && text.protocol == 17) {
    put16(bytes, text.sourcePort);
    put16(bytes, text.destinationPort);
    put16(bytes, 8 + text.payload.size());
    put16(bytes, 0);
  } else if (text.fragmentOffset == 0 && (text.protocol == 1 || text.protocol == 58)) {
    put8(bytes, text.icmpType);
    put8(bytes, text.icmpCode);
    put16(bytes, 0);
    put16(bytes, text.icmpId);
    put16(bytes, 1);
  }
  putAll(bytes, text.payload);
  const auto place = placeOf(text.protocol);
  if (text.fragmentOffset == 0 && place && bytes.size() >= place->offset + 2) {
    Bytes addresses;
    putAddress(addresses, text.source);
    putAddress(addresses, text.destination);
    const unsigned sum = slowChecksum(
        place->hasPseudoHeader ? withPseudoHeader(addresses, text.protocol, bytes) : bytes);
    set16(bytes, place->offset, sum == 0 && text.protocol == 17 ? 0xFFFF : sum);
  }
  return bytes;
}

Bytes ipv4Of(const PacketText& text, const Bytes& transport) {
  Bytes bytes;
  bytes.reserve(kIpBytesMax);
  const std::size_t headerBytes = 20 + text.ipOptionBytes;
  put8(bytes, static_cast<unsigned>(0x40U | headerBytes / 4));
  put8(bytes, 0);
  put16(bytes, headerBytes + transport.size());
  put16(bytes, text.fragmentId);
  put16(bytes, text.fragmentOffset / 8 | (text.hasMoreFragments ? 0x2000U : 0U) |
                   (text.isKeptWhole ? 0x4000U : 0U));
  put8(bytes, text.hopLimit);
  put8(bytes, text.protocol);
  put16(bytes, 0);
  putAddress(bytes, text.source);
  putAddress(bytes, text.destination);
  bytes.resize(headerBytes, std::byte{1});
  set16(bytes, 10, slowChecksum(bytes));
  return bytes;
}

Bytes ipv6Of(const PacketText& text, const Bytes& transport) {
  const bool isFragment = text.fragmentOffset != 0 || text.hasMoreFragments;
  std::vector<unsigned> kinds(text.extensionCount, 60);
  if (isFragment) {
    kinds.push_back(44);
  }
  kinds.push_back(text.protocol);
  Bytes bytes;
  put32(bytes, 6U << 28U);
  put16(bytes, (kinds.size() - 1) * 8 + transport.size());
  put8(bytes, kinds.front());
  put8(bytes, text.hopLimit);
  putAddress(bytes, text.source);
  putAddress(bytes, text.destination);
  for (std::size_t index = 0; index + 1 < kinds.size(); ++index) {
    put8(bytes, kinds[index + 1]);
    put8(bytes, 0);
    if (kinds[index] == 44) {
      put16(bytes, text.fragmentOffset | (text.hasMoreFragments ? 1U : 0U));
      put32(bytes, text.fragmentId);
    } else {
      put16(bytes, 0x0104);
      put32(bytes, 0);
    }
  }
  return bytes;
}

std::string wrongInTransport(std::span<const std::byte> addresses, unsigned protocol,
                             std::span<const std::byte> message) {
  const auto place = placeOf(protocol);
  if (!place) return "";
  if (message.size() < place->offset + 2) return "transport cut off";
  const unsigned sum =
      slowChecksum(place->hasPseudoHeader ? withPseudoHeader(addresses, protocol, message)
                                          : Bytes(message.begin(), message.end()));
  return sum == 0 ? "" : "transport checksum";
}

} // namespace

packet::MacAddress macOf(std::uint8_t last) {
  return {.bytes = {std::byte{0x02}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},
                    std::byte{last}}};
}

packet::IpAddress v6Of(std::uint64_t high, std::uint64_t low) { return {.high = high, .low = low}; }

Bytes bytesOf(std::initializer_list<unsigned> numbers) {
  Bytes bytes;
  for (const unsigned number : numbers) {
    put8(bytes, number);
  }
  return bytes;
}

Bytes pattern(std::size_t count) {
  Bytes bytes(count);
  std::size_t index = 0;
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>((index * 7 + index / 256) & 0xFFU);
    ++index;
  }
  return bytes;
}

Bytes makeFrame(const PacketText& text) {
  const Bytes transport = transportOf(text);
  const bool isV4 = text.source.isV4();
  Bytes bytes;
  bytes.reserve(kIpBytesMax + transport.size() + text.paddingBytes);
  putAll(bytes, text.destinationMac.bytes);
  putAll(bytes, text.sourceMac.bytes);
  put16(bytes, isV4 ? 0x0800 : 0x86DD);
  putAll(bytes, isV4 ? ipv4Of(text, transport) : ipv6Of(text, transport));
  putAll(bytes, transport);
  bytes.resize(bytes.size() + text.paddingBytes, std::byte{0xEE});
  return bytes;
}

Bytes withoutEthernet(const Bytes& frame) { return {frame.begin() + 14, frame.end()}; }

Bytes makeArp(const ArpText& text) {
  Bytes bytes;
  putAll(bytes, text.destinationMac.bytes);
  putAll(bytes, text.sourceMac.bytes);
  put16(bytes, 0x0806);
  put16(bytes, 1);
  put16(bytes, 0x0800);
  put16(bytes, 0x0604);
  put16(bytes, text.operation);
  putAll(bytes, text.senderMac.bytes);
  putAddress(bytes, text.sender);
  putAll(bytes, packet::MacAddress{}.bytes);
  putAddress(bytes, text.target);
  return bytes;
}

OwnedFrame::OwnedFrame(Bytes bytes, std::size_t pieceBytes) : header_(std::move(bytes)) {
  const std::size_t kept = std::min(header_.size(), packet::kHeaderBytesMax);
  payload_.assign(header_.begin() + static_cast<std::ptrdiff_t>(kept), header_.end());
  header_.resize(kept);
  header_.shrink_to_fit();
  for (std::size_t at = 0; at < payload_.size(); at += pieceBytes) {
    pieces_.push_back(
        {.iov_base = payload_.data() + at, .iov_len = std::min(pieceBytes, payload_.size() - at)});
  }
}

packet::Frame OwnedFrame::frame() const {
  return {.header = header_,
          .payload = pieces_,
          .lengthBytes = static_cast<std::uint32_t>(header_.size() + payload_.size()),
          .offload = offload};
}

std::uint16_t slowChecksum(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  bool isHigh = true;
  for (const std::byte byte : bytes) {
    sum += std::to_integer<std::uint64_t>(byte) << (isHigh ? 8U : 0U);
    isHigh = !isHigh;
  }
  while (sum > 0xFFFF) {
    sum = (sum & 0xFFFFU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(~sum);
}

std::string wrongIn(std::span<const std::byte> frame) {
  if (frame.size() < 14) return "no Ethernet header";
  const unsigned etherType = at16(frame, 12);
  const std::span<const std::byte> packet = frame.subspan(14);
  if (etherType == 0x0806) return packet.size() == 28 ? "" : "ARP length";
  if (etherType == 0x0800) {
    const std::size_t headerBytes = (at8(packet, 0) & 0xFU) * std::size_t{4};
    if (at8(packet, 0) >> 4U != 4) return "IPv4 version";
    if (at16(packet, 2) != packet.size()) return "IPv4 length";
    if (slowChecksum(packet.first(headerBytes)) != 0) return "IPv4 checksum";
    if ((at16(packet, 6) & 0x3FFFU) != 0) return "";
    return wrongInTransport(packet.subspan(12, 8), at8(packet, 9), packet.subspan(headerBytes));
  }
  if (etherType != 0x86DD) return "EtherType";
  if (at8(packet, 0) >> 4U != 6) return "IPv6 version";
  if (std::size_t{at16(packet, 4)} + 40 != packet.size()) return "IPv6 length";
  return wrongInTransport(packet.subspan(8, 32), at8(packet, 6), packet.subspan(40));
}

} // namespace argon::test
