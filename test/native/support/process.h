// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a test can see of its own process.

#include <cstddef>
#include <string_view>

namespace argon::test {

/// Open file descriptors.
[[nodiscard]] std::size_t openFdCount();

/// Whether the mapping that holds `address` has a flag of smaps' VmFlags: "dd" for not in core
/// files, "dc" for not in a child, "lo" for locked.
[[nodiscard]] bool hasVmFlag(const void* address, std::string_view flag);

// Sanitizers make mlock a function that does nothing and succeeds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCanLock = false;
#else
constexpr bool kCanLock = true;
#endif

} // namespace argon::test
