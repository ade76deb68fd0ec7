// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.h"
#include "memory/memory_region.h"

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>

namespace argon::addon {

/// Where a device meets its front ends: in a slot of the backplane, or at a socket of its own.
struct DevicePlace {
  std::optional<std::uint32_t> slot;
  std::string socketPath;
  RegionPolicy policy = RegionPolicy::RequireSealed;
};

/// The place that a device's options say: `slot` or `socketPath`, and `memoryPolicy`.
[[nodiscard]] DevicePlace placeOf(const Napi::Object& options);

/// A descriptor that is taken over from JavaScript; closed if there is none.
[[nodiscard]] UniqueFd inheritedFd(const Napi::Object& options, const char* name);

} // namespace argon::addon
