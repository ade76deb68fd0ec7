// SPDX-License-Identifier: Apache-2.0
#pragma once

// Either a value or an Error. The members have std::expected's names, so that it can become an
// alias: libstdc++ 12 has <expected> only under C++23.

#include "base/check.h"
#include "base/error.h"

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace argon {

template <typename Value>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<Value>);

public:
  // Implicit, so that a function returns its value or its error as it stands.
  Result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  /// Checks that there is a value.
  [[nodiscard]] Value& value() & {
    ARGON_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const Value& value() const& {
    ARGON_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] Value&& value() && { return std::move(value()); }
  [[nodiscard]] Value& operator*() & { return value(); }
  [[nodiscard]] const Value& operator*() const& { return value(); }
  [[nodiscard]] Value&& operator*() && { return std::move(value()); }
  [[nodiscard]] Value* operator->() { return &value(); }
  [[nodiscard]] const Value* operator->() const { return &value(); }

  /// Checks that there is an error.
  [[nodiscard]] const Error& error() const& {
    ARGON_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] Error&& error() && {
    ARGON_CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

private:
  std::variant<Value, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const { ARGON_CHECK(has_value()); }

  /// Checks that there is an error.
  [[nodiscard]] const Error& error() const& {
    ARGON_CHECK(error_.has_value());
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    ARGON_CHECK(error_.has_value());
    return std::move(*error_);
  }

private:
  std::optional<Error> error_;
};

} // namespace argon

#define ARGON_JOIN_EXPANDED(left, right) left##right
#define ARGON_JOIN_TOKENS(left, right) ARGON_JOIN_EXPANDED(left, right)

/// Returns the error of `expression`, or goes on.
#define ARGON_TRY(expression)                                                                      \
  do {                                                                                             \
    if (auto argonTried = (expression); !argonTried) {                                             \
      return std::move(argonTried).error();                                                        \
    }                                                                                              \
  } while (false)

/// Returns the error of `expression`, or initializes `declaration` with its value.
#define ARGON_TRY_ASSIGN(declaration, expression)                                                  \
  auto ARGON_JOIN_TOKENS(argonTried, __LINE__) = (expression);                                     \
  if (!ARGON_JOIN_TOKENS(argonTried, __LINE__)) {                                                  \
    return std::move(ARGON_JOIN_TOKENS(argonTried, __LINE__)).error();                             \
  }                                                                                                \
  declaration = *std::move(ARGON_JOIN_TOKENS(argonTried, __LINE__))
