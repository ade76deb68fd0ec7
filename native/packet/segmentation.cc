// SPDX-License-Identifier: Apache-2.0
#include "packet/segmentation.h"

#include "base/check.h"
#include "packet/checksum.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "packet/wire.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon::packet {

namespace {

std::uint32_t countOf(std::size_t bytes, std::size_t segmentBytes) {
  return bytes == 0 ? 1 : static_cast<std::uint32_t>((bytes + segmentBytes - 1) / segmentBytes);
}

} // namespace

TcpSegments::TcpSegments(std::span<const std::byte> header, const Headers& headers,
                         std::uint16_t segmentBytes)
    : header_(header), headers_(headers), segmentBytes_(segmentBytes),
      count_(countOf(headers.endBytes - headers.payloadOffset, segmentBytes)) {}

std::size_t TcpSegments::payloadOffset(std::uint32_t index) const {
  return headers_.payloadOffset + index * segmentBytes_;
}

std::size_t TcpSegments::payloadBytes(std::uint32_t index) const {
  return std::min(segmentBytes_, headers_.endBytes - payloadOffset(index));
}

void TcpSegments::writeIp(std::uint32_t index, std::span<std::byte> out) const {
  const std::size_t bytes = headerBytes() + payloadBytes(index) - spec::kEthernetBytes;
  const std::span<std::byte> ip = out.subspan(spec::kEthernetBytes);
  if (headers_.network == Headers::Network::Ipv6) {
    writeBe16(ip, 4, static_cast<std::uint16_t>(bytes - spec::kIpv6Bytes));
    return;
  }
  writeBe16(ip, 2, static_cast<std::uint16_t>(bytes));
  writeBe16(ip, 4, static_cast<std::uint16_t>(readBe16(ip, 4) + index));
  writeBe16(ip, 10, 0);
  writeBe16(ip, 10, checksumOf(ip.first(headers_.transportOffset - spec::kEthernetBytes)));
}

void TcpSegments::writeHeader(std::uint32_t index, std::span<std::byte> out,
                              const ChecksumSum& payload) const {
  ARGON_CHECK(index < count_);
  std::memcpy(out.first(headerBytes()).data(), header_.first(headerBytes()).data(), headerBytes());
  writeIp(index, out);

  const std::span<std::byte> tcp =
      out.subspan(headers_.transportOffset, headerBytes() - headers_.transportOffset);
  writeBe32(tcp, 4, static_cast<std::uint32_t>(readBe32(tcp, 4) + index * segmentBytes_));
  // The end is said once, and the window's reduction once (RFC 3168, 6.1.2).
  std::uint8_t flags = readU8(tcp, 13);
  if (index + 1 < count_) {
    flags &= static_cast<std::uint8_t>(~(spec::TCP_FIN | spec::TCP_PSH));
  }
  if (index > 0) {
    flags &= static_cast<std::uint8_t>(~spec::TCP_CWR);
  }
  writeU8(tcp, 13, flags);
  writeBe16(tcp, 16, 0);
  // The header's length is a multiple of 4, so the payload's sum can be added to it.
  ChecksumSum sum;
  sum.addPseudoHeader(headers_.tuple.source, headers_.tuple.destination, spec::PROTOCOL_TCP,
                      static_cast<std::uint32_t>(tcp.size() + payloadBytes(index)));
  sum.add(tcp);
  sum.addNumber(static_cast<std::uint16_t>(~payload.checksum()));
  writeBe16(tcp, 16, sum.checksum());
}

} // namespace argon::packet
