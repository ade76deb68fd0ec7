// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include "support/death.h"
#include "support/test.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace argon {

TEST_CASE("random bytes fill the whole of their place and nothing beside it") {
  // 64 zero bytes of 64 by chance are not to be expected in this universe's time.
  std::array<std::byte, 66> place{};
  REQUIRE_OK(fillRandom(std::span(place).subspan(1, 64)));

  CHECK(place.front() == std::byte{0});
  CHECK(place.back() == std::byte{0});
  CHECK(std::ranges::count(place, std::byte{0}) < 20);
}

TEST_CASE("random bytes are not those of before") {
  std::vector<std::byte> first(32);
  std::vector<std::byte> second(32);
  REQUIRE_OK(fillRandom(first));
  REQUIRE_OK(fillRandom(second));

  CHECK(first != second);
}

TEST_CASE("no random bytes are asked for with success") { CHECK_OK(fillRandom({})); }

TEST_CASE("more random bytes than OpenSSL counts are a bug of ours") {
  std::byte place{};
  test::checkDies("in_range", [&place] {
    static_cast<void>(fillRandom(std::span(&place, std::size_t{1} << 31)));
  });
}

} // namespace argon
