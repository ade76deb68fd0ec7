// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include "base/error.h"
#include "support/death.h"
#include "support/test.h"

#include <memory>
#include <string>
#include <utility>

namespace argon {

namespace {

Error someError() { return {ErrorKind::TimedOut, "too late"}; }

Result<int> halve(int number) {
  if (number % 2 != 0) {
    return Error(ErrorKind::InvalidArgument, "odd");
  }
  return number / 2;
}

Result<int> quarter(int number) {
  ARGON_TRY_ASSIGN(const int half, halve(number));
  ARGON_TRY_ASSIGN(const int quarter, halve(half));
  return quarter;
}

Result<void> require(bool isGood) {
  if (!isGood) {
    return someError();
  }
  return {};
}

Result<std::string> requireBoth(bool first, bool second) {
  ARGON_TRY(require(first));
  ARGON_TRY(require(second));
  return std::string("both");
}

} // namespace

TEST_CASE("a result has a value or an error") {
  const Result<int> good = 7;
  const Result<int> bad = someError();

  CHECK(good.has_value());
  CHECK(static_cast<bool>(good));
  CHECK(*good == 7);
  CHECK_FALSE(bad.has_value());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK(bad.error().kind() == ErrorKind::TimedOut);
}

TEST_CASE("a result without a value says whether there was an error") {
  const Result<void> good;
  const Result<void> bad = someError();

  CHECK(good.has_value());
  good.value();
  CHECK_FALSE(bad.has_value());
  CHECK(bad.error().message() == "too late");
}

TEST_CASE("what cannot be copied moves through a result") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);

  const std::unique_ptr<int> taken = *std::move(result);

  CHECK(*taken == 5);
}

TEST_CASE("a value can be changed in place") {
  Result<std::string> result = std::string("a");
  result->append("b");
  *result += "c";

  CHECK(result.value() == "abc");
}

TEST_CASE("an error moves out of a result") {
  Result<int> bad = someError();
  Result<void> alsoBad = someError();

  CHECK(std::move(bad).error().message() == "too late");
  CHECK(std::move(alsoBad).error().message() == "too late");
}

TEST_CASE("trying hands the first error on and keeps the values") {
  REQUIRE_OK(quarter(8));
  CHECK(*quarter(8) == 2);
  CHECK_FALSE(quarter(7));
  CHECK(quarter(6).error().message() == "odd");
  CHECK(*requireBoth(true, true) == "both");
  CHECK_FALSE(requireBoth(false, true));
  CHECK_FALSE(requireBoth(true, false));
}

TEST_CASE("taking what a result does not have is a bug of ours") {
  test::checkDies("has_value()", [] { static_cast<void>(*Result<int>(someError())); });
  test::checkDies("has_value()", [] {
    const Result<int> bad = someError();
    static_cast<void>(bad.value());
  });
  test::checkDies("!has_value()", [] {
    const Result<int> good = 1;
    static_cast<void>(good.error());
  });
  test::checkDies("has_value()", [] { Result<void>(someError()).value(); });
  test::checkDies("error_.has_value()", [] {
    const Result<void> good;
    static_cast<void>(good.error());
  });
}

} // namespace argon
