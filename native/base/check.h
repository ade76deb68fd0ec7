// SPDX-License-Identifier: Apache-2.0
#pragma once

// Assertions: for invariants of our own only, on in release builds too. A value that a guest, a
// front end, a file or the host supplied is never checked with these; it gets a Result. A failed
// check logs the expression with its operands and aborts.

#include "base/text.h"

#include <source_location>
#include <string>
#include <string_view>

namespace argon {

/// Writes one line to stderr and aborts. Async-signal-unsafe; never returns.
[[noreturn]] void failCheck(std::string_view expression, std::string_view operands,
                            std::source_location location = std::source_location::current());

} // namespace argon

#define ARGON_CHECK(condition)                                                                     \
  do {                                                                                             \
    if (!(condition)) [[unlikely]] {                                                               \
      ::argon::failCheck(#condition, "");                                                          \
    }                                                                                              \
  } while (false)

#define ARGON_CHECK_EQ(left, right)                                                                \
  do {                                                                                             \
    const auto argonLeft = (left);                                                                 \
    const auto argonRight = (right);                                                               \
    if (!(argonLeft == argonRight)) [[unlikely]] {                                                 \
      ::argon::failCheck(#left " == " #right, ::argon::concat(argonLeft, " and ", argonRight));    \
    }                                                                                              \
  } while (false)

#define ARGON_UNREACHABLE() ::argon::failCheck("unreachable", "")

// In measured hot loops only; everything else uses ARGON_CHECK.
#ifdef NDEBUG
#define ARGON_DCHECK(condition) static_cast<void>(0)
#else
#define ARGON_DCHECK(condition) ARGON_CHECK(condition)
#endif
