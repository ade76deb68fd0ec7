// SPDX-License-Identifier: Apache-2.0
#include "packet/segmentation.h"

#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/death.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::packet {

namespace {

using test::Bytes;

// All segments of a frame, as a receiver without the offer gets them.
std::vector<Bytes> segmentsOf(const Bytes& bytes, std::uint16_t segmentBytes) {
  const test::OwnedFrame owned(bytes);
  const Headers headers = parse(owned.frame());
  REQUIRE(headers.fault == ParseFault::None);
  const TcpSegments segments(owned.frame().header, headers, segmentBytes);
  std::vector<Bytes> made;
  for (std::uint32_t index = 0; index < segments.count(); ++index) {
    const auto payload =
        std::span(bytes).subspan(segments.payloadOffset(index), segments.payloadBytes(index));
    ChecksumSum sum;
    sum.add(payload);
    Bytes segment(segments.headerBytes());
    segments.writeHeader(index, segment, sum);
    segment.insert(segment.end(), payload.begin(), payload.end());
    made.push_back(segment);
  }
  return made;
}

} // namespace

TEST_CASE("segments are right packets that hold the payload in order") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(200); ++round) {
      test::PacketText text;
      if (random.chance(50)) {
        text.source = test::v6Of(random.next() | 1, random.next());
        text.destination = test::v6Of(random.next() | 1, random.next());
        text.extensionCount = static_cast<unsigned>(random.below(3));
      }
      text.ipOptionBytes = text.source.isV4() ? random.below(3) * 4 : 0;
      text.tcpOptionBytes = random.below(11) * 4;
      text.tcpSequence = static_cast<std::uint32_t>(random.number());
      text.payload = random.bytes(random.below(20'000));
      text.paddingBytes = random.below(3);
      const auto segmentBytes = static_cast<std::uint16_t>(random.between(100, 9000));

      Bytes together;
      for (const Bytes& segment : segmentsOf(test::makeFrame(text), segmentBytes)) {
        const test::OwnedFrame owned(segment);
        const Headers headers = parse(owned.frame());
        REQUIRE(headers.fault == ParseFault::None);
        if (text.extensionCount == 0) {
          CHECK(test::wrongIn(segment) == "");
        }
        CHECK(headers.tuple.source == text.source);
        CHECK(segment.size() - headers.payloadOffset <= segmentBytes);
        together.insert(together.end(), segment.begin() + headers.payloadOffset, segment.end());
      }
      CHECK(together == text.payload);
    }
  }
}

TEST_CASE("sequence and identification go up, flags are said once") {
  test::PacketText text;
  text.tcpSequence = 0xFFFF'FFFF;
  text.fragmentId = 0xFFFF;
  text.tcpFlags = 0x80 | 0x10 | 0x08 | 0x01;
  text.payload = test::pattern(25);
  const std::vector<Bytes> segments = segmentsOf(test::makeFrame(text), 10);

  REQUIRE(segments.size() == 3);
  CHECK(segments[0].size() == 54 + 10);
  CHECK(segments[2].size() == 54 + 5);
  const auto numberAt = [&](std::size_t index, std::size_t offset, int bytes) {
    std::uint64_t number = 0;
    for (int count = 0; count < bytes; ++count) {
      number = number << 8U | std::to_integer<std::uint64_t>(
                                  segments[index][offset + static_cast<std::size_t>(count)]);
    }
    return number;
  };
  CHECK(numberAt(0, 18, 2) == 0xFFFF);
  CHECK(numberAt(1, 18, 2) == 0);
  CHECK(numberAt(2, 18, 2) == 1);
  CHECK(numberAt(0, 38, 4) == 0xFFFF'FFFF);
  CHECK(numberAt(1, 38, 4) == 9);
  CHECK(numberAt(2, 38, 4) == 19);
  CHECK(numberAt(0, 47, 1) == 0x90);
  CHECK(numberAt(1, 47, 1) == 0x10);
  CHECK(numberAt(2, 47, 1) == 0x19);
}

TEST_CASE("a packet without payload is one segment") {
  CHECK(segmentsOf(test::makeFrame({}), 1000).size() == 1);
  CHECK(segmentsOf(test::makeFrame({.payload = test::pattern(1000)}), 1000).size() == 1);
  CHECK(segmentsOf(test::makeFrame({.payload = test::pattern(1001)}), 1000).size() == 2);
}

TEST_CASE("there is no header for a segment beyond the last") {
  test::checkDies("index < count_", [] {
    const test::OwnedFrame owned(test::makeFrame({}));
    const Headers headers = parse(owned.frame());
    Bytes out(200);
    TcpSegments(owned.frame().header, headers, 100).writeHeader(1, out, ChecksumSum());
  });
}

} // namespace argon::packet
