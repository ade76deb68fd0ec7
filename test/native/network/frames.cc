// SPDX-License-Identifier: Apache-2.0
#include "network/frames.h"

#include "packet/checksum.h"
#include "packet/frame.h"
#include "support/packet_maker.h"
#include "virtio/spec/net.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::test {

namespace {

void put(std::vector<std::byte>& bytes, std::size_t offset, unsigned value) {
  bytes[offset] = static_cast<std::byte>(value >> 8);
  bytes[offset + 1] = static_cast<std::byte>(value & 0xff);
}

void putIpv4(std::vector<std::byte>& bytes, std::size_t lengthBytes, unsigned protocol) {
  put(bytes, 12, 0x0800);
  bytes[14] = std::byte{0x45};
  put(bytes, 16, static_cast<unsigned>(std::min<std::size_t>(lengthBytes - 14, 0xffff)));
  bytes[22] = std::byte{64};
  bytes[23] = static_cast<std::byte>(protocol);
  constexpr std::array<unsigned, 8> kAddresses = {10, 0, 0, 4, 10, 0, 0, 5};
  for (std::size_t index = 0; index < kAddresses.size(); ++index) {
    bytes[26 + index] = static_cast<std::byte>(kAddresses[index]);
  }
}

void putIpv6(std::vector<std::byte>& bytes, std::size_t lengthBytes, unsigned protocol) {
  put(bytes, 12, 0x86dd);
  bytes[14] = std::byte{0x60};
  put(bytes, 18, static_cast<unsigned>(std::min<std::size_t>(lengthBytes - 54, 0xffff)));
  bytes[20] = static_cast<std::byte>(protocol);
  bytes[21] = std::byte{64};
  bytes[37] = std::byte{4};
  bytes[53] = std::byte{5};
}

} // namespace

std::vector<std::byte> makeFrame(FrameKind kind, std::size_t lengthBytes, std::uint32_t seed) {
  constexpr std::size_t kHeadersMax = 74;
  std::vector<std::byte> bytes(std::max(lengthBytes, kHeadersMax));
  const std::size_t start = transportStart(kind);
  for (std::size_t index = start + 8; index < bytes.size(); ++index) {
    bytes[index] =
        static_cast<std::byte>((index * 31 + index / 251 + std::size_t{seed} * 17) & 0xff);
  }
  bytes[5] = std::byte{2};
  bytes[11] = std::byte{1};
  switch (kind) {
  case FrameKind::Udp4:
    putIpv4(bytes, std::max<std::size_t>(lengthBytes, 14), 17);
    break;
  case FrameKind::Tcp4:
    putIpv4(bytes, std::max<std::size_t>(lengthBytes, 14), 6);
    break;
  case FrameKind::Tcp6:
    putIpv6(bytes, std::max<std::size_t>(lengthBytes, 54), 6);
    break;
  }
  put(bytes, start, 1000);
  put(bytes, start + 2, 2000);
  if (kind != FrameKind::Udp4) {
    bytes[start + 12] = std::byte{0x50}; // A header of 20 bytes.
    bytes[start + 13] = std::byte{0x10}; // ACK
    put(bytes, start + 16, 0);
  }
  bytes.resize(lengthBytes);
  return bytes;
}

Bytes makePartialTcp(FrameKind kind, std::size_t payloadBytes) {
  PacketText text{.payload = pattern(payloadBytes)};
  if (kind == FrameKind::Tcp6) {
    text.source = v6Of(0xfd00, 4);
    text.destination = v6Of(0xfd00, 5);
  }
  Bytes frame = makeFrame(text);
  const std::size_t start = transportStart(kind);
  packet::ChecksumSum sum;
  sum.addPseudoHeader(text.source, text.destination, text.protocol,
                      static_cast<std::uint32_t>(frame.size() - start));
  put(frame, start + 16, ~unsigned{sum.checksum()} & 0xffff);
  return frame;
}

packet::Offload tcpOffload(FrameKind kind, std::uint16_t segmentBytes) {
  packet::Offload offload{.checksum = packet::Offload::Checksum::Partial,
                          .checksumStart = transportStart(kind),
                          .checksumOffset = 16,
                          .segmentBytes = segmentBytes};
  if (segmentBytes != 0) {
    offload.segmentation = kind == FrameKind::Tcp6 ? packet::Offload::Segmentation::Tcp6
                                                   : packet::Offload::Segmentation::Tcp4;
  }
  return offload;
}

virtio::spec::net::Header tcpHeader(FrameKind kind, std::uint16_t segmentBytes) {
  namespace hdr = virtio::spec::net::hdr;
  const std::uint8_t segmented = kind == FrameKind::Tcp6 ? hdr::GSO_TCPV6 : hdr::GSO_TCPV4;
  return {.flags = hdr::F_NEEDS_CSUM,
          .gso_type = segmentBytes == 0 ? hdr::GSO_NONE : segmented,
          .hdr_len = std::uint16_t{0},
          .gso_size = segmentBytes,
          .csum_start = transportStart(kind),
          .csum_offset = std::uint16_t{16},
          .num_buffers = std::uint16_t{0}};
}

} // namespace argon::test
