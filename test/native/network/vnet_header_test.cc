// SPDX-License-Identifier: Apache-2.0
#include "network/vnet_header.h"

#include "network/config.h"
#include "network/frames.h"
#include "packet/frame.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using packet::Offload;
using test::FrameKind;
using virtio::FeatureSet;

// What a driver may send about a TCP frame of a kind, everything agreed.
net::Header goodHeader(FrameKind kind) { return test::tcpHeader(kind, 1448); }

HeaderFault faultOf(const net::Header& header, const std::vector<std::byte>& frame,
                    FeatureSet features = kOfferedFeatures) {
  const auto copy = std::span(frame).first(std::min(frame.size(), packet::kHeaderBytesMax));
  return readHeader(header, copy, static_cast<std::uint32_t>(frame.size()), features).fault;
}

} // namespace

TEST_CASE("a header of zeros promises nothing, up to the MTU") {
  CHECK(faultOf({}, test::makeFrame(FrameKind::Udp4, 60)) == HeaderFault::None);
  CHECK(faultOf({}, test::makeFrame(FrameKind::Udp4, 14 + 9001)) == HeaderFault::None);
  CHECK(faultOf({}, test::makeFrame(FrameKind::Udp4, 14 + 9002)) == HeaderFault::TooLong);
  CHECK(faultOf({}, std::vector<std::byte>(14)) == HeaderFault::None);
  CHECK(faultOf({}, std::vector<std::byte>(13)) == HeaderFault::TooShort);
}

TEST_CASE("flags that nobody knows are ignored, and DATA_VALID is no driver's to say") {
  net::Header header{};
  header.flags = std::uint8_t{0xfe};
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);

  const ReadHeader read = readHeader(header, frame, 60, kOfferedFeatures);

  CHECK(read.fault == HeaderFault::None);
  CHECK(read.offload == Offload{});
}

