// SPDX-License-Identifier: Apache-2.0

// Frames from bytes: whatever they say, the parser reads nothing behind the copy or of the guest,
// leaves offsets that are in order, and what it lets through can be segmented and answered.

#include "base/check.h"
#include "fuzz/target.h"
#include "packet/answers.h"
#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/segmentation.h"
#include "support/byte_source.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::fuzz {

namespace {

using packet::Headers;
using packet::Offload;

Offload offloadFrom(test::ByteSource& source) {
  constexpr std::array kChecksums = {Offload::Checksum::Complete, Offload::Checksum::Complete,
                                     Offload::Checksum::Partial, Offload::Checksum::Valid};
  constexpr std::array kSegmentations = {Offload::Segmentation::None, Offload::Segmentation::None,
                                         Offload::Segmentation::Tcp4, Offload::Segmentation::Tcp6};
  return {.checksum = source.pick(kChecksums),
          .segmentation = source.pick(kSegmentations),
          .checksumStart = source.u16(),
          .checksumOffset = source.u16(),
          .segmentBytes = source.u16()};
}

void checkHeaders(const packet::Frame& frame, const Headers& headers) {
  ARGON_CHECK(headers.network != Headers::Network::None);
  ARGON_CHECK(headers.transportOffset >= 14);
  ARGON_CHECK(headers.transportOffset <= headers.payloadOffset);
  ARGON_CHECK(headers.payloadOffset <= frame.header.size());
  ARGON_CHECK(headers.payloadOffset <= headers.endBytes);
  ARGON_CHECK(headers.endBytes <= frame.lengthBytes);
  ARGON_CHECK(!headers.isFirstFragment || headers.isFragment);
  ARGON_CHECK(!headers.hasInner || headers.icmp == Headers::Icmp::Error);
  if (headers.isIp()) {
    const bool isV4 = headers.network == Headers::Network::Ipv4;
    ARGON_CHECK_EQ(headers.tuple.source.isV4(), isV4);
    ARGON_CHECK_EQ(headers.tuple.destination.isV4(), isV4);
  }
  if (frame.offload.checksum == Offload::Checksum::Partial) {
    ARGON_CHECK(frame.offload.checksumStart + frame.offload.checksumOffset + 2U <=
                headers.endBytes);
  }
}

void checkSegments(const packet::Frame& frame, const Headers& headers) {
  const packet::TcpSegments segments(frame.header, headers, frame.offload.segmentBytes);
  std::vector<std::byte> out(packet::kHeaderBytesMax);
  std::size_t bytes = 0;
  // The first ones and the last one: there may be one for each byte.
  for (std::uint32_t index = 0; index < segments.count(); ++index) {
    bytes += segments.payloadBytes(index);
    if (index < 4 || index + 1 == segments.count()) {
      segments.writeHeader(index, out, packet::ChecksumSum());
    }
  }
  ARGON_CHECK_EQ(bytes, std::size_t{headers.endBytes - headers.payloadOffset});
}

void checkAnswers(const packet::Frame& frame, const Headers& headers) {
  std::vector<std::byte> out(packet::kFrameBytesMax);
  if (headers.network == Headers::Network::Arp) {
    ARGON_CHECK(packet::writeArpReply(headers, {}, out) <= packet::kAnswerBytesMax);
  }
  if (headers.network == Headers::Network::Ipv6 && headers.icmp != Headers::Icmp::None) {
    (void)packet::solicitedTarget(frame, headers);
  }
  if (headers.icmp == Headers::Icmp::Query) {
    (void)packet::writeEchoReply(frame, headers, out);
  }
}

} // namespace

void runTarget(std::span<const std::byte> input) {
  test::ByteSource source(input);
  const Offload offload = offloadFrom(source);
  const std::span<const std::byte> bytes = source.bytes(packet::kFrameBytesMax + 1);
  // Allocations of exactly their sizes, so that the sanitizer sees each byte behind them.
  const std::size_t kept = std::min(bytes.size(), packet::kHeaderBytesMax);
  std::vector<std::byte> header(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept));
  header.shrink_to_fit();
  std::vector<std::byte> rest(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end());
  const std::array<iovec, 1> piece = {iovec{.iov_base = rest.data(), .iov_len = rest.size()}};
  const std::array<iovec, 1> forbidden = {iovec{.iov_base = nullptr, .iov_len = rest.size()}};
  packet::Frame frame{.header = header,
                      .payload = std::span(forbidden).first(rest.empty() ? 0 : 1),
                      .lengthBytes = static_cast<std::uint32_t>(bytes.size()),
                      .offload = offload};

  const Headers headers = packet::parse(frame);
  if (headers.fault != packet::ParseFault::None) {
    return;
  }
  checkHeaders(frame, headers);
  frame.payload = std::span(piece).first(rest.empty() ? 0 : 1);
  if (offload.checksum == Offload::Checksum::Partial) {
    ARGON_CHECK(packet::partialChecksum(frame, headers.endBytes) != 0);
  }
  if (offload.segmentation != Offload::Segmentation::None) {
    checkSegments(frame, headers);
  }
  checkAnswers(frame, headers);
}

} // namespace argon::fuzz
