// SPDX-License-Identifier: Apache-2.0
#pragma once

// Arithmetic on numbers that somebody else wrote: overflow is an answer, not a wrapped result.

#include "base/check.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace argon {

[[nodiscard]] constexpr std::optional<std::uint64_t> addChecked(std::uint64_t left,
                                                                std::uint64_t right) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(left, right, &sum)) {
    return std::nullopt;
  }
  return sum;
}

[[nodiscard]] constexpr std::optional<std::uint64_t> multiplyChecked(std::uint64_t left,
                                                                     std::uint64_t right) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(left, right, &product)) {
    return std::nullopt;
  }
  return product;
}

/// The next multiple of `unit` at or above `value`.
[[nodiscard]] constexpr std::optional<std::uint64_t> roundUp(std::uint64_t value,
                                                             std::uint64_t unit) {
  const std::uint64_t rest = value % unit;
  return rest == 0 ? std::optional(value) : addChecked(value, unit - rest);
}

/// True if [offset, offset + length) lies within [0, size). The form that cannot wrap
/// (reliability.md: the naive `offset + length <= size` has a counterexample).
[[nodiscard]] constexpr bool isWithin(std::uint64_t offset, std::uint64_t length,
                                      std::uint64_t size) {
  return length <= size && offset <= size - length;
}

/// A conversion that keeps the value. Checked: for numbers already known to fit.
template <std::integral To, std::integral From>
[[nodiscard]] constexpr To narrow(From value) {
  ARGON_CHECK(std::in_range<To>(value));
  return static_cast<To>(value);
}

} // namespace argon
