// SPDX-License-Identifier: Apache-2.0
#include "network/frame_reader.h"

#include "network/config.h"
#include "network/frames.h"
#include "network/vnet_header.h"
#include "packet/frame.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using test::FrameKind;

// A header of zeros and a frame, in memory that is cut into pieces.
struct Sent {
  explicit Sent(const std::vector<std::byte>& frame) : bytes(sizeof(net::Header)) {
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }

  // Each piece in memory of its own, so that a sanitizer sees who goes over its end.
  virtio::Chain cut(const std::vector<std::size_t>& sizes) {
    pieces.clear();
    segments.clear();
    std::size_t position = 0;
    for (std::size_t index = 0; position < bytes.size(); ++index) {
      const std::size_t size = index < sizes.size()
                                   ? std::min(sizes[index], bytes.size() - position)
                                   : bytes.size() - position;
      const auto piece = std::span(bytes).subspan(position, size);
      pieces.emplace_back(piece.begin(), piece.end());
      position += size;
    }
    for (std::vector<std::byte>& piece : pieces) {
      segments.push_back({.iov_base = piece.data(), .iov_len = piece.size()});
    }
    return {.readable = segments, .readableBytes = bytes.size()};
  }

  std::vector<std::byte> bytes;
  std::vector<std::vector<std::byte>> pieces;
  std::vector<iovec> segments;
};

std::vector<std::byte> bytesOf(const packet::Frame& frame) {
  std::vector<std::byte> bytes(frame.header.begin(), frame.header.end());
  for (const iovec& piece : frame.payload) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), start, start + piece.iov_len);
  }
  return bytes;
}

void checkReads(Sent& sent, const std::vector<std::byte>& frame,
                const std::vector<std::size_t>& sizes) {
  FrameReader reader;
  REQUIRE(reader.read(sent.cut(sizes), kOfferedFeatures) == HeaderFault::None);
  CHECK(reader.frame().lengthBytes == frame.size());
  CHECK(reader.frame().header.size() == std::min(frame.size(), packet::kHeaderBytesMax));
  CHECK(bytesOf(reader.frame()) == frame);
  CHECK(std::ranges::none_of(reader.frame().payload,
                             [](const iovec& piece) { return piece.iov_len == 0; }));
}

} // namespace

// CVE-2022-2132: a header over more descriptors than a back end thought of.
TEST_CASE("a frame is the same wherever the driver cut it once or twice") {
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 400);
  Sent sent(frame);
  for (std::size_t first = 1; first < sent.bytes.size(); ++first) {
    CAPTURE(first);
    checkReads(sent, frame, {first});
    checkReads(sent, frame, {first, 1});
  }
}

TEST_CASE("a frame is the same in pieces of one byte, and in any others") {
  for (const std::size_t lengthBytes : {14UL, 60UL, 255UL, 256UL, 257UL, 1514UL}) {
    CAPTURE(lengthBytes);
    const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, lengthBytes);
    Sent sent(frame);
    checkReads(sent, frame, std::vector<std::size_t>(sent.bytes.size(), 1));
    test::Random random(lengthBytes);
    for (int round = 0; round < 50; ++round) {
      std::vector<std::size_t> sizes(20);
      std::ranges::generate(sizes, [&random] { return 1 + random.below(300); });
      checkReads(sent, frame, sizes);
    }
  }
}

TEST_CASE("a chain without a whole header, or with too much, is no frame") {
  FrameReader reader;
  for (std::size_t bytes = 0; bytes < sizeof(net::Header) + kEthernetBytes; ++bytes) {
    CAPTURE(bytes);
    std::vector<std::byte> memory(bytes);
    iovec segment{.iov_base = memory.data(), .iov_len = bytes};
    const virtio::Chain chain{.readable = std::span(&segment, bytes == 0 ? 0U : 1U),
                              .readableBytes = bytes};
    CHECK(reader.read(chain, kOfferedFeatures) == HeaderFault::TooShort);
  }
  Sent sent(std::vector<std::byte>(packet::kFrameBytesMax + 1));
  CHECK(reader.read(sent.cut({}), kOfferedFeatures) == HeaderFault::TooLong);
}

TEST_CASE("what the guest changes after the read is not seen in the first bytes") {
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 300);
  Sent sent(frame);
  FrameReader reader;
  REQUIRE(reader.read(sent.cut({}), kOfferedFeatures) == HeaderFault::None);

  std::ranges::fill(sent.pieces.front(), std::byte{0xee});

  CHECK(std::ranges::equal(reader.frame().header, std::span(frame).first(256)));
}

TEST_CASE("the header's promise is read with the frame") {
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Tcp4, 3000);
  Sent sent(frame);
  const net::Header header{.flags = net::hdr::F_NEEDS_CSUM,
                           .gso_type = net::hdr::GSO_TCPV4,
                           .hdr_len = std::uint16_t{0},
                           .gso_size = std::uint16_t{1000},
                           .csum_start = std::uint16_t{34},
                           .csum_offset = std::uint16_t{16},
                           .num_buffers = std::uint16_t{0}};
  std::memcpy(sent.bytes.data(), &header, sizeof header);
  FrameReader reader;

  REQUIRE(reader.read(sent.cut({5, 7, 30}), kOfferedFeatures) == HeaderFault::None);
  CHECK(reader.frame().offload.segmentBytes == 1000);
  CHECK(reader.read(sent.cut({}), kOfferedFeatures.without(net::F_CSUM)) ==
        HeaderFault::NotNegotiated);
}

} // namespace argon::network
