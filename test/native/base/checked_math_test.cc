// SPDX-License-Identifier: Apache-2.0
#include "base/checked_math.h"

#include "support/death.h"
#include "support/random.h"
#include "support/test.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace argon {

namespace {

// 128 bits hold every sum and product of two numbers of 64.
__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

// Where carries and signs go wrong.
constexpr std::array<std::uint64_t, 21> kEdges = {0,
                                                  1,
                                                  2,
                                                  3,
                                                  511,
                                                  512,
                                                  4095,
                                                  4096,
                                                  0x7fffffff,
                                                  0x80000000,
                                                  0xffffffff,
                                                  0x100000000,
                                                  0x100000001,
                                                  0x7fffffffffffffff,
                                                  0x8000000000000000,
                                                  0x8000000000000001,
                                                  kMax - 4096,
                                                  kMax - 4095,
                                                  kMax - 2,
                                                  kMax - 1,
                                                  kMax};

std::optional<std::uint64_t> fitted(Wide wide) {
  return wide > kMax ? std::nullopt : std::optional(static_cast<std::uint64_t>(wide));
}

void checkPair(std::uint64_t left, std::uint64_t right) {
  CAPTURE(left);
  CAPTURE(right);
  CHECK(addChecked(left, right) == fitted(Wide{left} + right));
  CHECK(multiplyChecked(left, right) == fitted(Wide{left} * right));
}

void checkRoundUp(std::uint64_t value, std::uint64_t unit) {
  CAPTURE(value);
  CAPTURE(unit);
  CHECK(roundUp(value, unit) == fitted((Wide{value} + unit - 1) / unit * unit));
}

void checkWithin(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  CAPTURE(offset);
  CAPTURE(length);
  CAPTURE(size);
  CHECK(isWithin(offset, length, size) == (Wide{offset} + length <= size));
}

} // namespace

TEST_CASE("sums and products of edge values are right or refused") {
  for (const std::uint64_t left : kEdges) {
    for (const std::uint64_t right : kEdges) {
      checkPair(left, right);
    }
  }
}

TEST_CASE("sums and products of random values are right or refused") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < 5'000; ++round) {
      checkPair(random.number(), random.number());
    }
  }
}

TEST_CASE("a number is rounded up to the next multiple, unless that has no 64 bits") {
  for (const std::uint64_t value : kEdges) {
    for (const std::uint64_t unit : kEdges) {
      if (unit > 0) {
        checkRoundUp(value, unit);
      }
    }
  }
}

TEST_CASE("a multiple at the very end of the range is its own next multiple") {
  // 2^64 - 1 is divisible by 3.
  CHECK(roundUp(kMax, 3) == kMax);
  CHECK(roundUp(kMax, 1) == kMax);
  CHECK(roundUp(kMax, kMax) == kMax);
}

TEST_CASE("a range of edge values is within a size only if its true end is") {
  for (const std::uint64_t offset : kEdges) {
    for (const std::uint64_t length : kEdges) {
      for (const std::uint64_t size : kEdges) {
        checkWithin(offset, length, size);
      }
    }
  }
}

TEST_CASE("a random range is within a size only if its true end is") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < 5'000; ++round) {
      const std::uint64_t size = random.number();
      const std::uint64_t offset = random.chance(50) ? random.number() : size - random.below(3);
      const std::uint64_t length = random.chance(50) ? random.number() : size - offset + 1;
      checkWithin(offset, length, size);
      checkWithin(offset, size - offset, size);
    }
  }
}

TEST_CASE("narrowing keeps a value that fits") {
  CHECK(narrow<std::uint8_t>(255) == 255);
  CHECK(narrow<std::int8_t>(-128) == -128);
  CHECK(narrow<int>(std::uint64_t{0x7fffffff}) == 0x7fffffff);
  CHECK(narrow<std::uint64_t>(std::int64_t{0}) == 0);
}

TEST_CASE("narrowing a value that does not fit is a bug of ours") {
  test::checkDies("in_range", [] { static_cast<void>(narrow<std::uint8_t>(256)); });
  test::checkDies("in_range", [] { static_cast<void>(narrow<std::uint64_t>(-1)); });
  test::checkDies("in_range", [] { static_cast<void>(narrow<int>(std::uint64_t{0x80000000})); });
}

} // namespace argon
