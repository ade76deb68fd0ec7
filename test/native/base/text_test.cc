// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include "support/test.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace argon {

namespace {

enum class Color : std::uint8_t { Red = 3 };

} // namespace

TEST_CASE("text and numbers stand one after another") {
  CHECK(concat() == "");
  CHECK(concat("a", std::string("b"), std::string_view("c"), 'd') == "abcd");
  CHECK(concat("x", 0, "y", -5, "z") == "x0y-5z");
  CHECK(concat(true, " ", false) == "true false");
  CHECK(concat(Color::Red) == "3");
}

TEST_CASE("a small integer is a number, not a character") {
  CHECK(concat(std::uint8_t{65}) == "65");
  CHECK(concat(std::int8_t{-65}) == "-65");
}

TEST_CASE("the largest and smallest numbers have room") {
  CHECK(concat(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(concat(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
}

TEST_CASE("a zero byte in text stays") {
  CHECK(concat(std::string_view("a\0b", 3), "c").size() == 4);
}

TEST_CASE("hex has no leading zeros") {
  CHECK(hex(0) == "0x0");
  CHECK(hex(0x10) == "0x10");
  CHECK(hex(0xdeadbeef) == "0xdeadbeef");
  CHECK(hex(std::numeric_limits<std::uint64_t>::max()) == "0xffffffffffffffff");
}

} // namespace argon