TEST_CASE("what TCP drivers promise is what the frame says") {
  for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6}) {
    CAPTURE(static_cast<int>(kind));
    const std::vector<std::byte> frame = test::makeFrame(kind, 20'000);
    const auto copy = std::span(frame).first(packet::kHeaderBytesMax);

    const ReadHeader read = readHeader(goodHeader(kind), copy, 20'000, kOfferedFeatures);

    CHECK(read.fault == HeaderFault::None);
    CHECK(read.offload.checksum == Offload::Checksum::Partial);
    CHECK(read.offload.checksumStart == test::transportStart(kind));
    CHECK(read.offload.checksumOffset == 16);
    CHECK(read.offload.segmentBytes == 1448);
    CHECK(read.offload.segmentation ==
          (kind == FrameKind::Tcp4 ? Offload::Segmentation::Tcp4 : Offload::Segmentation::Tcp6));
  }
}

// CVE-2024-11614: the checksum's place is the driver's word.
TEST_CASE("a checksum outside the frame, or its first 256 bytes, is a lie") {
  struct Row {
    std::uint16_t start;
    std::uint16_t offset;
    std::size_t frameBytes;
    HeaderFault fault;
  };
  for (const Row& row : std::vector<Row>{
           {14, 0, 16, HeaderFault::None},
           {14, 1, 16, HeaderFault::ChecksumOutside},
           {13, 0, 60, HeaderFault::ChecksumOutside},
           {0, 0, 60, HeaderFault::ChecksumOutside},
           {58, 0, 60, HeaderFault::None},
           {59, 0, 60, HeaderFault::ChecksumOutside},
           {60, 0, 60, HeaderFault::ChecksumOutside},
           {34, 16, 52, HeaderFault::None},
           {34, 17, 52, HeaderFault::ChecksumOutside},
           {0xffff, 0, 60, HeaderFault::ChecksumOutside},
           {0xffff, 0xffff, 60, HeaderFault::ChecksumOutside},
           {34, 0xffff, 60, HeaderFault::ChecksumOutside},
           {0xfffe, 2, 60, HeaderFault::ChecksumOutside},
           {254, 0, 1500, HeaderFault::None},
           {255, 0, 1500, HeaderFault::ChecksumOutside},
       }) {
    CAPTURE(row.start);
    CAPTURE(row.offset);
    net::Header header{};
    header.flags = net::hdr::F_NEEDS_CSUM;
    header.csum_start = row.start;
    header.csum_offset = row.offset;
    CHECK(faultOf(header, test::makeFrame(FrameKind::Udp4, row.frameBytes)) == row.fault);
  }
}

TEST_CASE("a lie about segments is found, whatever it is about") {
  struct Row {
    std::string what;
    void (*change)(net::Header& header, std::vector<std::byte>& frame);
    HeaderFault fault;
  };
  for (const Row& row : std::vector<Row>{
           {"UDP", [](auto& header, auto&) { header.gso_type = net::hdr::GSO_UDP; },
            HeaderFault::SegmentationUnknown},
           {"ECN", [](auto& header, auto&) { header.gso_type |= net::hdr::GSO_ECN; },
            HeaderFault::SegmentationUnknown},
           {"type 255", [](auto& header, auto&) { header.gso_type = 255; },
            HeaderFault::SegmentationUnknown},
           {"no checksum", [](auto& header, auto&) { header.flags = 0; },
            HeaderFault::SegmentationWithoutChecksum},
           {"size 0", [](auto& header, auto&) { header.gso_size = std::uint16_t{0}; },
            HeaderFault::SegmentTooSmall},
           {"size 47", [](auto& header, auto&) { header.gso_size = std::uint16_t{47}; },
            HeaderFault::SegmentTooSmall},
           {"size 48", [](auto& header, auto&) { header.gso_size = std::uint16_t{48}; },
            HeaderFault::None},
           {"size of the MTU", [](auto& header, auto&) { header.gso_size = std::uint16_t{8961}; },
            HeaderFault::None},
           {"size above the MTU",
            [](auto& header, auto&) { header.gso_size = std::uint16_t{8962}; },
            HeaderFault::TooLong},
           {"checksum of UDP", [](auto& header, auto&) { header.csum_offset = std::uint16_t{6}; },
            HeaderFault::NotTcp},
           {"start within IP", [](auto& header, auto&) { header.csum_start = std::uint16_t{30}; },
            HeaderFault::NotTcp},
           {"start behind TCP", [](auto& header, auto&) { header.csum_start = std::uint16_t{38}; },
            HeaderFault::NotTcp},
           {"other family", [](auto& header, auto&) { header.gso_type = net::hdr::GSO_TCPV6; },
            HeaderFault::NotTcp},
           {"UDP packet", [](auto&, auto& frame) { frame[23] = std::byte{17}; },
            HeaderFault::NotTcp},
           {"version 6", [](auto&, auto& frame) { frame[14] = std::byte{0x65}; },
            HeaderFault::NotTcp},
           {"longer IP header", [](auto&, auto& frame) { frame[14] = std::byte{0x46}; },
            HeaderFault::NotTcp},
           {"TCP header of 16", [](auto&, auto& frame) { frame[34 + 12] = std::byte{0x40}; },
            HeaderFault::NotTcp},
           {"TCP header behind the end",
            [](auto&, auto& frame) {
              frame.resize(60);
              frame[34 + 12] = std::byte{0xf0};
            },
            HeaderFault::NotTcp},
           {"TCP header cut", [](auto&, auto& frame) { frame.resize(53); }, HeaderFault::NotTcp},
           {"too long", [](auto&, auto& frame) { frame.resize(packet::kFrameBytesMax + 1); },
            HeaderFault::TooLong},
           {"longest", [](auto&, auto& frame) { frame.resize(packet::kFrameBytesMax); },
            HeaderFault::None},
       }) {
    CAPTURE(row.what);
    net::Header header = goodHeader(FrameKind::Tcp4);
    std::vector<std::byte> frame = test::makeFrame(FrameKind::Tcp4, 4000);
    row.change(header, frame);
    const HeaderFault fault = faultOf(header, frame);
    CHECK(headerFaultName(fault) == headerFaultName(row.fault));
  }
}

TEST_CASE("what was not agreed may not be asked for") {
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Tcp6, 4000);
  net::Header checksum = goodHeader(FrameKind::Tcp6);
  checksum.gso_type = net::hdr::GSO_NONE;

  CHECK(faultOf(checksum, frame, kOfferedFeatures.without(net::F_HOST_TSO6)) == HeaderFault::None);
  CHECK(faultOf(checksum, frame, kOfferedFeatures.without(net::F_CSUM)) ==
        HeaderFault::NotNegotiated);
  CHECK(faultOf(goodHeader(FrameKind::Tcp6), frame, kOfferedFeatures.without(net::F_HOST_TSO4)) ==
        HeaderFault::None);
  CHECK(faultOf(goodHeader(FrameKind::Tcp6), frame, kOfferedFeatures.without(net::F_HOST_TSO6)) ==
        HeaderFault::NotNegotiated);
}

