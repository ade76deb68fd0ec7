// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.h"

#include <cstdint>

namespace argon::test {

enum class Sealed : std::uint8_t { No, Yes };

/// Memory of `sizeBytes` as a file; sealed against shrinking or not.
[[nodiscard]] UniqueFd makeMemfd(std::uint64_t sizeBytes, Sealed sealed);

} // namespace argon::test
