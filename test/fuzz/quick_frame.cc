// SPDX-License-Identifier: Apache-2.0
#include "fuzz/quick_frame.h"

#include "base/check.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::fuzz {

namespace {

using packet::IpAddress;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmpV6 = 58;
constexpr std::uint8_t kFragmentHeader = 44;

// Numbers in network order, one behind the other. All headers of a QuickPacket have room.
class Cursor {
public:
  void put(std::uint64_t number, std::size_t bytes) {
    for (std::size_t left = bytes; left > 0; --left) {
      out_[at_++] = static_cast<std::byte>(number >> (left - 1) * 8);
    }
  }
  void put(const packet::MacAddress& mac) {
    for (const std::byte byte : mac.bytes) {
      out_[at_++] = byte;
    }
  }
  void put(IpAddress address) {
    if (!address.isV4()) {
      put(address.high, 8);
      put(address.low, 8);
    } else {
      put(address.v4Number(), 4);
    }
  }
  // Has the sum of what is behind `start`, and of `more`, come out right.
  void close(std::size_t start, std::size_t place, std::uint64_t more) {
    std::uint64_t sum = more;
    for (std::size_t at = start; at < at_; ++at) {
      sum += std::to_integer<std::uint64_t>(out_[at]) << ((at - start) % 2 == 0 ? 8U : 0U);
    }
    while (sum > 0xFFFF) {
      sum = (sum & 0xFFFFU) + (sum >> 16U);
    }
    out_[place] = static_cast<std::byte>(~sum >> 8U);
    out_[place + 1] = static_cast<std::byte>(~sum);
  }

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(out_).first(at_); }

private:
  std::array<std::byte, packet::kHeaderBytesMax> out_{};
  std::size_t at_ = 0;
};

std::uint64_t wordsOf(IpAddress address) {
  std::uint64_t sum = 0;
  for (unsigned shift = 0; shift < 64; shift += 16) {
    sum += address.low >> shift & 0xFFFFU;
    sum += address.high >> shift & 0xFFFFU;
  }
  return sum;
}

std::size_t transportBytes(const QuickPacket& packet) {
  if (packet.fragmentOffset != 0) return 0;
  const std::size_t addresses = packet.source.isV4() ? 8 : 32;
  switch (packet.protocol) {
  case kTcp:
    return 20;
  case kUdp:
    return 8;
  case kIcmp:
  case kIcmpV6:
    return 8 + (packet.inner ? addresses + (packet.source.isV4() ? 12 : 8) + 8 : 0) +
           (packet.solicited ? 16 : 0);
  default:
    return 0;
  }
}

void putIp(Cursor& cursor, const QuickPacket& packet, std::uint8_t protocol,
           std::size_t payloadBytes) {
  const bool isFragment = packet.fragmentOffset != 0 || packet.hasMoreFragments;
  const unsigned more = packet.hasMoreFragments ? 1 : 0;
  if (packet.source.isV4()) {
    const std::size_t start = cursor.at();
    cursor.put(0x4500, 2);
    cursor.put(20 + payloadBytes, 2);
    cursor.put(packet.fragmentId, 2);
    cursor.put(packet.fragmentOffset / 8U | more << 13U, 2);
    cursor.put(packet.hopLimit, 1);
    cursor.put(protocol, 1);
    cursor.put(0, 2);
    cursor.put(packet.source);
    cursor.put(packet.destination);
    cursor.close(start, start + 10, 0);
    return;
  }
  cursor.put(6U << 28U, 4);
  cursor.put(payloadBytes + (isFragment ? 8 : 0), 2);
  cursor.put(isFragment ? kFragmentHeader : protocol, 1);
  cursor.put(packet.hopLimit, 1);
  cursor.put(packet.source);
  cursor.put(packet.destination);
  if (isFragment) {
    cursor.put(protocol, 1);
    cursor.put(0, 1);
    cursor.put(packet.fragmentOffset | more, 2);
    cursor.put(packet.fragmentId, 4);
  }
}

