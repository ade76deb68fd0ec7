// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel says this process holds, for tests that nothing leaks.

#include <cstddef>
#include <string_view>

namespace argon::test {

/// Mappings, or those whose line in /proc/self/maps contains `name`.
[[nodiscard]] std::size_t mappingCount(std::string_view name = {});
/// Resident memory in KiB.
[[nodiscard]] std::size_t residentKib();
/// Memory locked with mlock, in KiB.
[[nodiscard]] std::size_t lockedKib();

} // namespace argon::test
