// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <string>

namespace argon::addon {

/// What this host offers to a card, for `argon doctor`.
struct HostInspection {
  /// Empty if an io_uring can be made, else why not.
  std::string uringProblem;
  /// Keys can be kept in pages that the kernel itself does not map.
  bool hasSecretMemory = false;
  /// How a store in the folder that was asked about would be opened.
  std::string storage;
};

/// Tries each for real. `folder` gets a small file for a moment.
[[nodiscard]] Result<HostInspection> inspectHost(const std::string& folder);

} // namespace argon::addon
