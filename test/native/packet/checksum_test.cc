// SPDX-License-Identifier: Apache-2.0
#include "packet/checksum.h"

#include "packet/address.h"
#include "packet/frame.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::packet {

namespace {

using test::Bytes;

void put16(Bytes& bytes, std::size_t offset, std::uint16_t number) {
  bytes[offset] = static_cast<std::byte>(number >> 8U);
  bytes[offset + 1] = static_cast<std::byte>(number & 0xFFU);
}

} // namespace

TEST_CASE("the checksum is RFC 1071's example") {
  // RFC 1071, 3: the sum of these is ddf2.
  const Bytes bytes = test::bytesOf({0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7});

  CHECK(checksumOf(bytes) == static_cast<std::uint16_t>(~0xDDF2U));
  CHECK(checksumOf({}) == 0xFFFF);
}

TEST_CASE("a sum of pieces is that of the whole, wherever it is cut") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(1000); ++round) {
      const Bytes bytes = random.bytes(random.chance(90) ? random.below(200) : 65'000);
      ChecksumSum sum;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t count =
            std::min<std::size_t>(bytes.size() - at, random.below(1 + bytes.size() / 2) + 1);
        sum.add(std::span(bytes).subspan(at, count));
        at += count;
      }
      CHECK(sum.checksum() == test::slowChecksum(bytes));
      CHECK(checksumOf(bytes) == test::slowChecksum(bytes));
    }
  }
}

TEST_CASE("the largest sums do not overflow") {
  CHECK(checksumOf(Bytes(65'536, std::byte{0xFF})) == 0);
  ChecksumSum sum;
  for (int count = 0; count < 100'000; ++count) {
    sum.addNumber(0xFFFF);
  }
  CHECK(sum.checksum() == 0);
}

TEST_CASE("a changed checksum is that of the changed bytes") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(1000); ++round) {
      Bytes bytes = random.bytes(40);
      const std::uint16_t before = checksumOf(bytes);
      const std::size_t place = random.below(20) * 2;
      const auto was = static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[place]) << 8U |
                                                  std::to_integer<unsigned>(bytes[place + 1]));
      const auto now = static_cast<std::uint16_t>(random.number());
      put16(bytes, place, now);
      CHECK(updateChecksum(before, was, now) == checksumOf(bytes));
    }
  }
}

TEST_CASE("an unchanged field leaves a checksum of 0 alone") {
  // RFC 1624, 4: its equation 2 gives -0 here, where the checksum is 0xdd2f and becomes 0.
  CHECK(updateChecksum(0xDD2F, 0x5555, 0x3285) == 0x0000);
}

TEST_CASE("partial checksums are completed over the copy and all pieces") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(300); ++round) {
      test::PacketText text;
      if (random.chance(50)) {
        text.source = test::v6Of(random.next() | 1, random.next());
        text.destination = test::v6Of(random.next() | 1, random.next());
      }
      text.protocol = random.chance(50) ? 6 : 17;
      text.payload = random.bytes(random.below(5000));
      Bytes bytes = test::makeFrame(text);
      const std::size_t start = text.source.isV4() ? 34 : 54;
      const std::size_t field = start + (text.protocol == 6 ? 16 : 6);
      // As a driver leaves it: the sum of the pseudo header.
      ChecksumSum pseudo;
      pseudo.addPseudoHeader(text.source, text.destination, text.protocol,
                             static_cast<std::uint32_t>(bytes.size() - start));
      put16(bytes, field, static_cast<std::uint16_t>(~pseudo.checksum()));
      test::OwnedFrame owned(bytes, 1 + random.below(700));
      owned.offload = {.checksum = Offload::Checksum::Partial,
                       .checksumStart = static_cast<std::uint16_t>(start),
                       .checksumOffset = static_cast<std::uint16_t>(field - start)};
      put16(bytes, field, partialChecksum(owned.frame(), bytes.size()));
      CHECK(test::wrongIn(bytes) == "");
    }
  }
}

TEST_CASE("a partial checksum is never 0") {
  Bytes bytes(64);
  put16(bytes, 40, 0xFFFF);
  test::OwnedFrame owned(bytes);
  owned.offload = {.checksum = Offload::Checksum::Partial, .checksumStart = 20};

  CHECK(partialChecksum(owned.frame(), bytes.size()) == 0xFFFF);
}

} // namespace argon::packet
