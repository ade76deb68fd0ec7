// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace argon::addon {

/// Keeps this process's memory out of core files and of other processes' reach: no dump, no trace.
/// Before any key is opened in it.
[[nodiscard]] Result<void> guardProcess();

} // namespace argon::addon
