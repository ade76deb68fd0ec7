// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every C++ test includes: doctest, and a check that shows an error's message.

#include "base/result.h"

#include <doctest/doctest.h>

#include <string>

namespace argon::test {

template <typename Value>
std::string messageOf(const Result<Value>& result) {
  return result ? std::string() : result.error().message();
}

} // namespace argon::test

/// Checks that a Result has a value and shows its error if not.
#define REQUIRE_OK(expression)                                                                     \
  do {                                                                                             \
    const auto& testedResult = (expression);                                                       \
    REQUIRE_MESSAGE(testedResult.has_value(), argon::test::messageOf(testedResult));               \
  } while (false)

/// The same, and goes on.
#define CHECK_OK(expression)                                                                       \
  do {                                                                                             \
    const auto& testedResult = (expression);                                                       \
    CHECK_MESSAGE(testedResult.has_value(), argon::test::messageOf(testedResult));                 \
  } while (false)
