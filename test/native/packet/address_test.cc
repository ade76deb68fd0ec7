// SPDX-License-Identifier: Apache-2.0
#include "packet/address.h"

#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>

namespace argon::packet {

TEST_CASE("an address says its family") {
  CHECK(IpAddress::v4(10, 0, 0, 1).isV4());
  CHECK(IpAddress::v4(0).isV4());
  CHECK(!IpAddress{}.isV4());
  CHECK(!test::v6Of(1, IpAddress::kV4Low).isV4());
  CHECK(IpAddress::v4(1, 2, 3, 4).v4Number() == 0x0102'0304);
}

TEST_CASE("groups are multicast and the broadcast address") {
  CHECK(IpAddress::v4(224, 0, 0, 1).isGroup());
  CHECK(IpAddress::v4(239, 255, 255, 255).isGroup());
  CHECK(IpAddress::v4(255, 255, 255, 255).isGroup());
  CHECK(!IpAddress::v4(223, 255, 255, 255).isGroup());
  CHECK(!IpAddress::v4(240, 0, 0, 1).isGroup());
  CHECK(test::v6Of(0xFF02'0000'0000'0000, 1).isGroup());
  CHECK(!test::v6Of(0xFE80'0000'0000'0000, 1).isGroup());
  CHECK(MacAddress{.bytes = {std::byte{0x33}}}.isGroup());
  CHECK(!test::macOf(1).isGroup());
}

TEST_CASE("an address is in a prefix if its first bits are the same, one by one") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(1000); ++round) {
      const IpAddress network = test::v6Of(random.next(), random.next());
      IpAddress address = network;
      const auto flipped = static_cast<unsigned>(random.below(128));
      (flipped < 64 ? address.high : address.low) ^= std::uint64_t{1} << (63 - flipped % 64);
      for (unsigned bits = 0; bits <= 128; ++bits) {
        CHECK(address.isIn(network, bits) == (bits <= flipped));
      }
    }
  }
}

} // namespace argon::packet
