// SPDX-License-Identifier: Apache-2.0
#include "base/little_endian.h"

#include "support/test.h"

#include <array>
#include <bit>
#include <cstdint>
#include <type_traits>

namespace argon {

TEST_CASE("the least significant byte comes first in memory") {
  const Le<std::uint32_t> number(0x01020304);

  const auto bytes = std::bit_cast<std::array<std::uint8_t, 4>>(number);

  CHECK(bytes == std::array<std::uint8_t, 4>{4, 3, 2, 1});
  CHECK(number.get() == 0x01020304);
}

TEST_CASE("a wire number is as large as its bytes and can be copied as them") {
  CHECK(sizeof(Le<std::uint16_t>) == 2);
  CHECK(sizeof(Le<std::uint64_t>) == 8);
  CHECK(std::is_trivially_copyable_v<Le<std::uint64_t>>);
}

TEST_CASE("wire numbers are equal if their values are") {
  CHECK(Le<std::uint16_t>(7) == Le<std::uint16_t>(7));
  CHECK_FALSE(Le<std::uint16_t>(7) == Le<std::uint16_t>(8));
}

} // namespace argon
