// SPDX-License-Identifier: Apache-2.0
#pragma once

// Waiting for a device, with a deadline.

#include "base/result.h"
#include "frontend/driver_ring.h"

#include <cstdint>

namespace argon::frontend {

/// Sleeps until `fd` (an eventfd) is readable, empties it, and returns true; false after
/// `timeoutMs`.
[[nodiscard]] bool waitForEvent(int fd, std::uint64_t timeoutMs);

/// Sleeps on a ring's call descriptor until an answer is there; TimedOut if none comes, or if it
/// came without a call.
[[nodiscard]] Result<void> waitForUsed(DriverRing& ring, int callFd, std::uint64_t timeoutMs);

} // namespace argon::frontend