// As an error has it: the header and the first 8 bytes behind it.
void putInner(Cursor& cursor, const packet::Tuple& inner) {
  putIp(cursor, {.source = inner.source, .destination = inner.destination}, inner.protocol, 8);
  const bool isPing = inner.protocol == kIcmp || inner.protocol == kIcmpV6;
  if (isPing) {
    cursor.put(inner.protocol == kIcmp ? 0x0800'0000 : 0x8000'0000, 4);
  }
  cursor.put(inner.sourcePort, 2);
  cursor.put(inner.destinationPort, 2);
  cursor.put(0, isPing ? 0 : 4);
}

void putTransport(Cursor& cursor, const QuickPacket& packet) {
  if (packet.protocol == kTcp) {
    cursor.put(packet.sourcePort, 2);
    cursor.put(packet.destinationPort, 2);
    cursor.put(1, 8);
    cursor.put(0x50, 1);
    cursor.put(packet.tcpFlags, 1);
    cursor.put(0, 6);
  } else if (packet.protocol == kUdp) {
    cursor.put(packet.sourcePort, 2);
    cursor.put(packet.destinationPort, 2);
    cursor.put(8 + packet.payloadBytes, 2);
    cursor.put(0, 2);
  } else if (packet.protocol == kIcmp || packet.protocol == kIcmpV6) {
    const std::size_t start = cursor.at();
    cursor.put(packet.icmpType, 1);
    cursor.put(packet.icmpCode, 1);
    cursor.put(0, 2);
    cursor.put(packet.sourcePort, 2);
    cursor.put(0, 2);
    if (packet.inner) putInner(cursor, *packet.inner);
    if (packet.solicited) cursor.put(*packet.solicited);
    const std::uint64_t pseudo = wordsOf(packet.source) + wordsOf(packet.destination) + kIcmpV6 +
                                 transportBytes(packet) + packet.payloadBytes;
    cursor.close(start, start + 2, packet.protocol == kIcmpV6 ? pseudo : 0);
  }
}

} // namespace

QuickFrame::QuickFrame() : copy_(packet::kHeaderBytesMax), zeros_(packet::kFrameBytesMax) {}

void QuickFrame::make(const QuickPacket& packet) {
  Cursor cursor;
  cursor.put(packet.destinationMac);
  cursor.put(packet.sourceMac);
  cursor.put(packet.source.isV4() ? 0x0800 : 0x86DD, 2);
  putIp(cursor, packet, packet.protocol, transportBytes(packet) + packet.payloadBytes);
  if (packet.fragmentOffset == 0) putTransport(cursor, packet);
  finish(cursor.bytes(), cursor.at() + packet.payloadBytes);
}

void QuickFrame::makeArp(std::uint16_t operation, packet::MacAddress senderMac, IpAddress sender,
                         IpAddress target) {
  Cursor cursor;
  cursor.put(0xFFFF'FFFF'FFFF, 6);
  cursor.put(senderMac);
  cursor.put(0x0806, 2);
  cursor.put(0x0001'0800'0604, 6);
  cursor.put(operation, 2);
  cursor.put(senderMac);
  cursor.put(sender);
  cursor.put(0, 6);
  cursor.put(target);
  finish(cursor.bytes(), cursor.at());
}

void QuickFrame::copy(std::span<const std::byte> bytes) {
  ARGON_CHECK(bytes.size() <= copy_.size());
  finish(bytes, bytes.size());
}

void QuickFrame::finish(std::span<const std::byte> headers, std::size_t lengthBytes) {
  lengthBytes_ = lengthBytes;
  copyBytes_ = std::min(lengthBytes, copy_.size());
  const std::span<std::byte> copy = std::span(copy_).last(copyBytes_);
  std::ranges::copy(headers, copy.begin());
  std::ranges::fill(copy.subspan(headers.size()), std::byte{0});
  pieces_[0] = {.iov_base = zeros_.data(), .iov_len = lengthBytes - copyBytes_};
  offload = {};
}

void QuickFrame::damage(std::size_t offset, std::byte bits) {
  if (offset < copyBytes_) {
    copy_[copy_.size() - copyBytes_ + offset] ^= bits;
  }
}

packet::Frame QuickFrame::frame() const {
  return {.header = std::span(copy_).last(copyBytes_),
          .payload = std::span(pieces_).first(lengthBytes_ > copyBytes_ ? 1 : 0),
          .lengthBytes = static_cast<std::uint32_t>(lengthBytes_),
          .offload = offload};
}

} // namespace argon::fuzz
