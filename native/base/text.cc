// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <charconv>
#include <cstdint>
#include <string>

namespace argon {

std::string hex(std::uint64_t number) {
  char digits[16];
  const auto [end, status] = std::to_chars(digits, digits + sizeof digits, number, 16);
  std::string out = "0x";
  out.append(digits, end);
  return out;
}

} // namespace argon
