// SPDX-License-Identifier: Apache-2.0
#include "base/strong_id.h"

#include "support/test.h"

#include <cstdint>
#include <type_traits>

namespace argon {

namespace {

using UnitId = StrongId<struct UnitTag, std::uint64_t>;
using PageId = StrongId<struct PageTag, std::uint64_t>;

} // namespace

TEST_CASE("an id is zero until it is given a number") {
  CHECK(UnitId().get() == 0);
  CHECK(UnitId(5).get() == 5);
}

TEST_CASE("ids of a kind have an order") {
  CHECK(UnitId(1) < UnitId(2));
  CHECK(UnitId(2) == UnitId(2));
  CHECK(UnitId(3) != UnitId(2));
}

TEST_CASE("a number or an id of another kind is no id of this one") {
  CHECK_FALSE(std::is_convertible_v<std::uint64_t, UnitId>);
  CHECK_FALSE(std::is_convertible_v<UnitId, std::uint64_t>);
  CHECK_FALSE(std::is_constructible_v<UnitId, PageId>);
}

} // namespace argon
