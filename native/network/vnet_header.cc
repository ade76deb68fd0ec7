// SPDX-License-Identifier: Apache-2.0
#include "network/vnet_header.h"

#include "base/check.h"
#include "network/config.h"
#include "packet/frame.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argon::network {

namespace net = virtio::spec::net;
using packet::Offload;

namespace {

constexpr std::size_t kChecksumBytes = 2;

// Where TCP has its checksum, and the length of its header in words of four bytes (RFC 9293, 3.1).
constexpr std::uint16_t kTcpChecksumOffset = 16;
constexpr std::size_t kTcpLengthOffset = 12;
constexpr std::size_t kTcpBytesMin = 20;

constexpr std::size_t kEtherTypeOffset = 12;
constexpr unsigned kEtherTypeIpv4 = 0x0800;
constexpr unsigned kEtherTypeIpv6 = 0x86dd;
constexpr std::size_t kIpv4BytesMin = 20;
constexpr std::size_t kIpv4ProtocolOffset = 9;
constexpr std::size_t kIpv6Bytes = 40;
constexpr unsigned kProtocolTcp = 6;

unsigned byteAt(std::span<const std::byte> bytes, std::size_t offset) {
  return std::to_integer<unsigned>(bytes[offset]);
}

// From the frame's first byte to TCP's payload. The words are in the private copy.
std::size_t tcpPayloadStart(const Offload& offload, std::span<const std::byte> frameHeader) {
  return offload.checksumStart +
         std::size_t{byteAt(frameHeader, offload.checksumStart + kTcpLengthOffset) >> 4} * 4;
}

// `start` is where TCP is said to begin, with 20 bytes of it in the private copy.
bool isTcpOverIpv4(std::span<const std::byte> frame, std::size_t start) {
  if (start < kEthernetBytes + kIpv4BytesMin) {
    return false;
  }
  const unsigned versionAndLength = byteAt(frame, kEthernetBytes);
  return versionAndLength >> 4 == 4 &&
         kEthernetBytes + std::size_t{versionAndLength & 0xf} * 4 == start &&
         byteAt(frame, kEthernetBytes + kIpv4ProtocolOffset) == kProtocolTcp;
}

// What lies between the headers may be extension headers: whoever cuts the frame repeats them.
bool isTcpOverIpv6(std::span<const std::byte> frame, std::size_t start) {
  return start >= kEthernetBytes + kIpv6Bytes && byteAt(frame, kEthernetBytes) >> 4 == 6;
}

HeaderFault readChecksum(const net::Header& header, std::span<const std::byte> frameHeader,
                         Offload& offload) {
  const std::size_t start = header.csum_start.get();
  const std::size_t offset = header.csum_offset.get();
  // Never past the frame's end (CVE-2024-11614): the private copy is part of it. No sum can wrap.
  if (start < kEthernetBytes || start + offset + kChecksumBytes > frameHeader.size()) {
    return HeaderFault::ChecksumOutside;
  }
  offload.checksum = Offload::Checksum::Partial;
  offload.checksumStart = static_cast<std::uint16_t>(start);
  offload.checksumOffset = static_cast<std::uint16_t>(offset);
  return HeaderFault::None;
}

// After readChecksum().
HeaderFault readSegmentation(const net::Header& header, std::span<const std::byte> frame,
                             std::uint32_t lengthBytes, virtio::FeatureSet features,
                             Offload& offload) {
  const bool isIpv4 = header.gso_type == net::hdr::GSO_TCPV4;
  if (!isIpv4 && header.gso_type != net::hdr::GSO_TCPV6) {
    return HeaderFault::SegmentationUnknown;
  }
  if (!features.has(isIpv4 ? net::F_HOST_TSO4 : net::F_HOST_TSO6)) {
    return HeaderFault::NotNegotiated;
  }
  if (offload.checksum != Offload::Checksum::Partial) {
    return HeaderFault::SegmentationWithoutChecksum;
  }
  const std::uint16_t segmentBytes = header.gso_size.get();
  if (segmentBytes < kSegmentBytesMin) {
    return HeaderFault::SegmentTooSmall;
  }
  const std::size_t start = offload.checksumStart;
  const unsigned etherType =
      byteAt(frame, kEtherTypeOffset) << 8 | byteAt(frame, kEtherTypeOffset + 1);
  if (offload.checksumOffset != kTcpChecksumOffset || start + kTcpBytesMin > frame.size() ||
      etherType != (isIpv4 ? kEtherTypeIpv4 : kEtherTypeIpv6) ||
      !(isIpv4 ? isTcpOverIpv4(frame, start) : isTcpOverIpv6(frame, start))) {
    return HeaderFault::NotTcp;
  }
  const std::size_t payloadStart = tcpPayloadStart(offload, frame);
  if (payloadStart < start + kTcpBytesMin || payloadStart > frame.size()) {
    return HeaderFault::NotTcp;
  }
  // The MTU holds for segments, not for what is cut into them.
  if (payloadStart + segmentBytes > kEthernetBytes + kMtuMax ||
      lengthBytes > packet::kFrameBytesMax) {
    return HeaderFault::TooLong;
  }
  offload.segmentation = isIpv4 ? Offload::Segmentation::Tcp4 : Offload::Segmentation::Tcp6;
  offload.segmentBytes = segmentBytes;
  return HeaderFault::None;
}

} // namespace

