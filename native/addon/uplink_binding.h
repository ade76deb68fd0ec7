// SPDX-License-Identifier: Apache-2.0
#pragma once

// Uplinks as JavaScript says them.

#include "uplink/tap.h"

#include <napi.h>

namespace argon::addon {

/// { tap, namespacePath, mac, ipv4, ipv6 or undefined }: each family { address, gateway,
/// prefixLength, routes }, with addresses as their bytes and routes as { network, prefixLength }.
[[nodiscard]] uplink::TapOptions tapOptionsOf(const Napi::Object& options);

} // namespace argon::addon
