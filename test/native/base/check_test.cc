// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include "support/death.h"
#include "support/test.h"

#include <cstdint>
#include <string_view>

namespace argon {

TEST_CASE("a check that holds does nothing, and looks at its condition once") {
  int count = 0;

  ARGON_CHECK(++count == 1);
  ARGON_CHECK_EQ(++count, 2);

  CHECK(count == 2);
}

TEST_CASE("a failed check writes its expression and aborts") {
  const int limit = 3;

  test::checkDies("check failed: limit > 3", [] { ARGON_CHECK(limit > 3); });
}

TEST_CASE("a failed check writes where it stands") {
  test::checkDies("check_test.cc:", [] { ARGON_CHECK(false); });
}

TEST_CASE("a failed comparison writes both operands") {
  const std::uint64_t have = 18'446'744'073'709'551'615U;
  const std::string_view name = "vol";

  test::checkDies("have == 7U (18446744073709551615 and 7)", [] { ARGON_CHECK_EQ(have, 7U); });
  test::checkDies("(vol and net)", [&name] { ARGON_CHECK_EQ(name, std::string_view("net")); });
}

TEST_CASE("a failed comparison evaluates its operands once") {
  test::checkDies("(1 and 2)", [] {
    int count = 0;
    ARGON_CHECK_EQ(++count, 2);
  });
}

TEST_CASE("a place that cannot be reached aborts when it is") {
  test::checkDies("unreachable", [] { ARGON_UNREACHABLE(); });
}

TEST_CASE("a hot loop's check is on where NDEBUG is not") {
  bool isLookedAt = false;
  const auto look = [&isLookedAt] {
    isLookedAt = true;
    return true;
  };
  ARGON_DCHECK(look());
#ifdef NDEBUG
  CHECK_FALSE(isLookedAt);
  static_cast<void>(look);
#else
  CHECK(isLookedAt);
  test::checkDies("hot", [] {
    const bool hot = false;
    ARGON_DCHECK(hot);
  });
#endif
}

} // namespace argon