TEST_CASE("every fault has a name of its own") {
  std::vector<std::string_view> names;
  for (unsigned fault = 0; fault <= static_cast<unsigned>(HeaderFault::NotTcp); ++fault) {
    names.push_back(headerFaultName(static_cast<HeaderFault>(fault)));
  }
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
}

// Every driver hears of a frame what it agreed to, and nothing else (virtio 1.2, 5.1.6.4.1).
TEST_CASE("a receiving driver is told what it agreed to hear") {
  const Offload partial{
      .checksum = Offload::Checksum::Partial, .checksumStart = 34, .checksumOffset = 16};
  Offload segmented = partial;
  segmented.segmentation = Offload::Segmentation::Tcp4;
  segmented.segmentBytes = 1448;
  Offload segmented6 = segmented;
  segmented6.segmentation = Offload::Segmentation::Tcp6;
  const Offload valid{.checksum = Offload::Checksum::Valid};
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Tcp4, 256);

  for (std::uint64_t mask = 0; mask < 8; ++mask) {
    CAPTURE(mask);
    FeatureSet features;
    for (const auto& [bit, feature] :
         {std::pair{0U, net::F_GUEST_CSUM}, {1U, net::F_GUEST_TSO4}, {2U, net::F_GUEST_TSO6}}) {
      features = (mask >> bit & 1U) != 0 ? features.with(feature) : features;
    }
    const bool hasChecksum = features.has(net::F_GUEST_CSUM);
    CHECK(canReceive({}, features));
    CHECK(canReceive(valid, features));
    CHECK(canReceive(partial, features) == hasChecksum);
    CHECK(canReceive(segmented, features) == (hasChecksum && features.has(net::F_GUEST_TSO4)));
    CHECK(canReceive(segmented6, features) == (hasChecksum && features.has(net::F_GUEST_TSO6)));

    CHECK(makeHeader({}, frame, features).flags == 0);
    CHECK(makeHeader({}, frame, features).num_buffers.get() == 1);
    CHECK(makeHeader(valid, frame, features).flags == (hasChecksum ? net::hdr::F_DATA_VALID : 0));
    if (canReceive(segmented, features)) {
      const net::Header header = makeHeader(segmented, frame, features);
      CHECK(header.flags == net::hdr::F_NEEDS_CSUM);
      CHECK(header.gso_type == net::hdr::GSO_TCPV4);
      CHECK(header.gso_size.get() == 1448);
      CHECK(header.hdr_len.get() == 54);
      CHECK(header.csum_start.get() == 34);
      CHECK(header.csum_offset.get() == 16);
    }
  }
}

} // namespace argon::network
