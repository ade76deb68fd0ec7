// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace argon {

/// Parses a CPU list as taskset writes it: `0`, `0,2`, `0-3,8`. At most 1024 CPUs.
[[nodiscard]] Result<std::vector<unsigned>> parseCpuList(const std::string& text);

/// Lets the calling thread run on these CPUs only. An empty list leaves it as it is.
[[nodiscard]] Result<void> pinThisThread(const std::vector<unsigned>& cpus);

/// Starts a named thread (at most 15 characters show in tools). Every thread of ours starts here,
/// with all signals blocked: they are Node's.
[[nodiscard]] std::jthread startThread(const std::string& name, std::function<void()> body);

} // namespace argon
