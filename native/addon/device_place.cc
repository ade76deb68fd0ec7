// SPDX-License-Identifier: Apache-2.0
#include "addon/device_place.h"

#include "addon/napi_support.h"
#include "base/checked_math.h"
#include "base/unique_fd.h"
#include "memory/memory_region.h"

#include <napi.h>

namespace argon::addon {

DevicePlace placeOf(const Napi::Object& options) {
  DevicePlace place{.slot = {},
                    .socketPath = {},
                    .policy = stringOf(options, "memoryPolicy") == "sealed"
                                  ? RegionPolicy::RequireSealed
                                  : RegionPolicy::AllowUnsealed};
  if (options.Get("slot").IsUndefined()) {
    place.socketPath = stringOf(options, "socketPath");
  } else {
    place.slot = u32Of(options, "slot");
  }
  return place;
}

UniqueFd inheritedFd(const Napi::Object& options, const char* name) {
  return options.Get(name).IsUndefined() ? UniqueFd() : UniqueFd(narrow<int>(u32Of(options, name)));
}

} // namespace argon::addon
