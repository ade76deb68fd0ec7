// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>

namespace argon::network {

using vpc::InterfaceIndex;

/// Interfaces of one engine at most: as many as a policy has.
constexpr std::uint32_t kInterfaceCountMax = vpc::format::kInterfaceCountMax;

} // namespace argon::network
