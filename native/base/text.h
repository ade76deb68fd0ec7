// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text for messages and errors. Never on the data path.

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace argon {

namespace internal {

inline void appendTo(std::string& out, std::string_view text) { out += text; }
inline void appendTo(std::string& out, char character) { out += character; }

template <typename Number>
  requires(std::integral<Number> && !std::same_as<Number, char>)
void appendTo(std::string& out, Number number) {
  if constexpr (std::same_as<Number, bool>) {
    out += number ? "true" : "false";
  } else {
    char digits[24];
    const auto [end, status] = std::to_chars(digits, digits + sizeof digits, number);
    out.append(digits, end);
  }
}

template <typename Enum>
  requires std::is_enum_v<Enum>
void appendTo(std::string& out, Enum value) {
  appendTo(out, static_cast<std::underlying_type_t<Enum>>(value));
}

} // namespace internal

/// The parts one after another: text as it is, numbers in decimal.
template <typename... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
  std::string out;
  (internal::appendTo(out, parts), ...);
  return out;
}

/// `0x` and the number in hex, without leading zeros.
[[nodiscard]] std::string hex(std::uint64_t number);

} // namespace argon
