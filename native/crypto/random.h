// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>

namespace argon {

/// Fills with random bytes fit for keys (OpenSSL's private generator).
[[nodiscard]] Result<void> fillRandom(std::span<std::byte> bytes);

} // namespace argon