std::string_view headerFaultName(HeaderFault fault) {
  switch (fault) {
  case HeaderFault::None:
    return "no fault";
  case HeaderFault::TooShort:
    return "a frame shorter than its header";
  case HeaderFault::TooLong:
    return "a frame longer than the MTU";
  case HeaderFault::NotNegotiated:
    return "an offload that was not negotiated";
  case HeaderFault::ChecksumOutside:
    return "a checksum outside the frame's headers";
  case HeaderFault::SegmentationUnknown:
    return "an unknown segmentation";
  case HeaderFault::SegmentationWithoutChecksum:
    return "a segmentation without a checksum to complete";
  case HeaderFault::SegmentTooSmall:
    return "segments that are too small";
  case HeaderFault::NotTcp:
    return "a segmentation of what is not TCP";
  }
  ARGON_UNREACHABLE();
}

ReadHeader readHeader(const net::Header& header, std::span<const std::byte> frameHeader,
                      std::uint32_t lengthBytes, virtio::FeatureSet features) {
  ReadHeader read;
  if (lengthBytes < kEthernetBytes) {
    read.fault = HeaderFault::TooShort;
    return read;
  }
  if ((header.flags & net::hdr::F_NEEDS_CSUM) != 0) {
    read.fault = features.has(net::F_CSUM) ? readChecksum(header, frameHeader, read.offload)
                                           : HeaderFault::NotNegotiated;
  }
  if (read.fault != HeaderFault::None) {
    return read;
  }
  if (header.gso_type != net::hdr::GSO_NONE) {
    read.fault = readSegmentation(header, frameHeader, lengthBytes, features, read.offload);
  } else if (lengthBytes > kEthernetBytes + kMtuMax) {
    read.fault = HeaderFault::TooLong;
  }
  return read;
}

bool canReceive(const Offload& offload, virtio::FeatureSet features) {
  switch (offload.segmentation) {
  case Offload::Segmentation::None:
    return offload.checksum != Offload::Checksum::Partial || features.has(net::F_GUEST_CSUM);
  // Both need GUEST_CSUM (5.1.3.1), which a driver may have left out all the same.
  case Offload::Segmentation::Tcp4:
    return features.has(net::F_GUEST_CSUM) && features.has(net::F_GUEST_TSO4);
  case Offload::Segmentation::Tcp6:
    return features.has(net::F_GUEST_CSUM) && features.has(net::F_GUEST_TSO6);
  }
  ARGON_UNREACHABLE();
}

net::Header makeHeader(const Offload& offload, std::span<const std::byte> frameHeader,
                       virtio::FeatureSet features) {
  // In one piece, which is what it is copied in.
  static constexpr net::Header kPlain{.num_buffers = std::uint16_t{1}};
  if (offload.checksum == Offload::Checksum::Complete &&
      offload.segmentation == Offload::Segmentation::None) [[likely]] {
    return kPlain;
  }
  net::Header header = kPlain;
  if (!features.has(net::F_GUEST_CSUM)) {
    return header; // "the device MUST set flags to zero" (5.1.6.4.1)
  }
  if (offload.checksum == Offload::Checksum::Valid) {
    header.flags = net::hdr::F_DATA_VALID;
  } else if (offload.checksum == Offload::Checksum::Partial) {
    header.flags = net::hdr::F_NEEDS_CSUM;
    header.csum_start = offload.checksumStart;
    header.csum_offset = offload.checksumOffset;
  }
  if (offload.segmentation != Offload::Segmentation::None) {
    header.gso_type = offload.segmentation == Offload::Segmentation::Tcp4 ? net::hdr::GSO_TCPV4
                                                                          : net::hdr::GSO_TCPV6;
    header.gso_size = offload.segmentBytes;
    header.hdr_len = static_cast<std::uint16_t>(tcpPayloadStart(offload, frameHeader));
  }
  return header;
}

} // namespace argon::network
