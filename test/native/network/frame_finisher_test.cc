// SPDX-License-Identifier: Apache-2.0
#include "network/frame_finisher.h"

#include "network/frames.h"
#include "packet/frame.h"
#include "support/packet_maker.h"
#include "support/test.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace argon::network {

namespace {

using packet::Offload;
using test::Bytes;
using test::FrameKind;
using test::OwnedFrame;

Bytes bytesOf(const packet::Frame& frame) {
  Bytes bytes(frame.header.begin(), frame.header.end());
  for (const iovec& piece : frame.payload) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), start, start + piece.iov_len);
  }
  return bytes;
}

std::vector<Bytes> finish(const OwnedFrame& owned) {
  const packet::Frame whole = owned.frame();
  FrameFinisher finisher;
  REQUIRE(finisher.begin(whole));
  std::vector<Bytes> parts;
  while (const packet::Frame* part = finisher.next()) {
    CHECK(part->offload == Offload{});
    parts.push_back(bytesOf(*part));
    CHECK(part->lengthBytes == parts.back().size());
    CHECK(test::wrongIn(parts.back()) == std::string());
  }
  CHECK(finisher.next() == nullptr);
  return parts;
}

} // namespace

TEST_CASE("a partial checksum is completed, and nothing else changes") {
  for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6}) {
    for (const std::size_t payloadBytes :
         {0UL, 1UL, 2UL, 181UL, 182UL, 183UL, 1447UL, 1448UL, 8000UL}) {
      for (const std::size_t pieceBytes : {1UL, 3UL, 1000UL, 100'000UL}) {
        CAPTURE(payloadBytes);
        CAPTURE(pieceBytes);
        const Bytes sent = test::makePartialTcp(kind, payloadBytes);
        OwnedFrame owned(sent, pieceBytes);
        owned.offload = test::tcpOffload(kind, 0);

        const std::vector<Bytes> parts = finish(owned);

        REQUIRE(parts.size() == 1);
        Bytes expected = sent;
        const std::size_t place = test::transportStart(kind) + std::size_t{16};
        expected[place] = parts[0][place];
        expected[place + 1] = parts[0][place + 1];
        CHECK(parts[0] == expected);
      }
    }
  }
}

TEST_CASE("a frame is cut into right segments that make the same stream") {
  for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6}) {
    for (const std::size_t payloadBytes : {0UL, 1UL, 1448UL, 1449UL, 2896UL, 20'000UL, 65'000UL}) {
      for (const std::uint16_t segmentBytes :
           {std::uint16_t{48}, std::uint16_t{1448}, std::uint16_t{1449}, std::uint16_t{8949}}) {
        CAPTURE(payloadBytes);
        CAPTURE(segmentBytes);
        const Bytes sent = test::makePartialTcp(kind, payloadBytes);
        OwnedFrame owned(sent, 777);
        owned.offload = test::tcpOffload(kind, segmentBytes);

        const std::vector<Bytes> parts = finish(owned);

        Bytes stream;
        const std::size_t headers = test::transportStart(kind) + std::size_t{20};
        for (const Bytes& part : parts) {
          CHECK(part.size() <= headers + segmentBytes);
          stream.insert(stream.end(), part.begin() + static_cast<std::ptrdiff_t>(headers),
                        part.end());
        }
        CHECK(stream == test::pattern(payloadBytes));
      }
    }
  }
}

TEST_CASE("headers that are not what is to be segmented are found") {
  Bytes sent = test::makePartialTcp(FrameKind::Tcp4, 3000);
  sent[24] ^= std::byte{1}; // IPv4's checksum.
  OwnedFrame owned(sent);
  owned.offload = test::tcpOffload(FrameKind::Tcp4, 1000);
  const packet::Frame whole = owned.frame();
  FrameFinisher finisher;

  CHECK_FALSE(finisher.begin(whole));
}

} // namespace argon::network
